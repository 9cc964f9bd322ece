#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The command as people meet it: round trips, and every way to fail.
#
#   cli_test.sh FLOWZIP FLOWZIP_TEST_FILES PNG_SAMPLES SOURCE_DIRECTORY
set -u
flowzip=$1 files=$2 samples=$3 source=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C
# shellcheck source=tests/cli_lib.sh
. "$source/tests/cli_lib.sh"

# --- Round trips -----------------------------------------------------------------
"$files" png rgb 37 23 small.png
for photo in "$source"/data/photos/*.png; do
  expect 0 "$flowzip" encode -q "$photo" -o photo.flz
  [ ! -s stderr ] || fail "--quiet printed: $(cat stderr)"
  expect 0 "$flowzip" decode -q photo.flz -o photo.png
  same_pixels "$photo" photo.png
  expect 0 "$flowzip" info photo.flz
  grep -q 'log2 p\|coded by *raster' stdout || fail "info without -log2 p"
  rm -f photo.flz photo.png
done
for size in "1 1" "1 40" "40 1" "2 2" "3 5" "17 16" "1025 2" "2 1030"; do
  for kind in gray rgb rgb-interlaced; do
    # shellcheck disable=SC2086  # two words on purpose
    "$files" png $kind $size odd.png
    expect 0 "$flowzip" encode odd.png
    [ "$(wc -l <stderr)" -eq 1 ] || fail "encode prints one line: $(cat stderr)"
    expect 0 "$flowzip" decode odd.flz -o back.png
    same_pixels odd.png back.png
    rm -f odd.png odd.flz back.png
  done
done

# --- The same bytes however they are computed ----------------------------------------
photo=$source/data/photos/dome.png
"$flowzip" encode -q -j1 "$photo" -o one.flz || fail "encode -j1"
"$flowzip" decode -q -j1 one.flz -o one.png || fail "decode -j1"
for option in "-j2" "-j3" "--jobs=7" "--no-verify" \
  $("$flowzip" --version | sed -n 's/^SIMD //p' | sed 's/[^ ]*/--simd=&/g'); do
  expect 0 "$flowzip" encode -q "$option" "$photo" -o other.flz
  cmp one.flz other.flz || fail "$option: other bytes"
  [ "$option" = --no-verify ] || expect 0 "$flowzip" decode -q "$option" one.flz -o other.png
  [ "$option" = --no-verify ] || cmp one.png other.png || fail "$option: other pixels"
  rm -f other.flz other.png
done
expect 0 "$flowzip" info -q "$source/tests/golden/network-photocd.flz" --model "$source/tests/golden/tiny.flzm"
grep -q 'PhotoCD YCC in 1 of 1 tiles; 5 pixels excepted' stdout || fail "info: $(cat stdout)"
expect 0 "$flowzip" decode -q "$source/tests/golden/network-jfif-columns.flz" --model "$source/tests/golden/tiny.flzm" -o jfif.png
for option in --recover-colour --no-recover-colour; do
  expect 0 "$flowzip" encode -q $option jfif.png -o jfif$option.flz
  expect 0 "$flowzip" info -q jfif$option.flz
  grep '^colour' stdout >>colours
done
[ "$(sed 's/^colour *//' colours | tr '\n' '|')" = "JFIF YCbCr in 1 of 1 tiles; 3 pixels excepted (11 bytes)|RGB, lifted|" ] || fail "colours: $(cat colours)"
rm -f jfif* colours
expect 2 "$flowzip" decode one.flz --fit 64 --scale 1/2 -o fit.png
expect 0 "$flowzip" decode -q one.flz --fit 64 -o fit.png
expect 0 "$flowzip" encode -q fit.png -o fit.flz
expect 0 "$flowzip" info --header fit.flz
grep -Eq '^image +(64 x [1-5]?[0-9]|[1-5]?[0-9] x 64|6[0-3] x [0-9]+),' stdout || fail "--fit: $(cat stdout)"
rm -f fit.*
# A thumbnail needs no more of a large file than its preview; of what has none that serves, all.
"$flowzip" decode -q one.flz -o one.ppm || fail "decode to PPM"
read -r width height < <(sed -n 2p one.ppm)
for _ in {1..12}; do tail -c $((3 * width * height)) one.ppm; done >body
{ printf 'P6\n%d %d\n255\n' "$width" $((12 * height)); cat body; } >large.ppm
expect 0 "$flowzip" encode -q -e fast large.ppm -o large.flz
expect 0 "$flowzip" info --header large.flz
head -c $(($(sed -n 's/^header bytes *//p' stdout) + $(sed -n 's/^preview.*, \([0-9]*\) bytes$/\1/p' stdout) + 100)) large.flz >cut.flz
expect 0 "$flowzip" decode -q --json large.flz --fit 150 -o large.png
grep -q "\"size\": $(stat -c %s large.flz)," stdout || fail "--fit: size of the file: $(cat stdout)"
expect 0 "$flowzip" decode -q cut.flz --fit 150 -o cut.png
cmp large.png cut.png || fail "--fit: the preview of a file that is cut short"
expect 1 "$flowzip" decode -q cut.flz --fit 1000 -o whole.png
rm -f large.* cut.* body one.ppm
rm -f one.flz one.png

