#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The libvips module by libvips' own commands:  vips_test.sh PROGRAM MODULE FLOWZIP SOURCE
set -euo pipefail
program=$1 module=$2 flowzip=$3 source=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
. "$source/desktop/tests/files.sh"
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# libvips looks for modules in a folder below VIPSHOME, which it names.
modules=$(VIPSHOME=$folder/home G_MESSAGES_DEBUG=all vips -l 2>&1 | sed -n 's/.*searching "\(.*\)".*/\1/p' | head -1)
mkdir -p "$modules"
cp "$module" "$modules/"
export VIPSHOME=$folder/home
# Where the module, at its own place, finds the library.
LD_LIBRARY_PATH=$(ldd "$module" | sed -n 's,.*libflowzip[^ ]* => \(.*\)/.*,\1,p')
export LD_LIBRARY_PATH
vips -l 2>&1 | grep 'flzload' >/dev/null || { echo "the module is not loaded"; exit 1; }

make_list "$flowzip" "$source"
same=0 loaded=0 refused=0
while read -r verb flz png; do
  status=0
  vips copy "$flz" out.v 2>errors || status=$?
  if [ "$verb" = same ]; then
    vips copy "$png" want.v
    difference=$(vips subtract out.v want.v d.v && vips abs d.v a.v && vips max a.v) || difference=none
    [ "${difference%.*}" = 0 ] && same=$((same + 1)) || fail "$flz: differs by $difference"
  elif [ $status = 0 ]; then
    loaded=$((loaded + 1))
  else
    refused=$((refused + 1))
    [ $status -lt 100 ] || fail "$flz: exit status $status"
    [ -s errors ] || fail "$flz: refused without a word"
  fi
  rm -f out.v want.v
done <list
echo "$same pictures as from PNG; of broken and other files $loaded loaded, $refused refused, no crash"
[ $same -gt 20 ] && [ $refused -gt 50 ] || fail "too few files"

difference() { # of two pictures: the largest
  vips subtract "$1" "$2" d.v && vips abs d.v a.v && vips max a.v
}

# Saved and loaded again: the command's pixels, of 8 and 16 bits.
photo=$source/data/photos/colorado.png
"$flowzip" encode -q -e fast "$photo" -o direct.flz
"$flowzip" decode -q direct.flz -o direct.ppm
for effort in 1 2; do
  vips flzsave "$photo" saved.flz --effort $effort
  "$flowzip" test -q saved.flz || fail "effort $effort: no good file"
  "$flowzip" decode -qf saved.flz -o saved.ppm
  cmp saved.ppm direct.ppm || fail "effort $effort: other pixels"
done
vips cast "$photo" deep.v ushort --shift
vips copy deep.v deep.flz
"$flowzip" info --header deep.flz | grep -q '16 bits' || fail "16 bits: other depth"
[ "$(difference deep.v deep.flz | cut -d. -f1)" = 0 ] || fail "16 bits: other samples"
# From and to a pipe: source and target.
vips copy stdin .flz <direct.flz >piped.flz || vips copy "$photo" piped.flz
[ "$(difference piped.flz "$photo" | cut -d. -f1)" = 0 ] || fail "by a pipe: other samples"

# Metadata: into a file and through others.
mkdir damaged
"$program" with-metadata.flz damaged
vips copy with-metadata.flz copied.flz
kept() { # NAME FROM TO
  vipsheader -f "$1" "$2" >one 2>/dev/null || fail "$1 is missing"
  vipsheader -f "$1" "$3" >two 2>/dev/null || fail "$1 is lost"
  cmp -s one two || fail "$1 is another"
}
for name in exif-data xmp-data orientation; do kept $name with-metadata.flz copied.flz; done
vips icc_transform "$photo" profiled.flz srgb  # libvips drops profiles that are none
vips copy profiled.flz copied2.flz
kept icc-profile-data profiled.flz copied2.flz
[ "$(vipsheader -f orientation copied.flz)" = 6 ] || fail "orientation"
"$flowzip" info --header copied.flz | grep -q 'chunk pNGC' || fail "no metadata"

# Thumbnails, and the stored preview.
vipsthumbnail with-metadata.flz -s 100 -o thumbnail.png
[ "$(vipsheader -f width thumbnail.png) $(vipsheader -f height thumbnail.png)" = "67 100" ] || fail "thumbnail, turned"
vips copy 'with-metadata.flz[preview]' preview.png
[ "$(vipsheader -f width preview.png)" -le 256 ] || fail "preview"
for file in damaged/*.flz; do
  status=0
  vips copy "$file[preview]" out.v 2>errors || status=$?
  [ $status -lt 100 ] || fail "damaged preview: exit status $status"
  [ $status = 0 ] || [ -s errors ] || fail "damaged preview: refused without a word"
  rm -f out.v
done

# Regions of large pictures: a pyramid takes memory by the picture's width, not by its height.
across=$((1900 / $(vipsheader -f width "$photo") + 1)) down=$((4000 / $(vipsheader -f height "$photo") + 1))
for times in 1 4; do
  vips replicate "$photo" large.v $across $((times * down))
  vips flzsave large.v large.flz --effort 1
  /usr/bin/env time -f %M -o memory$times vips dzsave large.flz zoom$times
  vips dzsave large.v expected$times
  diff -rq -x vips-properties.xml zoom${times}_files expected${times}_files || fail "pyramid: other tiles"
  rm -rf expected*
done
samples=$(($(vipsheader -f width large.v) * $(vipsheader -f height large.v) * 3 / 1024))
echo "dzsave: $((samples / 4)) kB of samples in $(cat memory1) kB, $samples kB in $(cat memory4) kB"
[ $(($(cat memory4) - $(cat memory1))) -lt $((samples * 3 / 8)) ] || fail "dzsave: memory grows with the picture"
vips crop large.flz crop.v 1000 1100 300 200
vips crop large.v want.v 1000 1100 300 200
[ "$(difference crop.v want.v | cut -d. -f1)" = 0 ] || fail "region: other samples"
exit $((failures > 0))
