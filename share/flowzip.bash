# SPDX-License-Identifier: BSD-3-Clause
# bash completion of flowzip(1). tests/completion_test.sh holds it to what --help lists.

_flowzip() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i
  local commands='encode decode test audit info score sample bench'
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --) COMPREPLY=($(compgen -f -- "$word")); return ;;
      -*) ;;
      *) [ -n "$command" ] || command=${COMP_WORDS[i]} ;;
    esac
  done
  if [ -z "$command" ]; then
    COMPREPLY=($(compgen -W "$commands -h --help -V --version" -- "$word"))
    return
  fi

  case $before in
    -e | --effort) COMPREPLY=($(compgen -W 'fast standard best' -- "$word")); return ;;
    --scale) COMPREPLY=($(compgen -W '1/2 1/4 1/8' -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W 'png pnm pbm pgm ppm pam' -- "$word")); return ;;
    --sort) COMPREPLY=($(compgen -W 'none name bits bpd' -- "$word")); return ;;
    --simd)
      COMPREPLY=($(compgen -W "$(flowzip --version 2>/dev/null | sed -n 's/^SIMD //p')" -- "$word"))
      return ;;
    --output-dir) COMPREPLY=($(compgen -d -- "$word")); return ;;
    -j | --jobs | --region | --max-pixels | --max-memory | --threshold | --heatmap-max | --seed | --size | \
      --temperature | --keep | --repeats | --repeat-below | --heat-maps | --only | --also | \
      --codec | --reference | --shard | --sample) return ;;
  esac

  local common='-h --help -j --jobs -q --quiet --model --simd'
  local efforts='-e --effort -1 -2 -3 -4 -5 -6 -7 -8 -9'
  local lists='-r --recursive --follow-links --files-from --files-from0 --shard --json'
  local batch='--skip-existing --dry-run --rm --manifest --resume'
  local limits='-v --verbose --max-pixels --max-memory' options='' files='!*'
  case $command in
    encode)
      options="-o --output --output-dir --xattrs -f --force --verify --no-verify --strip --repair
        --recover-colour --no-recover-colour --preview --no-preview $efforts $lists $batch $limits
        $common"
      files='!*.@(png|PNG|pbm|pgm|ppm|pnm|pam)' ;;
    decode)
      options="-o --output --output-dir --xattrs -f --force --format --region --clamp --scale
        --fit --recover $lists $batch $limits $common"
      files='!*.flz' ;;
    test)
      options="$lists $limits $common"
      files='!*.flz' ;;
    audit)
      options="--sample --seed --pixels --sources --json $limits $common"
      files='!*.jsonl' ;;
    info)
      options="--json --header $limits $common"
      files='!*.flz' ;;
    score)
      options="--sort --json --csv --heatmap --heatmap-max --threshold -f --force $efforts $common"
      files='!*.@(png|PNG)' ;;
    sample)
      options="-o --output --size --gray --seed --temperature --from --keep -f --force
        $efforts $common" ;;
    bench)
      options="--only --also --codec --reference --repeats --repeat-below --json --markdown --html
        --heat-maps --recover-colour --no-recover-colour $common" ;;
    *) return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
    return
  fi
  case $before in
    --model) files='!*.flzm' ;;
    --files-from | --files-from0 | --manifest) files='!*' ;;
    -o | --output | --heatmap | --from | --json | --markdown | --html)
      [[ $before == --json && $command != bench ]] || files='!*' ;;
  esac
  local IFS=$'\n'
  shopt -q extglob || { shopt -s extglob; local restore=1; }
  COMPREPLY=($(compgen -d -- "$word") $(compgen -f -X "$files" -- "$word"))
  [ -z "${restore-}" ] || shopt -u extglob
}

complete -o filenames -F _flowzip flowzip
