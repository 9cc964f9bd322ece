#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The command and its files: several of them, standard streams, terminals, pipes, limits,
# interruptions.
#
#   cli_files_test.sh FLOWZIP FLOWZIP_TEST_FILES PNG_SAMPLES SOURCE_DIRECTORY
set -u
flowzip=$1 files=$2 samples=$3 source=$4
work=$(mktemp -d)
trap 'rm -rf "$work" "$work.before"' EXIT
cd "$work" || exit 1
export LC_ALL=C
# shellcheck source=tests/cli_lib.sh
. "$source/tests/cli_lib.sh"

same() { cmp "$1" "$2" || fail "$1 and $2 differ${3:+: $3}"; }

"$files" png rgb 37 23 small.png
"$files" png gray 64 40 other.png
"$flowzip" encode -q small.png -o small.flz || fail "encode small.png"
"$flowzip" encode -q other.png -o other.flz || fail "encode other.png"

# --- Standard input and output -------------------------------------------------------------
"$flowzip" encode -q - <small.png >piped.flz || fail "encode - | "
same small.flz piped.flz "through standard input and output"
"$flowzip" encode -q small.png -o - >piped.flz || fail "encode -o -"
same small.flz piped.flz "to standard output"
"$flowzip" encode -q - -o piped2.flz <small.png || fail "encode - -o"
same small.flz piped2.flz "from standard input"
"$flowzip" encode -q - <small.png | "$flowzip" decode - >piped.png || fail "a pipe of both"
same_pixels small.png piped.png
"$flowzip" decode -q - -o piped2.png <small.flz || fail "decode - -o"
same piped.png piped2.png
expect 0 sh -c '"$1" test - <small.flz' sh "$flowzip"
[ "$(cat stdout)" = 'standard input: ok' ] || fail "test -: $(cat stdout)"
expect 0 sh -c '"$1" info --header - <small.flz' sh "$flowzip"
grep -q '^file  *standard input$' stdout || fail "info -: $(cat stdout)"
expect 1 sh -c '"$1" decode - </dev/null' sh "$flowzip"
one_line 'standard input: file is empty' "decode - </dev/null"
[ ! -s stdout ] || fail "a failed decode wrote to standard output"
[ ! -e - ] || fail "a file called - was made"
cp small.png ./-
expect 0 "$flowzip" encode -q ./-
same small.flz ./-.flz "a file called -"
rm -f ./- ./-.flz piped*
usage "$flowzip" encode - -
usage "$flowzip" encode - --output-dir folder

