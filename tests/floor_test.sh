#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# floor_test.sh FLOWZIP PNG_SAMPLES: no file is larger than its PNG file and 64 bytes, at any effort, whatever
# repeats in it; and the line printed says when little was gained. Pictures by python3 without packages.
set -euo pipefail
flowzip=$(realpath "$1") samples=$(realpath "$2")
command -v python3 > /dev/null || { echo "skipped: no python3"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 - << 'END'
import random
import struct
import zlib

random.seed(1)


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def png(name, width, height, depth, colour, rows, interlace=0, extra=b""):
    """`rows`: with their filter bytes."""
    open(name, "wb").write(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
        + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


noise = random.randbytes
# The same few rows of noise again and again, in many tiles, each of which has to say them anew.
rows = [noise(1024) for _ in range(16)]
png("rows.png", 8192, 2048, 1, 0, b"".join(b"\0" + rows[y % 16] for y in range(2048)))
rows = [noise(4096) for _ in range(4)]
png("bytes.png", 4096, 1024, 8, 0, b"".join(b"\0" + rows[y % 4] for y in range(1024)))
# Nothing to be gained, and metadata.
row = noise(64)
png("small.png", 64, 64, 8, 0, b"".join(b"\0" + noise(64) for _ in range(64)),
    extra=chunk(b"tEXt", b"Comment\0" + noise(200)))
png("one.png", 1, 1, 8, 0, b"\0\7")
png("deep.png", 40, 40, 16, 2, b"".join(b"\0" + noise(240) for _ in range(40)))
END

larger() { echo "floor_test: $1"; exit 1; }
for picture in *.png; do
  for effort in fast standard; do
    said=$("$flowzip" encode -f -e $effort "$picture" -o out.flz 2>&1)
    before=$(stat -c %s "$picture")
    after=$(stat -c %s out.flz)
    (( after <= before + 64 )) || larger "$picture, $effort: $before -> $after bytes"
    if (( after * 100 >= before * 95 )); then
      [[ $said == *" % of the input: "*" smaller"* ]] || larger "$picture: nothing said: $said"
    fi
    "$flowzip" decode -q -f out.flz -o back.png
    cmp <("$samples" "$picture") <("$samples" back.png) || larger "$picture, $effort: other pixels"
  done
done
# It is the floor that holds the first.
"$flowzip" encode -q -f -e fast rows.png -o out.flz
"$flowzip" info out.flz | grep -q deflated || larger "rows.png is not deflated: make it so again"
# From a pipe as well.
"$flowzip" encode -q -e fast - < rows.png > pipe.flz
cmp out.flz pipe.flz
echo "floor_test: all as it should be"
