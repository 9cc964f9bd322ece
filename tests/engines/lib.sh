# SPDX-License-Identifier: BSD-3-Clause
# What the tests on engines share. Sourced; goes to an empty folder, `work`, which is removed at the
# end, and so are the processes whose numbers were added to `pids`.
work=$(mktemp -d)
pids=()
cleanup() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
export LC_ALL=C
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
