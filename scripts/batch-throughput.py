#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Many small pictures: one flowzip across all files, beside xargs with a process for each file.

    scripts/batch-throughput.py FLOWZIP [--pictures 3000] [--jobs N] [--effort fast]

Prints a table: seconds, files a second, and which part of the processors' time went into the
programs. Pictures are generated (tests/engines/make_pictures.py). What other programs take is not
the command's to use, so measure on a quiet machine. Standard library only.
"""
import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]


def measured(line, **options):
    """Seconds of the clock, and of the processors."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(line, check=True, stderr=subprocess.DEVNULL, **options)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
            ("flowzip encode -r", [*encode, "out", "-j", jobs, "-r", "pictures"], {}),
            ("xargs -n 1", xargs(1), {"input": names}),
            ("xargs -n 100", xargs(100), {"input": names}),
            ("flowzip encode -r --manifest", [*encode, "out", "-j", jobs, "-r", "pictures",
                                              "--manifest", "m.jsonl"], {}),
            ("flowzip test -r", [flowzip, "test", "-q", "-j", jobs, "-r", "out"], {}),
            ("flowzip decode -r", [flowzip, "decode", "-q", "-j", jobs, "-r", "out",
                                   "--output-dir", "back"], {}),
        ]
        print(f"{a.pictures} pictures of 8 to 40 pixels a side, effort {a.effort}, {jobs} jobs on "
              f"{os.cpu_count()} processors\n")
        print("| | seconds | files a second | processors used |\n|---|--:|--:|--:|")
        for name, line, options in rows:
            if "encode" in line:
                for folder in ("out", "flat"):
                    shutil.rmtree(folder, ignore_errors=True)
                os.mkdir("flat")
            wall, cpu = measured(line, **options)
            print(f"| {name} | {wall:.2f} | {a.pictures / wall:,.0f} | "
                  f"{100 * cpu / wall / min(a.jobs, os.cpu_count()):.0f} % |", flush=True)


if __name__ == "__main__":
    main()
