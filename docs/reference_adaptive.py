# SPDX-License-Identifier: BSD-3-Clause
"""Adaptive planes, FORMAT.md 3.13, for reference_network.py. Slow, integers only."""
from reference_bits import (SQUASH, STRETCH, TOP, Bits, Slots, clamp, fail, half_octave, learn_slot,
                            signed_half_octave, step, table_bits, tdiv)
from reference_contexts import Logistic, odds
from reference_lattice import on_lattice


def make_fine():
    fine, x = [], -TOP
    for i in range(16384):
        while x < TOP and SQUASH[x + TOP] < 4 * i + 2:
            x += 1
        fine.append(x)
    return fine


FINE = make_fine()
FIRST_KNOTS = [SQUASH[clamp(192 * (k - 16), -TOP, TOP) + TOP] for k in range(33)]


# Of events (reference_tilt.py).
KINDS = 0, 0, 0, 0, 1, 2, 2, 2, 3, 4, 4, 5, 6


def cut(v):
    return clamp(v, -4096, 4096)


def u32(v):
    return v & 0xFFFFFFFF


def coarse(v):
    """T of 3.13."""
    return signed_half_octave(v >> 2)


def reached(v):
    """q of 3.13."""
    return sum(v >= bound for bound in (-24, -8, -2, 3, 9, 25, 61))


class Filter:
    def __init__(self, inputs, rate):
        self.weights, self.rate, self.y = [0] * inputs, rate, 0

    def predict(self, x):
        self.y = clamp(sum(w * v for w, v in zip(self.weights, x)) >> 16, -(1 << 14), 1 << 14)
        return self.y

    def learn(self, x, error):
        power = 256 * len(x) + sum(v * v for v in x)
        gain = clamp(tdiv((error - self.y) * self.rate * 65536, power), 1 - (1 << 31), (1 << 31) - 1)
        self.weights = [clamp(w + tdiv(gain * v, 65536), -(1 << 18), 1 << 18)
                        for w, v in zip(self.weights, x)]


class Mixer:
    def __init__(self):
        self.sets = {}

    def mix(self, x, number):
        self.w = self.sets.setdefault(number, [[0] * 14 + [65536] + [0] * 3, 0])
        self.out = clamp(sum(i * j for i, j in zip(x, self.w[0])) >> 16, -TOP, TOP)
        return self.out

    def learn(self, x, bit):
        error, rate = (bit << 16) - SQUASH[self.out + TOP], 18 + 192 // (16 + self.w[1])
        self.w[1] = min(self.w[1] + 1, 2048)
        self.w[0] = [clamp(j + (i * error * rate + (1 << 19) >> 20), -(1 << 20), 1 << 20)
                     for i, j in zip(x, self.w[0])]


class Plane:
    """What a plane has taught so far. others: the earlier planes, with values v and errors.
    rgb: the colour of three planes' values, where that may be on the lattice; else None."""

    def __init__(self, data, own, others, rgb):
        self.coder, self.own, self.others, self.rgb = Bits(data), own, others, rgb
        self.slots = Slots(table_bits(own.width * own.height, 4))
        self.mixers = [Mixer() for _ in range(4)]
        inputs = 33 + 5 * len(others)
        self.filters = Filter(inputs, 2000), Filter(inputs, 10000)
        self.drifts, self.spreads, self.map = {}, {}, {}

    def check_end(self):
        self.coder.check_end()

    def plain(self, bits):
        value = 0
        for _ in range(bits):
            value = value << 1 | self.coder.code(1 << 15)
        return value

    def read(self, partition, tilted, b, center, near, x, y):
        """The sample at x, y without its b low bits. tilted: a Site of reference_tilt.py."""
        return Site(self, partition, tilted, b, center, near, x, y).read()


