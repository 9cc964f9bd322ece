#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Measures flowzip and its rivals on the Kodak photographs and writes docs/benchmarks.md, the
# table of README.md and, beside the program, benchmarks.html and benchmarks.json. Five minutes
# on an otherwise idle machine, and it should be idle.
#
#   scripts/bench-report.sh [FOLDER [OPTIONS of flowzip bench...]]
#
# The slow efforts of rivals (cjxl -e 9, cwebp -z 9) are measured once, with flowzip beside
# them, and kept in benchmarks-slow.json until that file is removed: ten minutes more. SLOW=
# leaves them out; SLOW=jxl-e9 chooses. FLOWZIP names another program than build/flowzip.
set -euo pipefail
cd "$(dirname "$0")/.."
flowzip=${FLOWZIP:-build/flowzip}
folder=${1:-../shared/bench/kodak}
[ $# -eq 0 ] || shift
beside=$(dirname "$flowzip")
slow=${SLOW-jxl-e9,webp-z9}

if [ ! -d "$folder" ]; then
  echo "$0: no folder $folder; give that of the 24 Kodak photographs" >&2
  exit 1
fi
reports=("$beside/benchmarks.json")
"$flowzip" bench "$folder" --markdown docs/benchmarks.md \
  --html "$beside/benchmarks.html" --json "${reports[0]}" "$@"
if [ -n "$slow" ]; then
  reports+=("$beside/benchmarks-slow.json")
  [ -e "${reports[1]}" ] || "$flowzip" bench "$folder" --only "flowzip,$slow" --repeats 1 \
    --heat-maps 0 --json "${reports[1]}"
fi
scripts/readme-table.py "${reports[@]}"
