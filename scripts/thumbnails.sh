#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# How long thumbnails take, and what the previews that make them cost.
#
#   scripts/thumbnails.sh FLOWZIP PICTURE [MEGAPIXELS...]    (default: 2 6 12 24)
#
# PICTURE is repeated to sizes of 3 : 2. Prints for each effort and size the bytes of the file and the preview, and of
# `decode --fit 256` as a whole process the time and the processor time, the least of eleven runs; and beside it the
# processor time of `--fit 1024`, for which no preview is large enough: that of a thumbnail without one. Needs netpbm and
# GNU time (scripts/install-deps.sh bench desktop). On a machine with other work, as root, by `chrt -f 10`.
set -euo pipefail
flowzip=$(realpath "${1:?usage: scripts/thumbnails.sh FLOWZIP PICTURE [MEGAPIXELS...]}")
picture=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- 2 6 12 24
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# Milliseconds of a command: as the clock has them, and the processor's.
milliseconds() {
  local start end
  start=$(date +%s%N)
  env time -o spent -f '%U %S' "$@"
  end=$(date +%s%N)
  awk -v wall=$(((end - start) / 1000000)) '{ print wall, int(1000 * ($1 + $2)) }' spent
}

"$flowzip" encode -q -e fast --no-preview "$picture" -o once.flz
"$flowzip" decode -q once.flz -o once.ppm
echo "| effort | megapixels | file, bytes | preview | of the file | thumbnail, ms | processor | without a preview |"
echo "|---|--:|--:|---|--:|--:|--:|--:|"
for size in "$@"; do
  height=$(awk "BEGIN { print int(sqrt($size * 1e6 / 1.5)) }")
  pnmtile $((height * 3 / 2)) "$height" once.ppm >large.ppm
  for effort in fast standard best; do
    "$flowzip" encode -qf -e $effort --no-verify large.ppm -o large.flz
    preview=$("$flowzip" info --header large.flz | sed -n 's/^preview *//p')
    bytes=${preview#*, } bytes=${bytes% bytes}
    total=$(stat -c %s large.flz)
    least=1000000 least_busy=1000000
    for _ in 1 2 3 4 5 6 7 8 9 10 11; do
      read -r wall busy <<<"$(milliseconds "$flowzip" decode -qf --fit 256 large.flz -o thumbnail.png)"
      [ "$wall" -ge "$least" ] || least=$wall
      [ "$busy" -ge "$least_busy" ] || least_busy=$busy
    done
    read -r _ slow <<<"$(milliseconds "$flowzip" decode -qf --fit 1024 large.flz -o thumbnail.png)"
    share=$(awk "BEGIN { printf \"%.2f %%\", 100 * ${bytes:-0} / $total }")
    echo "| $effort | $size | $total | ${preview:-none} | $share | $least | $least_busy | $slow |"
  done
done
