#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A second decoder for flowzip files, written from FORMAT.md (section numbers in comments).

Made to be read and to check the document, not to be fast: about a minute per megapixel.
Usage: reference_decoder.py FILE.flz MODEL.flzm OUT      (needs numpy)
OUT: a PGM, PPM or (with alpha) PAM file; palettes are not applied, metadata not shown.
"""
import math
import re
import struct
import sys
from pathlib import Path

import numpy as np

import reference_raster as raster
import reference_refined as refined
from reference_bits import Bits
from reference_contexts import decode_block, decode_context_tile
from reference_copies import Number

GROUP_LATTICE = "DBC"  # 3.2: lattices in coding order
OFFSET = {"A": (0, 0), "B": (0, 1), "C": (1, 0), "D": (1, 1)}  # row, column in a cell
ORDER = ["A", "B", "D"]  # order of S - m features


def fail(why):
    raise SystemExit(f"reference_decoder: {why}")


def load_tables():
    """kExp2, kInverseScale, kReach, kSigma from model/tables.inc (3.6)."""
    text = (Path(__file__).parent.parent / "model" / "tables.inc").read_text()
    return {
        name: np.array([int(n) for n in re.findall(r"-?\d+", body)], dtype=np.int64)
        for name, body in re.findall(r"(k\w+)\[\d+\]\s*=\s*\{([^}]*)\}", text)
    }


TABLE = load_tables()


def clamp(v, lo, hi):
    return np.minimum(np.maximum(v, lo), hi)


def sat(v):
    return clamp(v, -8191, 8191)


def dif(v):
    return clamp(v, -1023, 1023)


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


class Conv:
    def __init__(self, r):
        self.kernel, self.shift = r.u(1), r.u(1)
        self.inputs, self.outputs = r.u(2), r.u(2)
        shape = (self.outputs, self.kernel, self.kernel, self.inputs)
        count = int(np.prod(shape))
        self.weight = np.frombuffer(r.bytes(2 * count), "<i2").reshape(shape).astype(np.float64)
        self.bias = np.frombuffer(r.bytes(4 * self.outputs), "<i4").astype(np.float64)

    def __call__(self, x):
        """x: height, width, inputs. Doubles are exact here: every sum is below 2^31."""
        h, w, _ = x.shape
        pad = self.kernel // 2
        padded = np.pad(x, ((pad, pad), (pad, pad), (0, 0))).astype(np.float64)
        acc = np.zeros((h, w, self.outputs)) + self.bias
        for ky in range(self.kernel):
            for kx in range(self.kernel):
                acc += padded[ky : ky + h, kx : kx + w] @ self.weight[:, ky, kx, :].T
        return (acc.astype(np.int64) + (1 << (self.shift - 1))) >> self.shift


class Model:
    def __init__(self, data):
        r = Reader(data)
        if r.bytes(8) != bytes.fromhex("8F464C4D0D0A1A0A"):
            fail("not a model file")
        version = r.u(1)
        if version not in (1, 2):
            fail("model file of an unknown version")
        self.name = r.bytes(r.u(1)).decode()
        self.components, self.adaptive = r.u(1), r.u(1)
        options = r.u(1) if version == 2 else 0
        self.latent, self.affine = bool(options & 1), bool(options & 2)
        self.radii = [[r.u(1) for _ in range(3)] for _ in range(3)]  # own, earlier, later
        self.steps = []
        for _ in range(r.u(1)):
            target, shift = r.u(1), r.u(1)
            self.steps.append((target, shift, [r.i(2) for _ in range(3)]))
        self.order = [r.u(1) for _ in range(3)]
        self.taps = [[self.make_taps(g, c) for c in range(3)] for g in range(3)]
        self.classes = []
        for _ in range(r.u(1)):
            filters = [[[r.i(2) for _ in self.taps[g][c]] for c in range(3)] for g in range(3)]
            groups = []
            for _ in range(3):
                net = {"input": Conv(r), "blocks": [(Conv(r), Conv(r)) for _ in range(r.u(1))]}
                net["heads"] = [
                    {"hidden": Conv(r), "extra": Conv(r) if c else None, "out": Conv(r)}
                    for c in range(3)
                ]
                net["scale"] = Conv(r) if self.affine else None
                groups.append(net)
            self.classes.append((filters, groups))
        self.hash = r.u(8)

    def make_taps(self, g, channel):  # 3.3
        site = GROUP_LATTICE[g]
        known = "A" + GROUP_LATTICE[:g]
        taps = []
        for c in range(3):
            kind = 0 if c == channel else 1 if c < channel else 2
            for dy in range(-6, 7):
                for dx in range(-6, 7):
                    if dx * dx + dy * dy > self.radii[kind][g]:
                        continue
                    y, x = OFFSET[site][0] + dy, OFFSET[site][1] + dx
                    lattice = "ABCD"[2 * (y & 1) + (x & 1)]
                    if lattice in known or (lattice == site and c < channel):
                        taps.append((c, lattice, y >> 1, x >> 1))
        return taps

    def unlift(self, planes):  # 4.2
        lifted = [None] * 3
        for c in range(3):
            lifted[self.order[c]] = planes[c]
        for target, shift, k in reversed(self.steps):
            lifted[target] = lifted[target] - (sum(k[c] * lifted[c] for c in range(3)) >> shift)
        return lifted


# ---------------------------------------------------------------- 3.5 streams


class Rans:
    def __init__(self, data, lanes):
        r = Reader(data)
        self.states = [r.u(5) for _ in range(lanes)]
        self.words, self.lane = r, 0
        self.pushed = []  # words given back, the last one to be read first
        self.borrowing = 0  # sites still to come that borrow
        if any(not 1 << 24 <= s < 1 << 40 for s in self.states):
            fail("rANS state out of range")

    def slot(self):
        return self.states[self.lane] & 0xFFFF

    def pop_here(self, start, freq):
        x = self.states[self.lane]
        x = freq * (x >> 16) + (x & 0xFFFF) - start
        if x < 1 << 24:
            x = x << 16 | (self.pushed.pop() if self.pushed else self.words.u(2))
        self.states[self.lane] = x

    def push_here(self, start, freq):  # 3.11
        x = self.states[self.lane]
        if x >= freq << 24:
            self.pushed.append(x & 0xFFFF)
            x >>= 16
        self.states[self.lane] = (x // freq << 16) + x % freq + start

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
        if any(s != 1 << 24 for s in self.states) or self.words.at != len(self.words.data) or self.pushed:
            fail("stream is not used up exactly")


def unzigzag(v):
    return (v >> 1) ^ -(v & 1)


# ---------------------------------------------------------------- 3.6 mixture


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
    return w, m, i, np.maximum(lo, vmin), np.minimum(hi, vmax)


class Partition:
    def __init__(self, w, m, i, lo, hi, vmin, vmax):
        self.w, self.m, self.reach = w, m, TABLE["kReach"][i]
        self.inverse = TABLE["kInverseScale"][i]
        self.lo, self.hi, self.vmin, self.vmax = lo, hi, vmin, vmax
        self.a, self.b = int(lo > vmin), int(hi < vmax)
        self.f = (1 << 16) - (hi - lo + 1) - self.a - self.b
        if hi - lo >= 8192:
            fail("window too long for 8-bit samples")

    def c(self, v, k=None):
        """C(v), or that of component k alone; 0 and 2^16 beyond the escapes."""
        if v < self.lo or v == self.lo == self.vmin:
            return 0
        if v > self.hi + 1 or v == self.hi + 1 == self.vmax + 1:
            return 1 << 16
        which = slice(None) if k is None else slice(k, k + 1)
        reach, m = self.reach[which], self.m[which]
        d = clamp(16 * v - 8 - m, -reach, reach)
        t = clamp((d * self.inverse[which] + 1024) >> 11, -98304, 98304) + 98304
        j = t >> 8
        s0, s1 = TABLE["kSigma"][j], TABLE["kSigma"][np.minimum(j + 1, 768)]
        s = s0 + (((s1 - s0) * (t & 255) + 128) >> 8)
        g = int((self.w * s).sum()) >> 14 if k is None else int(s[0])
        return self.a + (v - self.lo) + ((g * self.f) >> 16)

    def find(self, slot, k=None):
        """The value, or lo - 1 and hi + 1 for escapes, and its interval."""
        low, high = self.lo - 1, self.hi + 1  # C(low) <= slot < C(high + 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self.c(middle, k) <= slot:
                low = middle
            else:
                high = middle - 1
        start = self.c(low, k)
        return low, start, self.c(low + 1, k) - start

    def posterior(self, v, k):
        """3.11: the interval of component k given v."""
        joint = [int(w) * (self.c(v + 1, i) - self.c(v, i)) for i, w in enumerate(self.w)]
        used = [int(w > 0) for w in self.w]
        n, reciprocal = sum(used), ((1 << 16) - sum(used) << 32) // sum(joint)

        def q(i):
            before = sum(used[:i])
            return 1 << 16 if before == n else before + (sum(joint[:i]) * reciprocal >> 32)

        return q(k), q(k + 1) - q(k)

    def decode(self, rans, latent=False):
        if latent:
            slot, k, start = rans.slot(), 0, 0
            while slot >= start + 4 * int(self.w[k]):
                start += 4 * int(self.w[k])
                k += 1
            rans.pop_here(start, 4 * int(self.w[k]))
            v, start, freq = self.find(rans.slot(), k)
            rans.pop_here(start, freq)
            rans.push_here(*self.posterior(v, k))
            rans.next_lane()
        else:
            v, start, freq = self.find(rans.slot())
            rans.pop(start, freq)
        if v < self.lo:
            return self.lo - 1 - rans.exp_golomb(3)
        if v > self.hi:
            return self.hi + 1 + rans.exp_golomb(3)
        return v


# ---------------------------------------------------------------- 3.11 sites that borrow


def affine_scale(output):
    """R, S and the number of half octaves of the affine coupling's outputs, as arrays."""
    h = clamp((output + 64) >> 7, -10, 12)
    scales = []
    for n in range(-10, 13):
        r, s = (17, 12) if n & 1 else (1, 1)
        r, s = r << max(n >> 1, 0), s << max(-(n >> 1), 0)
        scales.append((r // math.gcd(r, s), s // math.gcd(r, s)))
    table = np.array(scales, np.int64)[h + 10]
    return table[..., 0], table[..., 1], h


def share(rans, b):
    """Reads an equal share of b; the lane stays."""
    a = ((rans.slot() + 1) * b - 1) >> 16
    rans.pop_here(*equal_share(a, b))
    return a


def equal_share(a, b):
    return (a << 16) // b, (a + 1 << 16) // b - (a << 16) // b


def decode_sites(model, head, scale, p, lo, hi, band_rows, valid, streams, out):
    """Reads one channel's sites of all bands into out."""
    latent, affine = model.latent, model.affine
    plain = mixtures(head, p, lo, hi)
    if affine:
        k = model.components
        r, s, h = affine_scale(scale)
        mean, octaves = head[..., k : 2 * k], head[..., 2 * k :]
        mean = (mean * s[..., None] + (r // 2)[..., None]) // r[..., None]
        octaves = octaves - 128 * h[..., None]
        plain_head = np.concatenate([head[..., :k], clamp(mean, -32767, 32767),
                                     clamp(octaves, -32767, 32767)], -1)
        plain = mixtures(plain_head, p, lo, hi)
        q = (p + 8) >> 4
        center = (p - 16 * q + 8) * r // s - 8
        zlo, zhi = -(1 << 18), 1 << 18
        borrow = mixtures(head, center, zlo, zhi)
    else:
        borrow, zlo, zhi = plain, lo, hi
    for rans, rows in zip(streams, band_rows):
        for i in rows:
            for j in range(p.shape[1]):
                if not valid[i, j]:
                    continue
                borrows = rans.borrowing > 0
                rans.borrowing -= borrows
                parameters, vmin, vmax = (borrow, zlo, zhi) if borrows else (plain, lo, hi)
                mixture = site_mixture(parameters, i, j, vmin, vmax)
                v = mixture.decode(rans, latent and borrows)
                if affine and borrows:
                    R, S = int(r[i, j]), int(s[i, j])
                    y = v * S + share(rans, S)
                    rans.push_here(*equal_share(y % R, R))
                    rans.next_lane()
                    v = int(q[i, j]) + y // R
                if not lo <= v <= hi:
                    fail("sample outside its range")
                out[i, j] = v


def site_mixture(parameters, i, j, vmin, vmax):
    return Partition(*(a[i, j] for a in parameters[:3]), int(parameters[3][i, j]),
                     int(parameters[4][i, j]), vmin, vmax)


# ---------------------------------------------------------------- 3.2 - 3.4 one level


def log_magnitude(r):
    """L(|r|) of 3.4 for an array."""
    n = 16 + np.minimum(np.abs(r), 16382)
    e = np.floor(np.log2(n.astype(np.float64))).astype(np.int64)
    e = np.where((1 << (e + 1)) <= n, e + 1, np.where((1 << e) > n, e - 1, e))
    m = (n.astype(np.uint64) << np.uint64(32)) >> e.astype(np.uint64)
    out = e
    for _ in range(8):
        half = m >> np.uint64(1)
        m = (half * half) >> np.uint64(30)
        bit = m >= np.uint64(1 << 33)
        out = 2 * out + bit
        m = np.where(bit, m >> np.uint64(1), m)
    return out - 1024


def shifted(plane, dy, dx):
    """plane at (i + dy, j + dx), the nearest inside the grid."""
    h, w = plane.shape
    rows = clamp(np.arange(h) + dy, 0, h - 1)
    columns = clamp(np.arange(w) + dx, 0, w - 1)
    return plane[rows][:, columns]


def decode_refined_sites(tile, coder, head, g, c, p, lo, hi, valid, out):
    """3.12: the same for a refined tile."""
    parameters = mixtures(head, p, lo, hi)

    refined.decode_sites(
        tile, coder, g, c, p, lambda i, j: site_mixture(parameters, i, j, lo, hi), valid, out
    )


def decode_level(model, index, size, a, coarse, streams, ranges, tile):
    """streams: rANS streams; of a refined tile the filters' (or None) and the samples'."""
    h, w = size
    gh, gw = (h + 1) // 2, (w + 1) // 2
    filters, groups = model.classes[min(index, len(model.classes) - 1)]
    filters = [[list(f) for f in group] for group in filters]
    bands = len(streams)
    if tile:
        tile.begin_level(index, size, a)
    if model.latent or model.affine:  # 3.5, 3.11: all but the plain sites borrow
        coded = sum(lo != hi for lo, hi in ranges)
        for b, rans in enumerate(streams):
            sites = 0
            for site in GROUP_LATTICE:
                height = h // 2 if OFFSET[site][0] else gh
                width = w // 2 if OFFSET[site][1] else gw
                first, last = min(height, gh * b // bands), min(height, gh * (b + 1) // bands)
                sites += coded * width * (last - first)
            rans.borrowing = sites - rans.exp_golomb(6)
            if rans.borrowing < 0:
                fail("more plain sites than there are")
    if index < model.adaptive:
        for g in range(3):
            for c in range(3):
                if ranges[c][0] == ranges[c][1] or not streams[0].bits(1):
                    continue
                step, order = 1 + streams[0].bits(2), streams[0].bits(3)
                for t in range(len(filters[g][c])):
                    filters[g][c][t] += unzigzag(streams[0].exp_golomb(order)) << step
                    if not -32768 <= filters[g][c][t] <= 32767:
                        fail("filter coefficient out of range")
                if sum(abs(w) for w in filters[g][c]) > 1 << 20:
                    fail("filter could overflow")
    x = {"A": a}
    residual = {}
    stream = np.zeros((gh, gw, groups[0]["input"].outputs), np.int64)
    for g in range(3):
        site, net = GROUP_LATTICE[g], groups[g]
        near = {
            "D": [("A", 0, 0), ("A", 0, 1), ("A", 1, 0), ("A", 1, 1)],
            "B": [("A", 0, 0), ("A", 0, 1), ("D", -1, 0), ("D", 0, 0)],
            "C": [("A", 0, 0), ("A", 1, 0), ("D", 0, -1), ("D", 0, 0)],
        }[site]
        m = [(sum(shifted(x[l][c], dy, dx) for l, dy, dx in near) + 2) >> 2 for c in range(3)]
        x[site], residual[site], p = [None] * 3, [None] * 3, [None] * 3
        valid = np.zeros((gh, gw), bool)
        valid[: h // 2 if OFFSET[site][0] else gh, : w // 2 if OFFSET[site][1] else gw] = True
        for c in range(3):
            lo, hi = ranges[c]
            total = np.zeros((gh, gw), np.int64)
            for weight, (k, lattice, dy, dx) in zip(filters[g][c], model.taps[g][c]):
                total += weight * (shifted(x[lattice][k], dy, dx) - m[k])
            p[c] = clamp(16 * m[c] + ((total + 32) >> 6), 16 * lo, 16 * hi)
            if c == 0:
                parts = [dif(16 * (x[l][k] - m[k])) for l in ORDER if l in x and l != site
                         for k in range(3)]
                if g == 0:
                    parts += [sat(8 * (x["A"][k] - (128 if k == 0 else 0))) for k in range(3)]
                else:
                    last = residual[GROUP_LATTICE[g - 1]]
                    parts += [dif(r) for r in last] + [log_magnitude(r) for r in last]
                parts.append(dif(p[0] - 16 * m[0]))
                if g == 0:
                    parts += [log_magnitude(r) for r in coarse]
                stream = sat(stream + net["input"](np.stack(parts, -1)))
                for first, second in net["blocks"]:
                    stream = sat(stream + second(clamp(first(stream), 0, 8191)))
            if lo == hi:
                x[site][c] = np.full((gh, gw), lo, np.int64)
            else:
                layers = net["heads"][c]
                u = layers["hidden"](stream)
                if c:
                    extra = []
                    for k in range(c):
                        extra += [dif(residual[site][k]), log_magnitude(residual[site][k])]
                    extra.append(dif(p[c] - 16 * m[c]))
                    u = u + sat(layers["extra"](np.stack(extra, -1)))
                head = sat(layers["out"](clamp(u, 0, 8191)))
                x[site][c] = clamp((p[c] + 8) >> 4, lo, hi)  # what missing sites keep
                scale = sat(net["scale"](stream))[..., c] if model.affine else None
                rows = [range(gh * b // bands, gh * (b + 1) // bands) for b in range(bands)]
                if tile:
                    decode_refined_sites(tile, streams[1], head, g, c, p[c], lo, hi, valid,
                                         x[site][c])
                else:
                    decode_sites(model, head, scale, p[c], lo, hi, rows, valid, streams,
                                 x[site][c])
            residual[site][c] = np.where(valid, 16 * x[site][c] - p[c], 0)
    for s in streams:
        if s is not None:
            s.check_end()
    pictures, residuals = [], []
    for c in range(3):
        picture, rest = np.zeros((2 * gh, 2 * gw), np.int64), np.zeros((2 * gh, 2 * gw), np.int64)
        for l, (oy, ox) in OFFSET.items():
            picture[oy::2, ox::2] = x[l][c]
            if l != "A":
                rest[oy::2, ox::2] = residual[l][c]
        pictures.append(picture[:h, :w])
        residuals.append(rest[:h, :w])
    return pictures, residuals


# ---------------------------------------------------------------- 3.7 colour conversions


def read_conversion(r, pixels):
    """The conversion's number and a list of (pixel, [differences of r, g, b])."""
    conversion = r.u(1)
    if conversion > 2:
        fail("unknown colour conversion")
    exceptions = []
    count = r.varint() if conversion else 0
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


def decode_flow(model, r, width, height, channels, is_refined):
    """3.1: a tile's planes Y, Co, Cg."""
    ranges = read_ranges(r, channels)
    sizes = [(height, width)]
    while max(sizes[-1]) > 8:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    if all(lo == hi for lo, hi in ranges):
        return [np.full(sizes[0], lo, np.int64) for lo, _ in ranges]
    base = Rans(r.bytes(r.varint()), 1)
    picture = []
    for lo, hi in ranges:
        plane, before = np.full(sizes[-1], lo, np.int64), (lo + hi) >> 1
        if lo != hi:
            for y in range(sizes[-1][0]):
                for x in range(sizes[-1][1]):
                    before += unzigzag(base.exp_golomb(4))
                    if not lo <= before <= hi:
                        fail("sample outside its range")
                    plane[y, x] = before
        picture.append(plane)
    base.check_end()
    coarse = [np.zeros(sizes[-1], np.int64)] * 3
    tile = refined.Tile(width * height * channels) if is_refined else None
    for index in range(len(sizes) - 2, -1, -1):
        gh, gw = sizes[index + 1]
        bands = 2 if tile else min(max(min(gh * gw // 32768, 16), 1), gh)
        lengths = [r.varint() for _ in range(bands)]
        lanes = 4 if gh * gw >= 2048 else 1
        if tile:  # 3.12
            filters, samples = (r.bytes(n) for n in lengths)
            if filters and index >= model.adaptive:
                fail("filters where there are none")
            streams = [Rans(filters, 1) if index < model.adaptive else None, Bits(samples)]
        else:
            streams = [Rans(r.bytes(n), lanes) for n in lengths]
        picture, coarse = decode_level(model, index, sizes[index], picture, coarse, streams,
                                       ranges, tile)
    if r.at != len(r.data):
        fail("surplus bytes in a tile")
    return picture


def read_ranges(r, channels):
    ranges = [(0, 0)] * 3
    for c in range(channels):
        low = r.signed_varint()
        ranges[c] = (low, low + r.varint())
        if not -1023 <= low <= ranges[c][1] <= 1023:
            fail("range out of bounds")
    return ranges


def decode_raster(r, width, height, channels):
    """3.13: a tile's planes Y, Co, Cg."""
    ranges = read_ranges(r, channels)
    planes, magnitudes = [], []
    for c in range(channels):
        lo, hi = ranges[c]
        data = None if lo == hi else Reader(r.bytes(r.varint()))
        raster.decode_channel(data, lambda b: Rans(b, 1), c, width, height, (lo, hi), planes,
                              magnitudes)
    if r.at != len(r.data):
        fail("surplus bytes in a tile")
    return [np.array(plane.rows, np.int64) for plane in planes]


def unlift_raster(planes):
    y, co, cg = planes
    t = y - (cg >> 1)
    b = t - (co >> 1)
    return [b + co, cg + t, b]


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


def decode_tile(model, data, width, height, channels, depth):
    r = Reader(data)
    mode = r.u(1)
    if mode == 0:
        out = decode_raw(r, width, height, channels, depth)
    elif mode == 1:
        out = np.tile(decode_raw(r, 1, 1, channels, depth), (height, width, 1))
    elif mode == 3:
        pixels = decode_context_tile(Reader(data[1:]), width, height, channels, depth)
        return np.array(pixels, np.int64)
    elif mode in (2, 4, 5, 6, 7, 8):
        alpha_apart, is_refined, is_raster = mode in (4, 6, 8), mode in (5, 6), mode in (7, 8)
        if is_refined and (model.latent or model.affine):
            fail("a refined tile of a model with options")
        colors = channels - alpha_apart
        out = np.zeros((height, width, channels), np.int64)
        alpha_size = r.varint() if alpha_apart else 0
        if alpha_size > 0:
            alpha = Reader(r.bytes(alpha_size))
            out[..., -1:] = decode_context_tile(alpha, width, height, 1, depth)
        payload = Reader(r.bytes(len(data) - r.at))
        conversion, exceptions = (read_conversion(payload, width * height) if colors == 3
                                  else (0, []))
        orientation = payload.u(1) if colors == 3 and not is_raster else 0
        if orientation > 3:
            fail("unknown orientation")
        planes = (decode_raster(payload, width, height, colors) if is_raster else
                  decode_flow(model, payload, width, height, colors, is_refined))
        if orientation & 1:
            planes = [plane[:, ::-1] for plane in planes]
        if orientation & 2:
            planes = [plane[::-1] for plane in planes]
        if conversion:
            planes = convert(conversion, exceptions, planes)
        elif colors == 3:
            planes = unlift_raster(planes) if is_raster else model.unlift(planes)
        for c in range(colors):
            out[..., c] = planes[c]
        if alpha_apart and alpha_size == 0:
            out[..., -1] = out[..., 0]
        return out
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


def read_png_chunks(data):
    """The list inside PNGC or pNGC, as pairs of type and data."""
    r = Reader(data)
    method = r.u(1)
    if method == 1:
        size = r.varint()
        if not 1 <= size <= 1 << 20:
            fail("malformed metadata")
        block = decode_block(r.bytes(len(data) - r.at), size, 1, 1, 8, 2, True)
        r = Reader(bytes(pixel[0] for pixel in block[0]))
    elif method == 2:
        size = r.varint()
        if not 1 <= size <= 1 << 23:
            fail("malformed metadata")
        block = decode_block(r.bytes(len(data) - r.at), size, 1, 1, 8, 1, True, True, True)
        r = Reader(bytes(pixel[0] for pixel in block[0]))
    elif method != 0:
        fail("malformed metadata")
    chunks = []
    while r.at < len(r.data):
        kind = r.bytes(4)
        chunks.append((kind, r.bytes(r.varint())))
        if not is_type(kind) or kind in (b"IHDR", b"IEND") or (kind == b"IDAT" and chunks[-1][1]):
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


def read_chunks(r, end, channels, depth, indexed):
    """2.3: chunks up to the header's checksum. Returns the largest sample, and read_values."""
    largest, png, values = (1 << depth) - 1, None, None
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
        elif chr(kind[0]).isupper():
            fail(f"unknown critical chunk {kind.decode()}")
    if r.at != end:
        fail("chunk beyond the header")
    palette = next((data for kind, data in png or [] if kind == b"PLTE"), b"")
    if indexed and not (3 <= len(palette) <= 768 and len(palette) % 3 == 0):
        fail("no valid palette")
    return largest, values


def read_header(data):
    """2.1 to 2.4; returns the reader at the first tile."""
    r = Reader(data)
    if r.bytes(8) != bytes.fromhex("8F464C5A0D0A1A0A") or r.u(1) != 1:
        fail("not a flowzip file of version 1")
    channels, depth, flags = r.u(1), r.u(1), r.u(1)
    width, height, model_hash, tile_log2, header = r.u(4), r.u(4), r.u(8), r.u(1), r.u(4)
    if not 37 <= header <= len(data):
        fail("header is cut short")
    if xxh32(0, data[: header - 4]) != int.from_bytes(data[header - 4 : header], "little"):
        fail("header checksum")
    if not 1 <= channels <= 4 or not 1 <= depth <= 16 or flags > 7 or not 4 <= tile_log2 <= 12:
        fail("unknown kind of picture")
    indexed = flags & 1 == 1
    if indexed and (channels != 1 or depth > 8):
        fail("indices of more than one channel or more than 8 bits")
    if not (1 <= width < 1 << 31 and 1 <= height < 1 << 31) or width * height > 1 << 28:
        fail("impossible size")
    def side(other):  # 2.2
        bits = (other - 1).bit_length()
        return 1 << (2 * tile_log2 - bits if bits < tile_log2 else tile_log2)

    tile = side(width), side(height)
    tiles = -(-width // tile[1]) * -(-height // tile[0])
    if tiles > header:
        fail("tile index is too short")
    sizes = [r.varint() for _ in range(tiles)]
    largest, values = read_chunks(r, header - 4, channels, depth, indexed)
    r.bytes(4)
    if len(data) != header + sum(sizes) + 8 * len(sizes):
        fail("file is too short or too long")
    coded = values[0] if values else depth
    plain = coded == 8 and (values or largest == 255) and not indexed
    flow = plain and model_hash != 0
    modes = (b"\0\1\3" + (b"\7\10" if plain else b"") + (b"\2\4" if flow else b"")
             + (b"\5\6" if flow and flags & 4 else b""))
    return r, channels, depth, width, height, model_hash, tile, sizes, largest, modes, values


def decode_file(data, model):
    (r, channels, depth, width, height, model_hash, tile, sizes, largest, modes,
     values) = read_header(data)
    coded = values[0] if values else depth
    most = (1 << coded) - 1 if values else largest
    if model_hash not in (0, model.hash):
        fail(f"needs model {model_hash:016x}")
    columns = -(-width // tile[1])
    pixels = np.zeros((height, width, channels), np.uint16)
    for n, size in enumerate(sizes):  # 2.5
        block_checksum, block = r.u(4), r.bytes(4 + size)
        if xxh32(n, block) != block_checksum:
            fail(f"block checksum of tile {n}")
        y, x = n // columns * tile[0], n % columns * tile[1]
        h, w = min(tile[0], height - y), min(tile[1], width - x)
        if block[4:5] not in [modes[i : i + 1] for i in range(len(modes))]:
            fail("a tile of a mode that cannot be")
        part = decode_tile(model, block[4:], w, h, channels, coded)
        if np.max(part) > most:
            fail("sample out of range")
        pixels[y : y + h, x : x + w] = part
        raw = np.asarray(part).astype("<u2" if coded > 8 else np.uint8).tobytes()
        if xxh32(n, raw) != int.from_bytes(block[:4], "little"):
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
