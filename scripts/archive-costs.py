#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What it costs to move an archive to .flz: core-hours, storage, days on 1 to 1000 nodes.

    archive-costs.py [--pictures N] [--megapixels M] [--nodes 1,10,100,1000] [...]   the tables
    archive-costs.py --measure FLOWZIP PICTURE.png...     measures this machine: speeds and sizes
    archive-costs.py --write                              the tables of docs/archive.md anew

--measure writes docs/archive-speeds.json (--speeds names another file), from which the tables are
made: megapixels in a second of one core's time, verifying included, by the processor time that the
system counts, so that other programs do not change them much. The schedule is simulated, event by
event: shards of unequal size, slow nodes, nodes that fail and come back. A failed shard goes on
where it was (flowzip encode --resume); what it was working on is lost. Standard library only. The
same arguments give the same tables.
"""
import argparse
import heapq
import io
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
EFFORTS = ("fast", "standard", "best")
BEGIN, END = "<!-- costs -->\n", "<!-- end of costs -->\n"


def cpu_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def processor():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def measure(flowzip, pictures, speeds):
    pixels = source = 0
    for path in pictures:
        with open(path, "rb") as file:
            head = file.read(24)
        pixels += int.from_bytes(head[16:20], "big") * int.from_bytes(head[20:24], "big")
        source += os.path.getsize(path)
    version = subprocess.run([flowzip, "--version"], check=True, capture_output=True, text=True).stdout
    found = {
        "flowzip": version.split()[1],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": processor(),
        "pictures": [os.path.basename(path) for path in pictures],
        "megapixels": round(pixels / 1e6, 3),
        "png_bytes": source,
        "efforts": {},
    }
    for effort in EFFORTS:
        with tempfile.TemporaryDirectory() as folder:
            encode = cpu_seconds([flowzip, "encode", "-q", "-j1", "-e", effort, "--output-dir",
                                  folder + "/flz", "--", *pictures])
            files = [entry.path for entry in os.scandir(folder + "/flz")]
            size = sum(os.path.getsize(path) for path in files)
            decode = cpu_seconds([flowzip, "decode", "-q", "-j1", "--output-dir", folder + "/png",
                                  "--", *files])
        found["efforts"][effort] = {"encode": round(pixels / 1e6 / encode, 3),
                                    "decode": round(pixels / 1e6 / decode, 3),
                                    "ratio": round(size / source, 4)}
    speeds.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def simulate(core_seconds, nodes, a):
    """Hours until all shards are done, and how busy the cores were."""
    r = random.Random(a.seed)
    shards = a.shards
    # Shards hold whole pictures of different sizes: the sum of many, plus what cannot be cut.
    weights = [r.lognormvariate(0, a.spread) for _ in range(shards)]
    total = sum(weights)
    work = [core_seconds / a.cores * w / total for w in weights]  # a shard has a node's cores
    slow = {n for n in range(nodes) if r.random() < a.slow_share}
    per_picture = core_seconds / a.pictures  # of each core, at the most
    free = [(0.0, node) for node in range(nodes)]
    heapq.heapify(free)
    waiting = [(0.0, i, left) for i, left in enumerate(work)]  # since when it may run
    heapq.heapify(waiting)
    end = 0.0
    failures = 0
    while waiting:
        ready, shard, left = heapq.heappop(waiting)
        at, node = heapq.heappop(free)
        start = max(ready, at) + a.start_seconds
        speed = 1 / a.slow_factor if node in slow else 1.0
        needed = left / speed
        fails = r.expovariate(1 / (a.mtbf_hours * 3600))
        if fails < needed:
            # The node comes back; the shard goes on elsewhere but for the picture in hand.
            done = max(0.0, fails * speed - r.random() * per_picture)
            failures += 1
            heapq.heappush(waiting, (start + fails + a.requeue_seconds, shard, left - done))
            heapq.heappush(free, (start + fails + a.repair_hours * 3600, node))
            continue
        end = max(end, start + needed)
        heapq.heappush(free, (start + needed, node))
    return end / 3600, core_seconds / (nodes * a.cores * end), failures


def duration(hours):
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def tables(a, out):
    found = json.loads(a.speeds.read_text(encoding="utf-8"))
    pixels = a.pictures * a.megapixels * 1e6
    source = a.pictures * a.source_bytes
    count = len(found["pictures"])
    print(f"flowzip {found['flowzip']} on one core ({found['processor']}), {found['date']}; {count} "
          f"photographs, {found['megapixels']:.1f} megapixels, {found['png_bytes'] / 1e6:.1f} MB of PNG "
          "in all:\n", file=out)
    print("| effort | encode and verify, megapixels/s | decode | core-hours a terapixel, encode | decode | "
          "size of PNG |\n|---|--:|--:|--:|--:|--:|", file=out)
    for effort, e in found["efforts"].items():
        print(f"| {effort} | {e['encode']:.2f} | {e['decode']:.2f} | {1e6 / e['encode'] / 3600:,.0f} | "
              f"{1e6 / e['decode'] / 3600:,.0f} | {100 * e['ratio']:.1f} % |", file=out)
    print(f"\n{a.pictures:,.0f} pictures of {a.megapixels:g} megapixels and {a.source_bytes / 1e6:g} MB: "
          f"{pixels / 1e12:,.1f} terapixels, {source / 1e12:,.1f} TB of PNG. Prices: {a.core_hour:g} a "
          f"core-hour, {a.terabyte_year:g} a terabyte and year.\n", file=out)
    print("| effort | core-hours | cost | saved | a year of that | paid back after |", file=out)
    print("|---|--:|--:|--:|--:|--:|", file=out)
    for effort, e in found["efforts"].items():
        hours = pixels / 1e6 / e["encode"] / 3600
        saved = source * (1 - e["ratio"]) / 1e12
        cost, year = hours * a.core_hour, saved * a.terabyte_year
        print(f"| {effort} | {hours:,.0f} | {cost:,.0f} | {saved:,.1f} TB | {year:,.0f} | "
              f"{12 * cost / year:.1f} months |", file=out)
    print(f"\nThe schedule, simulated, in {a.shards} shards: {100 * a.slow_share:g} % of the nodes "
          f"{a.slow_factor:g} times slower, a failure every {a.mtbf_hours:g} h of a node, "
          f"{a.repair_hours:g} h until it is back, {a.requeue_seconds:g} s until the shard runs "
          f"again, {a.start_seconds:g} s to start a shard.\n", file=out)
    print(f"| nodes of {a.cores} cores | " + " | ".join(found["efforts"]) + " |", file=out)
    print("|--:|" + "--:|" * len(found["efforts"]), file=out)
    for nodes in (int(n) for n in a.nodes.split(",")):
        cells = []
        for e in found["efforts"].values():
            hours, busy, failures = simulate(pixels / 1e6 / e["encode"], nodes, a)
            cells.append(f"{duration(hours)} ({100 * busy:.0f} % useful, {failures} failures)")
        print(f"| {nodes} | " + " | ".join(cells) + " |", file=out)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--measure", nargs="+", metavar="FLOWZIP")
    p.add_argument("--speeds", type=Path, default=DOCS / "archive-speeds.json", metavar="FILE")
    p.add_argument("--write", action="store_true", help="into docs/archive.md, with the defaults")
    p.add_argument("--check", action="store_true", help="exit 1 if docs/archive.md has other tables")
    p.add_argument("--pictures", type=float, default=10e6)
    p.add_argument("--megapixels", type=float, default=4.0, help="of one picture")
    p.add_argument("--source-bytes", type=float, default=6.0e6, help="of one picture, as PNG")
    p.add_argument("--nodes", default="1,10,100,1000")
    p.add_argument("--cores", type=int, default=16, help="of a node")
    p.add_argument("--shards", type=int, default=20000)
    p.add_argument("--spread", type=float, default=0.3, help="of shards' sizes (log-normal)")
    p.add_argument("--slow-share", type=float, default=0.05, help="of nodes that are slower")
    p.add_argument("--slow-factor", type=float, default=3.0, help="so many times")
    p.add_argument("--mtbf-hours", type=float, default=2000, help="between failures of a node")
    p.add_argument("--repair-hours", type=float, default=4)
    p.add_argument("--requeue-seconds", type=float, default=120)
    p.add_argument("--start-seconds", type=float, default=5, help="to start a shard and list files")
    p.add_argument("--core-hour", type=float, default=0.03, help="price")
    p.add_argument("--terabyte-year", type=float, default=60.0, help="price")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    if a.measure:
        return measure(a.measure[0], a.measure[1:], a.speeds)
    if not (a.write or a.check):
        return tables(a, sys.stdout)
    page = DOCS / "archive.md"
    text, new = page.read_text(encoding="utf-8"), io.StringIO()
    tables(a, new)
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    new = before + BEGIN + new.getvalue() + END + after
    if a.check and new != text:
        sys.exit(f"{page} has other tables than {sys.argv[0]} --write makes")
    if a.write:
        page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
