#compdef flowzip
# SPDX-License-Identifier: BSD-3-Clause
# zsh completion of flowzip(1). tests/completion_test.sh holds it to what --help lists.

_flowzip() {
  local context state line
  local -a common limits effort lists batch
  common=(
    '(- *)'{-h,--help}'[print the options]'
    {-j,--jobs}'[threads]:number:'
    {-q,--quiet}'[print errors only]'
    '--model[model file]:model:_files -g "*.flzm"'
    '--simd[instruction set]:target:(${(s. .)"$(flowzip --version | sed -n "s/^SIMD //p")"})'
  )
  limits=(
    {-v,--verbose}'[say more about each file]'
    '--max-pixels[refuse larger pictures]:number:'
    '--max-memory[refuse what would take more memory]:bytes:'
  )
  effort=(
    {-e,--effort}'[work for a smaller file]:effort:(fast standard best)'
    {-1,-2,-3}'[fast]' {-4,-5,-6}'[standard]' {-7,-8,-9}'[best]'
  )
  lists=(
    {-r,--recursive}'[go through folders]' '--follow-links[symbolic ones too]'
    '--files-from[names, one a line]:file:_files' '--files-from0[ended by zero bytes]:file:_files'
    '--shard[part I of N]:I/N:' '--json[a line of JSON for each file]'
  )
  batch=(
    '--skip-existing[leave outputs that hold the same]' '--dry-run[do nothing]'
    '--rm[remove verified inputs]' '--manifest[append to]:file:_files'
    '--resume[skip what the manifest has]'
  )

  _arguments -C \
    '(- *)'{-h,--help}'[print the options]' \
    '(- *)'{-V,--version}'[print versions, models, instruction sets]' \
    '1:command:((encode\:"compress PNG images" decode\:"restore PNG images"
      test\:"check files" audit\:"check an archive" info\:"show what files hold" score\:"exact log-likelihoods"
      sample\:"a picture the model makes up" bench\:"compare with other codecs"))' \
    '*::argument:->command'
  [[ $state == command ]] || return

  case $words[1] in
    encode)
      _arguments -S $common $limits $effort $lists $batch \
        {-o,--output}'[output]:file:_files' '--output-dir[folder for the outputs]:folder:_files -/' \
        {-f,--force}'[overwrite]' '--verify[compare before writing]' '--no-verify[do not]' \
        '--preview[put a preview into large files]' '--no-preview[do not]' \
        '--recover-colour[code what RGB was converted from]' '--no-recover-colour[do not]' \
        '--strip[leave out metadata]' '--repair[take damage that leaves the pixels whole]' \
        '--xattrs[keep extended attributes]' \
        '*:image:_files -g "*.(png|PNG|pbm|pgm|ppm|pnm|pam)"' ;;
    decode)
      _arguments -S $common $limits $lists $batch \
        {-o,--output}'[output]:file:_files' '--output-dir[folder for the outputs]:folder:_files -/' \
        {-f,--force}'[overwrite]' '--recover[save the whole tiles of damaged files]' \
        '--fit[averaged to at most N pixels on a side]:pixels:' \
        '--xattrs[keep extended attributes]' '--clamp[of a region, what is inside]' \
        '--format[whatever the name]:format:(png pnm pbm pgm ppm pam)' \
        '--region[only this part]:x,y,width,height:' '--scale[only every 2nd, 4th, 8th pixel]:scale:(1/2 1/4 1/8)' \
        '*:file:_files -g "*.flz"' ;;
    test)
      _arguments -S $common $limits $lists '*:file:_files -g "*.flz"' ;;
    audit)
      _arguments -S $common $limits '--sample[only some]:N or N%:' '--seed[which]:number:' \
        '--pixels[decode and compare]' '--sources[compare these too]' \
        '--json[a line of JSON for each file]' '*:manifest:_files -g "*.jsonl"' ;;
    info)
      _arguments -S $common $limits '--json[print JSON]' '--header[decode nothing]' \
        '*:file:_files -g "*.flz"' ;;
    score)
      _arguments -S $common $effort '--sort[order]:key:(none name bits bpd)' '--json[print JSON]' \
        '--csv[print CSV]' '--heatmap[write bits per pixel]:file:_files' \
        '--heatmap-max[bits of the brightest colour]:bits:' \
        '--threshold[outline what stands out]:deviations:' {-f,--force}'[overwrite]' \
        '*:image:_files -g "*.(png|PNG)"' ;;
    sample)
      _arguments -S $common $effort {-o,--output}'[output]:file:_files' '--size[width x height]:size:' \
        '--gray[a gray picture]' '--seed[random bits]:number:' '--temperature[1 is natural]:number:' \
        '--from[take size, kind and filters from]:image:_files' '--keep[first rows to keep]:number:' \
        {-f,--force}'[overwrite]' ;;
    bench)
      _arguments -S $common '--only[these codecs]:names:' '--also[slow codecs too]:names:' \
        '--codec[one more codec]:commands:' '--reference[per cents refer to]:name:' \
        '--repeats[runs of each]:number:' '--repeat-below[seconds]:number:' \
        '--json[every figure]:file:_files' '--markdown[a document]:file:_files' \
        '--html[a page]:file:_files' '--heat-maps[images with one]:number:' \
        '--recover-colour[code what RGB was converted from]' '--no-recover-colour[do not]' \
        '*:images and folders:_files' ;;
  esac
}

_flowzip "$@"
