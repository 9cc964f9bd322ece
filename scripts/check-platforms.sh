#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The same bytes on every platform: builds golden_check and, optimised, signature_check for each, runs them
# (the foreign ones under qemu-user) and prints a matrix; fails unless every line has every file
# and the signatures of each of the two are the same everywhere. Also: the units whose floating point can change bytes must refuse
# -ffast-math.
#
#   scripts/check-platforms.sh [WORD...]     only the rows that have all of these words,
#                                            such as `aarch64 g++ -O3`
# Needs the packages of `scripts/install-deps.sh platforms`. JOBS=n limits the compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
source=$PWD
work=$source/build/platforms
jobs=${JOBS:-$(nproc)}
mkdir -p "$work/headers" "$work/log"

# Highway and xxHash are used as headers: without the host's other headers beside them.
ln -sfn /usr/include/hwy "$work/headers/hwy"
ln -sfn /usr/include/xxhash.h "$work/headers/xxhash.h"

failed=0
declare -A signatures=()

# configure FOLDER ARCHITECTURE COMPILER LEVEL
configure() {
  local build=$1 architecture=$2 compiler=$3 level=$4
  local -a options=(-DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=$architecture")
  local cc=gcc flags=-static  # no libraries to be found at run time under qemu
  [ "$compiler" = g++ ] || cc=clang
  if [ "$architecture" = x86_64 ]; then
    options=("-DCMAKE_C_COMPILER=$cc" "-DCMAKE_CXX_COMPILER=$compiler")
    flags=
  elif [ "$compiler" = g++ ]; then
    options+=("-DCMAKE_C_COMPILER=$architecture-linux-gnu-gcc"
              "-DCMAKE_CXX_COMPILER=$architecture-linux-gnu-g++")
  else
    options+=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
              "-DCMAKE_C_COMPILER_TARGET=$architecture-linux-gnu"
              "-DCMAKE_CXX_COMPILER_TARGET=$architecture-linux-gnu"
              "-DCMAKE_ASM_COMPILER_TARGET=$architecture-linux-gnu")
  fi
  cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None \
    "-DCMAKE_CXX_FLAGS=$level" "-DCMAKE_EXE_LINKER_FLAGS=$flags" \
    "-DXXHASH_INCLUDE_DIR=$work/headers" "-DHIGHWAY_INCLUDE_DIR=$work/headers" \
    -DFLOWZIP_GOLDEN_CHECK_ONLY=ON \
    -DFLOWZIP_CLI=OFF -DFLOWZIP_TRAIN=OFF -DFLOWZIP_BENCH=OFF -DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON \
    "${options[@]}"
}

# row ARCHITECTURE COMPILER LEVEL
row() {
  local architecture=$1 compiler=$2 level=$3
  local name=$architecture-$compiler$level status=0
  local log=$work/log/$name.log out=$work/log/$name.out
  local -a run=()
  [ "$architecture" = x86_64 ] || run=("qemu-$architecture")
  { configure "$work/$name" "$architecture" "$compiler" "$level" &&
    cmake --build "$work/$name" --parallel "$jobs" --target golden_check signature_check; } >"$log" 2>&1 || {
    printf '%-8s %-8s %-4s DOES NOT BUILD (%s)\n' "$architecture" "$compiler" "$level" "$log"
    failed=1
    return
  }
  "${run[@]}" "$work/$name/tests/golden_check" tests/golden >"$out" 2>&1 || status=$?
  # Without optimisation, in an emulator, it would take the better part of an hour.
  if [ "$level" != -O0 ]; then
    "${run[@]}" "$work/$name/tests/signature_check" tests/signature.txt >>"$out" 2>&1 || status=$?
  fi
  while read -r line; do
    printf '%-8s %-8s %-4s %s\n' "$architecture" "$compiler" "$level" "$line"
    [[ $line != *signature* ]] || signatures[${line##* }]=1
  done <"$out"
  [ $status -eq 0 ] || { echo "$name: exit $status"; failed=1; }
}

# fast_math COMPILER: all units but those whose floating point is only statistics, or none.
fast_math() {
  local compiler=$1 refused=0 total=0 unit said
  for unit in model/least_squares.cc codec/filters/fit_filters.cc codec/tiles/tile_plan.cc \
    codec/coders/raster/raster_fit.cc; do
    total=$((total + 1))
    # The compiler is to fail: its message decides, not its status.
    said=$("$compiler" -std=c++20 -ffast-math -I. -E "$unit" 2>&1 >/dev/null || true)
    if [[ $said == *'without -ffast-math'* ]]; then
      refused=$((refused + 1))
    else
      echo "$unit: $compiler -ffast-math is not refused"
      failed=1
    fi
  done
  printf '%-8s %-8s -ffast-math refused by %d of %d units\n' any "$compiler" $refused $total
}

wanted() {
  local word
  for word in "${words[@]}"; do
    [[ " $* " == *" $word "* ]] || return 1
  done
}

words=("$@")
for architecture in x86_64 aarch64 riscv64 s390x; do
  for compiler in g++ clang++; do
    for level in -O0 -O3; do
      ! wanted $architecture $compiler $level || row $architecture $compiler $level
    done
  done
done
for compiler in g++ clang++; do
  ! wanted any $compiler -ffast-math || fast_math $compiler
done
echo "signatures: ${!signatures[*]}"
if [ ${#signatures[@]} -gt 2 ] || [ $failed -ne 0 ]; then
  echo "NOT the same everywhere"
  exit 1
fi
echo "the same everywhere"
