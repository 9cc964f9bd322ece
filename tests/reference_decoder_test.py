#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The second decoder (docs/reference_decoder.py) on the golden and the bad files, and on FORMAT.md's example.

It was written from docs/FORMAT.md: where it and the program agree, the document says enough.
Pixel checksums are the proof that it has the encoder's pixels: those of the manifest.

Usage: reference_decoder_test.py SOURCE_FOLDER. Exit 77: numpy is missing.
"""
import re
import sys
import time
from pathlib import Path

try:
    import numpy
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
        name, width, height, channels, _, checksum = line.split()
        shape = (int(height), int(width), int(channels))
        start = time.process_time()
        try:
            data = (folder / name).read_bytes()
            pixels, depth = reference.decode_file(data, model)
            samples = pixels.astype("<u2" if depth > 8 else numpy.uint8).tobytes()
            same = f"{reference.xxh32(0, samples):08x}" == checksum and pixels.shape == shape
            (agreed if same else failed).append(name)
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


def check_example(document):
    """The tile of "Example" in section 3: rows of samples, and the payload after the last one."""
    text = re.split(r"\n### 3\.\d+ Example\n", document.read_text(encoding="utf-8"))[1].split("```")[1]
    payload = bytes.fromhex(re.search(r"  ((?: ?[0-9A-F]{2})+)\n", text).group(1))
    rows = [[int(v) for v in re.match(r"[\d ]*\d", line).group().split("  ")[0].split()]
            for line in text.strip().splitlines()]
    reader = reference.Reader(payload[1:])
    pixels = reference.decode_context_tile(reader, len(rows[0]), len(rows), 1, 8)
    same = payload[0] == 2 and [[p[0] for p in row] for row in pixels] == rows
    print(f"example: {len(rows[0])} x {len(rows)} pixels {'agree' if same else 'DIFFER'}")
    return same


good = check_example(source / "docs" / "FORMAT.md")
good = check_golden(tests / "golden") and good
good = check_bad(tests / "bad") and good
raise SystemExit(0 if good else 1)