# --- Bad inputs ------------------------------------------------------------------------
: >empty
echo 'not an image at all' >text
mkdir directory
refused 'none.png: No such file' "$flowzip" encode none.png -o out
refused 'empty: file is empty' "$flowzip" encode empty -o out
refused 'text: not a PNG file' "$flowzip" encode text -o out
refused 'directory: is a folder; -r goes through it' "$flowzip" encode directory -o out
refused 'none.flz: No such file' "$flowzip" decode none.flz -o out
refused 'empty: file is empty' "$flowzip" decode empty -o out
refused 'text: not a flowzip file' "$flowzip" decode text -o out
refused 'small.png: not a flowzip file' "$flowzip" decode small.png -o out
refused 'none.flz: No such file' "$flowzip" info none.flz
refused 'text: not a flowzip file' "$flowzip" info text
"$files" cut small.png 200 cut.png
refused 'cut.png: PNG file is cut short' "$flowzip" encode cut.png -o out
"$files" flip small.png 100 3 flip.png
refused 'flip.png: PNG file is damaged' "$flowzip" encode flip.png -o out
# Found while the rows above are being coded.
"$files" png gray 60 3000 tall.png
"$files" halve-samples tall.png half.png
for jobs in 1 3; do
  refused 'half.png: PNG file is damaged' "$flowzip" encode -e fast -j $jobs half.png -o out
done
# --- Every kind of PNG comes back ---------------------------------------------------------
for kind in gray1 gray16 rgb16 rgba rgba16 gray-alpha palette rgb-trns; do
  "$files" png $kind 9 7 kind.png
  expect 0 "$flowzip" encode -q kind.png -o kind.flz
  expect 0 "$flowzip" decode -q kind.flz -o back.png
  expect 0 "$flowzip" info -q kind.flz
  "$samples" kind.png >a.raw && "$samples" back.png >b.raw && cmp -s a.raw b.raw ||
    fail "$kind: other samples"
  # Signature, IHDR: size, depth, colour type, interlacing.
  cmp -s -n 33 kind.png back.png || fail "$kind: another header"
  rm -f kind.* back.png a.raw b.raw
done

# --- Damaged .flz files: two tiles, cut at and damaged in every byte ---------------------
"$files" png gray 1026 1 two.png
"$flowzip" encode -q two.png -o two.flz || fail "encode two.png"
bytes=$(stat -c %s two.flz)
for ((i = 0; i < bytes; ++i)); do
  "$files" cut two.flz $i bad.flz
  if [ $i -eq 0 ]; then reason='file is empty'; else reason='file is cut short'; fi
  refused "bad.flz: $reason" "$flowzip" decode bad.flz -o out
  "$files" flip two.flz $i $((i % 8)) bad.flz
  refused 'bad.flz: ' "$flowzip" decode bad.flz -o out
done
cp two.flz long.flz && printf x >>long.flz
refused 'long.flz: 1 surplus byte' "$flowzip" decode long.flz -o out
"$files" rename-model "$source/tests/golden/network-rgb.flz" model.flz
refused 'written with model 5a5a5a5a5a5a5a5a' "$flowzip" decode model.flz -o out
refused 'written with model 5a5a5a5a5a5a5a5a' "$flowzip" info model.flz
refused 'none.flzm: No such file' "$flowzip" encode small.png --model none.flzm -o out
refused 'text: ' "$flowzip" encode small.png --model text -o out

# --- Outputs that cannot be, and files that are in the way --------------------------------
refused 'no/out: No such file' "$flowzip" encode small.png -o no/out
refused 'directory: Is a directory' "$flowzip" encode small.png -o directory
refused 'text/out: Not a directory' "$flowzip" decode two.flz -o text/out
if [ -w /dev/full ]; then
  refused '/dev/full: No space left' "$flowzip" encode small.png -o /dev/full
  refused '/dev/full: No space left' "$flowzip" decode two.flz -o /dev/full
  expect 1 sh -c '"$1" info two.flz >/dev/full' sh "$flowzip"
  one_line 'No space left' "info >/dev/full"
fi
[ ! -c /dev/null ] || expect 0 "$flowzip" encode -q small.png -o /dev/null
[ -c /dev/null ] || fail "/dev/null was replaced"
if [ "$(id -u)" -ne 0 ]; then
  mkdir sealed && chmod 555 sealed
  refused 'sealed/out: Permission denied' "$flowzip" encode small.png -o sealed/out
  chmod 755 sealed
