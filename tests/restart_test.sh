#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Many small pictures in three shards, killed at random and resumed: in the end the manifests are
# complete, and the archive has the bytes of an undisturbed run.
#
#   restart_test.sh FLOWZIP SOURCE_DIRECTORY [PICTURES [KILLS]]
set -u
flowzip=$(realpath "$1") source=$(realpath "$2") count=${3:-600} kills=${4:-10}
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
. "$source/tests/engines/lib.sh"
seed=${SEED:-$$}
python3 "$source/tests/engines/make_pictures.py" "$count" pictures || exit 1

start=$(date +%s%N)
"$flowzip" encode -q -r pictures --output-dir whole --manifest whole.jsonl || fail "undisturbed run"
whole_ms=$((($(date +%s%N) - start) / 1000000))

shard() {  # I: as an engine would start it
  "$flowzip" encode -q -r pictures --output-dir parts --shard "$1/3" --manifest "parts-$1.jsonl" --resume
}
RANDOM=$seed
killed=0 rounds=0
while [ $killed -lt "$kills" ]; do
  rounds=$((rounds + 1))
  [ $rounds -le $((20 * kills)) ] || { fail "killed $killed times only"; break; }
  number=$((1 + RANDOM % 3))
  shard $number &
  pid=$!
  # Most within the time that a shard takes, some at once.
  sleep "$(python3 -c "print($RANDOM / 32768 * $whole_ms / 3000 / $kills)")"
  # The command may be the child of the shell's function.
  kill -KILL $(pgrep -P $pid) $pid 2>/dev/null
  wait $pid 2>/dev/null
  [ $? -gt 128 ] && killed=$((killed + 1))
done
for number in 1 2 3; do shard $number || fail "shard $number"; done

find parts -name '.flowzip-*' -delete  # of SIGKILL, which nobody can catch
diff -r whole parts >/dev/null || fail "other files or bytes than an undisturbed run"
"$flowzip" audit -q --pixels parts-*.jsonl || fail "audit"
python3 - "$count" whole.jsonl parts-*.jsonl <<'PYTHON' || fail "manifests"
import collections, json, sys

def read(names):
    last, times, cut = {}, collections.Counter(), 0
    for name in names:
        for line in open(name, encoding="utf-8"):
            try:
                record = json.loads(line)
            except ValueError:
                cut += 1
                continue
            last[record["path"]] = record
            times[record["path"]] += 1
    return last, times, cut

whole, _, _ = read(sys.argv[2:3])
parts, times, cut = read(sys.argv[3:])
assert len(whole) == int(sys.argv[1]) and parts.keys() == whole.keys(), (len(whole), len(parts))
for path, record in parts.items():
    assert record["status"] in ("done", "skipped"), record
    for key in ("sha256", "output_sha256", "pixels_sha256", "size", "output_size"):
        assert record[key] == whole[path][key], (key, record, whole[path])
skipped = sum(record["status"] == "skipped" for record in parts.values())
print(f"{len(parts)} pictures, {skipped} of them compared after a kill, {cut} lines cut short, "
      f"{sum(times.values()) - len(times)} recorded twice")
PYTHON
# Once more: nothing to be done, and nothing read.
for number in 1 2 3; do
  before=$(wc -l <parts-$number.jsonl)
  shard $number || fail "shard $number again"
  [ "$(wc -l <parts-$number.jsonl)" -eq "$before" ] || fail "shard $number: done twice"
done
echo "restart: $count pictures, 3 shards, killed $killed times in $rounds starts (seed $seed); $failures failures"
[ $failures -eq 0 ]