# --- Several files ------------------------------------------------------------------------
mkdir one
cp small.png one/a.png
cp other.png one/b.PNG
cp other.png one/c
expect 0 "$flowzip" encode -q one/a.png one/b.PNG one/c
same small.flz one/a.flz
same other.flz one/b.flz
same other.flz one/c.flz
expect 0 "$flowzip" decode -q one/*.flz --output-dir two
[ "$(ls two | tr '\n' ' ')" = 'a.png b.png c.png ' ] || fail "--output-dir: $(ls two)"
same_pixels small.png two/a.png
same_pixels other.png two/c.png
rm -rf two
refused 'no/folder: No such file' "$flowzip" decode one/a.flz --output-dir no/folder
refused 'small.png/a.png: Not a directory' "$flowzip" decode one/a.flz --output-dir small.png
usage "$flowzip" encode small.png other.png -o out
usage "$flowzip" encode small.png -o out --output-dir two
[ ! -e two ] || fail "wrong usage made a folder"

# One that fails does not keep the others from it, and is not forgotten.
echo 'no picture' >text
rm one/*.flz
expect 1 "$flowzip" encode -q one/a.png none.png text one/c --output-dir two
[ "$(wc -l <stderr)" -eq 2 ] || fail "one line for each that fails: $(cat stderr)"
grep -q '^flowzip: none.png: No such file' stderr || fail "none.png: $(cat stderr)"
grep -q '^flowzip: text: not a PNG file' stderr || fail "text: $(cat stderr)"
[ "$(ls two | tr '\n' ' ')" = 'a.flz c.flz ' ] || fail "after a failure: $(ls two)"
expect 1 "$flowzip" encode -q one/a.png one/b.PNG --output-dir two
one_line 'two/a.flz: exists already' "encode over existing files"
[ -s two/b.flz ] || fail "an existing output kept the next from being made"
echo damaged >two/c.flz
expect 1 "$flowzip" decode -q two/*.flz
one_line 'two/c.flz: not a flowzip file' "decode two/*.flz"
[ -s two/a.png ] && [ -s two/b.png ] || fail "decode stopped at the damaged file"
rm -rf two

# The same output twice is refused before anything is written.
mkdir two
cp small.png two/a.png
cp small.png two/a
ln -s one link
while read -r arguments; do
  # shellcheck disable=SC2086
  usage "$flowzip" encode -f $arguments
  [[ "$(cat stderr)" == *'would be the output of'* ]] || fail "$arguments: $(cat stderr)"
  [ -z "$(find . -name '*.flz' -newer text)" ] || fail "$arguments: something was written"
  [ ! -e three ] || fail "$arguments: a folder was made"
done <<'COLLISIONS'
one/a.png two/a.png --output-dir three
two/a.png two/a
one/a.png one/a.png
one/a.png link/a.png
one/a.png ./one/../one/a.png
COLLISIONS
cp small.png two/a.flz
usage "$flowzip" encode -f two/a.png two/a.flz
same small.png two/a.flz "an input was overwritten"
rm -rf two link

# --- After -- everything is a file, and options may come anywhere before ---------------------
cp small.png ./--force
expect 0 "$flowzip" encode -q -- --force
same small.flz ./--force.flz
rm -f ./--force*
expect 0 "$flowzip" encode small.png -q -o last.flz -j 1
rm last.flz

# --- test ---------------------------------------------------------------------------------
: >stdout && : >stderr && find . -type f | sort >"$work.before"
expect 0 "$flowzip" test small.flz other.flz
[ "$(cat stdout)" = $'small.flz: ok\nother.flz: ok' ] || fail "test: $(cat stdout)"
expect 0 "$flowzip" test -q small.flz other.flz
[ ! -s stdout ] && [ ! -s stderr ] || fail "test -q printed something"
expect 0 "$flowzip" test -v small.flz
grep -q '37 x 23' stdout || fail "test -v: $(cat stdout)"
"$files" flip small.flz 60 1 bad.flz
expect 1 "$flowzip" test small.flz bad.flz none.flz other.flz
[ "$(grep -c '^flowzip: ' stderr)" -eq 2 ] && [ "$(wc -l <stdout)" -eq 2 ] || fail "test: $(cat stdout stderr)"
[[ "$(tail -n 1 stderr)" == '2 files, 2 failed in 0:'* ]] || fail "the sum of test: $(cat stderr)"
rm -f bad.flz
find . -type f | sort | cmp - "$work.before" || fail "test wrote something"
usage "$flowzip" test
usage "$flowzip" test small.flz -o out

# --- info: of a drawing, and of a photograph, which the model codes ---------------------------------------------------------------------------------
photo=$source/data/photos/moon-gray.png
"$flowzip" encode -q "$photo" -o photo.flz || fail "encode $photo"
expect 0 "$flowzip" info small.flz photo.flz
[ "$(grep -c '^file  ' stdout)" -eq 2 ] && grep -q 'log2 p' stdout || fail "info: $(cat stdout)"
expect 0 "$flowzip" info --header small.flz
! grep -q 'log2 p' stdout || fail "info --header decodes"
expect 1 "$flowzip" info --json small.flz text other.flz
one_line 'text: not a flowzip file' "info --json"
for what in '"file": "small.flz"' '"width": 37' '"height": 23' '"channels": 3' '"model_channels"' \
  '"file_bytes": '"$(stat -c %s other.flz)"','; do
  grep -qF "$what" stdout || fail "info --json lacks $what: $(cat stdout)"
done
if command -v python3 >/dev/null; then
  expect 0 sh -c '"$1" info --json photo.flz other.flz | python3 -c "
import json, sys
a = json.load(sys.stdin)
assert len(a) == 2 and a[1][\"width\"] == 64, a
assert a[0][\"tile_modes\"] == {\"network\": 1}, a
assert a[0][\"model\"][\"name\"] and len(a[0][\"model\"][\"hash\"]) == 16, a
assert abs(sum(c[\"bits\"] for c in a[0][\"model_channels\"]) + a[0][\"side_bits\"] -
           a[0][\"model_bits\"]) < 1, a"' sh "$flowzip"
fi

# --- The time of the input ------------------------------------------------------------------
touch -d '2001-02-03 04:05:06.789' small.png
expect 0 "$flowzip" encode -q -f small.png
[ "$(stat -c %y small.flz)" = "$(stat -c %y small.png)" ] || fail "encode: $(stat -c %y small.flz)"
expect 0 "$flowzip" decode -q small.flz -o back.png
[ "$(stat -c %y back.png)" = "$(stat -c %y small.png)" ] || fail "decode: $(stat -c %y back.png)"
"$flowzip" encode -q - -o now.flz <small.png
[ -n "$(find now.flz -mmin -60)" ] || fail "what comes from a pipe has the time of now"
rm back.png now.flz

# --- Limits ---------------------------------------------------------------------------------
for command in "encode small.png -o out" "decode small.flz -o out" "test small.flz" \
  "info small.flz"; do
  # shellcheck disable=SC2086
  refused 'exceed the limit of 850 pixels' "$flowzip" $command --max-pixels 850
  # shellcheck disable=SC2086
  refused 'of memory, more than the limit of 900 KiB' "$flowzip" $command --max-memory 900K
done
for limit in 851 0.86k 1M 1G none; do
  expect 0 "$flowzip" test -q small.flz --max-pixels $limit
done
for limit in 512M 0.5G 536870912 1GiB 2TB none; do
  expect 0 "$flowzip" test -q small.flz --max-memory $limit
done
for limit in 0 -1 x 1X 1.M 99999999999999999999 1e6 '' 1MM; do
  usage "$flowzip" test small.flz --max-memory "$limit"
  usage "$flowzip" test small.flz --max-pixels "$limit"
done
usage "$flowzip" test small.flz --max-pixels 1B
# A header that promises 2^31 - 1 by 2^31 - 1 pixels costs nothing.
"$files" png-header 2147483647 2147483647 huge.png
refused 'pixels exceed the limit of 268435456 pixels' "$flowzip" encode huge.png -o out
refused 'of memory, more than the limit of 4.0 GiB' "$flowzip" encode huge.png -o out \
  --max-pixels none
refused 'larger than the limit of memory' "$flowzip" encode "$source/data/photos/dunes.png" \
  -o out --max-memory 10K

# --- Efforts ----------------------------------------------------------------------------------
expect 0 "$flowzip" encode -q "$photo" -o default.flz
models=$("$flowzip" --version | sed -n 's/^models //p')
for effort in fast standard best; do
  model=$effort
  [ $effort != best ] || [[ " $models" == *" best="* ]] || model=standard  # and the contexts
  if [[ " $models" == *" $model="* ]]; then
    expect 0 "$flowzip" encode -q "$photo" -e $effort -o out
    expect 0 "$flowzip" info --header out
    hash=${models##*$model=}
    # `fast` takes no model; `standard` takes none where the raster coder is better.
    none="^model  *0* (none needed)" named="^model  *${hash:0:16} ($model, embedded)"
    grep -q "$none" stdout || { [ $effort != fast ] && grep -q "$named" stdout; } ||
      fail "-e $effort: $(cat stdout)"
    [ $effort != standard ] || same default.flz out "the default effort is standard"
    expect 0 "$flowzip" score -q --effort $effort "$photo"
    rm -f out
  else
    [ $effort = fast ] || refused "effort $effort needs the model of that name" "$flowzip" \
      encode small.png --effort $effort -o out
    refused "effort $effort needs the model of that name" "$flowzip" score small.png -e $effort
  fi
done
usage "$flowzip" encode small.png -e brilliant -o out
usage "$flowzip" encode small.png -e standard --model x.flzm -o out
rm -f default.flz

# --- Outputs that cannot be ---------------------------------------------------------------------
if [ -w /dev/full ]; then
  expect 1 sh -c '"$1" encode -q small.png -o - >/dev/full' sh "$flowzip"
  one_line 'standard output: No space left' "encode -o - >/dev/full"
  expect 1 sh -c '"$1" decode small.flz -o - >/dev/full' sh "$flowzip"
  one_line 'standard output: No space left' "decode -o - >/dev/full"
  expect 1 sh -c '"$1" test small.flz >/dev/full' sh "$flowzip"
  one_line 'standard output: No space left' "test >/dev/full"
fi
# The reader of the pipe has gone before the first byte.
for command in "encode -q small.png -o -" "decode small.flz -o -" "info small.flz" \
  "test small.flz" "--version"; do
  # shellcheck disable=SC2086
  {
    while [ ! -e gone ]; do sleep 0.05; done
    status=0
    "$flowzip" $command 2>stderr || status=$?
    echo $status >status
  } | { exec <&-; : >gone; }
  [ "$(cat status)" = 1 ] || fail "$command into a closed pipe: status $(cat status)"
  one_line 'standard output: Broken pipe' "$command into a closed pipe"
  rm -f gone
done
# A folder that may not be written, also where the test is run by root.
mkdir sealed && chmod 555 sealed
as=()
[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 755 . && : >stdout && : >stderr
if "${as[@]}" test -x "$flowzip" 2>/dev/null; then
  refused 'sealed/out: Permission denied' "${as[@]}" "$flowzip" encode small.png -o sealed/out
  refused 'sealed/folder: Permission denied' "${as[@]}" "$flowzip" encode small.png \
    --output-dir sealed/folder
else
  echo "skipped: no user without rights to be had"
fi
chmod 755 sealed

# --- Terminals ---------------------------------------------------------------------------------
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
  on_terminal() {  # COMMAND: its output on a terminal, in `stdout`; its status
    script -qec "$1" /dev/null >stdout 2>&1 </dev/null
  }
  on_terminal "'$flowzip' encode -q small.png -o -" && fail "wrote to a terminal"
  grep -q 'flowzip: standard output: is a terminal' stdout || fail "$(cat stdout)"
  on_terminal "'$flowzip' decode small.flz -o -" && fail "wrote to a terminal"
  grep -q 'flowzip: standard output: is a terminal' stdout || fail "$(cat stdout)"
  on_terminal "'$flowzip' test -" && fail "read from a terminal"
  grep -q 'flowzip: standard input: is a terminal' stdout || fail "$(cat stdout)"
  on_terminal "'$flowzip' decode -f small.flz -o -" || fail "--force does not write to a terminal"
  grep -aq 'IHDR' stdout || fail "--force does not write to a terminal"
  on_terminal "'$flowzip' encode -q small.png -o - >piped.flz" || fail "redirected from a terminal"
  same small.flz piped.flz
  # Progress, of what takes more than a second, and only there.
  "$files" png rgb 300 1100 long.png
  on_terminal "'$flowzip' encode --no-verify -j1 --simd scalar-definition long.png -o long.flz" ||
    fail "encode long.png"
  grep -aq $'\rencoding  *[0-9]* %' stdout || fail "no progress on a terminal: $(cat stdout)"
  on_terminal "'$flowzip' test -q -j1 --simd scalar-definition long.flz" || fail "test long.flz"
  ! grep -aq ' %' stdout || fail "progress in spite of --quiet: $(cat stdout)"
else
  echo "skipped: script(1) is not here"
fi

# --- An interruption leaves nothing behind, and its mark on the status ----------------------------
"$files" png rgb 2500 1600 big.png
rm -f small.flz
for signal in INT:130 TERM:143; do
  env --default-signal=INT "$flowzip" encode -q -f small.png big.png other.png &
  pid=$!
  for _ in $(seq 1000); do
    [ -e small.flz ] && compgen -G '.flowzip-*' >/dev/null && break
    sleep 0.01
  done
  kill -"${signal%:*}" $pid || fail "ended before it could be interrupted"
  wait $pid
  status=$?
  [ $status -eq "${signal#*:}" ] || fail "status after SIG${signal%:*}: $status"
  [ -e small.flz ] || fail "what was done before the interruption is gone"
  [ ! -e big.flz ] || fail "half an output"
  nothing_left "after SIG${signal%:*}"
  rm -f small.flz
done

summary
