#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Odd files and the habits of other commands: nothing is lost in silence, widened or misnamed.
#
#   habits_test.sh FLOWZIP PNG_SAMPLES SOURCE_DIRECTORY
set -u
flowzip=$1 samples=$2 source=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C
# shellcheck source=tests/cli_lib.sh
. "$source/tests/cli_lib.sh"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
python3 "$source/tests/odd_files.py" || exit 1

encode() { expect 0 "$flowzip" encode -q -f "$@"; }
silent() { [ ! -s stderr ] || fail "not silent: $(cat stderr)"; }
says() { grep -qF -- "$1" stderr || fail "no \"$1\": $(cat stderr)"; }
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }

# --- Damage that leaves the pixels whole -------------------------------------------------------
while IFS='|' read -r name refusal warning; do
  refused "$refusal" "$flowzip" encode -q -f "$name.png" -o out
  encode --repair "$name.png"
  [ "$(wc -l <stderr)" -eq 1 ] || fail "--repair $name: not one line ($(cat stderr))"
  says "flowzip: $name.png: warning: $warning"
  expect 0 "$flowzip" decode -q -f "$name.flz" -o back.png
  [ "$name" = window ] || same_pixels good.png back.png
done <<'DAMAGES'
bad-text|checksum of chunk tEXt; see --repair|wrong checksum of chunk tEXt, which is left out
bad-idat|checksum of chunk IDAT; see --repair|wrong checksum of chunk IDAT
bad-iend|checksum of chunk IEND; see --repair|wrong checksum of chunk IEND
no-iend|no chunk IEND; see --repair|no chunk IEND
torn-tail|no chunk IEND; see --repair|no chunk IEND, 9 bytes at the end left out
window|too far back; see --repair|zlib window of 256 bytes in IDAT taken as 32 KiB
DAMAGES
encode --strip bad-text.png  # it would be left out anyway
silent
encode --repair good.png
silent
for name in bad-trns half; do
  refused 'PNG file is damaged' "$flowzip" encode -q --repair "$name.png" -o out
done
refused 'CgBI' "$flowzip" encode -q cgbi.png -o out

# --- Other formats are named, and what to do ------------------------------------------------------
while IFS='|' read -r file what; do
  refused "$what" "$flowzip" encode -q "$file" -o out
done <<'FORMATS'
a.jpg|a.jpg: is a JPEG file, which is smaller as it is
a.tif|a.tif: is a TIFF file; flowzip takes PNG and PNM, which tifftopnm makes of it
a.webp|a.webp: is a WebP file; flowzip takes PNG and PNM, which dwebp makes of it
a.gif|a.gif: is a GIF file; flowzip takes PNG and PNM, which giftopnm makes of it
a.bmp|a.bmp: is a BMP file; flowzip takes PNG and PNM, which bmptopnm makes of it
good.flz|good.flz: is a flowzip file already
FORMATS
refused 'not a flowzip file, but a PNG file; flowzip encode' "$flowzip" decode -q good.png -o out
refused 'five.pam: PAM file has 5 channels' "$flowzip" encode -q five.pam -o out

# --- Chunks that nobody knows, and what follows the end, come back ----------------------------------
for name in reserved-before reserved-after zip-behind png-behind big-text noise-behind; do
  encode "$name.png"
  silent
  expect 0 "$flowzip" decode -q -f "$name.flz" -o back.png
  "$flowzip" encode -q -f back.png -o again.flz
  same "$name.flz" again.flz
done
tail -c 5124 zip-behind.png >tail && "$flowzip" decode -q -f zip-behind.flz -o back.png
tail -c 5124 back.png | cmp - tail || fail "what followed IEND is not there"
[ "$(stat -c %s zip-behind.flz)" -lt 600 ] || fail "what followed IEND is not compressed"
encode in-iend.png
says 'in-iend.png: warning: 3 bytes inside IEND left out'
[ "$(stat -c %s big-text.flz)" -le "$(gzip -9c big-text.png | wc -c)" ] ||
  fail "metadata of a megabyte and more are larger than by gzip -9"
[ "$(stat -c %s noise-behind.flz)" -le 300100 ] || fail "noise behind a picture grew"
# Within a second of one processor's time, or a few where it is a slow one.
TIMEFORMAT=%U
seconds=$({ time "$flowzip" encode -q -f -j1 --no-verify big-text.png 2>/dev/null; } 2>&1)
[ "${seconds%.*}" -lt 3 ] || fail "metadata of a megabyte took $seconds s"

# --- Frames of animations are compressed as pictures, and come back ------------------------------------
encode frames.png
expect 0 "$flowzip" decode -q -f frames.flz -o back.png
"$flowzip" encode -q -f back.png -o again.flz
same frames.flz again.flz
python3 - <<'PYTHON' || fail "frames"
import os, struct, zlib

