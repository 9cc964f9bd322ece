#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmarks of README.md and docs/benchmarks.md: one run, one set of figures, both pages.

  scripts/benchmarks.py run NAME=FOLDER... [--flowzip PROGRAM] [-- OPTIONS of flowzip bench...]
      measures every folder of PNG files, keeps the figures in docs/benchmarks.json, writes both
  scripts/benchmarks.py write     writes both from docs/benchmarks.json again
  scripts/benchmarks.py check     exit status 1 unless both say what docs/benchmarks.json says

Nothing is typed in by hand: what was not measured is not on the pages. Of README.md only what lies
between the two marks is replaced, which is looked at before anything is measured, and nothing is
written unless both pages can be. The machine has to be idle, and the rivals of
scripts/install-deps.sh bench installed. 40 megapixels take some 25 minutes on two cores, most of them
cjxl -e 9 and `best`.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BEGIN, END = "<!-- benchmarks -->\n", "<!-- end of benchmarks -->\n"
REFERENCE = "jxl-e7"
# What README.md shows, where it was measured.
IN_README = ["flowzip-best", "flowzip-standard", "flowzip-fast", "jxl-e9", "jxl-e7", "jxl-e3",
             "webp-z6", "png-shipped"]
DEFAULT_OPTIONS = ["--only", "flowzip,jxl,webp-z6,jpegls,jpeg2000,png-shipped", "--also", "jxl-e9",
                   "--heat-maps", "0", "--repeats", "1", "-j", "2"]


def label(codec):
    version = codec["version"].split(",")[0].split()[-1]
    name = codec["name"]
    if name.startswith("flowzip-"):
        text = f"flowzip {version}, `{name.removeprefix('flowzip-')}`"
        return f"**{text}**" if name == "flowzip-standard" else text
    if name.startswith("jxl-e"):
        return f"JPEG XL (cjxl {version} -d 0 -e {name.removeprefix('jxl-e')})"
    if name.startswith("webp-z"):
        return f"WebP (cwebp {version} -lossless -z {name.removeprefix('webp-z')})"
    return "PNG as shipped" if name == "png-shipped" else f"{name} ({codec['version']})"


def digits(value):
    if not value:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.1 else f"{value:.2g}"


def summary(name, report):
    """What the pages need of a report of flowzip bench."""
    codecs = []
    for codec in sorted(report["codecs"], key=lambda codec: codec["bytes"]):
        encode, decode = codec.get("encode_whole", {}), codec.get("decode_whole", {})
        codecs.append({"name": codec["name"], "version": codec["version"], "options": codec["options"],
                       "bytes": codec["bytes"], "bits": codec["bits_per_sub_pixel"],
                       "encode": encode.get("wall_mp_per_s", 0), "decode": decode.get("wall_mp_per_s", 0),
                       "encode_bytes": encode.get("peak_bytes", 0),
                       "decode_bytes": decode.get("peak_bytes", 0)})
    pixels = sum(image["width"] * image["height"] for image in report["images"])
    return {"name": name, "images": len(report["images"]), "megapixels": round(pixels / 1e6, 2),
            "codecs": codecs}


def measure(flowzip, corpora, options):
    figures = {"corpora": []}
    for name, folder in corpora:
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            subprocess.run([flowzip, "bench", folder, "--json", out.name, *options], check=True)
            report = json.loads(Path(out.name).read_text(encoding="utf-8"))
        figures["corpora"].append(summary(name, report))
        machine = report["machine"]
        figures |= {"date": report["date"], "jobs": report["jobs"], "options": options,
                    "machine": {key: machine[key] for key in ("cpu", "load_before", "load_after")}}
    return figures


def conditions(figures):
    machine = figures["machine"]
    return (f"{machine['cpu']}, {figures['jobs']} thread{'s' if figures['jobs'] > 1 else ''}, {figures['date']}, "
            f"load {machine['load_before']} before and {machine['load_after']} after the last folder")


def about_jxl(figures):
    versions = {codec["version"] for corpus in figures["corpora"] for codec in corpus["codecs"]
                if codec["name"].startswith("jxl-")}
    if any("0.7." in version for version in versions):
        return ["", "libjxl 0.7 is Debian 12's. Later ones write `-e 7` more than twice as fast and decode faster, at sizes "
                "0.2 to 0.4 % smaller: ratios of speed to theirs are less than half of these."]
    return []


