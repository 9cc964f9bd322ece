#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Many small pictures: one flowzip across all files, beside xargs with a process for each file.

    scripts/batch-throughput.py FLOWZIP [--pictures 3000] [--jobs N] [--effort fast]

Prints a table: seconds of the clock, files in a second, seconds of processor time; which part of the
processors' time that was; and, of flowzip's own threads, which part of it they had or waited for a
processor (/proc/PID/task/TID/schedstat), as they do on a machine that others use: at 100 % or more
there was always something to do for every processor. Pictures are generated
(tests/engines/make_pictures.py). Standard library only.
"""
import argparse
import contextlib
import glob
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]


def measured(line, data=None):
    """Seconds of the clock, of the processors, and in which threads were ready to run."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(line, stdin=subprocess.PIPE if data else None, stderr=subprocess.DEVNULL)
    if data:
        process.stdin.write(data)
        process.stdin.close()
    threads = {}
    while process.poll() is None:
        for path in glob.glob(f"/proc/{process.pid}/task/*/schedstat"):
            with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
                ran, waited, _ = file.read().split()
                threads[path] = (int(ran) + int(waited)) / 1e9
        time.sleep(0.02)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        sys.exit(f"{line[0]} ended with {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, sum(threads.values())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("flowzip", type=Path)
    p.add_argument("--pictures", type=int, default=3000)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--effort", default="fast")
    a = p.parse_args()
    flowzip, jobs = str(a.flowzip.resolve()), str(a.jobs)
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        maker = SOURCE / "tests" / "engines" / "make_pictures.py"
        subprocess.run([sys.executable, maker, str(a.pictures), "pictures"], check=True)
        names = b"".join(os.fsencode(path) + b"\0" for path in sorted(Path("pictures").rglob("*.png")))
        encode = [flowzip, "encode", "-q", "-e", a.effort, "--output-dir"]

        def xargs(files):
            return ["xargs", "-0", "-P", jobs, "-n", str(files), *encode, "flat", "-j1"]

        rows = [
            ("flowzip encode -r", [*encode, "out", "-j", jobs, "-r", "pictures"], None),
            ("xargs -n 1", xargs(1), names),
            ("xargs -n 100", xargs(100), names),
            ("flowzip encode -r --manifest", [*encode, "out", "-j", jobs, "-r", "pictures",
                                              "--manifest", "m.jsonl"], None),
            ("flowzip test -r", [flowzip, "test", "-q", "-j", jobs, "-r", "out"], None),
            ("flowzip decode -r", [flowzip, "decode", "-q", "-j", jobs, "-r", "out",
                                   "--output-dir", "back"], None),
        ]
        print(f"{a.pictures} pictures of 8 to 40 pixels a side, effort {a.effort}, {jobs} jobs on "
              f"{os.cpu_count()} processors\n")
        print("| | seconds | files a second | processor seconds | processors used | ready to run |")
        print("|---|--:|--:|--:|--:|--:|")
        for name, line, data in rows:
            if "encode" in line:
                for folder in ("out", "flat"):
                    shutil.rmtree(folder, ignore_errors=True)
                os.mkdir("flat")
            wall, cpu, ready = measured(line, data)
            whole = wall * min(a.jobs, os.cpu_count())
            own = f"{100 * ready / whole:.0f} %" if line[0] == flowzip else "–"
            print(f"| {name} | {wall:.2f} | {a.pictures / wall:,.0f} | {cpu:.2f} | "
                  f"{100 * cpu / whole:.0f} % | {own} |", flush=True)


if __name__ == "__main__":
    main()
