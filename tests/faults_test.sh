#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What the machine can do to the command: disks that are full, pipes that are closed, signals
# in the middle, files that cannot be read, folders that cannot be written. Never a half-written
# file under the final name, never a lost input.
#
#   faults_test.sh FLOWZIP SOURCE_FOLDER
set -u
flowzip=$1 source=$2
work=$(mktemp -d)
chmod 755 "$work"
mounted=
cleanup() {
  [ -z "$mounted" ] || umount "$work/small"
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
export LC_ALL=C
failures=0 checks=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
ok() { checks=$((checks + 1)); }
leftovers() { find . -maxdepth 2 -name '.flowzip-*' | wc -l; }

photo=$source/data/photos/colorado.png
cp "$photo" in.png
"$flowzip" encode -q in.png -o good.flz || fail "encode"
"$flowzip" decode -q good.flz -o good.png || fail "decode"
"$flowzip" encode -q in.png -e best -o slow.flz || fail "encode -e best"  # decodes for a while
sum_in=$(cksum <in.png) sum_flz=$(cksum <good.flz)

untouched() {
  [ "$(cksum <in.png)" = "$sum_in" ] || fail "$1: the input changed"
  [ "$(cksum <good.flz)" = "$sum_flz" ] || fail "$1: the .flz input changed"
  ok
}

# interrupted SIGNAL OUTPUT COMMAND...: sends it once the temporary file is there. Afterwards
# there is no OUTPUT, or it is what was there before.
interrupted() {
  local signal=$1 output=$2 before=none after=none pid status=0 i
  shift 2
  [ ! -e "$output" ] || before=$(cksum <"$output")
  # A shell script's background commands ignore SIGINT, which is not what is meant.
  env --default-signal "$@" >/dev/null 2>&1 &
  pid=$!
  for ((i = 0; i < 2000; ++i)); do
    [ "$(leftovers)" -eq 0 ] || break
    sleep 0.01
  done
  [ "$(leftovers)" -eq 1 ] || fail "$signal: no temporary file seen: $*"
  kill "-$signal" $pid 2>/dev/null
  wait $pid 2>/dev/null || status=$?
  [ ! -e "$output" ] || after=$(cksum <"$output")
  if [ $status -eq 0 ]; then
    echo "note: finished before SIG$signal: $*"
  else
    [ "$before" = "$after" ] || fail "SIG$signal: $output changed: $*"
    [ $status -gt 128 ] || fail "SIG$signal: exit $status: $*"
  fi
  untouched "SIG$signal"
  if [ "$signal" = KILL ] && [ $status -ne 0 ]; then
    # Nobody could remove it; its name says whose it is, and it is in nobody's way.
    [ "$(leftovers)" -eq 1 ] || fail "SIGKILL: $(leftovers) temporary files: $*"
  else
    [ "$(leftovers)" -eq 0 ] || fail "SIG$signal: temporary file left: $*"
  fi
}

for signal in INT TERM HUP KILL; do
  interrupted $signal out.flz "$flowzip" encode -q in.png -o out.flz
  [ $signal != KILL ] || { "$flowzip" encode -q -f in.png -o out.flz || fail "encode beside a stale temporary"; }
  rm -f out.flz .flowzip-*
  interrupted $signal out.png "$flowzip" decode -q slow.flz -o out.png
  rm -f out.png .flowzip-*
  echo precious >old.flz
  interrupted $signal old.flz "$flowzip" encode -q -f in.png -o old.flz
  rm -f old.flz .flowzip-*
done
# All others that end a process and can be caught.
for signal in QUIT USR1 USR2 ALRM XCPU XFSZ PROF VTALRM SYS; do
  interrupted $signal out.flz "$flowzip" encode -q in.png -o out.flz
  rm -f out.flz .flowzip-*
done

# --- A full disk ------------------------------------------------------------------------------
# failed TEXT OUTPUT COMMAND...: exit 1, TEXT on standard error, no OUTPUT, nothing left.
failed() {
  local text=$1 output=$2 status=0
  shift 2
  "$@" >/dev/null 2>stderr || status=$?
  [ $status -eq 1 ] || fail "exit $status instead of 1: $* ($(cat stderr))"
  grep -q "$text" stderr || fail "no \"$text\": $* ($(cat stderr))"
  [ ! -e "$output" ] || fail "$output is there: $*"
  [ "$(leftovers)" -eq 0 ] || fail "temporary file left: $*"
  untouched "$*"
}
# A limit on the size of files, which needs no rights; SIGXFSZ ignored, so that write() fails.
failed 'File too large' out.flz bash -c 'trap "" XFSZ; ulimit -f 20; exec "$@"' bash \
  "$flowzip" encode -q in.png -o out.flz
failed 'File too large' out.png bash -c 'trap "" XFSZ; ulimit -f 20; exec "$@"' bash \
  "$flowzip" decode -q good.flz -o out.png
mkdir small
if mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
  mounted=1
  failed 'No space left' small/out.flz "$flowzip" encode -q in.png -o small/out.flz
  failed 'No space left' small/out.png "$flowzip" decode -q good.flz -o small/out.png
  echo precious >small/old.flz
  "$flowzip" encode -q -f in.png -o small/old.flz 2>/dev/null && fail "encode onto a full disk"
  [ "$(cat small/old.flz)" = precious ] || fail "a full disk lost the old file"
  ok
else
  echo "skipped: no right to mount a small tmpfs"
fi
if [ -w /dev/full ]; then
  "$flowzip" encode -q in.png -o /dev/full 2>stderr && fail "encode to /dev/full"
  grep -q 'No space left' stderr || fail "/dev/full: $(cat stderr)"
  ok
fi

# --- A closed pipe: ends, with an error or of SIGPIPE, and says nothing twice ------------------
for command in "encode -q in.png -f -o /dev/stdout" "decode -q good.flz -f -o /dev/stdout"; do
  # shellcheck disable=SC2086  # words on purpose
  status=$({ timeout 300 "$flowzip" $command 2>stderr; echo $? >status; } | true; cat status)
  [ "$status" -ne 0 ] && [ "$status" -ne 124 ] || fail "closed pipe: exit $status: $command"
  [ "$(wc -l <stderr)" -le 1 ] || fail "closed pipe: $(cat stderr)"
  untouched "closed pipe"
done
[ "$(leftovers)" -eq 0 ] || fail "closed pipe: temporary file left"
# /dev/stdout is a link to a pipe without a name: written to, never renamed over.
"$flowzip" encode -q in.png -f -o /dev/stdout 2>stderr | cmp - good.flz || fail "/dev/stdout: other bytes"
[ -L /dev/stdout ] || [ ! -f /dev/stdout ] || fail "/dev/stdout has become a file"
ok

# --- What cannot be read or written ------------------------------------------------------------
failed 'Input/output error' out.flz "$flowzip" encode -q /proc/self/mem -o out.flz
nobody=()
if [ "$(id -u)" -eq 0 ]; then
  command -v setpriv >/dev/null && nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
if [ "$(id -u)" -ne 0 ] || { [ ${#nobody[@]} -gt 0 ] && "${nobody[@]}" "$flowzip" --version >/dev/null 2>&1; }; then
  cp in.png secret.png
  chmod 000 secret.png
  mkdir open shut
  chmod 777 open
  chmod 555 shut
  touch stderr
  chmod 666 stderr
  failed 'Permission denied' open/out.flz ${nobody[@]+"${nobody[@]}"} "$flowzip" encode -q secret.png -o open/out.flz
  failed 'Permission denied' shut/out.flz ${nobody[@]+"${nobody[@]}"} "$flowzip" encode -q in.png -o shut/out.flz
  failed 'Permission denied' shut/out.png ${nobody[@]+"${nobody[@]}"} "$flowzip" decode -q good.flz -o shut/out.png
else
  echo "skipped: nobody cannot run $flowzip here"
fi

# --- decode --recover ----------------------------------------------------------------------------
samples=$(dirname "$flowzip")/png_samples
head -c $(($(stat -c %s good.flz) - 1)) good.flz >cut.flz
if "$flowzip" decode -q good.flz --recover -o out.png 2>stderr && cmp -s out.png good.png; then ok; else fail "recover an intact file: $(cat stderr)"; fi
rm -f out.png
cp good.flz header.flz
printf '\377' | dd of=header.flz bs=1 seek=13 conv=notrunc 2>/dev/null
status=0
"$flowzip" decode -q header.flz --recover -o out.png 2>stderr || status=$?
[ $status -eq 1 ] || fail "recover a damaged header: exit $status"
grep -q 'byte 13 of the header was damaged; 1 of 1 tiles recovered exactly' stderr || fail "report: $(cat stderr)"
cmp -s out.png good.png || fail "a repaired header gives other pixels"
rm -f out.png
failed 'no tile of it is whole' out.png "$flowzip" decode -q cut.flz --recover -o out.png
if [ -x "$samples" ]; then
  # Two tiles, the second damaged.
  python3 - 2>/dev/null <<'PYTHON' || true
import struct, zlib
w, h = 1100, 600
raw = b"".join(b"\0" + bytes((x * 7 + y * 31) % 256 for x in range(w)) for y in range(h))
chunk = lambda t, d: struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
open("two.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0))
                            + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
PYTHON
  if [ -e two.png ]; then
    "$flowzip" encode -q two.png -o two.flz || fail "encode two.png"
    head -c -1 two.flz >two-cut.flz
    status=0
    "$flowzip" decode -q two-cut.flz --recover -o out.png 2>stderr || status=$?
    [ $status -eq 1 ] || fail "recover a cut file: exit $status"
    grep -q 'lost: tile 2, 76 x 600 pixels at (1024, 0): the file ends inside it' stderr || fail "report: $(cat stderr)"
    grep -q 'cut short; 1 of 2 tiles recovered exactly in out.png' stderr || fail "report: $(cat stderr)"
    [ -e out.png ] || fail "recover wrote nothing"
    ok
  fi
fi

echo "$checks checks, $failures failures"
[ $failures -eq 0 ]
