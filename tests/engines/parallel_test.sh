#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# share/parallel with GNU parallel: a bad picture and a worker killed in the middle, then
# --resume-failed.
#
#   parallel_test.sh FLOWZIP SOURCE_DIRECTORY [PICTURES]
set -u
flowzip=$(realpath "$1") source=$(realpath "$2") count=${3:-300}
for program in parallel python3; do
  command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
. "$source/tests/engines/lib.sh"
export HOME=$work FLOWZIP=$flowzip PARALLEL_OPTIONS='--jobs 2'
shards=7
python3 "$source/tests/engines/make_pictures.py" "$count" 'pic tures'
echo 'no picture' >'pic tures/3/4/bad.png'

run() { "$source/share/parallel/flowzip-parallel" $shards 'pic tures' 'arch ive' -e best 2>stderr; }
run &
job=$!
killed=
for _ in $(seq 600); do
  for pid in $(pgrep -f "^$flowzip encode .*--shard [0-9]*/$shards"); do
    [ -n "$(find 'arch ive' -name '*.flz' -print -quit)" ] || continue
    kill -KILL "$pid" 2>/dev/null && killed=$pid && break 2
  done
  sleep 0.05
done
[ -n "$killed" ] || fail "no worker was killed in the middle"
wait $job
[ $? -eq 2 ] || fail "not two shards failed: $(cat stderr)"

# Only those two run again; the bad picture fails again.
run
[ $? -eq 1 ] || fail "not one shard failed: $(cat stderr)"
[ "$(tail -n +2 'arch ive/.flowzip/joblog' | wc -l)" -eq $((shards + 2)) ] || fail "joblog: $(cat 'arch ive/.flowzip/joblog')"
grep -q 'bad.png' stderr || fail "the bad picture is not named: $(cat stderr)"
cp 'pic tures/0/0/picture-000000.png' 'pic tures/3/4/bad.png'
run || fail "after mending: $(cat stderr)"
count=$((count + 1))

[ "$(find 'arch ive' -name '*.flz' | wc -l)" -eq "$count" ] || fail "$(find 'arch ive' -name '*.flz' | wc -l) of $count files"
"$flowzip" audit -q --pixels 'arch ive'/.flowzip/manifest-*.jsonl || fail "audit"
"$flowzip" encode -q -r -e best 'pic tures' --output-dir whole
diff -r -x .flowzip -x '.flowzip-*' 'arch ive' whole >/dev/null || fail "other bytes than of one undisturbed run"
python3 - "$count" 'arch ive'/.flowzip/manifest-*.jsonl <<'PYTHON' || fail "manifest"
import collections, json, sys
done = collections.Counter()
for name in sys.argv[2:]:
    for line in open(name, encoding="utf-8"):
        record = json.loads(line)
        done[record["path"]] += record["status"] in ("done", "skipped")
assert len(done) == int(sys.argv[1]) and set(done.values()) == {1}, done.most_common(3)
PYTHON
echo "parallel: $count pictures in $shards shards, one worker killed, one picture bad; $failures failures"
[ $failures -eq 0 ]
