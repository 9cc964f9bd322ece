#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# share/slurm on a real Slurm: slurmctld and slurmd of this machine, started here with a
# configuration of their own on loopback. A job array with a bad picture, and one worker killed in
# the middle: in the end everything is done, once, and verified.
#
#   slurm_test.sh FLOWZIP SOURCE_DIRECTORY [PICTURES]
set -u
flowzip=$(realpath "$1") source=$(realpath "$2") count=${3:-300}
for program in slurmctld slurmd sbatch scontrol squeue python3; do
  command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
. "$source/tests/engines/lib.sh"

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
mkdir state spool logs
host=$(hostname -s)
cat >slurm.conf <<CONF
ClusterName=flowzip
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/none
CredType=cred/none
AuthInfo=cred_expire=2
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/logs/slurmctld
SlurmdLogFile=$work/logs/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_res
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=1,sched_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=3600
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld -D -f slurm.conf >logs/ctld.out 2>&1 &
pids+=($!)
slurmd -D -f slurm.conf -N "$host" >logs/d.out 2>&1 &
pids+=($!)
for _ in $(seq 300); do
  [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && break
  kill -0 "${pids[@]}" 2>/dev/null || break
  sleep 0.2
done
if [ "$(sinfo -h -o %t 2>/dev/null)" != idle ]; then
  tail -n 20 logs/*
  fail "Slurm did not come up"
  exit 1
fi

python3 "$source/tests/engines/make_pictures.py" "$count" pictures
echo 'no picture' >pictures/3/4/bad.png
shards=7

# Waits until no job is left; the states in the end.
run_job() {
  FLOWZIP=$flowzip "$source/share/slurm/flowzip-submit" $shards pictures archive "$@" >jobs || fail "submit"
  read -r array summary <jobs
}
wait_for_jobs() {
  for _ in $(seq 1500); do
    [ -n "$(squeue -h 2>/dev/null)" ] || return 0
    sleep 0.2
  done
  squeue
  fail "jobs did not end"
}
state() { scontrol show job "$1" -o 2>/dev/null | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p' | tail -n 1; }

run_job -e best  # slow, so that there is a middle to be killed in
# One worker is killed once it has begun to write.
killed=
for _ in $(seq 600); do
  for pid in $(pgrep -f "^$flowzip encode .*--shard [0-9]*/$shards" 2>/dev/null); do
    [ -n "$(find archive -name '*.flz' -print -quit)" ] || continue
    kill -KILL "$pid" 2>/dev/null && killed=$pid && break 2
  done
  sleep 0.05
done
[ -n "$killed" ] || fail "no worker was killed in the middle"
wait_for_jobs
grep -q 'ended by signal 9; requeued' archive/.flowzip/shard-*.log || fail "the killed shard was not requeued"
completed=0 failed=0
for i in $(seq $shards); do
  case $(state "${array}_$i") in
    COMPLETED) completed=$((completed + 1)) ;;
    FAILED) failed=$((failed + 1)) ;;
    *) fail "shard $i: $(state "${array}_$i")" ;;
  esac
done
[ $completed -eq $((shards - 1)) ] && [ $failed -eq 1 ] || fail "$completed completed, $failed failed"
[ "$(state "$summary")" = FAILED ] || fail "the summary does not mind a bad picture: $(state "$summary")"
grep -q 'bad.png' archive/.flowzip/summary.log || fail "summary: $(cat archive/.flowzip/summary.log)"

check_archive() {
  [ "$(find archive -name '*.flz' | wc -l)" -eq "$count" ] || fail "$(find archive -name '*.flz' | wc -l) of $count files"
  [ -z "$(find archive -name '.flowzip-*' -type f)" ] || [ "$1" = killed ] || fail "temporary files left"
  "$flowzip" test -q -r archive || fail "not all outputs are whole"
  cat archive/.flowzip/manifest-*.jsonl >manifest
  python3 - "$count" <<'PYTHON' || fail "manifest"
import collections, json, sys
done = collections.Counter()
last = {}
for line in open("manifest", encoding="utf-8"):
    try:
        record = json.loads(line)
    except ValueError:
        continue  # cut short by the kill
    last[record["path"]] = record["status"]
    done[record["path"]] += record["status"] == "done"
states = collections.Counter(last.values())
assert states["done"] + states["skipped"] == int(sys.argv[1]), states
assert max(done.values()) == 1, [path for path, n in done.items() if n > 1]
PYTHON
}
check_archive killed

# Mended and submitted again: only what is missing is done, and the summary is content.
cp "pictures/0/0/picture-000000.png" pictures/3/4/bad.png
count=$((count + 1))
find archive -name '.flowzip-*' -type f -delete
before=$(cat archive/.flowzip/manifest-*.jsonl | wc -l)
run_job -e best
wait_for_jobs
[ "$(state "$summary")" = COMPLETED ] || fail "summary: $(state "$summary") ($(cat archive/.flowzip/summary.log))"
after=$(cat archive/.flowzip/manifest-*.jsonl | wc -l)
[ $((after - before)) -eq 1 ] || fail "$((after - before)) files were done again instead of 1"
check_archive whole

[ $failures -eq 0 ] || tail -n 15 logs/* archive/.flowzip/*.log
echo "slurm: $count pictures in $shards shards, one worker killed, one picture bad; $failures failures"
[ $failures -eq 0 ]
