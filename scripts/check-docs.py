#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What documents and comments point at is there. Exit status 1, with a line for each fault, if not.

  - sections of docs/FORMAT.md that comments and documents name by number; with a title behind the
    number (FORMAT.md 3.9, "The context coder") that it is the section's
  - files that documents link to, and files of the repository that anything names by folder
  - the folders of cmake/Rooms.cmake in the table of docs/ARCHITECTURE.md
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {".h", ".cc", ".c", ".py", ".md", ".txt", ".sh", ".js", ".mjs", ".ts", ".cmake"}
SECTION = re.compile(r'FORMAT\.md\)?,? (?:sections? )?(\d+(?:\.\d+)*)(?:, "([^"]+)")?')
HEADING = re.compile(r"^#+ (\d+(?:\.\d+)*)\.? (.+)$", re.M)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"(?<![\w./$}>\"-])((?:%s)/[\w./-]*\.(?:sh|py|md|cc|h|txt|inc|json|cmake))\b" % "|".join(
    "base rans model codec analysis c_api include tools tests scripts docs cmake python desktop".split()))
# What builds and scripts make.
MADE = {"include/flowzip/version.h", "cmake/flowzipConfig.cmake", "docs/benchmarks.json"}


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:  # an unpacked archive
        return [p.relative_to(ROOT) for p in ROOT.rglob("*") if p.is_file() and "build" not in p.parts]
    return [Path(p) for p in listed.stdout.split("\n") if p and (ROOT / p).is_file()]


def section_faults(path, text, headings):
    # A comment's line breaks do not end the reference.
    flat = re.sub(r"\s*\n\s*(?://|#|\*)?\s*", " ", text)
    for number, title in SECTION.findall(flat):
        if number not in headings:
            yield f"{path}: docs/FORMAT.md has no section {number}"
        elif title and title != headings[number]:
            yield f'{path}: section {number} of docs/FORMAT.md is "{headings[number]}", not "{title}"'


def link_faults(path, text):
    for target in LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        if not (ROOT / path.parent / target).exists():
            yield f"{path}: links to {target}, which is not there"


def name_faults(path, text):
    if path.name in ("CHANGELOG.md", "experiments.md"):  # they tell of what was
        return
    for target in NAMED.findall(text):
        if "NAME" in target or target in MADE:
            continue
        if not (ROOT / target).exists() and not (ROOT / path.parent / target).exists():
            yield f"{path}: names {target}, which is not there"


def folder_faults():
    rooms = (ROOT / "cmake/Rooms.cmake").read_text()
    folders = [f for f in re.findall(r"^flowzip_room\(\w+ ([\w/]+)", rooms, re.M)]
    table = re.findall(r"^\| `([\w/]+)/` \|", (ROOT / "docs/ARCHITECTURE.md").read_text(), re.M)
    for folder in folders:
        # Coders come and go; what all have in common is told once.
        name = "codec/coders" if folder.startswith("codec/coders/") else folder
        if name not in table:
            yield f"docs/ARCHITECTURE.md: {name}/ is not in the table of folders"
    for folder in table:
        if folder not in folders and folder != "codec/coders":
            yield f"docs/ARCHITECTURE.md: {folder}/ is no folder of cmake/Rooms.cmake"


def main():
    headings = dict(HEADING.findall((ROOT / "docs/FORMAT.md").read_text()))
    faults, files = [], 0
    for path in tracked():
        if path.suffix not in SOURCES or path.name == "check-docs.py":
            continue
        text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
        files += 1
        faults += section_faults(path, text, headings)
        faults += name_faults(path, text)
        if path.suffix == ".md":
            faults += link_faults(path, text)
    faults += folder_faults()
    print("\n".join(faults) or f"{files} files: everything they point at is there")
    sys.exit(1 if faults else 0)


main()
