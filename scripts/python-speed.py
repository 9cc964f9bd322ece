#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The Python package beside the command: CPU seconds, in one alternating run.

    PYTHONPATH=build/python scripts/python-speed.py [-n ROUNDS] [-e EFFORT] [-j THREADS] PICTURE.png...

All pictures are put below each other to one, so that starting up counts little. The command reads and
writes PNM, which costs next to nothing; Python's seconds are those of the calls alone. Prints the
medians, their ratio, and that of each round's pair.
"""
import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time

import flowzip
import numpy as np
from PIL import Image


def of_command(*line):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(line, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def of_call(call):
    before = time.process_time()
    call()
    return time.process_time() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("-e", default="standard")
    parser.add_argument("-j", type=int, default=2)
    options = parser.parse_args()
    program = os.environ.get("FLOWZIP", "build/flowzip")
    parts = [np.asarray(Image.open(path).convert("RGB")) for path in options.pictures]
    width = min(part.shape[1] for part in parts)
    picture = np.concatenate([part[:, :width] for part in parts])
    height = len(picture)
    rows = {"encode": [], "decode": []}
    with tempfile.TemporaryDirectory() as work:
        ppm, flz = os.path.join(work, "a.ppm"), os.path.join(work, "a.flz")
        with open(ppm, "wb") as file:
            file.write(b"P6 %d %d 255\n" % (width, height))
            file.write(picture)
        encode = [program, "encode", "-q", "-f", "--no-verify", "-j", str(options.j)]
        encode += ["-e", options.e, ppm, "-o", flz]
        decode = [program, "decode", "-q", "-f", "-j", str(options.j), flz, "-o", ppm]
        for _ in range(options.n):
            by_command = of_command(*encode)
            by_python = of_call(
                lambda: flowzip.encode(picture, effort=options.e, threads=options.j)
            )
            rows["encode"].append((by_command, by_python))
            with open(flz, "rb") as file:
                data = file.read()
            by_command = of_command(*decode)
            by_python = of_call(lambda: flowzip.decode(data, threads=options.j))
            rows["decode"].append((by_command, by_python))
    print(f"{width * height / 1e6:.1f} megapixels, {options.e}, {options.j} threads, CPU seconds")
    for name, pairs in rows.items():
        command, python = (statistics.median(values) for values in zip(*pairs))
        ratios = ", ".join(f"{b / a:.3f}" for a, b in pairs)
        print(
            f"{name}: command {command:.2f}, Python {python:.2f}; "
            f"ratio {python / command:.3f} (rounds {ratios})"
        )


if __name__ == "__main__":
    main()
