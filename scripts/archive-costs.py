#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What it costs to move an archive to .flz: core-hours, storage, days on 1 to 1000 nodes.

    archive-costs.py [--pictures N] [--megapixels M] [--nodes 1,10,100,1000] [...]   the tables
    archive-costs.py --measure FLOWZIP PICTURE.png...                                 the speeds

Speeds are megapixels in a second of one core's time, verifying included; --measure takes them from
the processor time that the system counts, so that other programs do not change them much. The
schedule is simulated, event by event: shards of unequal size, slow nodes, nodes that fail and come
back. A failed shard goes on where it was (flowzip encode --resume); what it was working on is lost.
Standard library only. The same arguments give the same tables.
"""
import argparse
import heapq
import os
import random
import resource
import subprocess
import tempfile

# Measured by --measure on the photographs of data/photos (docs/archive.md says where): megapixels a
# core-second of encode, of decode; size of the .flz files relative to the PNG files.
SPEEDS = {
    "fast": (2.0, 3.0, 0.70),
    "standard": (0.7, 1.5, 0.69),
    "best": (0.2, 0.3, 0.67),
}


def cpu_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(flowzip, pictures):
    pixels = source = 0
    for path in pictures:
        with open(path, "rb") as file:
            head = file.read(24)
        pixels += int.from_bytes(head[16:20], "big") * int.from_bytes(head[20:24], "big")
        source += os.path.getsize(path)
    for effort in SPEEDS:
        with tempfile.TemporaryDirectory() as folder:
            encode = cpu_seconds([flowzip, "encode", "-q", "-j1", "-e", effort, "--output-dir",
                                  folder + "/flz", *pictures])
            files = [entry.path for entry in os.scandir(folder + "/flz")]
            size = sum(os.path.getsize(path) for path in files)
            decode = cpu_seconds([flowzip, "decode", "-q", "-j1", "--output-dir", folder + "/png",
                                  *files])
        print(f'    "{effort}": ({pixels / 1e6 / encode:.2f}, {pixels / 1e6 / decode:.2f}, '
              f'{size / source:.3f}),')


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


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--measure", nargs="+", metavar="FLOWZIP")
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
        return measure(a.measure[0], a.measure[1:])

    pixels = a.pictures * a.megapixels * 1e6
    source = a.pictures * a.source_bytes
    print(f"{a.pictures:,.0f} pictures of {a.megapixels:g} megapixels: {pixels / 1e12:,.1f} terapixels, "
          f"{source / 1e12:,.1f} TB of PNG\n")
    print("| effort | core-hours a terapixel, encode | decode | core-hours in all | cost | saved | "
          "a year of that | paid back after |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for effort, (encode, decode, ratio) in SPEEDS.items():
        hours = pixels / 1e6 / encode / 3600
        saved = source * (1 - ratio) / 1e12
        cost, year = hours * a.core_hour, saved * a.terabyte_year
        print(f"| {effort} | {1e6 / encode / 3600:,.0f} | {1e6 / decode / 3600:,.0f} | {hours:,.0f} | "
              f"{cost:,.0f} | {saved:,.1f} TB | {year:,.0f} | {12 * cost / year:.1f} months |")
    print(f"\nPrices: {a.core_hour:g} a core-hour, {a.terabyte_year:g} a terabyte and year.\n")
    print(f"| nodes of {a.cores} cores | " + " | ".join(SPEEDS) + " |")
    print("|--:|" + "--:|" * len(SPEEDS))
    for nodes in (int(n) for n in a.nodes.split(",")):
        cells = []
        for encode, _, _ in SPEEDS.values():
            hours, busy, failures = simulate(pixels / 1e6 / encode, nodes, a)
            cells.append(f"{duration(hours)} ({100 * busy:.0f} % useful, {failures} failures)")
        print(f"| {nodes} | " + " | ".join(cells) + " |")
    print(f"\nSimulated, in {a.shards} shards: {100 * a.slow_share:g} % of the nodes {a.slow_factor:g} times slower, a failure "
          f"every {a.mtbf_hours:g} h of a node, {a.repair_hours:g} h until it is back, "
          f"{a.requeue_seconds:g} s until the shard runs again.")


if __name__ == "__main__":
    main()
