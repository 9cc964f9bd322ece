#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Counts the instructions of encoding and decoding small pictures under valgrind, at least one for
# each coder that ships, and compares them with tests/instructions.txt, so that a slowdown shows
# wherever it comes from. Counts
# hardly vary from machine to machine, as times do: one thread, one instruction set that
# valgrind knows, and only what happens inside Encode and Decode. They do depend on the
# compiler and its flags, so each line names them.
#
#   instructions_test.sh FLOWZIP SOURCE_DIRECTORY COMPILER [--update]
#
# --update writes the counts of this compiler into the table instead. Exit status 77: skipped.
set -euo pipefail
flowzip=$1 source=$2 compiler=$3 update=${4:-}
table=$source/tests/instructions.txt
slack=3 # per cent
export LC_ALL=C

skip() {
  echo "SKIPPED: $*"
  exit 77
}
command -v valgrind >/dev/null || skip "valgrind is not installed (scripts/install-deps.sh test)"
valgrind -q --tool=none "$flowzip" --version >/dev/null 2>&1 ||
  skip "this valgrind cannot run the program"
"$flowzip" --version | grep -qw AVX2 || skip "no AVX2 on this machine or in this build"
if [ "$update" != --update ] && ! grep -qF "$compiler | " "$table"; then
  skip "tests/instructions.txt has no counts for $compiler"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
photo=$source/data/photos/dunes.png
failures=0 compared=0 lines=""

# Instructions in millions within the function $1, but none of its lambdas, when running flowzip
# with the rest: entering one would end the counting.
count() {
  local function=$1
  shift
  valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
    --toggle-collect="flowzip::$function(*const&)" "$flowzip" "$@" 2>"$work/log" >/dev/null ||
    { cat "$work/log" >&2; exit 1; }
  awk '/Collected *:/ && $NF > 0 { printf "%.1f", $NF / 1e6; found = 1 } END { exit !found }' \
    "$work/log" || { cat "$work/log" >&2; exit 1; }
}

compare() {
  local operation=$1 what=$2 counted=$3 key expected
  key="$compiler | $what | $operation"
  lines+="$key | $counted"$'\n'
  [ "$update" != --update ] || return 0
  expected=$(awk -F ' [|] ' -v key="$key" '$1 " | " $2 " | " $3 == key { print $4 }' "$table")
  if [ -z "$expected" ]; then
    echo "not in the table: $key: $counted million instructions"
    return 0
  fi
  compared=$((compared + 1))
  echo "$what, $operation: $counted million instructions, the table says $expected"
  if awk -v a="$counted" -v b="$expected" -v s=$slack 'BEGIN { exit !(a > b * (1 + s / 100)) }'; then
    echo "FAILED: more than $slack % slower"
    failures=$((failures + 1))
  elif awk -v a="$counted" -v b="$expected" -v s=$slack 'BEGIN { exit !(a < b * (1 - s / 100)) }'; then
    echo "FAILED: more than $slack % faster; keep it: $0 FLOWZIP SOURCE COMPILER --update"
    failures=$((failures + 1))
  fi
}

# measure WHAT MODE PICTURE OPTIONS...: all tiles are to come out in that mode.
measure() {
  local what=$1 mode=$2 picture=$3
  shift 3
  local common=(-q -f -j 1 --simd=AVX2) decoder=()
  [ "${1:-}" != --model ] || decoder=("$@")
  compare encode "$what" \
    "$(count Encode encode "${common[@]}" "$@" --no-verify "$picture" -o "$work/a.flz")"
  compare decode "$what" "$(count Decode decode "${common[@]}" "${decoder[@]}" "$work/a.flz" -o "$work/a.png")"
  "$flowzip" info "${decoder[@]}" "$work/a.flz" | grep -q "^tiles coded by *$mode [0-9]*$" ||
    { echo "FAILED: $what is not coded by $mode"; failures=$((failures + 1)); }
}

# golden NAME: the picture of one of the golden files.
golden() {
  "$flowzip" decode -q -f --model "$source/tests/golden/tiny.flzm" "$source/tests/golden/$1.flz" -o "$work/$1.png"
  echo "$work/$1.png"
}

measure "raster tile, fast" raster "$photo" -e fast
measure "network tile, standard" network "$photo"
# Of a model that stays as it is.
measure "network tile, tests/golden/tiny.flzm" network "$photo" --model "$source/tests/golden/tiny.flzm"
measure "adaptive tile, best" network "$(golden network-rgb-filters)" -e best
measure "context coder, standard" contexts "$(golden contexts-rgb8-drawing)"
measure "context coder's copies, standard" contexts "$(golden copies-contexts)"
measure "quick model, fast" contexts "$(golden fast-quick-palette8)" -e fast
measure "bilevel model, fast" contexts "$(golden fast-bilevel-letters)" -e fast

if [ "$update" = --update ]; then
  { grep -vF "$compiler | " "$table" || true; printf '%s' "$lines"; } >"$work/table"
  cp "$work/table" "$table"
  cat "$table"
  exit 0
fi
[ "$compared" -gt 0 ] || { echo "FAILED: nothing was compared"; exit 1; }
[ "$failures" -eq 0 ]
