#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every option that --help lists is completed by bash and zsh and described in the manual, and
# nothing is completed that --help does not list.
#
#   completion_test.sh FLOWZIP SOURCE_DIRECTORY
set -u
flowzip=$1 source=$2
export LC_ALL=C
failures=0 options=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# The names of the options that a help text lists, one per line.
listed() {
  sed -n 's/^  \(-[^ ]*\).*/\1/p' | sed 's/{[^}]*}//g' | tr ',' '\n' | sort -u
}

# What bash completes after the words.
completed() {
  COMP_WORDS=("$@" -) COMP_CWORD=$#
  _flowzip
  printf '%s\n' "${COMPREPLY[@]}" | sort -u
}

# shellcheck source=/dev/null
. "$source/share/flowzip.bash"
manual=$(sed -n '/^\.It Fl\|^\.Fl/p' "$source/docs/man/flowzip.1" | sed 's/^\.It //' |
  tr ' ' '\n' | grep -vx 'Fl\|Ar\|,\||')
commands=$("$flowzip" --help | sed -n '/^Subcommands:/,$p' | sed -n 's/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ] || fail "no commands in --help"

in_manual() {
  grep -qx -- "${1#-}" <<<"$manual" || fail "$2: $1 is not in the manual"
}

check() {  # COMMAND, or nothing
  local wanted got option section
  wanted=$("$flowzip" $1 --help | listed)
  [ -n "$wanted" ] || fail "$1: no options in --help"
  got=$(completed flowzip $1)
  [ "$got" = "$wanted" ] ||
    fail "bash, flowzip $1: $(diff <(echo "$wanted") <(echo "$got") | grep '^[<>]' | tr '\n' ' ')"
  if [ -n "$1" ]; then
    section=$(sed -n "/^    $1)\$/,/;;\$/p" "$source/share/flowzip.zsh")
    for group in common limits effort lists batch; do
      [[ "$section" != *"\$$group"* ]] ||
        section+=$(sed -n "/^  $group=(/,/)\$/p" "$source/share/flowzip.zsh")
    done
  else
    section=$(sed -n '/_arguments -C/,/->command/p' "$source/share/flowzip.zsh")
  fi
  for option in $wanted; do
    options=$((options + 1))
    grep -q -- "[{,']$option[],}[]" <<<"$section" || fail "zsh, flowzip $1: $option is missing"
    in_manual "$option" "flowzip $1"
  done
}

check ''
for command in $commands; do
  check "$command"
  completed_commands=$(COMP_WORDS=(flowzip '') COMP_CWORD=1; _flowzip; printf '%s\n' "${COMPREPLY[@]}")
  grep -qx "$command" <<<"$completed_commands" || fail "bash does not complete $command"
  grep -q "[(\" ]$command\\\\:" "$source/share/flowzip.zsh" || fail "zsh does not complete $command"
  grep -q "^\.It Cm $command\$" "$source/docs/man/flowzip.1" || fail "$command is not in the manual"
done

COMP_WORDS=(flowzip encode --effort b) COMP_CWORD=3
_flowzip
[ "${COMPREPLY[*]}" = best ] || fail "bash, efforts: ${COMPREPLY[*]}"
if command -v zsh >/dev/null; then zsh -n "$source/share/flowzip.zsh" || fail "zsh: syntax"; fi
if command -v man >/dev/null; then
  warnings=$(man --warnings -l "$source/docs/man/flowzip.1" 2>&1 >/dev/null)
  [ -z "$warnings" ] || fail "manual: $warnings"
fi
if command -v xmllint >/dev/null; then xmllint --noout "$source/share/flowzip.xml" || fail "XML"; fi

echo "$options options checked, $failures failures"
[ $failures -eq 0 ]
