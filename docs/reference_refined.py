# SPDX-License-Identifier: BSD-3-Clause
"""Refined tiles, FORMAT.md 3.12, for reference_decoder.py. Slow, integers only."""
from reference_bits import (SQUASH, STRETCH, TOP, Slots, clamp, fail, half_octave, learn_slot,
                            signed_half_octave, step, table_bits, tdiv)
from reference_contexts import Logistic, odds

UNKNOWN = -32768
OFFSET = {"A": (0, 0), "B": (0, 1), "C": (1, 0), "D": (1, 1)}  # row, column in a cell
GROUP_LATTICE = "DBC"
BORDER = 3


def make_fine():
    fine, x = [], -TOP
    for i in range(16384):
        while x < TOP and SQUASH[x + TOP] < 4 * i + 2:
            x += 1
        fine.append(x)
    return fine


def make_neighbours(g):
    own = GROUP_LATTICE[g]
    steps = []
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            y, x = OFFSET[own][0] + dy, OFFSET[own][1] + dx
            lattice = "ABCD"[2 * (y & 1) + (x & 1)]
            if lattice in "A" + GROUP_LATTICE[:g] or (lattice == own and (dy, dx) < (0, 0)):
                steps.append((dy, dx))
    return sorted(steps, key=lambda s: s[0] ** 2 + s[1] ** 2)[:20]  # stable


FINE = make_fine()
NEIGHBOURS = [make_neighbours(g) for g in range(3)]
FIRST_KNOTS = [SQUASH[clamp(192 * (k - 16), -TOP, TOP) + TOP] for k in range(33)]


def cut(v):
    return clamp(v, -4096, 4096)


def u32(v):
    return v & 0xFFFFFFFF


def octaves(v):
    """T of 3.12."""
    return signed_half_octave(v >> 2)


def reached(v):
    """q of 3.12."""
    return sum(v >= bound for bound in (-24, -8, -2, 3, 9, 25, 61))


class Filter:
    def __init__(self, inputs, rate):
        self.weights, self.rate, self.y = [0] * inputs, rate, 0

    def predict(self, x):
        self.y = clamp(sum(w * v for w, v in zip(self.weights, x)) >> 16, -(1 << 14), 1 << 14)
        return self.y

    def learn(self, x, error):
        power = 256 * len(x) + sum(v * v for v in x)
        gain = tdiv((error - self.y) * self.rate * 65536, power)
        self.weights = [clamp(w + tdiv(gain * v, 65536), -(1 << 18), 1 << 18)
                        for w, v in zip(self.weights, x)]


class Mixer:
    def __init__(self):
        self.sets = {}

    def mix(self, x, number):
        self.w = self.sets.setdefault(number, [[0] * 10 + [65536] + [0] * 6, 0])
        self.out = clamp(sum(i * j for i, j in zip(x, self.w[0])) >> 16, -TOP, TOP)
        return self.out

    def learn(self, x, bit):
        error, rate = (bit << 16) - SQUASH[self.out + TOP], 18 + 192 // (16 + self.w[1])
        self.w[1] = min(self.w[1] + 1, 2048)
        self.w[0] = [clamp(j + (i * error * rate + (1 << 19) >> 20), -(1 << 20), 1 << 20)
                     for i, j in zip(x, self.w[0])]