def frames(name):
    data, at, found, numbers = open(name, "rb").read(), 8, [], []
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + body) == int.from_bytes(data[at + 8 + size : at + 12 + size], "big")
        if kind in (b"fcTL", b"fdAT"):
            numbers.append(int.from_bytes(body[:4], "big"))
        if kind == b"fcTL":
            found.append([struct.unpack(">II", body[4:12]), body[12:], b""])
        if kind == b"fdAT":
            found[-1][2] += body[4:]
        at += 12 + size
    assert numbers == list(range(len(numbers))), numbers
    for frame in found[1:]:
        (width, height), raw = frame[0], zlib.decompress(frame[2])
        rows, above = [], bytes(3 * width)
        for y in range(height):
            row = raw[y * (3 * width + 1) :][: 3 * width + 1]
            assert row[0] in (0, 2)
            above = row[1:] if row[0] == 0 else bytes((a + b) & 255 for a, b in zip(row[1:], above))
            rows.append(above)
        frame[2] = b"".join(rows)
    return found

assert frames("frames.png") == frames("back.png")
assert os.path.getsize("frames.flz") < 0.8 * os.path.getsize("frames.png"), os.path.getsize("frames.flz")
PYTHON
grep -q fdAT frames.flz && fail "frames are carried, not compressed"
refused 'checksum of chunk fdAT' "$flowzip" encode -q bad-frames.png -o out

# --- Netpbm files come back as they were, by themselves -----------------------------------------------
expect 0 "$flowzip" encode -q deep.pgm gray.pgm comment.ppm bits.pbm behind.pgm two-lines.pam words.pam \
  own.pam none.pam cmyk.pam text.pgm good.png --output-dir arch
