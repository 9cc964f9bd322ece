# SPDX-License-Identifier: BSD-3-Clause
"""make_pictures.py COUNT FOLDER: small PNG files of several kinds in a tree of folders.

Standard library only; the same files for the same count.
"""
import random
import struct
import sys
import zlib
from pathlib import Path


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, channels, row):
    rows = b"".join(b"\0" + row(y) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) +
            chunk(b"IEND", b""))


def picture(r):
    channels, width, height = r.choice((1, 3, 3, 4)), r.randint(8, 40), r.randint(8, 40)
    a, b, c, spread = r.random() * 6, r.random() * 6, r.randint(0, 255), r.choice((0, 1, 1, 3))
    noise = r.randbytes(width * height * channels)

    def row(y):
        at = y * width * channels
        return bytes((c + int(a * (i // channels) + b * y) + (i % channels) * 9 +
                      noise[at + i] * spread // 64) & 255 for i in range(width * channels))

    return png(width, height, channels, row)


count, folder = int(sys.argv[1]), Path(sys.argv[2])
for i in range(count):
    name = folder / f"{i % 10}" / f"{i // 10 % 10}" / f"picture-{i:06}.png"
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_bytes(picture(random.Random(i)))
