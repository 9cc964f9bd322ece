#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Which folder includes which.

  scripts/include-graph.py            one line a folder, lowest first
  scripts/include-graph.py --dot      the same for graphviz
  scripts/include-graph.py --check    exit status 1 unless cmake/Rooms.cmake declares exactly these
                                      arrows, each pointing down; no headers include in a circle; no
                                      file of a room has more than 400 lines; and only the commands
                                      that tools/codec_calls.h names go past the C interface
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DECLARATION = re.compile(r"^flowzip_(?:room|add_library)\((?:flowzip_)?(\w+) ([\w/]+)([^)]*)\)", re.M)
INCLUDE = re.compile(r'^#include "([\w/.-]+)"', re.M)
MOST_LINES = 400
# What a command may know of the library besides the C interface.
COMMANDS_MAY = re.compile(r"(base|codec/picture|codec/options|tools)/|flowzip/flowzip.h|model/simd_targets.h")
EXCEPTION = re.compile(r"^//   (\w+\.(?:cc|h))\b", re.M)


def declared():
    """{folder: the folders that its target links}, in the file's order, which is from low to high."""
    text = (ROOT / "cmake/Rooms.cmake").read_text()
    rooms = [(name, folder, libraries.split()) for name, folder, libraries in
             DECLARATION.findall(text) if folder != "folder"]
    folder_of = {"flowzip_" + name: folder for name, folder, _ in rooms}
    return {folder: {folder_of[library] for library in libraries if library in folder_of}
            for _, folder, libraries in rooms}


def sources(folders):
    """{file: the files that it includes}, both relative to the root."""
    result = {}
    for folder in folders:
        for path in sorted((ROOT / folder).glob("*.*")):
            if path.suffix in (".h", ".cc"):
                result[f"{folder}/{path.name}"] = INCLUDE.findall(path.read_text())
    return result


def arrows(folders, files):
    """{folder: {folder that it includes: an example}}"""
    result = {folder: {} for folder in folders}
    for path, includes in files.items():
        folder = path.rsplit("/", 1)[0]
        for include in includes:
            to = include.rsplit("/", 1)[0]
            if to in result and to != folder:
                result[folder].setdefault(to, f"{path} includes {include}")
    return result


def circle(files):
    """Headers that include one another in a circle, or None: #pragma once would hide it."""
    state = {}

    def visit(header, way):
        state[header] = "open"
        for to in files[header]:
            if state.get(to) == "open":
                return way[way.index(to):] + [to]
            if to in files and to not in state and (found := visit(to, way + [to])):
                return found
        state[header] = "done"
        return None

    for header in files:
        if header.endswith(".h") and header not in state and (found := visit(header, [header])):
            return found
    return None


def door_faults():
    """Commands that include more of the library than tools/codec_calls.h says, or no more any longer."""
    allowed = set(EXCEPTION.findall((ROOT / "tools/codec_calls.h").read_text()))
    found = set()
    for path in sorted((ROOT / "tools").glob("*.*")) + sorted((ROOT / "tools/batch").glob("*.*")):
        if path.suffix not in (".h", ".cc") or path.name == "bench_kernels.cc":
            continue
        beyond = [i for i in INCLUDE.findall(path.read_text()) if not COMMANDS_MAY.match(i)]
        if beyond:
            found.add(path.name)
        if beyond and path.name not in allowed:
            yield f"tools/{path.name} includes {beyond[0]}: tools/codec_calls.h does not say why"
    for name in sorted(allowed - found):
        yield f"tools/codec_calls.h excepts {name}, which includes nothing but what it may"


def check(rooms, graph, files):
    order = {folder: n for n, folder in enumerate(rooms)}
    faults = []
    for folder, includes in graph.items():
        for to, example in includes.items():
            if to not in rooms[folder]:
                faults.append(f"{folder} -> {to} is not in cmake/Rooms.cmake: {example}")
        for to in sorted(rooms[folder] - includes.keys()):
            faults.append(f"{folder} -> {to} is in cmake/Rooms.cmake, but nothing includes it")
        for to in includes:
            if order[to] > order[folder]:
                faults.append(f"{folder} -> {to} points up")
    for folder in rooms:
        if not (ROOT / folder).is_dir():
            faults.append(f"{folder} of cmake/Rooms.cmake does not exist")
    for path in subprocess.run(["git", "ls-files", "codec", "model", "rans", "base", "analysis", "c_api"], cwd=ROOT,
                               capture_output=True, text=True, check=False).stdout.split():
        if path.endswith((".h", ".cc")) and path not in files:
            faults.append(f"{path} is in no room")
    for path in files:
        lines = (ROOT / path).read_text().count("\n")
        if lines > MOST_LINES:
            faults.append(f"{path} has {lines} lines, more than {MOST_LINES}")
    faults += door_faults()
    if (found := circle(files)):
        faults.append("headers include one another: " + " -> ".join(found))
    return faults


def main():
    option = sys.argv[1] if len(sys.argv) > 1 else ""
    if option not in ("", "--dot", "--check") or len(sys.argv) > 2:
        sys.exit(__doc__)
    rooms = declared()
    files = sources(rooms)
    graph = arrows(rooms, files)
    if option == "--check":
        faults = check(rooms, graph, files)
        print("\n".join(faults) or f"{len(files)} files in {len(rooms)} folders: all arrows point down")
        sys.exit(1 if faults else 0)
    if option == "--dot":
        print("digraph rooms {\n  rankdir=BT; node [shape=box];")
    for folder, includes in graph.items():
        if option == "--dot":
            for to in includes:
                print(f'  "{folder}" -> "{to}";')
        else:
            print(f"{folder:24}-> {' '.join(f for f in rooms if f in includes)}")
    if option == "--dot":
        print("}")


main()