expect 0 "$flowzip" decode -q arch/*.flz --output-dir back
[ "$(cd back && echo *)" = \
  'behind.pgm bits.pbm cmyk.pam comment.ppm deep.pgm good.png gray.pgm none.pam own.pam text.pgm two-lines.pam words.pam' ] ||
  fail "restored names: $(ls back)"
for name in deep.pgm gray.pgm comment.ppm bits.pbm behind.pgm two-lines.pam words.pam own.pam none.pam cmyk.pam; do
  same "$name" "back/$name"
done
printf 'P5\n# grays\n3 2\n15\n\1\2\3\4\5\17' | cmp - back/text.pgm || fail "text.pgm: $(cat back/text.pgm)"
rm -rf back
expect 0 "$flowzip" decode -q --format pam arch/gray.flz arch/good.flz --output-dir back
[ "$(cd back && echo *)" = 'good.pam gray.pam' ] || fail "--format: $(ls back)"
expect 0 "$flowzip" decode -q --format png arch/gray.flz -o gray-as.png
cmp <("$samples" gray-as.png) <(tail -c 120 gray.pgm) || fail "gray.pgm as PNG"
refused 'tuple type' "$flowzip" decode -q arch/cmyk.flz --format png -o out
usage "$flowzip" decode arch/gray.flz --format jpeg
"$flowzip" decode -q - <arch/deep.flz | cmp - deep.pgm || fail "a PGM file through pipes"
refused 'two.ppm: holds several pictures' "$flowzip" encode -q two.ppm -o out
refused 'two-text.pgm: holds several pictures' "$flowzip" encode -q two-text.pgm -o out

# --- Names of outputs ------------------------------------------------------------------------------------
expect 0 "$flowzip" decode -q good.flz -o out.PPM
[ "$(head -c 2 out.PPM)" = P6 ] || fail ".PPM is not as .ppm"
for name in jpg JPG jpeg tif TIFF webp bmp gif pfm flz; do
  usage "$flowzip" decode -q good.flz -o "out.$name"
  [ ! -e "out.$name" ] || fail "out.$name was written"
done
# Neither is a picture that is made, or a heat map, written under another format's name.
for name in jpg tif webp flz; do
  usage "$flowzip" sample -o "out.$name" --size 32x16
  usage "$flowzip" score -e standard good.png --heatmap "out.$name"
  [ ! -e "out.$name" ] || fail "out.$name was written"
done
if "$flowzip" --version | grep -q 'standard='; then
  expect 0 "$flowzip" sample -q -o made.PPM --size 32x16
  [ "$(head -n 2 made.PPM | tr '\n' ' ')" = 'P6 32 16 ' ] || fail "sample to a PPM file: $(head -n 2 made.PPM)"
  "$flowzip" sample -q -o - --size 32x16 | head -c 4 | grep -qa PNG || fail "sample to standard output"
  [ ! -e - ] || fail "a file called - was made"
  expect 0 "$flowzip" score -e standard good.png --heatmap map.pgm.png
  usage "$flowzip" score -e standard good.png --heatmap -
fi
usage "$flowzip" encode -q good.png -o copy.png
[ ! -e copy.png ] || fail "encode wrote copy.png"
"$flowzip" encode -q /dev/stdin <good.png | cmp - good.flz || fail "/dev/stdin is not as -"
"$flowzip" encode -q good.png -o /dev/stdout | cmp - good.flz || fail "/dev/stdout is not as -"
[ ! -e /dev/stdin.flz ] || fail "/dev/stdin.flz was made"
mkfifo pipe
usage "$flowzip" encode pipe
says 'pipe: is no file whose name an output could have'
usage "$flowzip" encode -dash.png
says 'no option -dash.png'
usage "$flowzip" encode --no-such good.png
says -- '--no-such'

# --- Permissions, links, attributes --------------------------------------------------------------------------
umask 022
mode() { [ "$(stat -c %a "$1")" = "$2" ] || fail "$1 has mode $(stat -c %a "$1"), not $2"; }
cp good.png private.png && chmod 600 private.png
encode private.png && mode private.flz 600
expect 0 "$flowzip" decode -q private.flz -o private-back.png && mode private-back.png 600
cp good.png shared.png && chmod 664 shared.png
encode shared.png && mode shared.flz 644
rm shared.flz && (umask 002 && encode shared.png && mode shared.flz 664)
"$flowzip" encode -q - -o piped.flz <private.png && mode piped.flz 644
# -f leaves mode and names of what it overwrites.
chmod 640 shared.flz && ln shared.flz other-name.flz && ln -s shared.flz link.flz
encode other.png -o shared.flz
mode shared.flz 640
same shared.flz other-name.flz
[ "$(stat -c %h shared.flz)" = 2 ] || fail "-f cut a hard link"
encode good.png -o link.flz
[ -L link.flz ] || fail "-f replaced a symbolic link"
same other-name.flz good.flz
nothing_left "links"
if [ "$(id -u)" -eq 0 ]; then
  chown 65534:65534 private.png shared.flz
  encode private.png -o owned.flz
  [ "$(stat -c %u:%g owned.flz)" = 65534:65534 ] || fail "owner: $(stat -c %u:%g owned.flz)"
  encode good.png -o shared.flz
  [ "$(stat -c %u:%g shared.flz)" = 65534:65534 ] || fail "-f changed the owner"
  if command -v setpriv >/dev/null; then  # a group that cannot be given away
    chmod 777 . && chgrp 0 shared.png && chmod 660 shared.png && chown 65534 shared.png
    setpriv --reuid=65534 --regid=65534 --clear-groups "$flowzip" encode -q shared.png -o group.flz &&
      mode group.flz 600
  fi
fi
if command -v setfattr >/dev/null && setfattr -n user.title -v dusk good.png 2>/dev/null; then
  encode good.png -o plain.flz
  [ -z "$(getfattr --only-values -n user.title plain.flz 2>/dev/null)" ] || fail "attributes unasked"
  encode --xattrs good.png -o titled.flz
  [ "$(getfattr --only-values -n user.title titled.flz 2>/dev/null)" = dusk ] || fail "--xattrs"
elif python3 -c 'import os; os.setxattr("good.png", "user.title", b"dusk")' 2>/dev/null; then
  encode --xattrs good.png -o titled.flz
  python3 -c 'import os; assert os.getxattr("titled.flz", "user.title") == b"dusk"' || fail "--xattrs"
else
  echo "skipped: no extended attributes here"
fi

# --- Regions over the edge -----------------------------------------------------------------------------------
refused '' "$flowzip" decode -q good.flz --region 20,10,100,100 -o out
expect 0 "$flowzip" decode -q good.flz --region 20,10,100,100 --clamp -o part.ppm
[ "$(head -n 2 part.ppm | tail -n 1)" = '4 6' ] || fail "--clamp: $(head -n 2 part.ppm)"
refused '' "$flowzip" decode -q good.flz --region 24,0,1,1 --clamp -o out
usage "$flowzip" decode -q good.flz --clamp -o out

# --- JSON is UTF-8 whatever the names ---------------------------------------------------------------------------
odd=$(printf 'caf\xe9 \xe2\x82 \xf0\x9f\x98\x80"\n.flz')
cp good.flz "$odd"
expect 0 "$flowzip" info --json --header "$odd"
python3 -c '
import json, sys
info = json.loads(open("stdout", "rb").read().decode("utf-8"))[0]
assert "\ufffd" in info["file"] and "\U0001f600" in info["file"], info
assert bytes.fromhex(info["file_hex"]) == sys.argv[1].encode("utf-8", "surrogateescape"), info' "$odd" ||
  fail "JSON of an odd name: $(cat stdout)"

summary
