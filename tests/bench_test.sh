#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# flowzip bench from end to end, with whatever rivals this machine has.
#
#   bench_test.sh FLOWZIP FLOWZIP_TEST_FILES SOURCE_DIRECTORY
set -u
flowzip=$1 files=$2 source=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C TMPDIR=$work/scratch
mkdir scratch
failures=0 checks=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect STATUS COMMAND...: the exit status; keeps both outputs. Nothing may be left over.
expect() {
  local wanted=$1 status=0
  shift
  checks=$((checks + 1))
  "$@" >stdout 2>stderr || status=$?
  [ $status -eq "$wanted" ] || fail "exit $status instead of $wanted: $* ($(cat stderr))"
  [ -z "$(ls scratch)" ] || fail "scratch files left behind: $* ($(ls scratch))"
  ! compgen -G '.flowzip-*' >/dev/null || fail "temporary left behind: $*"
}

# refused TEXT COMMAND...: exit 1, one line on standard error that has TEXT, no reports.
refused() {
  local text=$1
  shift
  expect 1 "$@"
  [ "$(wc -l <stderr)" -eq 1 ] || fail "not one line on stderr: $* ($(cat stderr))"
  [[ "$(cat stderr)" == "flowzip: "*"$text"* ]] || fail "no \"$text\": $* ($(cat stderr))"
  [ ! -e out ] || fail "report left behind: $*"
  rm -f out
}

has() {
  grep -qF -- "$2" "$1" || fail "$1 lacks $2"
}

mkdir images
cp "$source/data/photos/moon-gray.png" images/  # the model's; the others are drawings
"$files" png rgb 61 43 images/a.png
"$files" png gray 40 33 images/b.png
"$files" png palette 64 40 images/c.png
echo 'no picture' >images/notes.txt

# --- Without colour conversions -------------------------------------------------------
expect 0 "$flowzip" bench images/a.png --repeats 1 --only flowzip --no-recover-colour
has stdout flowzip-standard-rgb

# --- All codecs and all reports -------------------------------------------------------
expect 0 "$flowzip" bench images --repeats 2 --html out.html --json out.json --markdown out.md
[ ! -s stderr ] || fail "stderr without a terminal: $(cat stderr)"
for codec in flowzip-standard png-shipped png-9; do
  for report in stdout out.html out.json out.md; do has $report $codec; done
done
for codec in jxl-e7 webp-z6 jpeg2000 zstd jpegls; do  # measured, or named as missing
  for report in stdout out.html out.json out.md; do has $report $codec; done
done
has stdout 'bits per dimension'
has out.html '</html>'
[ "$(grep -c 'data:image/png;base64' out.html)" -ge 2 ] || fail "no heat maps"
! grep -qE '(src|href)="?(https?:|//)' out.html || fail "the page needs something outside itself"
if command -v python3 >/dev/null; then
  expect 0 python3 - <<'PYTHON'
import json
report = json.load(open("out.json"))
flowzip = next(c for c in report["codecs"] if c["name"] == "flowzip-standard")
assert flowzip["bytes"] == sum(i["bytes"] for i in flowzip["images"])
assert len(flowzip["images"][0]["encode_whole"]["wall_s"]) == 2
assert flowzip["encode_whole"]["peak_bytes"] > 0
assert 0 < flowzip["model"]["bits_per_dimension"] < flowzip["bits_per_sub_pixel"]
assert flowzip["model"]["other_modes_bits_per_sub_pixel"] > 0
shipped = next(c for c in report["codecs"] if c["name"] == "png-shipped")
assert "encode_whole" not in shipped and "decode_whole" in shipped
PYTHON
  # README.md and the page from one run; nothing is written where there is no place for the table.
  mkdir -p pages/docs
  printf 'before\n<!-- benchmarks -->\nold\n<!-- end of benchmarks -->\nafter\n' >pages/README.md
  expect 0 "$source/scripts/benchmarks.py" run two=images --root pages --flowzip "$flowzip" -- \
    --only flowzip-fast,png-shipped --repeats 1 --heat-maps 0 --quiet
  bits=$(sed -n 's/^ *"bits": \([0-9.]*\),$/\1/p' pages/docs/benchmarks.json | head -n 1)
  for page in pages/README.md pages/docs/benchmarks.md; do has $page "| $(printf %.3f "$bits") |"; done
  has pages/README.md '| PNG as shipped |'
  ! grep -qE '^old$|cjxl' pages/README.md || fail "what the table should not have: $(cat pages/README.md)"
  [ "$(head -n 1 pages/README.md)$(tail -n 1 pages/README.md)" = beforeafter ] ||
    fail "the rest of README.md"
  expect 0 "$source/scripts/benchmarks.py" check --root pages
  sed -i 's/PNG as shipped/PNG/' pages/README.md
  expect 1 "$source/scripts/benchmarks.py" check --root pages
  printf 'no marks\n' >pages/README.md
  expect 1 "$source/scripts/benchmarks.py" write --root pages
  [ "$(cat pages/README.md)" = 'no marks' ] || fail "README.md was written"
