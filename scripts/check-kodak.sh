#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Holds the codec to its promises on a folder of PNG photographs, through the command alone:
#   - decoded pixels equal the source's;
#   - the file has at most -log2 p x 1.003 + 150 bytes, p being the model's own;
#   - the same bytes and pixels for 1, 2 and 3 jobs, and for every instruction set there is
#     (on each picture the scalar definition and one other in turn; all of them with ALL=1).
# Prints a line for each picture, then bits per sub-pixel and speeds; exits 1 if anything failed.
#
#   scripts/check-kodak.sh [FOLDER [LIMIT]]     LIMIT: bits per sub-pixel in all, 3.15 for Kodak
#
# FLOWZIP names another program than build/flowzip; png_samples is taken from beside it.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
flowzip=${FLOWZIP:-build/flowzip}
samples=$(dirname "$flowzip")/png_samples
folder=${1:-../shared/bench/kodak}
limit=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TIMEFORMAT='%R %U %S'
failures=0

shopt -s nullglob
images=("$folder"/*.png)
shopt -u nullglob
if [ ${#images[@]} -eq 0 ]; then
  echo "$0: no .png files in $folder" >&2
  exit 1
fi
read -ra targets < <("$flowzip" --version | sed -n 's/^SIMD //p')
definition=${targets[-1]}
unset 'targets[-1]'

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# timed NAME COMMAND...: adds wall, user and system seconds to the file NAME.
timed() {
  local name=$1
  shift
  { time "$@" 2>>"$work/errors"; } 2>>"$work/$name"
}

# same OPTION: encoding and decoding with that option give what they gave before.
same() {
  rm -f "$work/other.flz" "$work/other.png"
  if ! "$flowzip" encode -q --no-verify "$1" "$image" -o "$work/other.flz" ||
    ! cmp -s "$work/one.flz" "$work/other.flz"; then
    fail "$image: other bytes with $1"
  fi
  if ! "$flowzip" decode -q "$1" "$work/one.flz" -o "$work/other.png" ||
    ! cmp -s "$work/one.png" "$work/other.png"; then
    fail "$image: other pixels with $1"
  fi
}

printf '%-24s %9s %9s %12s %9s  %s\n' image bytes 'bits/sub' '-log2 p' 'excess' 'also tried'
bytes_all=0 samples_all=0 pixels_all=0 turn=0
for image in "${images[@]}"; do
  rm -f "$work"/*.flz "$work"/*.png
  if ! timed encode "$flowzip" encode -q "$image" -o "$work/one.flz" ||
    ! timed decode "$flowzip" decode -q "$work/one.flz" -o "$work/one.png"; then
    fail "$image: $(tail -n 1 "$work/errors")"
    continue
  fi
  "$samples" "$image" >"$work/before.raw"
  "$samples" "$work/one.png" >"$work/after.raw"
  cmp -s "$work/before.raw" "$work/after.raw" || fail "$image: other pixels"

  bytes=$(stat -c %s "$work/one.flz")
  raw=$(stat -c %s "$work/before.raw")
  "$flowzip" info -q "$work/one.flz" >"$work/info"
  model=$(awk '/^model.s -log2 p/ { print $(NF - 1) }' "$work/info")
  pixels=$(awk '$1 == "image" { print $2 * $4 }' "$work/info")
  awk -v b="$bytes" -v m="$model" 'BEGIN { exit !(m > 0 && b <= m * 1.003 + 150) }' ||
    fail "$image: $bytes bytes, beyond $model x 1.003 + 150"

  options=(--jobs=1 --jobs=2 --jobs=3 "--simd=$definition")
  if [ "${ALL:-}" = 1 ]; then
    options+=("${targets[@]/#/--simd=}")
  elif [ ${#targets[@]} -gt 0 ]; then
    options+=("--simd=${targets[turn % ${#targets[@]}]}")
  fi
  for option in "${options[@]}"; do same "$option"; done
  printf '%-24s %9d %9.4f %12.1f %+9.1f  %s\n' "$(basename "$image" .png)" "$bytes" \
    "$(awk -v b="$bytes" -v r="$raw" 'BEGIN { print 8 * b / r }')" "$model" \
    "$(awk -v b="$bytes" -v m="$model" 'BEGIN { print b - m }')" "${options[*]#--}"
  bytes_all=$((bytes_all + bytes)) samples_all=$((samples_all + raw))
  pixels_all=$((pixels_all + pixels)) turn=$((turn + 1))
done

[ "$samples_all" -gt 0 ] || exit 1
total=$(awk -v b="$bytes_all" -v s="$samples_all" 'BEGIN { printf "%.4f", 8 * b / s }')
echo
echo "$turn images, $bytes_all bytes: $total bits per sub-pixel"
for what in encode decode; do
  awk -v p="$pixels_all" -v what="$what" '{ wall += $1; cpu += $2 + $3 }
    END { printf "%s: %.2f MP/s by the clock, %.2f MP/s of processor time\n", what, p / 1e6 / wall,
          p / 1e6 / cpu }' "$work/$what"
done
echo "(whole process, PNG files, $(nproc) cores; encode decodes again to check)"
if [ -n "$limit" ] && awk -v t="$total" -v l="$limit" 'BEGIN { exit !(t > l) }'; then
  fail "more than $limit bits per sub-pixel"
fi
echo "$turn images checked, $failures failures"
[ "$failures" -eq 0 ]
