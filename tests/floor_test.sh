#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# floor_test.sh FLOWZIP PNG_SAMPLES: no file is larger than its PNG file and 64 bytes, at any effort: every kind of
# PNG file, tiny, interlaced, animated, with metadata, whatever repeats in it or does not; one by one, many at once and from
# a pipe. No effort makes more of one than a lesser effort. And the line printed says when little was gained. Pictures by python3 without packages.
set -euo pipefail
flowzip=$(realpath "$1") samples=$(realpath "$2")
command -v python3 > /dev/null || { echo "skipped: no python3"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir png

python3 - << 'END'
import random
import struct
import zlib

random.seed(1)
noise = random.randbytes
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8),
         (4, 8), (4, 16), (6, 8), (6, 16)]
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def header(width, height, depth, colour, interlace=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(name, head, rows, before=b"", after=b"", pieces=1 << 30):
    """`rows`: with their filter bytes."""
    data = zlib.compress(rows, 9)
    idat = b"".join(chunk(b"IDAT", data[i : i + pieces]) for i in range(0, len(data), pieces))
    open(f"png/{name}.png", "wb").write(
        b"\x89PNG\r\n\x1a\n" + head + before + idat + after + chunk(b"IEND", b""))


def rows_of(make, width, height, bits, interlace):
    """Rows by Sub, None or Up in turn, of what `make` gives: bytes of a row of so many pixels."""
    out = b""
    for x0, y0, dx, dy in ADAM7 if interlace else [(0, 0, 1, 1)]:
        across = len(range(x0, width, dx))
        for y in range(y0, height, dy) if across else []:
            out += bytes([y % 3]) + make(y, (across * bits + 7) // 8)
    return out


CONTENTS = {
    "noise": lambda y, size: noise(size),
    "flat": lambda y, size: bytes(size),
    "ramp": lambda y, size: bytes((x + 3 * y) % 256 for x in range(size)),
    "comb": lambda y, size: (b"\x0f\x33\xa7" * size)[y % 2 : y % 2 + size],
}
TABLE = zlib.compress(b"".join(struct.pack(">I", i * i) for i in range(300)))
for colour, depth in KINDS:
    bits = CHANNELS[colour] * depth
    palette = chunk(b"PLTE", noise(3 << depth)) if colour == 3 else b""
    for interlace in (0, 1):
        for width, height in ((1, 1), (5, 3), (32, 37)):
            for content, make in CONTENTS.items():
                rows = rows_of(make, width, height, bits, interlace)
                png(f"{colour}-{depth}-{interlace}-{width}-{content}",
                    header(width, height, depth, colour, interlace), rows, palette)
        text = chunk(b"tEXt", b"Comment\0" + noise(40).hex().encode()) + chunk(b"gAMA", b"\0\0\xb1\x8f")
        png(f"{colour}-{depth}-{interlace}-chunks", header(32, 37, depth, colour, interlace), rows,
            text + palette + chunk(b"zTXt", b"name\0\0" + TABLE), chunk(b"tIME", b"\x07\xea\1\2\3\4\5"), 30)

# An animation: noise, and what hardly changes.
frames = [bytes(16 * 49)] + [b"".join(b"\0" + noise(48) for _ in range(16))] * 2
control = lambda number: chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 16, 16, 0, 0, 1, 9, 0, 0))
png("frames", header(16, 16, 8, 2), frames[0], chunk(b"acTL", struct.pack(">II", 3, 0)) + control(0),
    control(1) + chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(frames[1]))
    + control(3) + chunk(b"fdAT", struct.pack(">I", 4) + zlib.compress(frames[2])))
# The same few rows of noise again and again, in many tiles, each of which has to say them anew.
rows = [noise(512) for _ in range(16)]
png("far-rows", header(4096, 1280, 1, 0), b"".join(b"\0" + rows[y % 16] for y in range(1280)))
rows = [noise(2048) for _ in range(4)]
png("far-bytes", header(2048, 320, 8, 0), b"".join(b"\0" + rows[y % 4] for y in range(320)))
# A megapixel, which would have a preview.
png("large", header(1024, 1024, 8, 2), b"".join(b"\0" + noise(3072) for _ in range(1024)))
END

declare -A least
fail() { echo "floor_test: $1"; exit 1; }
count=$(ls png | wc -l)
for effort in fast standard best; do
  "$flowzip" encode -q -e $effort -r png --output-dir $effort
  "$flowzip" decode -q -r $effort --output-dir back
  checked=0
  for picture in png/*.png; do
    name=$(basename "$picture" .png)
    before=$(stat -c %s "$picture") after=$(stat -c %s $effort/$name.flz)
    (( after <= before + 64 )) || fail "$picture, $effort: $before -> $after bytes"
    (( after <= ${least[$name]:-$after} )) || fail "$picture: more by $effort, $after instead of ${least[$name]}"
    least[$name]=$after
    "$samples" "$picture" > before.txt
    "$samples" "back/$name.png" > after.txt
    cmp before.txt after.txt || fail "$picture, $effort: other pixels"
    checked=$((checked + 1))
  done
  [[ $checked = "$count" && $count -gt 300 ]] || fail "$checked of $count pictures"
  rm -r back
done
# It is the floor that holds this one, from a pipe as well.
"$flowzip" info fast/far-rows.flz | grep -q deflated || fail "far-rows.png is not deflated: make it so again"
"$flowzip" encode -q -e fast - < png/far-rows.png > pipe.flz
cmp fast/far-rows.flz pipe.flz
# Hardly smaller, no smaller, and a good deal.
says() {
  local said
  said=$("$flowzip" encode -f -e fast "png/$1.png" -o out.flz 2>&1)
  [[ $said =~ \ %\ of\ the\ input$2$ ]] || fail "$1: $said"
}
says large ":\ hardly\ smaller"
says far-rows ":\ (hardly|no)\ smaller"
says 0-8-0-32-comb ""
echo "floor_test: all as it should be"
