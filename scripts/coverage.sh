#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Line coverage of base, rans, model and codec by the test-suite; fails if one of rans, model
# and codec is below 90 %. What only the command's tests reach counts too.
#
#   scripts/coverage.sh [CTEST ARGUMENT...]       such as -E 'cli|bench', to leave some out
# Needs scripts/install-deps.sh fuzz (gcovr).
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset coverage --log-level=WARNING
cmake --build --preset coverage --parallel "${JOBS:-$(nproc)}" >/dev/null
find build/coverage -name '*.gcda' -delete
ctest --preset coverage --quiet "$@" || echo "some tests failed; what they reached counts"
status=0
for folder in base rans model codec; do
  gcovr --root . --object-directory build/coverage --filter "$folder/" \
    --exclude-throw-branches --txt "build/coverage/$folder.txt" build/coverage
  percent=$(awk '/^TOTAL/ { print $4 }' "build/coverage/$folder.txt")
  grep -E '\.(cc|h) ' "build/coverage/$folder.txt" || true
  echo "$folder: $percent of the lines"
  [ "$folder" = base ] || [ "${percent%\%}" -ge 90 ] || status=1
done
exit $status
