#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# python3 -m flowzip.batch on a real Dask cluster: a scheduler and three workers, started here as
# their own processes on loopback. A bad picture, and one worker killed in the middle.
#
#   dask_test.sh FLOWZIP SOURCE_DIRECTORY PYTHON_PACKAGE [PICTURES]
set -u
flowzip=$(realpath "$1") source=$(realpath "$2") package=$(realpath "$3") count=${4:-300}
python=${PYTHON:-python3}
export PYTHONPATH=$package PYTHONWARNINGS=ignore
"$python" -c 'import distributed, numpy' 2>/dev/null || { echo "skipped: no distributed or numpy"; exit 77; }
. "$source/tests/engines/lib.sh"
export HOME=$work
"$python" "$source/tests/engines/make_pictures.py" "$count" pictures
echo 'no picture' >pictures/3/4/bad.png

"$python" -m distributed.cli.dask_scheduler --host 127.0.0.1 --port 0 --no-dashboard \
  --scheduler-file cluster.json >scheduler.log 2>&1 &
pids+=($!)
for _ in $(seq 300); do [ -s cluster.json ] && break; sleep 0.2; done
[ -s cluster.json ] || { cat scheduler.log; fail "no scheduler"; exit 1; }
address=$("$python" -c 'import json; print(json.load(open("cluster.json"))["address"])')
for i in 1 2 3; do
  "$python" -m distributed.cli.dask_worker "$address" --host 127.0.0.1 --nthreads 1 --no-nanny \
    --no-dashboard --name "worker-$i" --local-directory "$work/space-$i" >"worker-$i.log" 2>&1 &
  pids+=($!)
done
for _ in $(seq 300); do
  grep -q 'Registered to' worker-1.log && grep -q 'Registered to' worker-2.log &&
    grep -q 'Registered to' worker-3.log && break
  sleep 0.2
done

run() {
  "$python" -m flowzip.batch pictures --output-dir archive --manifest m.jsonl -e best -q \
    --scheduler "$address" --command "$flowzip" 2>stderr
}
run &
job=$!
for _ in $(seq 1200); do
  [ -n "$(find archive -name '*.flz' -print -quit 2>/dev/null)" ] && break
  sleep 0.05
done
kill -KILL "${pids[2]}" || fail "no worker was killed in the middle"
wait $job
[ $? -eq 1 ] || fail "a bad picture is no failure: $(cat stderr)"
[ "$(wc -l <stderr)" -eq 1 ] && grep -q 'bad.png' stderr || fail "errors: $(cat stderr)"
[ "$(find archive -name '*.flz' | wc -l)" -eq "$count" ] || fail "$(find archive -name '*.flz' | wc -l) of $count files"

# Mended and started again on the two workers that are left: one file is done.
cp pictures/0/0/picture-000000.png pictures/3/4/bad.png
before=$(wc -l <m.jsonl)
run || fail "after mending: $(cat stderr)"
count=$((count + 1))
[ $(($(wc -l <m.jsonl) - before)) -eq 1 ] || fail "$(($(wc -l <m.jsonl) - before)) files were done again instead of 1"
"$flowzip" audit -q --pixels m.jsonl || fail "audit"
"$flowzip" encode -q -r -e best pictures --output-dir whole
find archive -name '.flowzip-*' -delete  # of the worker's command, had it been killed
diff -r archive whole >/dev/null || fail "other bytes than of one undisturbed run: $(diff -r archive whole | head -n 3)"
"$python" - "$count" m.jsonl <<'PYTHON' || fail "manifest"
import collections, json, sys
last = {}
for line in open(sys.argv[2], encoding="utf-8"):
    record = json.loads(line)
    last[record["path"]] = record["status"]
states = collections.Counter(last.values())
assert states["done"] + states["skipped"] == int(sys.argv[1]) == len(last), states
PYTHON
echo "dask: $count pictures, three workers, one of them killed, one picture bad; $failures failures"
[ $failures -eq 0 ]
