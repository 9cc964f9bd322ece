#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of many kinds, by flowzip and by others: sizes, time, exactness.

Usage: table-pictures.py FLOWZIP [PACKAGES_FOLDER] [--each N] [--others FILE] > docs/pictures.md

Takes N pictures (12) of each Debian package below, unpacked in PACKAGES_FOLDER (by default they are
fetched with apt-get download into a temporary folder), and generated ones, at most a quarter of a
megapixel each. Prints a page in Markdown. Needs optipng, cwebp, cjxl and Debian's python3-pil and
python3-numpy.
"""
import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

PACKAGES = ["wesnoth-1.16-httt", "pingus-data", "oxygen-icon-theme", "marble-data", "freeciv-data",
            "kobodeluxe-data", "tuxpaint-data"]
MOST_PIXELS = 250_000
INTRODUCTION = """# Pictures that are no photographs

{count} pictures: {each} of each of a few Debian packages, every so many by name, and generated ones. Bytes of the PNG file and of what
each program makes of its pixels (`flowzip encode --strip`, `optipng -strip all -o5`, `cwebp -lossless -exact -z 9`, `cjxl -d 0 -e 9`, Debian 12's
versions). cwebp has no 16 bits a sample. Written by

```sh
scripts/table-pictures.py build/flowzip --each {each} > docs/pictures.md
```
"""


def fetch(folder):
    for package in PACKAGES:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
        deb = next(folder.glob(f"{package}_*.deb"))
        subprocess.run(["dpkg", "-x", deb, folder / package], check=True)


def pick(folder, count):
    """Every so many of a package's PNG files, by name, that are of a size to be tried."""
    found = []
    for path in sorted(folder.rglob("*.png")):
        if path.is_symlink() or path.stat().st_size < 300:
            continue
        with Image.open(path) as image:
            if image.width * image.height <= MOST_PIXELS:
                found.append(path)
    step = max(len(found) // count, 1)
    return found[::step][:count]


def generate(folder, photo):
    """Kinds that are in no package: frames, maps of tiles, ramps, gaps, pages, dithers, 16 bits."""
    rng = np.random.default_rng(1)
    photograph = np.asarray(Image.open(photo).convert("RGB"))[:288, :384]
    gray = photograph[..., 1]

    def save(name, samples, mode=None):
        Image.fromarray(samples, mode).save(folder / f"{name}.png")

    tiles = rng.integers(60, 121, (12, 32, 32, 3), dtype=np.uint8)
    save("map-of-tiles", np.concatenate([np.concatenate(list(tiles[rng.integers(0, 12, 14)]), 1)
                                         for _ in range(14)]))
    background = np.clip(rng.normal(120, 14, (100, 160, 3)), 0, 255).astype(np.uint8)
    frames = np.concatenate([background] * 8)
    for k in range(8):
        frames[100 * k + 30 : 100 * k + 60, 10 + 15 * k : 40 + 15 * k] = (200, 30, 90)
    save("frames", frames)
    save("texture", np.tile(photograph[80:208, :128], (4, 4, 1)))
    y, x = np.mgrid[0:512, 0:512]
    save("ramp-mod", (3 * x + 7 * y).astype(np.uint8))
    save("ramp-smooth", (x // 2).astype(np.uint8))
    save("zone-plate", (128 + 127 * np.sin((x * x + y * y) / 900)).astype(np.uint8))
    save("rgb-4-bit", (photograph >> 4) * 17)
    red, green, blue = np.moveaxis(photograph, 2, 0)
    save("rgb-565", np.stack([red >> 3 << 3 | red >> 5, green >> 2 << 2 | green >> 6,
                              blue >> 3 << 3 | blue >> 5], 2))
    save("rgb-stretched", np.clip((photograph.astype(int) - 40) * 1.6, 0, 255).astype(np.uint8))
    save("gray-step-6", gray // 6 * 6)
    save("gray-16-of-8", gray.astype(np.uint16) * 257)
    save("gray-16-of-12", (gray.astype(np.uint16) << 4 | rng.integers(0, 16, gray.shape,
                                                                     dtype=np.uint16)) << 4)
    save("terrain-16", (np.cumsum(np.cumsum(rng.normal(0, 3, (256, 256)), 0), 1)
                        + 30000).clip(0, 65535).astype(np.uint16))
    save("stars-16", (300 + rng.normal(0, 9, (300, 300))).astype(np.uint16))
    save("noise", rng.integers(0, 256, (128, 128, 3), dtype=np.uint8))
    save("strip-262144x1", (np.arange(262144) // 16).astype(np.uint8)[None])
    save("strip-1x65535", (np.arange(65535) // 16).astype(np.uint8)[:, None])
    Image.fromarray(gray).convert("1").save(folder / "dither-floyd.png")
    Image.fromarray(photograph).quantize(16, dither=1).save(folder / "dither-gif.png")
    Image.fromarray(photograph).quantize(256).save(folder / "photo-256-colours.png")
    half = photograph.copy()
    half[:, 190:] = 0
    save("half-black", half)
    save("photo", photograph)
    save("photo-gray", gray)
    letters = rng.random((40, 13, 9)) < 0.35
    page = np.zeros((640, 600), bool)
    for line in range(31):
        for column in range(60):
            page[20 * line : 20 * line + 13, 10 * column : 10 * column + 9] = letters[
                rng.integers(0, 40)]
    Image.fromarray(~page).save(folder / "page.png")
    Image.fromarray(~page ^ (rng.random(page.shape) < 0.01)).save(folder / "page-noisy.png")
    plot = np.full((400, 600, 3), 255, np.uint8)
    plot[::50] = plot[:, ::60] = (210, 210, 210)
    for k, colour in enumerate([(31, 119, 180), (255, 127, 14), (44, 160, 44)]):
        at = np.arange(600)
        rows = (200 + 60 * k - 60 + 50 * np.sin(at / (20 + 9 * k)) + rng.normal(0, 2, 600))
        plot[rows.astype(int), at] = plot[rows.astype(int) + 1, at] = colour
    save("plot", plot)


def run(command):
    """Whether it succeeds, and its processor time."""
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    return status == 0, usage.ru_utime + usage.ru_stime


def shown(image):
    """The samples; of a palette, whose unused colours --strip leaves out, the colours."""
    return np.asarray(image.convert("RGBA") if image.mode == "P" else image)


def same(a, b):
    with Image.open(a) as one, Image.open(b) as two:
        return one.size == two.size and one.mode == two.mode and np.array_equal(shown(one), shown(two))


def is_deep(path):
    """Whether a PNG file has 16 bits a sample."""
    return path.read_bytes()[24] == 16


def measure(flowzip, path, work, others):
    """Bytes and seconds by tool; a tool that does not take the picture is left out. `others`: what is known of them."""
    result = {"png": (path.stat().st_size, 0.0)}
    out = work / "out"
    for effort in ("fast", "standard", "best"):
        flz, back = work / f"{effort}.flz", work / "back.png"
        ok, seconds = run([flowzip, "encode", "-q", "-f", "-j1", "--strip", "-e", effort, path, "-o", flz])
        if not ok:
            raise SystemExit(f"{path}: flowzip --effort {effort} failed")
        ok, _ = run([flowzip, "decode", "-q", "-f", flz, "-o", back])
        if not ok or not same(path, back):
            raise SystemExit(f"{path}: flowzip --effort {effort} is not exact")
        result[effort] = (flz.stat().st_size, seconds)
    key = hashlib.sha256(path.read_bytes()).hexdigest()
    made = others.setdefault(key, {})
    for name, command in (
            ("optipng", ["optipng", "-quiet", "-force", "-strip", "all", "-o5", path, "-out", out]),
            ("cwebp", ["cwebp", "-quiet", "-lossless", "-exact", "-z", "9", path, "-o", out]),
            ("cjxl", ["cjxl", "-d", "0", "-e", "9", "--num_threads=0", path, out])):
        if name == "cwebp" and is_deep(path):
            continue  # it would make 8 bits of 16
        if name in made:
            continue
        out.unlink(missing_ok=True)
        ok, seconds = run(command)
        made[name] = (out.stat().st_size, seconds) if ok and out.exists() else None
    return result | {name: of for name, of in made.items() if of}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flowzip")
    parser.add_argument("packages", nargs="?", type=Path)
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--others", type=Path, help="what other tools made, kept here from run to run")
    arguments = parser.parse_args()
    others = {}
    if arguments.others and arguments.others.exists():
        others = json.loads(arguments.others.read_text())
    source = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        packages = arguments.packages
        if packages is None:
            packages = work / "packages"
            packages.mkdir()
            fetch(packages)
        generated = work / "generated"
        generated.mkdir()
        generate(generated, source / "data/photos/colorado.png")
        pictures = [(p, path) for p in PACKAGES if (packages / p).exists()
                    for path in pick(packages / p, arguments.each)]
        pictures += [("generated", path) for path in sorted(generated.glob("*.png"))]
        tools = ["png", "fast", "standard", "best", "optipng", "cwebp", "cjxl"]
        print(INTRODUCTION.format(count=len(pictures), each=arguments.each))
        print("| picture | " + " | ".join(tools) + " |")
        print("|---|" + "--:|" * len(tools))
        sums, times, rows = {}, {}, []
        for package, path in pictures:
            result = measure(arguments.flowzip, path, work, others)
            if arguments.others:
                arguments.others.write_text(json.dumps(others))
            rows.append((package, path, result))
            cells = [str(result[t][0]) if t in result else "" for t in tools]
            print(f"| {package}: {path.stem} | " + " | ".join(cells) + " |", flush=True)
            deep = is_deep(path)
            for t, (size, seconds) in result.items():
                times[t] = times.get(t, 0) + seconds
                if not deep and len(result) == len(tools):
                    sums[t] = sums.get(t, 0) + size
        print(f"\n{len(rows)} pictures. Sums of those that all tools take, 8 bits: "
              + ", ".join(f"{t} {sums[t]}" for t in tools))
        print("Seconds of processor time: " + ", ".join(f"{t} {times[t]:.0f}" for t in tools[1:]))
        for effort in ("fast", "standard", "best"):
            lost, most, above = 0, 1.0, []
            for package, path, result in rows:
                rival = min(result[t][0] for t in ("optipng", "cwebp", "cjxl") if t in result)
                ratio = result[effort][0] / rival
                lost += ratio > 1
                most = max(most, ratio)
                if ratio > 1.1:
                    above.append(f"{path.stem} {ratio:.2f}")
                if result[effort][0] > result["png"][0] + 64:
                    above.append(f"{path.stem} above its PNG")
            print(f"{effort}: larger than the smallest of the others on {lost} of {len(rows)}, "
                  f"at most {100 * (most - 1):.0f} %; above 10 %: " + (", ".join(above) or "none"))
        for package, path, result in rows:
            sizes = [result[e][0] for e in ("best", "standard", "fast")]
            if sizes != sorted(sizes):
                print(f"not best <= standard <= fast: {path.stem} {sizes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
