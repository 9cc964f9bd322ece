# SPDX-License-Identifier: BSD-3-Clause
"""Makes the odd picture files of habits_test.sh in the current folder; standard library only."""
import random
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data=b"", crc=None):
    crc = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def png(width=24, height=16, before=b"", after=b"", tail=b"", idat=None, end=chunk(b"IEND")):
    rows = b"".join(
        b"\0" + bytes((7 * x + 3 * y + 11 * c) & 255 for x in range(width) for c in range(3))
        for y in range(height))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    stream = zlib.compress(rows, 9)
    data = chunk(b"IDAT", stream) if idat is None else idat(stream)
    return SIGNATURE + header + before + data + after + end + tail


def small_window(stream):
    flags = (31 - 0x08 * 256 % 31) % 31
    return chunk(b"IDAT", bytes([0x08, flags]) + stream[2:])


def pam(depth, tuple_type, samples):
    head = f"P7\nWIDTH 12\nHEIGHT 10\nDEPTH {depth}\nMAXVAL 255\n{tuple_type}ENDHDR\n"
    return head.encode() + samples


def xmp(lines):
    r = random.Random(9)
    items = "".join(f"  <rdf:li>xmp.did:{r.getrandbits(128):032x}</rdf:li>\n" for _ in range(lines))
    return b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta><rdf:Bag>\n" + items.encode() + b"</rdf:Bag></x:xmpmeta>"


def animated(frames):
    """Three channels; every frame but the first a smaller picture, in two chunks fdAT each."""
    number, r = iter(range(1000)), random.Random(frames)

    def control(width, height):
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", next(number), width, height, 0, 0, 1, 10, 0, 0))

    before = chunk(b"acTL", struct.pack(">II", frames, 0)) + control(120, 90)
    after = b""
    for i in range(1, frames):
        rows = b"".join(
            b"\0" + bytes((x + y // 2 + 40 * i + 11 * c + r.randint(0, 6)) & 255
                          for x in range(100) for c in range(3))
            for y in range(80))
        data = zlib.compress(rows, 9)
        after += control(100, 80)
        for piece in (data[:50], data[50:]):
            after += chunk(b"fdAT", struct.pack(">I", next(number)) + piece)
    return png(120, 90, before=before, after=after)


good = png()
random.seed(1)
gray = bytes(range(120))
deep = b"".join(struct.pack(">H", random.randint(0, 4095)) for _ in range(120))
files = {
    "good.png": good,
    "other.png": png(30, 20),
    # Damage that leaves the pixels whole.
    "bad-text.png": png(before=chunk(b"tEXt", b"a\0b", crc=1)),
    "bad-idat.png": png(idat=lambda z: chunk(b"IDAT", z, crc=7)),
    "bad-iend.png": png(end=chunk(b"IEND", crc=5)),
    "no-iend.png": png(end=b""),
    "torn-tail.png": png(after=chunk(b"tEXt", b"a\0b")[:-6], end=b""),
    "window.png": png(300, 40, idat=small_window),
    # And that does not.
    "bad-trns.png": png(before=chunk(b"tRNS", bytes(6), crc=1)),
    "half.png": png(idat=lambda z: chunk(b"IDAT", z[:40])),
    "cgbi.png": SIGNATURE + chunk(b"CgBI", bytes(4)) + good[8:],
    # Chunks whose type has the reserved bit.
    "reserved-before.png": png(before=chunk(b"abcd", b"hello")),
    "reserved-after.png": png(after=chunk(b"prvt", b"x")),
    # What follows the end.
    "zip-behind.png": good + b"PK\3\4" + bytes(range(256)) * 20,
    "png-behind.png": good + png(8, 8),
    "in-iend.png": png(end=chunk(b"IEND", b"abc")),
    "big-text.png": png(before=chunk(b"iTXt", xmp(26000))),
    "noise-behind.png": good + random.randbytes(300000),
    "frames.png": animated(5),
    "bad-frames.png": animated(3).replace(b"fdAT\0\0\0\2", b"fdAT\0\0\0\7"),
    # Netpbm.
    "deep.pgm": b"P5\n12 10\n4095\n" + deep,
    "gray.pgm": b"P5\n12 10\n255\n" + gray,
    "comment.ppm": b"P6 # by hand\n# more\n12 10\n255\n" + gray * 3,
    "text.pgm": b"P2\n# grays\n3 2\n15\n1 2 3\n4 5 15\n",
    "bits.pbm": b"P4\n9 2\n" + bytes([0x55, 0x80, 0xAA, 0x00]),
    "two.ppm": b"P6\n12 10\n255\n" + gray * 3 + b"P6\n12 10\n255\n" + gray * 3,
    "two-text.pgm": b"P2 1 1 9 5\nP2 1 1 9 6\n",
    "behind.pgm": b"P5\n12 10\n255\n" + gray + b"\n",
    "two-lines.pam": pam(3, "TUPLTYPE RGB\nTUPLTYPE linear\n", gray * 3),
    "words.pam": pam(1, "TUPLTYPE GRAYSCALE depth map\n", gray),
    "own.pam": pam(1, "TUPLTYPE DISPARITY\n", gray),
    "none.pam": pam(4, "", gray * 4),
    "cmyk.pam": pam(4, "TUPLTYPE CMYK\n", gray * 4),
    "five.pam": pam(5, "", gray * 5),
    # Other formats, as far as their first bytes.
    "a.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20),
    "a.tif": b"II*\0" + bytes(20),
    "a.webp": b"RIFF\x24\0\0\0WEBPVP8L" + bytes(20),
    "a.gif": b"GIF89a" + bytes(20),
    "a.bmp": b"BM" + bytes(40),
}
for name, data in files.items():
    with open(name, "wb") as file:
        file.write(data)
