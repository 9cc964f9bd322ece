#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A second decoder for flowzip files, written from FORMAT.md (section numbers in comments).

Made to be read and to check the document, not to be fast: about a minute per megapixel.
Usage: reference_decoder.py FILE.flz MODEL.flzm OUT      (needs numpy)
OUT: a PGM, PPM or (with alpha) PAM file; palettes are not applied, metadata not shown.
"""
import re
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

import reference_network as network
import reference_raster as raster
from reference_bits import Bits
from reference_bytes import unpack as unpack_bytes
from reference_contexts import decode_block, decode_context_tile
from reference_copies import Number, adaptive


def fail(why):
    raise SystemExit(f"reference_decoder: {why}")


def load_tables():
    """kExp2, kInverseScale, kReach, kSigma from model/tables.inc (3.11)."""
    text = (Path(__file__).parent.parent / "model" / "tables.inc").read_text()
    return {
        name: np.array([int(n) for n in re.findall(r"-?\d+", body)], dtype=np.int64)
        for name, body in re.findall(r"(k\w+)\[\d+\]\s*=\s*\{([^}]*)\}", text)
    }


TABLE = load_tables()


def clamp(v, lo, hi):
    return np.minimum(np.maximum(v, lo), hi)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, n):
        if self.at + n > len(self.data):
            fail("data end too early")
        self.at += n
        return self.data[self.at - n : self.at]

    def u(self, size):
        return int.from_bytes(self.bytes(size), "little")

    def i(self, size):
        return int.from_bytes(self.bytes(size), "little", signed=True)

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if (byte == 0 and shift > 7) or value >> 64:
                fail("over-long varint")
            if byte < 0x80:
                return value

    def signed_varint(self):
        v = self.varint()
        return (v >> 1) ^ -(v & 1)


# ---------------------------------------------------------------- 4 model file


class Model:
    def __init__(self, data):
        r = Reader(data)
        if r.bytes(8) != bytes.fromhex("8F464C4D0D0A1A0A"):
            fail("not a model file")
        if r.u(1) != 1:
            fail("model file of an unknown version")
        self.name = r.bytes(r.u(1)).decode()
        self.flow = network.read_flow(r)
        self.hash = r.u(8)


# ---------------------------------------------------------------- 3.7 streams


class Rans:
    def __init__(self, data, lanes):
        r = Reader(data)
        self.states = [r.u(5) for _ in range(lanes)]
        self.words, self.lane = r, 0
        if any(not 1 << 24 <= s < 1 << 40 for s in self.states):
            fail("rANS state out of range")

    def slot(self):
        return self.states[self.lane] & 0xFFFF

    def pop_here(self, start, freq):
        x = self.states[self.lane]
        x = freq * (x >> 16) + (x & 0xFFFF) - start
        if x < 1 << 24:
            x = x << 16 | self.words.u(2)
        self.states[self.lane] = x

    def next_lane(self):
        self.lane = (self.lane + 1) % len(self.states)

    def pop(self, start, freq):
        self.pop_here(start, freq)
        self.next_lane()

    def bits(self, n):
        if n == 0:
            return 0
        value = self.slot() >> (16 - n)
        self.pop(value << (16 - n), 1 << (16 - n))
        return value

    def exp_golomb(self, k):
        n = 0
        while not self.bits(1):
            n += 1
            if n > 32:
                fail("Exp-Golomb code too long")
        left, u = n + k, 1
        while left:
            piece = left % 16 or 16
            u = u << piece | self.bits(piece)
            left -= piece
        if u - (1 << k) >> 32:
            fail("Exp-Golomb code exceeds 32 bits")
        return u - (1 << k)

    def check_end(self):
        if any(s != 1 << 24 for s in self.states) or self.words.at != len(self.words.data):
            fail("stream is not used up exactly")


def unzigzag(v):
    return (v >> 1) ^ -(v & 1)


# ---------------------------------------------------------------- 3.11 mixture


def mixtures(head, p, vmin, vmax):
    """Weights, means, scale indices and window of every site at once: arrays over the sites."""
    k = head.shape[-1] // 3
    logit, mean, scale = head[..., :k], head[..., k : 2 * k], head[..., 2 * k :]
    diff = logit.max(-1, keepdims=True) - logit
    e = np.where(diff >= 4096, 0, TABLE["kExp2"][diff & 255] >> np.minimum(diff >> 8, 16))
    w = (e * ((1 << 31) // e.sum(-1, keepdims=True))) >> 17
    top = logit.argmax(-1)[..., None]  # the first of equals
    np.put_along_axis(
        w, top, np.take_along_axis(w, top, -1) + (1 << 14) - w.sum(-1, keepdims=True), -1
    )
    m = clamp(p[..., None] + mean, 16 * vmin, 16 * vmax)
    i = clamp(((scale + 8) >> 4) + 96, 0, 191)
    reach = TABLE["kReach"][i]
    heavy = w >= 64
    lo = np.where(heavy, (m - reach + 8) >> 4, 1 << 40).min(-1)
    hi = np.where(heavy, (m + reach + 7) >> 4, -(1 << 40)).max(-1)
    lo, hi = np.maximum(lo, np.squeeze(vmin)), np.minimum(hi, np.squeeze(vmax))
    middle = np.take_along_axis(m, top, -1)[..., 0] >> 4
    cut = np.maximum(lo, middle - 4096)
    end = np.minimum(hi, cut + 8191)
    wide = hi - lo >= 8192
    return w, m, i, np.where(wide, np.maximum(cut, end - 8191), lo), np.where(wide, end, hi)


class Partition:
    def __init__(self, w, m, i, lo, hi, vmin, vmax):
        self.w, self.m, self.reach = w, m, TABLE["kReach"][i]
        self.inverse = TABLE["kInverseScale"][i]
        self.lo, self.hi, self.vmin, self.vmax = lo, hi, vmin, vmax
        self.a, self.b = int(lo > vmin), int(hi < vmax)
        self.f = (1 << 16) - (hi - lo + 1) - self.a - self.b

    def mean(self):
        """In 1/16."""
        return sum(int(w) * int(m) for w, m in zip(self.w, self.m)) >> 14

    def c(self, v):
        """C(v); 0 and 2^16 beyond the escapes."""
        if v < self.lo or v == self.lo == self.vmin:
            return 0
        if v > self.hi + 1 or v == self.hi + 1 == self.vmax + 1:
            return 1 << 16
        d = clamp(16 * v - 8 - self.m, -self.reach, self.reach)
        t = clamp((d * self.inverse + 1024) >> 11, -98304, 98304) + 98304
        j = t >> 8
        s0, s1 = TABLE["kSigma"][j], TABLE["kSigma"][np.minimum(j + 1, 768)]
        s = s0 + (((s1 - s0) * (t & 255) + 128) >> 8)
        g = int((self.w * s).sum()) >> 14
        return self.a + (v - self.lo) + ((g * self.f) >> 16)

    def find(self, slot):
        """The value, or lo - 1 and hi + 1 for escapes, and its interval."""
        low, high = self.lo - 1, self.hi + 1  # C(low) <= slot < C(high + 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self.c(middle) <= slot:
                low = middle
            else:
                high = middle - 1
        start = self.c(low)
        return low, start, self.c(low + 1) - start


# ---------------------------------------------------------------- 3.9 colour conversions


def read_conversion(r, pixels):
    """The conversion's number and a list of (pixel, [differences of r, g, b])."""
    conversion = r.u(1)
    if conversion > 3:
        fail("unknown colour conversion")
    exceptions = []
    count = r.varint() if conversion in (1, 2) else 0
    if count > pixels:
        fail("more exceptions than pixels")
    if count:
        rans = Rans(r.bytes(r.varint()), 1)
        order, pixel = (pixels // count).bit_length() - 1, -1
        for _ in range(count):
            pixel += 1 + rans.exp_golomb(order)
            difference = [unzigzag(rans.exp_golomb(0)) for _ in range(3)]
            if pixel >= pixels or not any(difference) or max(map(abs, difference)) > 255:
                fail("bad exception")
            exceptions.append((pixel, difference))
        rans.check_end()
    return conversion, exceptions


def convert(conversion, exceptions, planes):
    y, c1, c2 = planes
    for plane, low in zip(planes, [None, (0, -128, -128), (0, -156, -137)][conversion]):
        if plane.min() < low or plane.max() > low + 255:
            fail("colour out of range")
    if conversion == 1:
        luma = 65536 * y + 32768
        rgb = [luma + 91881 * c2, luma - 22554 * c1 - 46802 * c2, luma + 116130 * c1]
        rgb = [clamp(v >> 16, 0, 255) for v in rgb]
    else:
        luma, blue, red = 13584 * y, 22179 * c1, 18215 * c2
        green = luma - 1940 * (blue // 10000) - 5090 * (red // 10000) - 1
        rgb = [clamp(v // 10000, 0, 255) for v in (luma + red, green, luma + blue)]
    for pixel, difference in exceptions:
        for c in range(3):
            rgb[c][pixel // y.shape[1], pixel % y.shape[1]] += difference[c]
    return rgb


def read_ranges(r, channels):
    ranges = [(0, 0)] * 3
    for c in range(channels):
        low = r.signed_varint()
        ranges[c] = (low, low + r.varint())
        if not -1023 <= low <= ranges[c][1] <= 1023:
            fail("range out of bounds")
    return ranges


def colour_of(channels, conversion):
    """Red, green, blue of three planes' values, where a lattice tells of them (3.12); else None."""
    if channels != 3 or conversion not in (0, 3):
        return None
    return unlift_colour if conversion == 0 else green_first


def decode_raster(r, width, height, channels, conversion):
    """3.10: a tile's planes Y, Co, Cg."""
    ranges = read_ranges(r, channels)
    planes, magnitudes = [], []
    for c in range(channels):
        lo, hi = ranges[c]
        data = None if lo == hi else Reader(r.bytes(r.varint()))
        raster.decode_channel(data, lambda b: Rans(b, 1), c, width, height, (lo, hi), planes,
                              magnitudes, colour_of(channels, conversion))
    if r.at != len(r.data):
        fail("surplus bytes in a tile")
    return [np.array(plane.rows, np.int64) for plane in planes]


def decode_network(model, r, width, height, channels, depth, largest, head):
    """3.12: a tile's planes, as the head says; deep ones are the samples themselves."""
    learns, conversion = head
    squeeze, rgb = 0, None
    if depth > 8:
        ranges = network.read_deep_ranges(r, channels, largest)
    else:
        ranges = read_ranges(r, channels)[:channels]
        squeeze = r.u(1) if conversion in (1, 2) else 0
        rgb = colour_of(channels, conversion)
    turn, squeeze = squeeze & 12, squeeze & ~12
    if squeeze > 2:
        fail("unknown order of planes")
    tools = sys.modules[__name__]
    planes = network.decode_planes(tools, model.flow, r, width, height, ranges, squeeze, learns,
                                   rgb)
    if turn & 4:
        planes = [plane[:, ::-1] for plane in planes]
    if turn & 8:
        planes = [plane[::-1] for plane in planes]
    return [plane + 32768 for plane in planes] if depth > 8 else planes


def unlift(planes):
    y, co, cg = planes
    t = y - (cg >> 1)
    b = t - (co >> 1)
    return [b + co, cg + t, b]


def unlift_colour(*values):
    return unlift(values)


def green_first(g, r, b):
    return [r, g, b]


# ---------------------------------------------------------------- 3 tiles


def decode_raw(r, width, height, channels, depth):
    rows = []
    for _ in range(height):
        if depth > 8:
            row = [r.u(2) for _ in range(width * channels)]
        else:
            bits = int.from_bytes(r.bytes((width * channels * depth + 7) // 8), "big")
            total = (width * channels * depth + 7) // 8 * 8
            row = [bits >> (total - depth * (i + 1)) & ((1 << depth) - 1)
                   for i in range(width * channels)]
        rows.append(row)
    return np.array(rows, np.int64).reshape(height, width, channels)


def decode_differences(model, r, width, height, channels, depth, may_learn):
    """3.17."""
    kind = r.u(1)
    bits = (kind & 15) + 1
    if not 8 <= bits < depth or kind >> 4 != channels - 1:
        fail("malformed differences")
    ends = [(r.u(2), r.u(2)) for _ in range(channels)]
    inner = r.bytes(len(r.data) - r.at)
    if inner[:1] in (b"\7", b"\10"):
        fail("differences of a mode that cannot be")
    t = decode_tile(model, inner, width, height, channels, bits, (1 << bits) - 1, may_learn)
    s = np.zeros((height, width, channels), np.int64)
    for c, (first, least) in enumerate(ends):
        own = s[..., c]
        for y in range(height):
            for x in range(width):
                if x > 0 and y > 0:
                    plane = own[y, x - 1] + own[y - 1, x] - own[y - 1, x - 1]
                elif x > 0:
                    plane = 2 * own[0, x - 1] - own[0, max(x - 2, 0)]
                elif y > 0:
                    plane = 2 * own[y - 1, 0] - own[max(y - 2, 0), 0]
                else:
                    plane = first
                own[y, x] = (plane + least + int(t[y, x, c])) % (1 << depth)
    return s


def decode_tile(model, data, width, height, channels, depth, largest, may_learn):
    r = Reader(data)
    mode = r.u(1)
    if mode == 0:
        out = decode_raw(r, width, height, channels, depth)
    elif mode == 1:
        out = np.tile(decode_raw(r, 1, 1, channels, depth), (height, width, 1))
    elif mode == 2:
        pixels = decode_context_tile(Reader(data[1:]), width, height, channels, depth)
        return np.array(pixels, np.int64)
    elif mode in range(3, 7):
        alpha_apart, is_network, deep = mode in (4, 6), mode > 4, depth > 8
        if alpha_apart != (channels in (2, 4)):
            fail("a tile of a mode that cannot be")
        colors = channels - alpha_apart
        out = np.zeros((height, width, channels), np.int64)
        alpha_size = r.varint() if alpha_apart else 0
        if alpha_apart and deep and alpha_size == 0:
            fail("deep tile without alpha")
        if alpha_size > 0:
            alpha = Reader(r.bytes(alpha_size))
            out[..., -1:] = decode_context_tile(alpha, width, height, 1, depth)
        payload = Reader(r.bytes(len(data) - r.at))
        learns = payload.u(1) if is_network else 0
        if learns > 1 or (learns and not may_learn):
            fail("unknown way of network tiles")
        conversion, exceptions = (read_conversion(payload, width * height)
                                  if colors == 3 and not deep else (3 if colors == 3 else 0, []))
        planes = (decode_network(model, payload, width, height, colors, depth, largest,
                                 (learns, conversion))
                  if is_network else decode_raster(payload, width, height, colors, conversion))
        if conversion == 3:  # green, red, blue
            planes = [planes[1], planes[0], planes[2]]
        elif conversion:
            planes = convert(conversion, exceptions, planes)
        elif colors == 3:
            planes = unlift(planes)
        for c in range(colors):
            out[..., c] = planes[c]
        if alpha_apart and alpha_size == 0:
            out[..., -1] = out[..., 0]
        return out
    elif mode == 8 and depth > 8:
        return decode_differences(model, r, width, height, channels, depth, may_learn)
    else:
        fail("unknown mode")
    if r.at != len(data):
        fail("surplus bytes in a tile")
    return out


# ---------------------------------------------------------------- 2 container


def xxh32(seed, data):
    """The 32-bit xxHash of some bytes."""
    p1, p2, p3, p4, p5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
    mask = 0xFFFFFFFF

    def rotate(v, n):
        return ((v << n) | (v >> (32 - n))) & mask

    words = struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
    at = 0
    if len(data) >= 16:
        lanes = [(seed + p1 + p2) & mask, (seed + p2) & mask, seed, (seed - p1) & mask]
        for at in range(0, len(words) // 4 * 4, 4):
            for i in range(4):
                lanes[i] = rotate((lanes[i] + words[at + i] * p2) & mask, 13) * p1 & mask
        at = len(words) // 4 * 4
        h = sum(rotate(lane, n) for lane, n in zip(lanes, (1, 7, 12, 18))) & mask
    else:
        h = (seed + p5) & mask
    h = (h + len(data)) & mask
    for word in words[at:]:
        h = rotate((h + word * p3) & mask, 17) * p4 & mask
    for byte in data[len(words) * 4 :]:
        h = rotate((h + byte * p5) & mask, 11) * p1 & mask
    h = (h ^ (h >> 15)) * p2 & mask
    h = (h ^ (h >> 13)) * p3 & mask
    return h ^ (h >> 16)


def is_type(letters):
    return all(chr(letter).isascii() and chr(letter).isalpha() for letter in letters)


def varint_at(data):
    def read(at):
        r = Reader(data)
        r.at = at
        return r.varint(), r.at

    return read


def read_png_chunks(data):
    """The list inside PNGC or pNGC, as pairs of type and data."""
    r = Reader(data)
    method = r.u(1)
    if method == 1:
        r = Reader(unpack_bytes(data, varint_at(data), 1))
    elif method != 0:
        fail("malformed metadata")
    chunks = []
    while r.at < len(r.data):
        kind = r.bytes(4)
        chunks.append((kind, r.bytes(r.varint())))
        if not is_type(kind) or len(chunks) > 1 << 20:
            fail("malformed metadata")
    names = [kind for kind, _ in chunks]
    if names[:1] == [b"IHDR"] and chunks[0][1][:2] not in (b"P4", b"P5", b"P6", b"P7"):
        fail("malformed metadata")
    if b"IHDR" in names[1:] or b"IEND" in names[:-1] or names.count(b"IDAT") > 1:
        fail("malformed metadata")
    if any(kind == b"IDAT" and data for kind, data in chunks):
        fail("malformed metadata")
    return chunks


def read_values(data, channels, depth, indexed):
    """2.3: the depth of ranks, and each channel's values."""
    r = Reader(data)
    rank_depth = r.u(1)
    if not 1 <= rank_depth <= depth or indexed:
        fail("malformed list of values")
    counts = [r.varint() + 1 for _ in range(channels)]
    coder, values = Bits(r.bytes(len(data) - r.at)), []
    for count in counts:
        if count > 1 << rank_depth:
            fail("malformed list of values")
        models, before, value, found = [Number() for _ in range(5)], 0, 0, []
        for _ in range(count):
            before = models[min(before.bit_length(), 4)].code(coder)
            value += before
            found.append(value)
            value += 1
        if found[-1] >> depth:
            fail("value out of range")
        values.append(found)
    coder.check_end()
    return rank_depth, values


def read_colours(data, width, height, depth):
    """2.8: the indices of a picture of which the chunk has the colours, its palette and its alpha."""
    r = Reader(data)
    head = r.u(1)
    channels, unused = 4 if head & 16 else 3, []
    if head & 7 > 4 or head > 127 or width * height > 65536:
        fail("malformed colours of a palette")
    if head & 32:
        count = r.varint()
        if not 1 <= count <= 255:
            fail("malformed colours of a palette")
        unused = decode_block(r.bytes(r.varint()), count, 1, channels, 8)[0]
    alphas = r.varint() if head & 16 else 0
    coder = Bits(r.bytes(r.varint()))
    rank_depth, values = 8, None
    if head & 64:
        rank_depth, values = read_values(r.bytes(r.varint()), channels, 8, False)
    rest = Reader(r.bytes(len(data) - r.at))
    rows = decode_context_tile(rest, width, height, channels, rank_depth)
    if values:
        if any(rank >= len(of) for row in rows for pixel in row for rank, of in zip(pixel, values)):
            fail("rank of no value")
        rows = [[[of[rank] for rank, of in zip(pixel, values)] for pixel in row] for row in rows]
    counts = {}
    for row in rows:
        for pixel in map(tuple, row):
            counts[pixel] = counts.get(pixel, 0) + 1

    def key(colour):
        luma = 2126 * colour[0] + 7152 * colour[1] + 722 * colour[2]
        by = (0, sum(colour[:3]), -sum(colour[:3]), luma, -luma)[head & 7]
        return -counts[colour] if head & 8 else 0, by

    left, size = sorted(counts, key=key), len(counts) + len(unused)
    if size > 256 or alphas > size:
        fail("malformed colours of a palette")
    is_unused, is_other, places = [1 << 17, 0, 0], [1 << 17, 0, 0], Number()
    index, palette = {}, []
    for i in range(size):
        if unused and (not left or adaptive(coder, is_unused)):
            palette.append(tuple(unused.pop(0)))
            continue
        place = 1 + places.code(coder) if adaptive(coder, is_other) else 0
        if place >= len(left) or i >> depth:
            fail("malformed colours of a palette")
        index[left[place]] = i
        palette.append(left.pop(place))
    coder.check_end()
    alpha = bytes(colour[3] if channels == 4 else 255 for colour in palette)
    if any(a != 255 for a in alpha[alphas:]):
        fail("malformed colours of a palette")
    indices = [[index[tuple(pixel)] for pixel in row] for row in rows]
    rgb = b"".join(bytes(colour[:3]) for colour in palette)
    return np.array(indices, np.uint16)[..., None], rgb, alpha[:alphas] if channels == 4 else None


def put_palette(png, rgb, alpha):
    """2.8: the list of chunks with the palette in its place."""
    made = [(b"PLTE", rgb)] + ([(b"tRNS", alpha)] if alpha is not None else [])
    if not png:
        return made
    for kind, data in made:
        at = next((i for i, chunk in enumerate(png) if chunk[0] == kind), None)
        if at is None or png[at][1]:
            fail("malformed metadata")
        png[at] = (kind, data)
    return png


def read_chunks(r, end, channels, depth, indexed, size):
    """2.3: chunks up to the header's checksum. Returns the largest sample, read_values, and the
    indices of read_colours."""
    largest, png, values, shown = (1 << depth) - 1, None, None, None
    while r.at < end:
        kind = r.bytes(4)
        if not is_type(kind):
            fail("malformed chunk type")
        data = r.bytes(r.varint())
        if kind in (b"PNGC", b"pNGC"):
            if png is not None:
                fail("malformed metadata")
            png = read_png_chunks(data)
        elif kind == b"mAXV":
            largest = int.from_bytes(data, "little")
            if len(data) != 2 or largest >> (depth - 1) != 1:
                fail("malformed metadata")
        elif kind == b"VALU":
            if values is not None:
                fail("malformed list of values")
            values = read_values(data, channels, depth, indexed)
        elif kind == b"PIXL":
            if shown is not None or not indexed:
                fail("malformed colours of a palette")
            shown = read_colours(data, *size, depth)
        elif chr(kind[0]).isupper():
            fail(f"unknown critical chunk {kind.decode()}")
    if r.at != end:
        fail("chunk beyond the header")
    if shown is not None:
        png = put_palette(png, *shown[1:])
    palette = next((data for kind, data in png or [] if kind == b"PLTE"), b"")
    if indexed and not (3 <= len(palette) <= 768 and len(palette) % 3 == 0):
        fail("no valid palette")
    return largest, values, shown and shown[0]


def read_header(data):
    """2.1 to 2.4; returns the reader at the first tile."""
    r = Reader(data)
    if r.bytes(8) != bytes.fromhex("8F464C5A0D0A1A0A") or r.u(1) != 1:
        fail("not a flowzip file of version 1")
    channels, depth, flags = r.u(1), r.u(1), r.u(1)
    short, sizes = flags & 16 != 0, None
    if short:  # 2.9
        width, height, model_hash, tile_log2 = r.u(2), r.u(2), 0, 10
        sizes, chunks = [r.varint()], r.varint()
        header = r.at + chunks + 4
        covered = data[: header - 4] + data[header:]
    else:
        width, height, model_hash, tile_log2, header = r.u(4), r.u(4), r.u(8), r.u(1), r.u(4)
        covered = data[: header - 4]
    if not (37 if not short else 22) <= header <= len(data):
        fail("header is cut short")
    if xxh32(0, covered) != int.from_bytes(data[header - 4 : header], "little"):
        fail("header checksum")
    if not 1 <= channels <= 4 or not 1 <= depth <= 16 or flags & ~(19 if short else 15) or (
            not 4 <= tile_log2 <= 12 and tile_log2 != 31):
        fail("unknown kind of picture")
    indexed = flags & 1 == 1
    if indexed and (channels != 1 or depth > 8):
        fail("indices of more than one channel or more than 8 bits")
    if not (1 <= width < 1 << 31 and 1 <= height < 1 << 31) or width * height > 1 << 28:
        fail("impossible size")
    def side(other):  # 2.2
        bits = (other - 1).bit_length() if tile_log2 < 31 else 31
        return 1 << (2 * tile_log2 - bits if bits < tile_log2 else tile_log2)

    tile = side(width), side(height)
    tiles = -(-width // tile[1]) * -(-height // tile[0])
    if tiles > header or (short and tiles != 1):
        fail("tile index is too short")
    if not short:
        sizes = [r.varint() for _ in range(tiles)]
    preview = None
    if flags & 8:
        preview = (r.u(1), r.varint(), r.varint())
        if not 1 <= preview[0] <= 4 or not 1 <= preview[1] < 1 << 31 or preview[2] > 1 << 20 or (
                -(-max(width, height) // preview[1]) > 256):
            fail("impossible preview")
    largest, values, shown = read_chunks(r, header - 4, channels, depth, indexed, (width, height))
    if shown is not None and (tiles != 1 or sizes != [0] or tile_log2 == 31):
        fail("a picture twice")
    r.bytes(4)
    extra = 8 + preview[2] if preview else 0
    if len(data) != header + extra + sum(sizes) + (0 if short else 8 * len(sizes)):
        fail("file is too short or too long")
    coded = values[0] if values else depth
    plain = coded == 8 and (values or largest == 255) and not indexed
    by_network = model_hash != 0 and not indexed and (plain or coded > 8)
    modes = b"\0\1\2" + (b"\3\4" if plain else b"") + (b"\5\6" if by_network else b"")
    if coded > 8 and not indexed:
        modes += b"\10"
    if tile_log2 == 31:
        deflatable = depth in ((1, 2, 4, 8, 16) if channels == 1 else (8, 16))
        modes = b"\7" if deflatable and largest == (1 << depth) - 1 else b""
    may_learn = flags & 4 != 0
    return (r, channels, depth, width, height, model_hash, tile, sizes, largest, modes, may_learn,
            preview, values, flags & 2 != 0, short, shown)


def decode_preview(r, preview, width, height):
    """2.6; what is to be shown. The reader is at its block, and behind it afterwards."""
    channels, factor, size = preview
    block_checksum, block = r.u(4), r.bytes(4 + size)
    if xxh32(0xFFFFFFFF, block) != block_checksum:
        fail("block checksum of the preview")
    w, h = -(-width // factor), -(-height // factor)
    if size < 2 or block[4] > 4 or block[5] > 4:
        fail("malformed preview")
    part = np.asarray(decode_tile(None, block[5:], w, h, channels, 8, 255, False))
    if xxh32(0xFFFFFFFF, part.astype(np.uint8).tobytes()) != int.from_bytes(block[:4], "little"):
        fail("pixel checksum of the preview")
    top = 255 >> block[4]
    if np.max(part) > top:
        fail("preview's sample out of range")
    return (part.astype(np.int64) * 255 + top // 2) // top


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def unfilter(kind, row, above, size):
    """PNG, section 9; `size` bytes a pixel."""
    if kind > 4:
        fail("unknown filter of a row")
    for i in range(len(row)):
        left = row[i - size] if i >= size else 0
        up, corner = above[i], above[i - size] if i >= size else 0
        near = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
        row[i] = row[i] + (0, left, up, (left + up) // 2, near)[kind] & 255


def decode_deflated(stream, width, height, channels, depth, interlaced):
    """3.16."""
    try:
        unpacker = zlib.decompressobj(-15)
        rows = unpacker.decompress(stream[2:])
    except zlib.error:
        fail("malformed deflate stream")
    head = int.from_bytes(stream[:2], "big")
    if head % 31 or head & 0x0F20 != 0x0800 or not unpacker.eof or (
            unpacker.unused_data != zlib.adler32(rows).to_bytes(4, "big")):
        fail("malformed deflate stream")
    r = Reader(rows)
    pixels = np.zeros((height, width, channels), np.uint16)
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        count = len(range(x0, width, dx)) * channels
        above = bytes((count * depth + 7) // 8)
        for y in range(y0, height if count else 0, dy):
            kind, row = r.u(1), bytearray(r.bytes(len(above)))
            unfilter(kind, row, above, max(channels * depth // 8, 1))
            bits = int.from_bytes(row, "big") >> (-count * depth % 8)
            samples = [bits >> (count - 1 - i) * depth & (1 << depth) - 1 for i in range(count)]
            pixels[y, x0::dx] = np.array(samples, np.uint16).reshape(-1, channels)
            above = row
    if r.at != len(r.data):
        fail("malformed deflate stream")
    return pixels


def decode_file(data, model):
    (r, channels, depth, width, height, model_hash, tile, sizes, largest, modes,
     may_learn, preview, values, interlaced, short, shown) = read_header(data)
    coded = values[0] if values else depth
    most = (1 << coded) - 1 if values else largest
    if model_hash not in (0, model.hash):
        fail(f"needs model {model_hash:016x}")
    if preview:
        decode_preview(r, preview, width, height)
    columns = -(-width // tile[1])
    pixels = np.zeros((height, width, channels), np.uint16)
    for n, size in enumerate(sizes):  # 2.5
        block_checksum, block = 0 if short else r.u(4), r.bytes(size if short else 4 + size)
        if not short and xxh32(n, block) != block_checksum:
            fail(f"block checksum of tile {n}")
        pixel_checksum, block = (0, block) if short else (block[:4], block[4:])
        y, x = n // columns * tile[0], n % columns * tile[1]
        h, w = min(tile[0], height - y), min(tile[1], width - x)
        inner = block[2 + 4 * channels :][:1] if block[:1] == b"\10" else b"\0"
        if (shown is None and block[:1] not in [modes[i : i + 1] for i in range(len(modes))]
                or model_hash == 0 and inner in (b"\5", b"\6")):
            fail("a tile of a mode that cannot be")
        if shown is not None:
            part = shown
        elif block[0] == 7:
            part = decode_deflated(block[1:], w, h, channels, coded, interlaced)
        else:
            part = decode_tile(model, block, w, h, channels, coded, most, may_learn)
        if np.max(part) > most:
            fail("sample out of range")
        pixels[y : y + h, x : x + w] = part
        raw = np.asarray(part).astype("<u2" if coded > 8 else np.uint8).tobytes()
        if not short and xxh32(n, raw) != int.from_bytes(pixel_checksum, "little"):
            fail(f"pixel checksum of tile {n}")
    for c, of in enumerate(values[1] if values else []):
        if np.max(pixels[..., c]) >= len(of) or of[-1] > largest:
            fail("rank of no value")
        pixels[..., c] = np.array(of, np.uint16)[pixels[..., c]]
    return pixels, depth


def main():
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    model = Model(Path(sys.argv[2]).read_bytes())
    pixels, depth = decode_file(Path(sys.argv[1]).read_bytes(), model)
    height, width, channels = pixels.shape
    largest = (1 << depth) - 1
    head = f"P{5 if channels == 1 else 6}\n{width} {height}\n{largest}\n"
    if channels % 2 == 0:
        kind = "GRAYSCALE_ALPHA" if channels == 2 else "RGB_ALPHA"
        head = (f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {largest}\n"
                f"TUPLTYPE {kind}\nENDHDR\n")
    samples = pixels.astype(">u2" if depth > 8 else np.uint8)
    Path(sys.argv[3]).write_bytes(head.encode() + samples.tobytes())


if __name__ == "__main__":
    main()