fi
echo precious >taken
refused 'taken: exists already' "$flowzip" encode small.png -o taken
refused 'taken: exists already' "$flowzip" decode two.flz -o taken
grep -qx precious taken || fail "an existing file was overwritten without --force"
refused 'bad.flz: ' "$flowzip" decode -f bad.flz -o taken
grep -qx precious taken || fail "an existing file was lost to a failed decode"
expect 0 "$flowzip" encode -q -f small.png -o taken
expect 0 "$flowzip" decode -q --force taken -o taken.png
same_pixels small.png taken.png
cp small.png self.png
usage "$flowzip" encode -f self.png -o self.png
cmp small.png self.png || fail "the input was overwritten"
expect 0 "$flowzip" encode -q small.png
[ -e small.flz ] || fail "default output of encode"
refused 'small.png: exists already' "$flowzip" decode small.flz
cp small.png -- -dash.png
expect 0 "$flowzip" encode -q -o dash.flz -- -dash.png
mode=$(umask)
umask 027
expect 0 "$flowzip" encode -q small.png -o mode.flz
umask "$mode"
[ "$(stat -c %a mode.flz)" = 640 ] || fail "the umask was not respected"
name=$'new\nline.png'
refused 'new?line.png: No such file' "$flowzip" encode "$name" -o out

# --- An interruption leaves nothing behind --------------------------------------------------
"$files" png rgb 2500 1600 big.png
"$flowzip" encode -q big.png -o out &
pid=$!
for _ in $(seq 500); do
  compgen -G '.flowzip-*' >/dev/null && break
  kill -0 $pid 2>/dev/null || break
  sleep 0.01
done
if kill -TERM $pid 2>/dev/null; then
  wait $pid
  [ $? -eq 143 ] || [ -e out ] || fail "exit status after SIGTERM"
fi
wait
! compgen -G '.flowzip-*' >/dev/null || fail "temporary left behind after SIGTERM"
rm -f out

# --- Scores, heat maps, samples --------------------------------------------------
photo="$source/data/photos/dunes.png" gray="$source/data/photos/moon-gray.png"
expect 0 "$flowzip" encode -q "$photo" -o photo.flz
expect 0 "$flowzip" score "$gray" "$photo" --csv --sort bpd
bytes=$(stat -c %s photo.flz)
[ "$(sed -n 2p stdout | cut -d, -f8)" = "$bytes" ] ||
  fail "score --csv does not begin with dunes.png's $bytes bytes: $(sed -n 2p stdout)"
expect 0 "$flowzip" score "$photo" "$gray"
[ "$(wc -l <stdout)" -eq 3 ] || fail "score prints a heading and a line per file: $(cat stdout)"
expect 0 "$flowzip" score "$photo" --json --heatmap map.png --threshold 6
grep -q "\"file_bytes\": $bytes," stdout && grep -q '"regions"' stdout ||
  fail "score --json: $(cat stdout)"
[ "$("$samples" map.png | wc -c)" -ge $((384 * 288 * 3)) ] || fail "heat map of a wrong size"
refused 'map.png: exists already' "$flowzip" score "$photo" --heatmap map.png
refused 'a heat map is of one file' "$flowzip" score "$photo" "$gray" --heatmap out
expect 1 "$flowzip" score none.png "$photo" text
[ "$(wc -l <stderr)" -eq 2 ] || fail "score names each file that fails: $(cat stderr)"
[ "$(wc -l <stdout)" -eq 2 ] || fail "score goes on after a failure: $(cat stdout)"
expect 0 "$flowzip" sample -q -o sample1.png --size 70x40 --seed 5 -j 1
expect 0 "$flowzip" sample -q -o sample2.png --size 70x40 --seed 5 -j 3
same_pixels sample1.png sample2.png
expect 0 "$flowzip" sample -o level.png --from "$photo" --keep 10000
grep -q 'random bits' stderr || fail "sample says what it took: $(cat stderr)"
same_pixels level.png "$photo"
refused 'level.png: exists already' "$flowzip" sample -o level.png
refused 'is the input file' "$flowzip" sample -f -o small.png --from small.png
usage "$flowzip" score
usage "$flowzip" score small.png --sort colour
usage "$flowzip" score small.png --threshold 3
usage "$flowzip" sample
usage "$flowzip" sample -o out --size 70
usage "$flowzip" sample -o out --keep 7
usage "$flowzip" sample -o out --size 70x5000
usage "$flowzip" sample -o out --temperature 0

# --- Usage ------------------------------------------------------------------------------------
usage "$flowzip"
usage "$flowzip" frobnicate
usage "$flowzip" encode
usage "$flowzip" encode small.png -o
usage "$flowzip" encode small.png --nonsense
usage "$flowzip" encode small.png extra.png -o out
usage "$flowzip" encode small.png -j 0 -o out
usage "$flowzip" encode small.png -j many -o out
usage "$flowzip" info
usage "$flowzip" info small.flz --force
refused 'z80: not an instruction set' "$flowzip" encode small.png --simd z80 -o out
for help in --help "encode --help" "decode -h" "info --help" "score --help" "sample --help" \
  --version; do
  # shellcheck disable=SC2086
  expect 0 "$flowzip" $help
  [ -s stdout ] && [ ! -s stderr ] || fail "$help goes to standard output"
done
grep -q '^SIMD .*scalar' stdout || fail "--version names the SIMD targets: $(cat stdout)"
grep -q '^format version 1$' stdout || fail "--version names the format version"

summary
