#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs into a temporary folder and builds somebody else's program against it: by CMake and
# by pkg-config, shared and static.
#
#   install_test.sh CMAKE BUILD_DIRECTORY SOURCE_DIRECTORY C_COMPILER KINDS
set -u
cmake=$1 build=$2 source=$3 cc=$4
read -ra kinds <<<"$5"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
unset DESTDIR
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

prefix=$work/some\ where
"$cmake" --install "$build" --prefix "$prefix" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
version=$(sed -n 's/^#define FLZ_VERSION_STRING "\(.*\)"$/\1/p' \
  "$prefix/include/flowzip/version.h")
[ -n "$version" ] || fail "no version in version.h"
pc=$(find "$prefix" -name flowzip.pc)
libraries=$(dirname "$(dirname "$pc")")

works() {  # NAME PROGRAM
  local output
  output=$(LD_LIBRARY_PATH="$libraries" "$2" 2>&1)
  [ "$output" = "flowzip $version works" ] || fail "$1: $output"
}

# Whether the program needs libflowzip.so tells which library it was linked with.
linked() {  # KIND PROGRAM
  if [ "$1" = shared ]; then
    readelf -d "$2" | grep -q 'NEEDED.*libflowzip\.so\.0' || fail "$2: not linked with the shared one"
  else
    ! readelf -d "$2" | grep -q 'NEEDED.*libflowzip' || fail "$2: not linked with the static one"
  fi
}

for kind in "${kinds[@]}"; do
  folder=$work/cmake-$kind
  if "$cmake" -S "$source/tests/install" -B "$folder" -DKIND="$kind" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 &&
    "$cmake" --build "$folder" >>"$work/log" 2>&1; then
    works "find_package, $kind" "$folder/consumer"
    linked "$kind" "$folder/consumer"
  else
    cat "$work/log"
    fail "find_package, $kind"
  fi
done

if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$libraries/pkgconfig
  [ "$(pkg-config --modversion flowzip)" = "$version" ] || fail "pkg-config --modversion"
  for kind in "${kinds[@]}"; do
    static=()
    [ "$kind" = shared ] || static=(--static)
    flags=$(pkg-config "${static[@]}" --cflags --libs flowzip) || fail "pkg-config, $kind"
    # Beside the shared library the linker takes the static one only by its full name.
    [ "$kind" = shared ] || flags=${flags/-lflowzip/-l:libflowzip.a}
    if eval "\"\$cc\" -std=c99 -pedantic -Wall -Wextra -Werror \"\$source/tests/install/consumer.c\" \
      $flags -o \"\$work/pc-$kind\"" >"$work/log" 2>&1; then
      works "pkg-config, $kind" "$work/pc-$kind"
      linked "$kind" "$work/pc-$kind"
    else
      cat "$work/log"
      fail "pkg-config, $kind: $flags"
    fi
    # The example of the documents, there and back.
    if eval "\"\$cc\" -std=c99 -pedantic -Wall -Wextra -Werror \"\$source/examples/flz_ppm.c\" \
      $flags -o \"\$work/example-$kind\"" >"$work/log" 2>&1; then
      printf 'P6\n3 2\n255\nabcdefghijklmnopqr' >"$work/in.ppm"
      (
        export LD_LIBRARY_PATH=$libraries
        "$work/example-$kind" encode <"$work/in.ppm" >"$work/a.flz" &&
          "$work/example-$kind" decode <"$work/a.flz" >"$work/out.ppm" &&
          cmp "$work/in.ppm" "$work/out.ppm" && ! "$work/example-$kind" decode <"$work/in.ppm" 2>/dev/null
      ) || fail "examples/flz_ppm.c, $kind"
    else
      cat "$work/log"
      fail "examples/flz_ppm.c, $kind: $flags"
    fi
  done
else
  echo "pkg-config is not here: its half is not tested"
fi

# The shared library shows the functions of the header, all of them and nothing else (but to our own
# programs, where it is built for them: FLOWZIP_LINK_SHARED).
if [[ " ${kinds[*]} " == *" shared "* ]]; then
  nm -D --defined-only "$libraries/libflowzip.so" | grep -v '@FLOWZIP_PRIVATE$' | sed -n 's/.* [TDBRVWi] //p' |
    sed 's/@.*//' | sort -u >"$work/shown"
  grep -o 'flz_[a-z_]*(' "$prefix/include/flowzip/flowzip.h" | tr -d '(' | sort -u |
    grep -vx 'flz_' >"$work/named"
  diff "$work/named" "$work/shown" || fail "exported symbols are not those of the header"
  sed -n 's/^ \(flz_[a-z_]*\)@.*/\1/p' "$source/debian/libflowzip0.symbols" | sort -u |
    diff "$work/named" - || fail "debian/libflowzip0.symbols does not list the functions of the header"
fi

if [ -x "$prefix/bin/flowzip" ]; then
  # (Linked with the library, if it is, which lies where no linker looks.)
  [ "$(LD_LIBRARY_PATH="$libraries" "$prefix/bin/flowzip" --version | head -1)" = "flowzip $version" ] || fail "version of the command"
  for file in man/man1/flowzip.1 bash-completion/completions/flowzip \
    zsh/site-functions/_flowzip mime/packages/flowzip.xml flowzip/flowzip.magic; do
    [ -s "$prefix/share/$file" ] || fail "share/$file is not installed"
  done
  if command -v update-mime-database >/dev/null; then
    update-mime-database "$prefix/share/mime" >"$work/log" 2>&1 || { cat "$work/log"; fail mime; }
    grep -q '^image/x-flowzip:\*.flz$' "$prefix/share/mime/globs" || fail "MIME type without *.flz"
  fi
  if command -v file >/dev/null; then
    said=$(file -b -m "$prefix/share/flowzip/flowzip.magic" "$source/tests/golden/network-rgb.flz")
    [[ "$said" =~ ^"flowzip image data, version "[0-9]+", "[0-9]+" x "[0-9]+", 8-bit RGB"$ ]] ||
      fail "file says: $said"
    said=$(file -b -m "$prefix/share/flowzip/flowzip.magic" "$source/tests/golden/tiny.flzm")
    [[ "$said" == 'flowzip model data, version 1, name "'*'"' ]] || fail "file says: $said"
    said=$(file -b --mime-type -m "$prefix/share/flowzip/flowzip.magic" \
      "$source/tests/golden/network-rgb.flz")
    [ "$said" = image/x-flowzip ] || fail "file says: $said"
  fi
fi

echo "${#kinds[@]} kinds of library, $failures failures"
[ $failures -eq 0 ]
