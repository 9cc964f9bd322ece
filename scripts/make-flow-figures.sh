#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes the pictures and the tables of docs/flows.md again, for the model that is embedded.
#
#   scripts/make-flow-figures.sh BUILD_DIRECTORY [KODAK_DIRECTORY SCREENS_DIRECTORY]
#
# Without the two directories of PNG files the likelihood table stays as it is. Takes some
# minutes; needs the target flow_figures.
set -eu
cd "$(dirname "$0")/.."
figures=$1/tests/flow_figures
page=docs/flows.md
[ -x "$figures" ] || { echo "$figures is missing: cmake --build $1 --target flow_figures"; exit 1; }
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
if [ $# -ge 3 ]; then
  {
    echo "| pictures | number | bits/dim | surprise/dim | % of pixels below 1 bit |"
    echo "|---|---|---|---|---|"
    "$figures" likelihood "screens" "$3"/*.png
    "$figures" likelihood "Kodak" "$2"/*.png
    "$figures" noise
  } >"$tables/likelihood"
  replace likelihood
fi
"$1/flowzip" --version | sed -n 's/^models /Made with the embedded model `/p' | sed 's/$/`./' >"$tables/model"
replace model
ls -l docs/images/flows-*.png