class Site:
    def __init__(self, plane, partition, tilted, b, prediction, near, x, y):
        self.plane, self.partition, self.place = plane, partition, (x, y)
        self.tilted = tilted
        self.lo, self.hi = partition.lo, partition.hi
        self.mean = clamp(partition.mean(), 16 * self.lo, 16 * self.hi)
        self.center = clamp((self.mean + 8) >> 4, self.lo, self.hi)
        reach = max(1, sum(int(w) * int(r) for w, r in
                           zip(partition.w, partition.reach)) >> 14)
        self.look(x + 4, y + 4, b, prediction, near, reach)

    def look(self, x, y, b, prediction, near, reach):
        plane, own_plane, c = self.plane, self.plane.own, len(self.plane.others)
        inputs = [cut((16 * int(own_plane.v[y + dy, x + dx]) >> b) - self.mean)
                  for dx, dy in near[:20]]
        error = [int(own_plane.errors[y + dy, x + dx]) for dx, dy in near[:12]]
        inputs += error
        own = []
        for other in plane.others:
            own.append(int(other.errors[y, x]))
            inputs += own[-1:] + [int(other.errors[y + dy, x + dx]) for dx, dy in near[:4]]
        linear = cut(prediction - self.mean)
        self.inputs = inputs = inputs + [linear]
        own += [0] * (2 - c)

        slow, fast = (f.predict(inputs) for f in plane.filters)
        self.filtered = (slow + fast) >> 1
        texture = sum((inputs[k] > slow) << k for k in range(6))
        texture |= ((error[0] > 0) << 6 | (error[1] > 0) << 7 | (own[0] > 0) << 8
                    | (own[1] > 0) << 9)
        errors = (128 * reached(error[0]) + 16 * reached(error[1]) + 2 * reached(own[0])
                  + (own[1] > 0))
        steep = min(3, half_octave(reach) // 4)
        self.drifts = [plane.drifts.setdefault(key, [0, 0])
                       for key in (("texture", steep, texture), ("errors", errors))]
        textured, leaning = (self.filtered + (drift[0] >> 8) for drift in self.drifts)

        energy = sum(abs(v) for v in error) + sum(abs(v) for v in error[:4])
        self.scale = scale = min(31, half_octave(reach))
        e = min(63, half_octave(energy >> 2))
        o = min(31, half_octave(abs(own[0]) + abs(own[1])))
        gap = min(31, half_octave(abs(slow - fast)))
        self.shifts = [textured, leaning]
        numbers = [64 * scale + e, 64 * gap + o]
        self.spreads = [plane.spreads.setdefault((k, number), [0, 0])
                        for k, number in enumerate(numbers)]
        self.shapes = [
            Logistic(spread[0] if spread[1] > 0 else reach // 6,
                     (self.mean + shift - 16 * self.center) >> 1)
            for spread, shift in zip(self.spreads, self.shifts)]

        here = (self.center + 65536) << 17
        known = [(int(other.v[y, x]) >> b) + 65536 for other in plane.others]

        def close(k):
            return clamp(inputs[k], -255, 255)

        def difference(n, way):
            h = step(n, u32(self.center - (way(own_plane) >> b)))
            for other in plane.others:
                h = step(h, u32(int(other.v[y, x]) - way(other)))
            return h

        def west(p):
            return int(p.v[y, x - 1])

        def north(p):
            return int(p.v[y - 1, x])

        def north_west(p):
            return int(p.v[y - 1, x - 1])

        def north_east(p):
            return int(p.v[y - 1, x + 1])

        self.hashes = [
            step(step(1, here + (known[0] if c > 0 else 0)), known[1] if c > 1 else 0),
            step(step(2, 128 * coarse(own[0]) + coarse(own[1])), scale),
            step(step(3, 512 * (close(0) + 256) + close(1) + 256), (close(2) >> 4) + 64),
            step(step(4, here), scale // 4),
            step(step(5, 128 * coarse(inputs[0]) + coarse(inputs[1])), scale // 2),
            step(6, here + known[c - 1] if c > 0 else
                 64 * u32((self.mean + leaning - 16 * self.center + 512) >> 1) + e),
            step(step(7, 128 * coarse(fast) + coarse(linear)), scale // 2),
            step(step(8, known[0] if c > 0 else 0), scale // 2),
            difference(9, west),
            difference(10, north),
            difference(11, lambda p: west(p) + north(p) - north_west(p)),
            difference(12, north_west),
            difference(13, north_east)]
        self.hashes.append(step(self.hashes[8], self.hashes[9]))
        self.third_set = min(31, e) + (32 if c > 0 else 0)
        if plane.rgb and c == 2:
            planes = plane.others + [own_plane]
            first, second = (int(other.v[y, x]) for other in plane.others)
            mask = sum(on_lattice(plane.rgb(first, second, self.center - 4 + k)) << k
                       for k in range(9))
            count = sum(on_lattice(plane.rgb(*map(way, planes)))
                        for way in (west, north, north_west, north_east))
            green = plane.rgb(first, second, self.center)[1]
            self.hashes[7] = step(step(8, green + 65536), scale // 2)
            self.hashes[11] = step(step(12, mask), self.mean % 16)
            self.hashes[12] = step(step(13, mask), count)
            self.third_set = (mask >> 2) % 32 + (32 if count > 2 else 0)

        here = self.center - self.tilted.f
        self.kinds = sum({1 << kind for kind, some in zip(KINDS, self.tilted.sets) if here in some})

    def below(self, v):
        """The mixture's mass below v, tilted."""
        if self.lo <= v <= self.hi + 1 and 0 <= v - self.tilted.f <= 8:
            return self.tilted.starts[v - self.tilted.f]
        return self.partition.c(v)

    def bit(self, kind, part, whole, shape_odds):
        plane = self.plane
        slots, x = [], []
        for h in self.hashes:
            slot = plane.slots.find(step(h, kind))
            slots.append(slot)
            x.append(STRETCH[slot[0] >> 6] * (256 * slot[1] // (slot[1] + 1)) >> 8)
        x.append(FINE[min(16383, 16384 * part // whole) if whole else 8192])
        x += [shape_odds(shape) for shape in self.shapes] + [256]
        high = 32 if plane.others else 0
        sets = (kind, 64 * kind + self.scale + high, 64 * kind + self.third_set,
                128 * kind + self.kinds)
        mixed = tdiv(sum(mixer.mix(x, n) for mixer, n in zip(plane.mixers, sets)), 4)
        knots = plane.map.setdefault((kind, self.scale), list(FIRST_KNOTS))
        j, d = divmod(mixed + 3072, 192)
        mapped = (knots[j] * (192 - d) + knots[j + 1] * d) // 192
        bit = plane.coder.code(clamp((3 * SQUASH[mixed + TOP] + mapped) >> 2, 16, 65520))
        for mixer in plane.mixers:
            mixer.learn(x, bit)
        j += d > 96
        knots[j] += tdiv((65535 if bit else 0) - knots[j], 64)
        for slot in slots:
            learn_slot(slot, bit)
        return bit

    def value(self):
        """Inside the window, or an escape's lo - 1 or hi + 1."""
        center, below = self.center, self.below
        first, last = self.lo - self.partition.a, self.hi + self.partition.b
        if first == last:
            return first
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
                bit = self.plane.coder.code(clamp(65536 * part // max(whole, 1), 64, 65472))
            if bit:
                inner = middle
            else:
                outer = middle
            d = 2 * d + bit
        return center - d if negative else center + d

    def escape(self):
        n = 0
        while self.plane.coder.code(1 << 15):
            n += 1
            if n > 20:
                fail("escape without end")
        return (1 << (n + 2)) + self.plane.plain(n + 2) - 4

    def read(self):
        v = self.value()
        if v < self.lo:
            v -= self.escape()
        elif v > self.hi:
            v += self.escape()
        if not self.partition.vmin <= v <= self.partition.vmax:
            fail("sample outside its range")
        error = 16 * v - self.mean
        self.plane.own.set_error(*self.place, cut(error))
        for f in self.plane.filters:
            f.learn(self.inputs, error)
        for spread, shift in zip(self.spreads, self.shifts):
            spread[0] += tdiv(abs(error - shift) - spread[0], spread[1] + 2)
            spread[1] = min(spread[1] + 1, 250)
        for drift in self.drifts:
            miss = clamp(error - self.filtered, -2048, 2048)
            drift[0] += tdiv(256 * miss - drift[0], drift[1] + 4)
            drift[1] = min(drift[1] + 1, 60)
        return v
