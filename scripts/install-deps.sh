#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Names the Debian packages that flowzip needs and installs those that are missing.
#
#   scripts/install-deps.sh [build] [test] [train] [bench] [platforms] [fuzz] [web] [desktop] [engines]
#                           [deb]   (default: build, test, train)
set -euo pipefail

build=(make cmake ninja-build g++ libhwy-dev libxxhash-dev libpng-dev libcli11-dev
       nlohmann-json3-dev)
test=(catch2 pkg-config libgdk-pixbuf-2.0-dev valgrind python3-numpy python3-pytest python3-pil python3-zarr python3-dask
      python3-distributed python3-pip python3-setuptools python3-wheel parallel procps)
train=(libtorch-dev)
# What `flowzip bench` compares with; it names as missing what is not there.
bench=(netpbm optipng libzstd-dev libcharls-dev libjxl-tools webp libopenjp2-tools)
# What `make check-platforms` builds with, and what scripts/fuzz.sh and coverage.sh need.
platforms=(clang g++-aarch64-linux-gnu g++-riscv64-linux-gnu g++-s390x-linux-gnu qemu-user)
fuzz=(clang libclang-rt-14-dev llvm gcovr)
# What archives are made on in `make check-engines`, and in short by the tests that find it.
engines=(slurm-wlm parallel python3-numpy python3-distributed procps)
# What `make web` and `make check-web` need. Node of another source than Debian brings npm along,
# and rules Debian's out.
web=(emscripten chromium firefox-esr)
command -v node >/dev/null || web+=(nodejs)
command -v npm >/dev/null || web+=(npm)
# The hosts of the plug-ins in desktop/, and the programs that `make check-desktop` opens pictures by.
desktop=(pkg-config zlib1g-dev libgdk-pixbuf-2.0-dev libvips-dev libvips-tools qtbase5-dev qt6-base-dev time
         libgdk-pixbuf2.0-bin shared-mime-info bubblewrap dbus libglib2.0-bin tumbler xvfb eog gwenview imagemagick netpbm)
# What `make deb` and `make check-deb` need.
deb=(appstream autopkgtest debhelper debootstrap dh-python dpkg-dev file lintian libgdk-pixbuf-2.0-dev
     libvips-dev libzstd-dev qt6-base-dev qtbase5-dev reuse shared-mime-info zlib1g-dev)

wanted=()
for group in "${@:-all}"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    train) wanted+=("${train[@]}") ;;
    bench) wanted+=("${bench[@]}") ;;
    engines) wanted+=("${engines[@]}") ;;
    platforms) wanted+=("${platforms[@]}") ;;
    fuzz) wanted+=("${fuzz[@]}") ;;
    web) wanted+=("${web[@]}") ;;
    desktop) wanted+=("${desktop[@]}") ;;
    deb) wanted+=("${deb[@]}") ;;
    all) wanted+=("${build[@]}" "${test[@]}" "${train[@]}") ;;
    *) echo "usage: $0 [build] [test] [train] [bench] [platforms] [fuzz] [web] [desktop] [engines] [deb]" >&2; exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "Not a Debian system: not installing the equivalents of ${wanted[*]}" >&2
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null || true)
  grep -qx installed <<<"$status" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "Installing: ${missing[*]}"
root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Neither root nor sudo; as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -q -y --no-install-recommends "${missing[@]}"
