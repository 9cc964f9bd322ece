#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs fuzz targets with AddressSanitizer and UndefinedBehaviorSanitizer, one after another.
#
#   scripts/fuzz.sh SECONDS [TARGET...]    rans, model, container, decode, png, ...; all
#   scripts/fuzz.sh --minimise [TARGET...] the corpus grown so far, smallest inputs that reach
#                                          everything it reaches, into tests/fuzz/corpus
# The corpus grows in build/fuzz/corpus; a crash leaves its input in build/fuzz/crashes, to be
# mended and kept as tests/fuzz/corpus/TARGET/crash-*. One line per run goes to
# build/fuzz/log.txt. Needs scripts/install-deps.sh fuzz. FUZZ_ARGUMENTS: more for libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: scripts/fuzz.sh SECONDS|--minimise [TARGET...]}
shift
build=build/fuzz
[ -f $build/build.ninja ] || cmake --preset fuzz --log-level=WARNING
cmake --build --preset fuzz --parallel "${JOBS:-$(nproc)}" >/dev/null

if [ $# -eq 0 ]; then
  for source in tests/fuzz/fuzz_*.cc; do
    name=$(basename "$source" .cc)
    [ ! -x "$build/tests/fuzz/$name" ] || set -- "$@" "${name#fuzz_}"
  done
fi
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
status=0
for target in "$@"; do
  program=$build/tests/fuzz/fuzz_$target
  work=$build/corpus/$target kept=tests/fuzz/corpus/$target
  mkdir -p "$work" "$kept" $build/crashes
  seeds=("$kept")
  case $target in decode | container | capi) seeds+=(tests/golden tests/bad) ;; esac
  if [ "$seconds" = --minimise ]; then
    rm -rf "$build/small"
    mkdir "$build/small"
    "$program" -merge=1 -max_len=4096 "$build/small" "$work" "${seeds[@]}" 2>&1 | tail -2
    find "$kept" -type f ! -name 'crash-*' -delete
    # Smallest first until the share of a target is used up: the corpus stays below 1 MB.
    find "$build/small" -type f -printf '%s %p\n' | sort -n |
      awk '{ sum += $1; if (sum <= 110000) print $2 }' | xargs -r cp -t "$kept"
    du -sb "$kept"
    continue
  fi
  log=$build/$target.log
  "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=4096 \
    -print_final_stats=1 -artifact_prefix="$build/crashes/$target-" ${FUZZ_ARGUMENTS:-} \
    "$work" "${seeds[@]}" >"$log" 2>&1 || status=1
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -1)
  crashes=$(find $build/crashes -name "$target-*" | wc -l)
  printf '%s  %-10s %6s s  %10s executions  %s  findings %s\n' "$(date -u +%F\ %H:%M)" "$target" \
    "$seconds" "${executions:-?}" "${coverage:-cov: ? ft: ?}" "$crashes" | tee -a $build/log.txt
done
exit $status
