#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Says in SPDX 2.3 (JSON) what files of a build by Ninja are made of, on Debian.

    scripts/sbom.py BUILD FILE...

Nothing is listed by hand: shared libraries are those that the file asks for (readelf), and what is
compiled or linked into it are the headers and archives that Ninja recorded when it built the file.
Who owns a header or a library, its version and its licence are dpkg's.
"""
import datetime
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# As Debian's copyright files name them, and as SPDX does.
LICENCES = {"apache-2": "Apache-2.0", "apache-2.0": "Apache-2.0", "bsd-2-clause": "BSD-2-Clause",
            "bsd-3-clause": "BSD-3-Clause", "expat": "MIT", "mit": "MIT", "libpng": "libpng-2.0",
            "bsd-3-clause and zlib": "BSD-3-Clause AND Zlib", "zlib": "Zlib"}
# Its headers are the kernel's numbers and structures; they bring no code along.
INTERFACES = {"linux-libc-dev"}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def owners(paths):
    """The Debian package of each file that has one. (All in one call, which reads dpkg's lists once.)"""
    names = {}  # as dpkg may know them, and which file that is
    for path in paths:
        real = os.path.realpath(path)
        for name in (str(path), real, re.sub("^/usr(?=/lib)", "", real)):
            names[name] = path
    listed = subprocess.run(["dpkg-query", "-S", *sorted(names)], capture_output=True, text=True, check=False)
    found = {}
    for line in listed.stdout.split("\n"):
        package, _, name = line.partition(": ")
        if name in names:
            found[names[name]] = package.split(",")[0]
    return found


@functools.lru_cache(None)
def debian(package):
    """Version, name and version of the source package, homepage."""
    fields = "${Package}\\n${Version}\\n${source:Package}\\n${source:Version}\\n${Homepage}\\n"
    return run("dpkg-query", "-W", "-f", fields, package).split("\n")[:5]


def licence(name):
    """What the copyright file says of the files in general, if it is one for machines."""
    try:
        text = Path(f"/usr/share/doc/{name}/copyright").read_text(errors="replace")
    except OSError:
        return "NOASSERTION"
    if not text.startswith("Format:"):
        return "NOASSERTION"
    found = re.search(r"^Files:\s*\*.*?^License:\s*(\S[^\n]*)", text, re.M | re.S)
    return LICENCES.get(found.group(1).strip().lower(), "NOASSERTION") if found else "NOASSERTION"


def recorded(build, target):
    """Headers and archives from outside that went into a target."""
    inputs = set(run("ninja", "-C", build, "-t", "inputs", target).split("\n"))
    used = {name for name in inputs if name.startswith("/") and name.endswith(".a")}
    current = None
    for line in run("ninja", "-C", build, "-t", "deps").split("\n"):
        if line.startswith("    "):
            if current in inputs and line.strip().startswith("/"):
                used.add(line.strip())
        else:
            current = line.split(":")[0]
    return {path for path in used if ROOT not in Path(path).parents}


def needed(path):
    """The shared libraries that a file asks for itself, as files."""
    names = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", path))
    listed = run("ldd", path)
    found = dict(re.findall(r"^\s*(\S+) => (/\S+)", listed, re.M))
    found |= {Path(loader).name: loader for loader in re.findall(r"^\s*(/\S+) \(", listed, re.M)}
    return [found.get(name, name) for name in names]


def identifier(*parts):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", "-".join(parts))


def main():
    build, targets = sys.argv[1], sys.argv[2:]
    version = re.search(r"^project\(flowzip VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(), re.M).group(1)
    commit, when = run("git", "-C", str(ROOT), "log", "-1", "--format=%H %ct").split()
    created = datetime.datetime.fromtimestamp(int(when), datetime.timezone.utc)
    main_id = identifier("flowzip")
    packages = {main_id: {
        "SPDXID": main_id, "name": "flowzip", "versionInfo": version, "supplier": "Organization: The flowzip authors",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "BSD-3-Clause",
        "licenseDeclared": "BSD-3-Clause", "copyrightText": "Copyright (c) 2026, The flowzip authors",
        "sourceInfo": f"commit {commit}"}}
    files, relations, unknown = [], [("SPDXRef-DOCUMENT", "DESCRIBES", main_id)], set()

    def add(package):
        name, its_version, source, source_version, homepage = debian(package)
        made = identifier("deb", name)
        declared = licence(name)
        packages[made] = {
            "SPDXID": made, "name": name, "versionInfo": its_version, "supplier": "Organization: Debian",
            "downloadLocation": homepage or "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
            "licenseDeclared": declared, "copyrightText": "NOASSERTION",
            "sourceInfo": f"built from Debian's source package {source} {source_version}",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{name}@{its_version}"}]}
        return made

    for target in targets:
        path = Path(build) / target
        file_id, data = identifier("file", target), path.read_bytes()
        files.append({"SPDXID": file_id, "fileName": f"./{target}", "licenseConcluded": "NOASSERTION",
                      "copyrightText": "NOASSERTION", "fileTypes": ["BINARY"],
                      "checksums": [{"algorithm": name.upper(), "checksumValue": hashlib.new(name, data).hexdigest()}
                                    for name in ("sha1", "sha256")]})
        relations.append((file_id, "GENERATED_FROM", main_id))
        libraries, inside = set(needed(path)), recorded(build, target)
        owned = owners(libraries | inside)
        unknown |= (libraries | inside) - owned.keys()
        shared = {owned[library] for library in libraries & owned.keys()}
        sources = {debian(package)[2] for package in shared}
        static = {owned[used] for used in inside & owned.keys()}
        static = {package for package in static
                  if debian(package)[0] not in INTERFACES and debian(package)[2] not in sources}
        for package in sorted(shared):
            relations.append((file_id, "DYNAMIC_LINK", add(package)))
        for package in sorted(static):
            relations.append((file_id, "STATIC_LINK", add(package)))
    if unknown:
        print(f"sbom: no Debian package has {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    # The model inside is data of the sources, named by its hash as files name it.
    for model in sorted((ROOT / "model/data").glob("*.flzm")):
        data, file_id = model.read_bytes(), identifier("model", model.name)
        files.append({"SPDXID": file_id, "fileName": f"./model/data/{model.name}", "licenseConcluded": "BSD-3-Clause",
                      "copyrightText": "Copyright (c) 2026, The flowzip authors", "fileTypes": ["OTHER"],
                      "comment": f"model {data[-8:][::-1].hex()}; docs/model-card.md says what it was trained on",
                      "checksums": [{"algorithm": name.upper(), "checksumValue": hashlib.new(name, data).hexdigest()}
                                    for name in ("sha1", "sha256")]})
        for target in targets:
            relations.append((identifier("file", target), "CONTAINS", file_id))
    json.dump({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"flowzip-{version}",
        "documentNamespace": f"https://flowzip.invalid/spdx/flowzip-{version}-{commit}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Organization: The flowzip authors", "Tool: scripts/sbom.py"]},
        "packages": list(packages.values()), "files": files,
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                          for a, kind, b in relations],
    }, sys.stdout, indent=1)
    print()
    return 0


sys.exit(main())
