#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the table of README.md from what `flowzip bench --json` measured.

  scripts/readme-table.py [--readme FILE] [--benchmarks FILE] REPORT.json [SLOW.json]

The second report, of the same images, adds codecs that the first lacks: the slow efforts of
rivals, which scripts/bench-report.sh measures apart. They get a section at the end of the
file --benchmarks (docs/benchmarks.md). Nothing here is typed in by hand: what was not
measured is not in the table.
"""
import argparse
import json
import os
import sys

# Of each group the first that was measured; all of flowzip's models come in addition.
ROWS = [["jxl-e9"], ["jxl-e7"], ["webp-z9", "webp-z6"], ["jpeg2000"], ["png-shipped"],
        ["zstd-22", "zstd-19"]]


def label(codec):
    version = codec["version"].split(",")[0].split()[-1]
    name, options = codec["name"], codec["options"]
    if codec["family"] == "flowzip":
        return f"**flowzip {version}**, model `{name.removeprefix('flowzip-')}`"
    if codec["family"] == "JPEG XL":
        return f"JPEG XL (cjxl {version} -d 0 -e {name.removeprefix('jxl-e')})"
    if codec["family"] == "WebP":
        return f"WebP (cwebp {version} -lossless -z {name.removeprefix('webp-z')})"
    if codec["family"] == "JPEG 2000":
        return f"JPEG 2000 (OpenJPEG {version})"
    if name == "png-shipped":
        return "PNG as shipped"
    if codec["family"] == "zstd":
        return f"zstd {version} of the samples, level {name.split('-')[1]}"
    return f"{name} ({codec['version']}, {options})"


def speed(codec, operation):
    value = codec.get(operation, {}).get("wall_mp_per_s", 0)
    if value <= 0:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 1 else f"{value:.2g}"


def corpus(report):
    images = report["images"]
    folders = {os.path.basename(os.path.dirname(image["path"])) for image in images}
    sizes = {tuple(sorted((image["width"], image["height"]))) for image in images}
    size = "{1} x {0}".format(*sizes.pop()) if len(sizes) == 1 else "{:.1f} megapixels".format(
        sum(image["width"] * image["height"] for image in images) / 1e6)
    if folders == {"kodak"}:
        return f"{len(images)} Kodak photographs, {size}"
    return f"{len(images)} images of {', '.join(sorted(folders))}, {size}"


def conditions(report):
    machine, jobs = report["machine"], report["jobs"]
    return (f"{machine['cpu']}, {jobs} thread{'s' if jobs > 1 else ''}, load "
            f"{machine['load_before']} before and {machine['load_after']} after, {report['date']}")


def readme_table(reports):
    codecs = {}
    for report in reports:
        for codec in report["codecs"]:
            codecs.setdefault(codec["name"], codec)
    chosen = [codec for codec in codecs.values() if codec["family"] == "flowzip"]
    for names in ROWS:
        chosen += [codecs[name] for name in names if name in codecs][:1]
    chosen.sort(key=lambda codec: codec["bytes"])
    lines = [f"| {corpus(reports[0])} | bits per sub-pixel | encode MP/s | decode MP/s |",
             "|---|--:|--:|--:|"]
    for codec in chosen:
        bits = f"{codec['bits_per_sub_pixel']:.3f}"
        if codec["family"] == "flowzip":
            bits = f"**{bits}**"
        lines.append(f"| {label(codec)} | {bits} | {speed(codec, 'encode_whole')} | "
                     f"{speed(codec, 'decode_whole')} |")
    lines += ["", "Speeds: whole processes from file to file by the clock "
              f"({conditions(reports[0])})."]
    if len(reports) > 1:
        added = [codec for codec in chosen if codec not in reports[0]["codecs"]]
        if added:
            lines.append(f"{' and '.join(codec['name'] for codec in added)} ran apart, see "
                         "[docs/benchmarks.md](docs/benchmarks.md).")
    return lines


def slow_section(report):
    lines = ["## Slow efforts", "",
             "Measured in a run of their own, as they take the longest: " + conditions(report) + ".",
             "", "```sh", report["command"], "```", "",
             "| codec | version | bytes | bits/ sub-pixel | encode MP/s | CPU | decode MP/s | CPU | "
             "encode MiB |", "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    for codec in sorted(report["codecs"], key=lambda codec: codec["bytes"]):
        encode, decode = codec.get("encode_whole", {}), codec.get("decode_whole", {})
        cells = [codec["name"], codec["version"], f"{codec['bytes']:,}",
                 f"{codec['bits_per_sub_pixel']:.3f}"]
        for operation in (encode, decode):
            cells += [f"{operation.get('wall_mp_per_s', 0):.3g}",
                      f"{operation.get('cpu_mp_per_s', 0):.3g}"]
        cells.append(f"{encode.get('peak_bytes', 0) / 2**20:.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def replace(path, name, lines, append=False):
    """Puts lines between <!-- NAME --> and the next <!-- end -->."""
    begin, end = f"<!-- {name} -->\n", "<!-- end -->\n"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if begin not in text and append:
        text += f"\n{begin}{end}"
    if begin not in text or end not in text[text.index(begin):]:
        sys.exit(f"{path}: no {begin.strip()} ... {end.strip()} to fill")
    start = text.index(begin) + len(begin)
    text = text[:start] + "\n".join(lines) + "\n" + text[text.index(end, start):]
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--readme", default=os.path.join(root, "README.md"))
    parser.add_argument("--benchmarks", default=os.path.join(root, "docs/benchmarks.md"))
    parser.add_argument("reports", nargs="+")
    arguments = parser.parse_args()
    reports = []
    for path in arguments.reports[:2]:
        with open(path, encoding="utf-8") as file:
            reports.append(json.load(file))
    names = [[image["name"] for image in report["images"]] for report in reports]
    if any(other != names[0] for other in names):
        sys.exit("the reports are of different images")
    replace(arguments.readme, "table", readme_table(reports))
    if len(reports) > 1:
        replace(arguments.benchmarks, "slow", slow_section(reports[1]), append=True)


main()
