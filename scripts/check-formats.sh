#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Proves on real files that every PNG comes back, and shows what it costs:
#
#   scripts/check-formats.sh DIR...        (BUILD=build, RIVALS=1 for the sizes of cwebp and cjxl)
#
# Each readable .png is encoded and decoded; netpbm, which shares no code with us but libpng's
# inflate, has to see the same pixels in both files, and a chunk reader the same IHDR, PLTE and
# ancillary chunks in the same order. Files named x* are broken on purpose: each must be refused
# in one line with exit status 1. Exit status 1 if anything differs or a file grew by over 64 bytes.
set -euo pipefail
flowzip=${BUILD:-build}/flowzip
[ $# -gt 0 ] || { echo "usage: $0 DIR..." >&2; exit 2; }
for tool in pngtopam python3 optipng; do
  command -v $tool >/dev/null || { echo "$tool is missing (Debian: netpbm, python3, optipng)" >&2; exit 2; }
done
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED $1: $2" >&2; failures=$((failures + 1)); }
size() { stat -c %s "$1"; }
rival() { if [ "${RIVALS:-}" ] && "$@" >/dev/null 2>&1; then size "$work/rival"; else echo -; fi; }

chunks() {  # every chunk but IDAT's contents and IEND, with its place
  python3 - "$1" <<'PYTHON'
import sys, zlib
data, at, last = open(sys.argv[1], "rb").read(), 8, b""
while at < len(data):
    n, kind = int.from_bytes(data[at:at+4], "big"), data[at+4:at+8]
    body = b"" if kind == b"IDAT" else data[at+8:at+8+n]
    if kind != b"IDAT" or last != kind:
        print(kind.decode(), n if body else 0, zlib.crc32(body))
    at, last = at + 12 + n, kind
    if kind == b"IEND":
        break
PYTHON
}

printf '%-46s %9s %9s %9s %9s %9s %9s\n' file png flowzip --strip optipng cwebp cjxl-e7
for folder in "$@"; do
  files=0 logs=0
  for file in "$folder"/*.png; do
    name=$(basename "$file")
    if [[ $name == x* ]]; then
      status=0
      "$flowzip" encode -f -q "$file" -o "$work/x.flz" 2>"$work/said" || status=$?
      [ $status = 1 ] || fail "$name" "exit status $status for a broken file"
      [ "$(wc -l <"$work/said")" = 1 ] || fail "$name" "not one line: $(cat "$work/said")"
      [ ! -e "$work/x.flz" ] || fail "$name" "left an output"
      continue
    fi
    "$flowzip" encode -f -q "$file" -o "$work/a.flz" || { fail "$name" "encode"; continue; }
    "$flowzip" decode -f -q "$work/a.flz" -o "$work/a.png" || { fail "$name" "decode"; continue; }
    # Colours and alpha apart: netpbm's way to see what lies under alpha 0.
    for part in "" -alpha; do
      pngtopam $part "$file" >"$work/1" 2>/dev/null || true
      pngtopam $part "$work/a.png" >"$work/2" 2>/dev/null || true
      cmp -s "$work/1" "$work/2" || fail "$name" "pixels differ ($part)"
    done
    chunks "$file" >"$work/1"; chunks "$work/a.png" >"$work/2"
    cmp -s "$work/1" "$work/2" || fail "$name" "chunks differ: $(diff "$work/1" "$work/2" | tr '\n' ' ')"
    png=$(size "$file") ours=$(size "$work/a.flz")
    [ $ours -le $((png + 64)) ] || fail "$name" "$ours bytes, $png as PNG"
    bare=- best=- webp=- jxl=-
    if [ "${RIVALS:-}" ]; then
      rm -f "$work"/rival*
      "$flowzip" encode -f -q --no-verify --strip "$file" -o "$work/bare.flz"
      bare=$(size "$work/bare.flz")
      optipng -q -o5 "$file" -out "$work/rival" && best=$(size "$work/rival")
      webp=$(rival cwebp -quiet -lossless -exact -z 9 "$file" -o "$work/rival")
      jxl=$(rival cjxl -d 0 -e 7 "$file" "$work/rival")
    fi
    printf '%-46s %9s %9s %9s %9s %9s %9s\n' "$name" $png $ours $bare $best $webp $jxl
    [ "$best" = - ] || logs=$(python3 -c "import math; print($logs + math.log($ours / $best))")
    files=$((files + 1))
  done
  echo "$folder: $files files"
  [ "$logs" = 0 ] || python3 -c "import math; print('  flowzip / optipng -o5, geometric mean: %.3f' % math.exp($logs / $files))"
done
echo "$failures failures"
[ $failures = 0 ]
