# SPDX-License-Identifier: BSD-3-Clause
# What the tests of the command share. Sourced, in an empty folder, with these set:
#   flowzip, files (flowzip_test_files), samples (png_samples), source
failures=0 checks=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect STATUS COMMAND...: the exit status; keeps both outputs.
expect() {
  local wanted=$1 status=0
  shift
  checks=$((checks + 1))
  "$@" >stdout 2>stderr || status=$?
  [ $status -eq "$wanted" ] || fail "exit $status instead of $wanted: $* ($(cat stderr))"
}

# refused TEXT COMMAND...: exit 1, one line on standard error that has TEXT, no file
# called `out` or left over.
refused() {
  local text=$1
  shift
  expect 1 "$@"
  one_line "$text" "$@"
}

one_line() {
  local text=$1
  shift
  [ "$(wc -l <stderr)" -eq 1 ] || fail "not one line on stderr: $* ($(cat stderr))"
  [[ "$(cat stderr)" == "flowzip: "*"$text"* ]] || fail "no \"$text\": $* ($(cat stderr))"
  nothing_left "$*"
}

nothing_left() {
  [ ! -e out ] || { fail "output left behind: $1"; rm -f out; }
  ! compgen -G '.flowzip-*' >/dev/null || { fail "temporary left behind: $1"; rm -f .flowzip-*; }
}

usage() {
  expect 2 "$@"
  one_line "" "$@"
}

same_pixels() {
  cmp <("$samples" "$1") <("$samples" "$2") || fail "pixels of $1 and $2 differ"
}

# Prints the last line of a test, and is its status.
summary() {
  echo "$checks commands run, $failures failures"
  [ $failures -eq 0 ]
}
