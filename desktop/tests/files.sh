# SPDX-License-Identifier: BSD-3-Clause
# For the tests beside it: make_list FLOWZIP SOURCE  writes ./list and the PNG files that it names.
#
# "same FLZ PNG" for golden files that need no model of the tests' own, "any FLZ" for others: the golden and the bad
# ones, and the fuzz corpus.
make_list() {
  local flowzip=$1 source=$2 file png
  : >list
  for file in "$source"/tests/golden/*.flz; do
    png=$(basename "$file" .flz).png
    # PNG knows no 10 bits, and readers differ in what chunks they forgive: no measure.
    case $file in *gray10*|*rgba12*|*-metadata*) echo "any $file" >>list; continue ;; esac
    if "$flowzip" decode -q "$file" -o "$png" 2>/dev/null; then
      echo "same $file $PWD/$png" >>list
    else
      echo "any $file" >>list
    fi
  done
  for file in "$source"/tests/bad/*.flz "$source"/tests/fuzz/corpus/{container,decode,capi}/*; do
    echo "any $file" >>list
  done
}
