#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""All that names the version of flowzip names the one of CMakeLists.txt.

    version_test.py SOURCE_DIRECTORY [FLOWZIP]
"""
import json
import re
import subprocess
import sys
from pathlib import Path

source = Path(sys.argv[1])


def first(pattern, path):
    found = re.search(pattern, (source / path).read_text(), re.M)
    return found.group(1) if found else None


wanted = first(r"^project\(flowzip VERSION (\S+)", "CMakeLists.txt")
lock = json.loads((source / "web/package-lock.json").read_text())
named = {
    "web/package.json": json.loads((source / "web/package.json").read_text())["version"],
    "web/package-lock.json": lock["version"],
    "web/package-lock.json, packages": lock["packages"][""]["version"],
    "debian/changelog": first(r"^flowzip \((.*)-[^-]+\) ", "debian/changelog"),
    "CHANGELOG.md": first(r"^## \[(\d[^]]*)\]", "CHANGELOG.md"),
    "share/org.flowzip.flowzip.metainfo.xml":
        first(r'<release version="([^"]*)"', "share/org.flowzip.flowzip.metainfo.xml"),
}
# The Python package has no number of its own: setup.py and cmake/Python.cmake take CMake's.
if first(r'^(version\s*=.*)', "python/pyproject.toml"):
    named["python/pyproject.toml"] = first(r'^version\s*=\s*"(.*)"', "python/pyproject.toml")
if len(sys.argv) > 2:
    said = subprocess.run([sys.argv[2], "--version"], capture_output=True, text=True, check=True)
    named["flowzip --version"] = said.stdout.split()[1]

wrong = {what: version for what, version in named.items() if version != wanted}
for what, version in wrong.items():
    print(f"{what}: {version}, not {wanted}")
print(f"version {wanted}: {len(named)} places, {len(wrong)} faults")
sys.exit(1 if wrong or wanted is None else 0)