fi

# --- A model beside the embedded ones ------------------------------------------------------
expect 0 "$flowzip" bench images/b.png --repeats 1 --only flowzip,png-9 \
  --model "$source/tests/golden/tiny.flzm" --json models.json
for codec in flowzip-standard flowzip-file-tiny; do
  has stdout $codec
  has models.json "\"name\": \"$codec\""
done

# --- Without any rival in PATH ----------------------------------------------------------
expect 0 env PATH=/nowhere "$flowzip" bench images/a.png --repeats 1
for codec in jxl-e1 jxl-e3 jxl-e7 webp-z6 jpeg2000; do has stdout "missing: $codec: no command"; done
refused 'the reference jxl-e7 is missing: no command cjxl' \
  env PATH=/nowhere "$flowzip" bench images/a.png --reference jxl-e7

# --- Codecs given by commands --------------------------------------------------------------
expect 0 "$flowzip" bench images/a.png --repeats 1 --only png-9 --reference copy \
  --codec copy='cp {in} {out.png}'::'cp {in} {out}'
has stdout 'copy'
has stdout 'reference'
cat >invert.sh <<'SCRIPT'
#!/bin/sh
# Decodes, and changes the last sample of the picture.
"$1" decode -q "$2" -o "$3.png" && "$1" bench --worker png-9:decode "$3.png" "$3" &&
  size=$(wc -c <"$3") && printf x | dd of="$3" bs=1 seek=$((size - 1)) conv=notrunc 2>/dev/null
SCRIPT
chmod +x invert.sh
broken="$flowzip encode -q {in} -o {out}::./invert.sh $flowzip {in} {out}"
refused 'a.png: broken: decodes to other pixels: first at pixel (60, 42), channel 2' \
  "$flowzip" bench images/a.png --repeats 1 --only png-9 --codec "broken=$broken" --html out
refused 'b.png: broken: decodes to other pixels: first at pixel (39, 32)' \
  "$flowzip" bench images/b.png --repeats 1 --only png-9 --codec "broken=$broken" --html out
refused 'a.png: size: decodes to other pixels: 40 x 33 pixels instead of 61 x 43' \
  "$flowzip" bench images/a.png --only png-9 --codec "size=cp {in} {out}::cp $work/images/b.png {out} #{in}"
refused 'a.png: dead: encoder failed with status 7 (no way)' \
  "$flowzip" bench images/a.png --only png-9 --codec 'dead=echo no way >&2; exit 7; {in} {out}::cp {in} {out}'
refused 'a.png: lazy: decoder wrote no file' \
  "$flowzip" bench images/a.png --only png-9 --codec 'lazy=cp {in} {out}::true {in} {out}'
refused 'a.png: odd: what it decoded cannot be read' \
  "$flowzip" bench images/a.png --only png-9 --codec 'odd=cp {in} {out}::echo {in} >{out}'
refused 'must be NAME=' "$flowzip" bench images/a.png --codec 'cp {in} {out}'
refused 'two codecs have the same name' \
  "$flowzip" bench images/a.png --codec 'png-9=cp {in} {out}::cp {in} {out}'

# --- What cannot be -------------------------------------------------------------------------
refused 'none.png: No such file' "$flowzip" bench none.png
refused 'notes.txt: not a PNG file' "$flowzip" bench images/notes.txt
refused 'scratch: holds no .png files' "$flowzip" bench scratch
refused 'frob is no codec' "$flowzip" bench images --only frob
refused 'the reference webp-z9 is not among' "$flowzip" bench images --reference webp-z9 --only png-9,zstd
refused 'no/out: No such file' "$flowzip" bench images --html no/out
expect 2 "$flowzip" bench
expect 2 "$flowzip" bench images --repeats 0

# --- An interruption leaves nothing behind ----------------------------------------------------
"$flowzip" bench -q "$source/data/photos" --html out --repeats 100 &
pid=$!
for _ in $(seq 500); do
  compgen -G 'scratch/*/file-*' >/dev/null && break
  sleep 0.02
done
kill -TERM $pid
wait $pid
[ $? -eq 143 ] || fail "exit status after SIGTERM"
for _ in $(seq 500); do
  [ -z "$(ls scratch)" ] && break
  sleep 0.02
done
[ -z "$(ls scratch)" ] || fail "scratch files left behind after SIGTERM"
[ ! -e out ] || fail "report after SIGTERM"

echo "$checks commands run, $failures failures"
[ $failures -eq 0 ]