class Tile:
    """What a tile has taught so far."""

    def __init__(self, samples):
        self.slots = Slots(table_bits(samples, 4))
        self.mixers = [Mixer() for _ in range(3)]
        self.filters, self.drifts, self.spreads, self.map = {}, {}, {}, {}
        self.values, self.errors = [None] * 3, [None] * 3

    def begin_level(self, index, size, a):
        """a: the level's A samples, per channel; size: height, width of its picture."""
        self.level_class = min(index, 2)
        h, w = size
        for c in range(3):
            last = self.errors[c]
            values = [[UNKNOWN] * (w + 2 * BORDER) for _ in range(h + 2 * BORDER)]
            errors = [[0] * (w + 2 * BORDER) for _ in range(h + 2 * BORDER)]
            for i in range((h + 1) // 2):
                for j in range((w + 1) // 2):
                    values[2 * i + BORDER][2 * j + BORDER] = int(a[c][i, j])
                    if last is not None:
                        error = last[i + BORDER][j + BORDER]
                        errors[2 * i + BORDER][2 * j + BORDER] = error
            self.values[c], self.errors[c] = values, errors

    def site(self, coder, partition, p, g, c, y, x):
        """One sample; y, x: its place in the level's picture."""
        return Site(self, coder, partition, p, g, c, y + BORDER, x + BORDER).read()


class Site:
    def __init__(self, tile, coder, partition, p, g, c, y, x):
        self.tile, self.coder, self.partition, self.g, self.c = tile, coder, partition, g, c
        self.at = y, x
        self.lo, self.hi = partition.lo, partition.hi
        self.mean = clamp(sum(int(w) * int(m) for w, m in zip(partition.w, partition.m)) >> 14,
                          16 * self.lo, 16 * self.hi)
        self.center = clamp((self.mean + 8) >> 4, self.lo, self.hi)
        reach = max(1, sum(int(w) * int(r) for w, r in
                           zip(partition.w, partition.reach)) >> 14)
        self.look(y, x, p, reach)

    def look(self, y, x, p, reach):
        tile, c, g = self.tile, self.c, self.g
        near, level_class = NEIGHBOURS[g], tile.level_class
        values = [tile.values[c][y + dy][x + dx] for dy, dx in near]
        inputs = [0 if v == UNKNOWN else cut(16 * v - self.mean) for v in values]
        error = [tile.errors[c][y + dy][x + dx] for dy, dx in near[:12]]
        own = [tile.errors[k][y][x] for k in range(c)]
        inputs += error + own
        for k in range(3):
            if k != c:
                inputs += [tile.errors[k][y + dy][x + dx] for dy, dx in near[:4]]
        linear = cut(p - self.mean)
        self.inputs = inputs = inputs + [linear]
        own += [0] * (2 - c)

        self.place = place = 9 * level_class + 3 * g + c
        if place not in tile.filters:
            tile.filters[place] = Filter(41 + c, 2000), Filter(41 + c, 10000)
        self.filters = tile.filters[place]
        slow, fast = (f.predict(inputs) for f in self.filters)
        self.filtered = (slow + fast) >> 1
        texture = sum((inputs[k] > slow) << k for k in range(6))
        texture |= ((error[0] > 0) << 6 | (error[1] > 0) << 7 | (own[0] > 0) << 8
                    | (own[1] > 0) << 9)
        errors = (128 * reached(error[0]) + 16 * reached(error[1]) + 2 * reached(own[0])
                  + (own[1] > 0))
        steep = min(3, half_octave(reach) // 4)
        self.drifts = [tile.drifts.setdefault(key, [0, 0])
                       for key in (("texture", c, g, steep, texture), ("errors", c, g, errors))]
        textured, leaning = (self.filtered + (drift[0] >> 8) for drift in self.drifts)

        energy = sum(abs(v) for v in error) + sum(abs(v) for v in error[:4])
        self.scale = scale = min(31, half_octave(reach))
        self.e = e = min(63, half_octave(energy >> 2))
        o = min(31, half_octave(abs(own[0]) + abs(own[1])))
        gap = min(31, half_octave(abs(slow - fast)))
        self.shifts = [slow, fast, textured, textured, leaning]
        numbers = [64 * scale + e, 64 * scale + e, 64 * scale + o, 64 * e + o, 64 * gap + scale]
        self.spreads = [tile.spreads.setdefault((level_class, c, k, number), [0, 0])
                        for k, number in enumerate(numbers)]
        self.shapes = [
            Logistic(spread[0] if spread[1] > 0 else reach // 6,
                     (self.mean + shift - 16 * self.center) >> 1)
            for spread, shift in zip(self.spreads, self.shifts)]

        s, here, q = 4 * c + level_class << 56, 4096 * (self.center + 2048), octaves
        known = [u32(tile.values[k][y][x] + 2048) for k in range(c)]

        def offset(v):
            return u32((self.mean + v - 16 * self.center + 512) >> 1)

        def close(k):
            return clamp(inputs[k], -255, 255)

        self.hashes = [
            step(step(s | 1, here + (known[0] if c > 0 else 0)), known[1] if c > 1 else 0),
            step(s | 2, 64 * offset(textured) + scale),
            step(step(s | 3, 128 * q(own[0]) + q(own[1])), scale),
            step(step(s | 4, 512 * (close(0) + 256) + close(1) + 256), (close(2) >> 4) + 64),
            step(step(s | 5, here), scale // 4),
            step(step(s | 6, 128 * q(inputs[0]) + q(inputs[1])), scale // 2),
            step(s | 7, here + known[c - 1] if c > 0 else 64 * offset(leaning) + e),
            step(step(s | 8, 16 * q(slow) + self.mean % 16), scale // 2),
            step(step(s | 9, 128 * q(fast) + q(linear)), scale // 2),
            step(step(step(s | 10, 32 * o + e // 2), 4 * scale + g),
                 q(inputs[2]) if c > 0 else 0)]

    def bit(self, kind, part, whole, shape_odds):
        tile, c = self.tile, self.c
        slots, x = [], []
        for h in self.hashes:
            slot = tile.slots.find(step(h, kind))
            slots.append(slot)
            x.append(STRETCH[slot[0] >> 6] * (256 * slot[1] // (slot[1] + 1)) >> 8)
        x.append(FINE[min(16383, 16384 * part // whole) if whole else 8192])
        x += [shape_odds(shape) for shape in self.shapes] + [256]
        high = 32 if c > 0 else 0
        sets = (27 * kind + self.place, 64 * kind + self.scale + high,
                64 * kind + min(31, self.e) + high)
        mixed = tdiv(sum(mixer.mix(x, n) for mixer, n in zip(tile.mixers, sets)), 3)
        key = kind, c, self.scale
        if key not in tile.map:
            tile.map[key] = list(FIRST_KNOTS)
        knots = tile.map[key]
        j, d = divmod(mixed + 3072, 192)
        mapped = (knots[j] * (192 - d) + knots[j + 1] * d) // 192
        bit = self.coder.code(clamp((3 * SQUASH[mixed + TOP] + mapped) >> 2, 16, 65520))
        for mixer in tile.mixers:
            mixer.learn(x, bit)
        j += d > 96
        knots[j] += tdiv((65535 if bit else 0) - knots[j], 64)
        for slot in slots:
            learn_slot(slot, bit)
        return bit

    def value(self):
        """Inside the window, or an escape's lo - 1 or hi + 1."""
        center, below = self.center, self.partition.c
        first, last = self.lo - self.partition.a, self.hi + self.partition.b
        left, right = below(center), (1 << 16) - below(center + 1)
        if not self.bit(0, left + right, 1 << 16,
                        lambda s: odds(s.tail(1, False) + s.tail(1, True), 1 << 31)):
            return center
        if center in (first, last):
            negative = center == last
        else:
            negative = bool(self.bit(1, left, left + right, lambda s: odds(
                s.tail(1, True), s.tail(1, False) + s.tail(1, True))))
        most = center - first if negative else last - center

        def mass(d):
            return below(center - d + 1) if negative else (1 << 16) - below(center + d)

        inner, i = left if negative else right, 0
        while i < most.bit_length() - 1:
            part = mass(2 << i)
            if not self.bit(2 + min(i, 15) + 16 * negative, part, inner, lambda s: odds(
                    s.tail(2 << i, negative), s.tail(1 << i, negative))):
                break
            inner = part
            i += 1
        outer, d = mass(2 << i), 1
        for n in range(i - 1, -1, -1):
            u = (2 * d + 1) << n
            if u > most:
                d = 2 * d
                continue
            middle = mass(u)
            part, whole = middle - outer, inner - outer
            if n == i - 1:
                def shape_odds(s):
                    z = s.tail(2 << i, negative)
                    return odds(s.tail(3 << (i - 1), negative) - z, s.tail(1 << i, negative) - z)
                bit = self.bit(33 + min(i, 6), part, whole, shape_odds)
            else:
                bit = self.coder.code(clamp(65536 * part // max(whole, 1), 64, 65472))
            if bit:
                inner = middle
            else:
                outer = middle
            d = 2 * d + bit
        return center - d if negative else center + d

    def escape(self):
        n = 0
        while self.coder.code(1 << 15):
            n += 1
            if n > 20:
                fail("escape without end")
        number = 1
        for _ in range(n + 3):
            number = number << 1 | self.coder.code(1 << 15)
        return number - 8

    def read(self):
        v = self.value()
        if v < self.lo:
            v -= self.escape()
        elif v > self.hi:
            v += self.escape()
        if not self.partition.vmin <= v <= self.partition.vmax:
            fail("sample outside its range")
        y, x = self.at
        error = 16 * v - self.mean
        self.tile.values[self.c][y][x] = v
        self.tile.errors[self.c][y][x] = cut(error)
        for f in self.filters:
            f.learn(self.inputs, error)
        for spread, shift in zip(self.spreads, self.shifts):
            spread[0] += tdiv(abs(error - shift) - spread[0], spread[1] + 2)
            spread[1] = min(spread[1] + 1, 250)
        for drift in self.drifts:
            miss = clamp(error - self.filtered, -2048, 2048)
            drift[0] += tdiv(256 * miss - drift[0], drift[1] + 4)
            drift[1] = min(drift[1] + 1, 60)
        return v


def decode_sites(tile, coder, g, c, p, partitions, valid, out):
    """One channel of one group. partitions(i, j): the site's mixture."""
    dy, dx = OFFSET[GROUP_LATTICE[g]]
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            if valid[i, j]:
                out[i, j] = tile.site(coder, partitions(i, j), int(p[i, j]), g, c, 2 * i + dy,
                                      2 * j + dx)
