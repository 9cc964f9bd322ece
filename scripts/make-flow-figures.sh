#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes the pictures and the tables of docs/flows.md again, for the model that is embedded.
#
#   scripts/make-flow-figures.sh [BUILD_DIRECTORY [KODAK_DIRECTORY SCREENS_DIRECTORY]]
#
# Defaults: build, ../shared/bench/kodak, ../shared/bench/screens; directories are of PNG files.
# Without them the likelihood table stays as it is. Compiles what it needs; some three minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build} kodak=${2:-../shared/bench/kodak} screens=${3:-../shared/bench/screens}
page=docs/flows.md
cmake --build "$build" --target flow_figures flowzip
figures=$build/tools/dev/flow_figures
tables=$(mktemp -d)
trap 'rm -rf "$tables"' EXIT
mkdir -p docs/images

# replace NAME: puts $tables/NAME between <!-- NAME --> and <!-- end -->.
replace() {
  awk -v name="$1" -v file="$tables/$1" '
    $0 == "<!-- " name " -->" { print; while ((getline line < file) > 0) print line; skip = 1; next }
    $0 == "<!-- end -->" { skip = 0 }
    !skip' "$page" >"$tables/page"
  cp "$tables/page" "$page"
}

"$figures" pictures docs/images
"$figures" roc >"$tables/roc"
replace roc
if [ -d "$kodak" ] && [ -d "$screens" ]; then
  "$figures" likelihood "screens" "$screens"/*.png -- "Kodak" "$kodak"/*.png >"$tables/likelihood"
  replace likelihood
else
  echo "$0: no $kodak or no $screens: the likelihood table stays as it is" >&2
fi
"$build/flowzip" --version |
  awk '$1 == "models" { printf "Made with the default model `%s`.\n", $2 }' >"$tables/model"
replace model
ls -l docs/images/flows-*.png
