#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Speeds beside JPEG XL, whole processes on two threads each, in one alternating run: for every
# picture and round flowzip, cjxl -d 0 -e 7, djxl, one job and two, and --effort fast. Prints the median of each
# picture's times, and the ratios that docs/performance.md gives.
#
#   scripts/speed-ratios.sh [-n ROUNDS] PICTURE.png...
#
# FLOWZIP names another program than build/flowzip; CJXL and DJXL those of libjxl-tools. Run it
# where nothing else runs: a ratio of two medians hides little of what other programs take.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
flowzip=${FLOWZIP:-build/flowzip} cjxl=${CJXL:-cjxl} djxl=${DJXL:-djxl}
rounds=3
if [ "${1:-}" = -n ]; then
  rounds=$2
  shift 2
fi
[ $# -gt 0 ] || { echo "usage: $0 [-n ROUNDS] PICTURE.png..." >&2; exit 2; }
command -v "$cjxl" "$djxl" >/dev/null || { echo "$0: cjxl and djxl are needed (libjxl-tools)" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A line "picture what seconds" for a command.
timed() {
  local picture=$1 what=$2 start end
  shift 2
  start=$(date +%s%N)
  "$@" >/dev/null 2>&1 || { echo "$0: failed: $*" >&2; exit 1; }
  end=$(date +%s%N)
  echo "$picture $what $((end - start))" >>"$work/times"
}

number=0
for picture in "$@"; do
  number=$((number + 1))
  # Width and height: bytes 16 to 23 of a PNG file.
  read -r width height < <(od -An -tu1 -j16 -N8 "$picture" | awk '{
    print (($1 * 256 + $2) * 256 + $3) * 256 + $4, (($5 * 256 + $6) * 256 + $7) * 256 + $8 }')
  echo "$number pixels $((width * height))" >>"$work/times"
  for ((round = 0; round < rounds; ++round)); do
    timed $number encode2 "$flowzip" encode -q -f --no-verify -j 2 "$picture" -o "$work/a.flz"
    timed $number cjxl "$cjxl" -d 0 -e 7 --num_threads=2 "$picture" "$work/a.jxl"
    timed $number decode2 "$flowzip" decode -q -f -j 2 "$work/a.flz" -o "$work/a.png"
    timed $number djxl "$djxl" --num_threads=2 "$work/a.jxl" "$work/b.png"
    timed $number encode1 "$flowzip" encode -q -f --no-verify -j 1 "$picture" -o "$work/a.flz"
    timed $number decode1 "$flowzip" decode -q -f -j 1 "$work/a.flz" -o "$work/a.png"
    timed $number fast-encode "$flowzip" encode -q -f --no-verify -j 2 -e fast "$picture" -o "$work/a.flz"
    timed $number fast-decode "$flowzip" decode -q -f -j 2 "$work/a.flz" -o "$work/a.png"
  done
done

sort -k1,2 -k3n "$work/times" | awk -v rounds="$rounds" '
  $2 == "pixels" { pixels += $3; next }
  { key = $1 " " $2; if (key != last) { n = 0; last = key }
    # The lower middle one of an even number.
    if (++n == int((rounds + 1) / 2)) sum[$2] += $3 / 1e9 }
  END {
    printf "%.2f megapixels; seconds, and megapixels/s:\n", pixels / 1e6
    split("encode2 encode1 fast-encode cjxl decode2 decode1 fast-decode djxl", order, " ")
    for (i = 1; i <= 8; ++i)
      printf "  %-11s %7.2f  %6.2f\n", order[i], sum[order[i]], pixels / 1e6 / sum[order[i]]
    printf "encode: %.2f x cjxl -d 0 -e 7 (wanted: 5)\n", sum["cjxl"] / sum["encode2"]
    printf "decode to PNG: %.2f x djxl (wanted: 0.7)\n", sum["djxl"] / sum["decode2"]
    printf "fast: encode %.2f x, decode %.2f x standard (wanted: 3)\n",
           sum["encode2"] / sum["fast-encode"], sum["decode2"] / sum["fast-decode"]
    printf "2 jobs: encode %.2f x, decode %.2f x 1 job (wanted: 1.8)\n",
           sum["encode1"] / sum["encode2"], sum["decode1"] / sum["decode2"]
  }'
