#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Measures flowzip and its rivals on the Kodak photographs and writes docs/benchmarks.md,
# and beside the program benchmarks.html and benchmarks.json. Some minutes.
#
#   scripts/bench-report.sh [FOLDER [OPTIONS of flowzip bench...]]
#
# JPEG XL's slowest effort, on request as it takes the longest: ... FOLDER --also jxl-e9
# FLOWZIP names another program than build/flowzip.
set -euo pipefail
cd "$(dirname "$0")/.."
flowzip=${FLOWZIP:-build/flowzip}
folder=${1:-../shared/bench/kodak}
[ $# -eq 0 ] || shift
beside=$(dirname "$flowzip")

if [ ! -d "$folder" ]; then
  echo "$0: no folder $folder; give that of the 24 Kodak photographs" >&2
  exit 1
fi
exec "$flowzip" bench "$folder" --markdown docs/benchmarks.md \
  --html "$beside/benchmarks.html" --json "$beside/benchmarks.json" "$@"
