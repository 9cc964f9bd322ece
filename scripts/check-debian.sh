#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Tries the packages of scripts/build-deb.sh, as root:
#
#   scripts/check-debian.sh FOLDER [lintian] [reuse] [reproducible] [chroot] [autopkgtest]
#
#   lintian       complains of nothing but that nobody has asked Debian for the package
#   reuse         every file says its copyright and licence
#   reproducible  a second build, elsewhere, gives the same packages
#   chroot        on a bare Debian: an older version is installed, used, upgraded, and purged
#   autopkgtest   debian/tests, on a bare Debian too
#
# Without a name, all of them. The bare Debian is made by debootstrap, from MIRROR.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { echo "usage: $0 FOLDER [CHECK...]" >&2; exit 2; }
packages=$(realpath "$1")
shift
mirror=${MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d /var/tmp/flowzip-debian-XXXXXX)
root=$work/root

clean() {
  mountpoint -q "$root/proc" && umount "$root/proc"
  rm -rf --one-file-system "$work"
}
trap clean EXIT
die() { echo "FAILED: $*" >&2; exit 1; }

check_lintian() {
  lintian --pedantic --suppress-tags initial-upload-closes-no-bugs,new-package-should-close-itp-bug --allow-root \
    "$packages"/flowzip_*.changes | tee "$work/lintian"
  ! grep -q '^[EW]:' "$work/lintian" || die "lintian has errors or warnings"
}

check_reuse() {
  reuse lint | tail -n 12
}

check_reproducible() {
  # Elsewhere, by another umask and clock and language; without the tests.
  (umask 027 && LC_ALL=C.UTF-8 TZ=Pacific/Kiritimati DEB_BUILD_OPTIONS=nocheck \
    scripts/build-deb.sh "$work/another/place") >"$work/log" 2>&1 || { tail -n 30 "$work/log"; die "the second build"; }
  (cd "$packages" && sha256sum -- *.deb) >"$work/sums"
  (cd "$work/another/place" && sha256sum --check "$work/sums") || die "two builds differ"
}

bare_debian() {
  [ ! -d "$root" ] || return 0
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 || { tail "$work/log"; die debootstrap; }
  for file in /etc/apt/apt.conf.d/*proxy*; do
    [ ! -f "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
  done
  mount -t proc proc "$root/proc"
}

inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root \
  ${http_proxy:+http_proxy="$http_proxy"} chroot "$root" "$@"; }

# The same packages with a version before theirs.
make_older() {
  local deb folder version
  mkdir -p "$root/older" "$root/newer"
  for deb in "$packages"/*.deb; do
    [[ $deb != *-dbgsym_* ]] || continue
    cp "$deb" "$root/newer/"
    folder=$work/unpacked
    rm -rf "$folder"
    dpkg-deb -R "$deb" "$folder"
    version=$(dpkg-deb -f "$deb" Version)
    sed -i "s/$version/${version%-*}-0/g" "$folder/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$folder" "$root/older/" >/dev/null
  done
}

use() {  # NAME: makes NAME.flz, and decodes everything made so far
  inside sh -euc 'cd /root
    flowzip sample -q -f -o s.png --size 200x100 --seed 1
    flowzip encode -q -f s.png -o "$1.flz"
    for file in *.flz; do
      flowzip decode -q -f "$file" -o back.png
      cmp s.png back.png
    done
    python3 -c "import flowzip; flowzip.decode(open(\"$1.flz\", \"rb\").read())"
    man_page=$(find /usr/share/man -name "flowzip.1*"); test -n "$man_page"
    grep -q "^image/x-flowzip:\*.flz$" /usr/share/mime/globs' use "$1" || die "using it: $1"
}

check_chroot() {
  bare_debian
  make_older
  inside find / -xdev -name '*flowzip*' -not -path '/older/*' -not -path '/newer/*' | grep . && die "it was there before"
  # What is here before and must be here after.
  inside sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends shared-mime-info python3-numpy cpp binutils' \
    >"$work/log" 2>&1 || { tail "$work/log"; die "packages of Debian's"; }
  inside dpkg-query -W -f '${Package}\n' >"$work/before"

  inside sh -c 'apt-get -qq install -y /older/*.deb' >"$work/log" 2>&1 || { tail "$work/log"; die "installing"; }
  use older
  inside sh -c 'apt-get -qq install -y /newer/*.deb' >"$work/log" 2>&1 || { tail "$work/log"; die "upgrading"; }
  [ "$(inside dpkg-query -W -f '${Version}' flowzip)" = "$(dpkg-deb -f "$packages"/flowzip_*.deb Version)" ] || die "it was not upgraded"
  use newer

  mapfile -t ours < <(for deb in "$root"/newer/*.deb; do dpkg-deb -f "$deb" Package; done)
  inside apt-get -qq purge -y "${ours[@]}" >"$work/log" 2>&1 || { tail "$work/log"; die "purging"; }
  inside dpkg-query -W -f '${Package}\n' | sort >"$work/after"
  for package in "${ours[@]}"; do
    ! grep -qx "$package" "$work/after" || die "$package is still known after purging"
  done
  inside sh -c 'find / -xdev \( -name "*flowzip*" -o -name "*x-flz*" \) -not -path "/older*" -not -path "/newer*" -not -path "/var/log/*"' \
    >"$work/left"
  [ ! -s "$work/left" ] || { cat "$work/left"; die "files are left after purging"; }
  ! grep -q flowzip "$root/usr/share/mime/globs" || die "the MIME type is left after purging"
  ! grep -rqs flowzip "$root"/usr/lib/*/gdk-pixbuf-2.0/*/loaders.cache || die "gdk-pixbuf's cache has the loader after purging"
  echo "chroot: installed, used, upgraded, used, purged: ${ours[*]}"
}

check_autopkgtest() {
  bare_debian
  inside apt-get -qq update
  # Whoever builds through a compiler launcher has it in the environment; the chroot has none.
  env -u CMAKE_C_COMPILER_LAUNCHER -u CMAKE_CXX_COMPILER_LAUNCHER \
    autopkgtest --quiet "$packages"/*.deb "$packages"/flowzip_*.dsc -- chroot "$root" || die "autopkgtest"
}

if [ $# -eq 0 ]; then set -- lintian reuse reproducible chroot autopkgtest; fi
for check in "$@"; do
  echo "== $check"
  "check_$check"
done
echo "all checks done: $*"
