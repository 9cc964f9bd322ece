#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes what a release consists of, from the last commit:
#
#   scripts/release.sh FOLDER
#
#   flowzip-VERSION.tar.xz              the sources, all that `make check` needs
#   flowzip-VERSION-checkpoints.tar.xz  what training goes on from (data/models)
#   flowzip-VERSION.spdx.json           what the command and the library are made of (scripts/sbom.py)
#   flowzip-VERSION-changes.md          this version's part of CHANGELOG.md
#   SHA256SUMS
#
# The same commit gives the same archives. JOBS=n limits parallel compilation.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
out=$(realpath "$1")
limit=$((10 * 1000 * 1000))  # bytes of the sources

if [ -n "$(git status --porcelain)" ]; then
  echo "release: there are changes that are not committed" >&2
  exit 1
fi
tests/version_test.py .
version=$(sed -n 's/^project(flowzip VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=flowzip-$version
rm -f "$out/$name"* "$out/SHA256SUMS"

pack() { xz -9 --threads=1 >"$out/$1"; }
git archive --prefix="$name/" HEAD | pack "$name.tar.xz"
tar --sort=name --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner \
  --transform "s,^,$name/," -c data/models | pack "$name-checkpoints.tar.xz"

cmake --preset release --log-level=WARNING -DFLOWZIP_TRAIN=OFF
cmake --build --preset release --parallel "${JOBS:-$(nproc)}" --target flowzip flowzip_shared
scripts/sbom.py build flowzip libflowzip.so."$version" >"$out/$name.spdx.json"

awk -v heading="## [$version]" '
  /^## / { inside = index($0, heading) == 1 }
  inside { print }' CHANGELOG.md >"$out/$name-changes.md"
[ -s "$out/$name-changes.md" ] || { echo "release: CHANGELOG.md does not know $version" >&2; exit 1; }

size=$(stat -c %s "$out/$name.tar.xz")
if [ "$size" -ge $limit ]; then
  echo "release: $name.tar.xz has $size bytes, more than $limit" >&2
  exit 1
fi
(cd "$out" && sha256sum "$name"* >SHA256SUMS && cat SHA256SUMS)
echo "$out: $name, sources $size bytes"