def readme_lines(figures):
    corpora = figures["corpora"]
    by_name = [{codec["name"]: codec for codec in corpus["codecs"]} for corpus in corpora]
    head = [f"{c['name']}, {c['images']} pictures, {c['megapixels']:.1f} megapixels" for c in corpora]
    lines = [f"| bits per sub-pixel | {' | '.join(head)} | encode, megapixels/s | decode |",
             "|---|" + "--:|" * (len(corpora) + 2)]
    for name in IN_README:
        if name not in by_name[-1]:
            continue
        cells = [f"{codecs[name]['bits']:.3f}" if name in codecs else "–" for codecs in by_name]
        last = by_name[-1][name]
        lines.append(f"| {label(last)} | {' | '.join(cells)} | {digits(last['encode'])} | "
                     f"{digits(last['decode'])} |")
    lines += ["", f"Speeds: whole processes, of {corpora[-1]['name']} ({conditions(figures)}); flowzip without "
              "decoding again to check, and with the preview that pictures of a megapixel and more get (at most 0.5 %). "
              "Pictures that were JPEGs or PhotoCD scans are recognised and coded as what was converted. All figures: "
              "[docs/benchmarks.md](docs/benchmarks.md)."]
    return lines + about_jxl(figures)


def page_lines(figures):
    lines = ["# Benchmarks", "",
             "Written by `scripts/benchmarks.py`, from one run that [benchmarks.json](benchmarks.json) keeps; README.md's "
             "table is from the same.", "", f"Machine: {conditions(figures)}. Whole processes, from a PNG file without "
             "metadata to a file and back, both in memory; pixels divided by the time by the clock. Every picture that was "
             "decoded equalled its source. flowzip runs with `--no-verify`, since the others do not decode again what they "
             f"have written. Options of `flowzip bench`: `{' '.join(figures['options'])}`."]
    lines += about_jxl(figures)
    options = {}
    for corpus in figures["corpora"]:
        reference = next((c["bytes"] for c in corpus["codecs"] if c["name"] == REFERENCE), None)
        lines += ["", f"## {corpus['name']}: {corpus['images']} pictures, {corpus['megapixels']:.2f} megapixels", "",
                  f"| codec | bytes | bits per sub-pixel | against {REFERENCE} | encode, megapixels/s | decode | encode, MiB | "
                  "decode |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
        for codec in corpus["codecs"]:
            options[codec["name"]] = (codec["version"], codec["options"])
            against = f"{100 * (codec['bytes'] / reference - 1):+.1f} %" if reference else "–"
            memory = [f"{codec[key] / 2**20:.0f}" if codec[key] else "–" for key in ("encode_bytes", "decode_bytes")]
            lines.append(f"| {codec['name']} | {codec['bytes']:,} | {codec['bits']:.3f} | {against} | "
                         f"{digits(codec['encode'])} | {digits(codec['decode'])} | {' | '.join(memory)} |")
    lines += ["", "## Codecs", "", "| codec | version | what was done |", "|---|---|---|"]
    lines += [f"| {name} | {version} | `{what}` |" for name, (version, what) in options.items()]
    return lines


def around_table(readme):
    """What stands before and after the table; exits if there is no place for it."""
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        sys.exit(f"{readme}: not exactly one {BEGIN.strip()} ... {END.strip()}; nothing was written")
    before, rest = text.split(BEGIN)
    return before, rest.split(END)[1]


def pages(root, figures):
    """{path: its text}"""
    readme = root / "README.md"
    before, after = around_table(readme)
    return {readme: before + BEGIN + "\n".join(readme_lines(figures)) + "\n" + END + after,
            root / "docs/benchmarks.md": "\n".join(page_lines(figures)) + "\n"}


def write(path, text):
    """The whole file or the old one."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("action", choices=["run", "write", "check"])
    parser.add_argument("corpora", nargs="*", metavar="NAME=FOLDER")
    parser.add_argument("--flowzip", default="build/flowzip")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent,
                        help="where README.md and docs/ are")
    arguments = sys.argv[1:]
    options = DEFAULT_OPTIONS
    if "--" in arguments:
        options = arguments[arguments.index("--") + 1:]
        arguments = arguments[:arguments.index("--")]
    args = parser.parse_args(arguments)
    data = args.root / "docs/benchmarks.json"
    if args.action == "run":
        corpora = [corpus.partition("=")[::2] for corpus in args.corpora]
        if not corpora or not all(name and folder for name, folder in corpora):
            parser.error("run needs NAME=FOLDER")
        around_table(args.root / "README.md")
        figures = measure(args.flowzip, corpora, options)
    else:
        figures = json.loads(data.read_text(encoding="utf-8"))
    texts = pages(args.root, figures)
    if args.action == "check":
        stale = [str(path) for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
        print("\n".join(f"{path}: not what {data} says: scripts/benchmarks.py write" for path in stale)
              or "both pages say what was measured")
        sys.exit(1 if stale else 0)
    if args.action == "run":
        write(data, json.dumps(figures, indent=1) + "\n")
    for path, text in texts.items():
        write(path, text)


main()
