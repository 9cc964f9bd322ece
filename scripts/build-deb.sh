#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the Debian packages of the sources as git knows them, changes that are not committed
# included:
#
#   scripts/build-deb.sh FOLDER
#
# The packages, .changes and .buildinfo are in FOLDER then. The tests run on the way, unless
# DEB_BUILD_OPTIONS says nocheck. JOBS=n limits parallel compilation.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
version=$(sed -n 's/^project(flowzip VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
rm -rf "$1"
mkdir -p "$1"
out=$(realpath "$1")
source=$out/flowzip-$version

commit=$(git stash create)
mkdir "$source"
git archive "${commit:-HEAD}" | tar -x -C "$source"
tar --sort=name --owner=0 --group=0 --numeric-owner --exclude=./debian -C "$source" \
  --transform "s,^\.,flowzip-$version,S" -c . | xz --threads=1 >"$out/flowzip_$version.orig.tar.xz"

cd "$source"
export DEB_BUILD_OPTIONS="parallel=${JOBS:-$(nproc)} ${DEB_BUILD_OPTIONS-}"
dpkg-buildpackage -us -uc
