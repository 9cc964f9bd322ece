#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The second decoder (docs/reference_decoder.py) on the golden and the bad files.

It was written from docs/FORMAT.md: where it and the program agree, the document says enough.
Its own pixel checksums, which it verifies, are the proof that it has the encoder's pixels.

Usage: reference_decoder_test.py SOURCE_FOLDER. Exit 77: numpy is missing.
"""
import sys
import time
from pathlib import Path

try:
    import numpy  # noqa: F401
except ImportError:
    print("skipped: numpy is missing")
    raise SystemExit(77)

source = Path(sys.argv[1])
sys.dont_write_bytecode = True
sys.path.insert(0, str(source / "docs"))
import reference_decoder as reference  # noqa: E402


tests = source / "tests"
model = reference.Model((tests / "golden" / "tiny.flzm").read_bytes())


def check_golden(folder):
    agreed, failed = [], []
    for line in (folder / "manifest.txt").read_text().splitlines():
        name, width, height, channels = line.split()[:4]
        shape = (int(height), int(width), int(channels))
        start = time.process_time()
        try:
            data = (folder / name).read_bytes()
            pixels, _ = reference.decode_file(data, model)
            (agreed if pixels.shape == shape else failed).append(name)
        except SystemExit as error:
            failed.append(f"{name} ({error})")
        print(f"{name:32} {time.process_time() - start:6.1f} s", flush=True)
    print(f"golden: {len(agreed)} agree, {len(failed)} do not")
    for name in failed:
        print(f"  DIFFERS: {name}")
    return len(agreed) > 10 and not failed


def check_bad(folder):
    refused, accepted = 0, []
    for path in sorted(folder.glob("*.flz")):
        try:
            data = path.read_bytes()
            reference.decode_file(data, model)
            accepted.append(path.name)
        except SystemExit:
            refused += 1
    print(f"bad: {refused} refused, {len(accepted)} accepted")
    for name in accepted:
        print(f"  ACCEPTED: {name}")
    return refused > 30 and not accepted


good = check_golden(tests / "golden")
good = check_bad(tests / "bad") and good
raise SystemExit(0 if good else 1)
