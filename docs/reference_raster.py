# SPDX-License-Identifier: BSD-3-Clause
"""Raster tiles, FORMAT.md 3.10, for reference_decoder.py. Slow, integers only."""
from reference_bits import Bits, clamp, fail, learn_slot
from reference_lattice import on_lattice

OWN = [(-1, 0), (-2, 0), (0, -1), (-1, -1), (1, -1), (0, -2), (1, -2), (2, -1), (-2, -1),
       (-1, -2), (2, -2), (-2, -2), (3, -1), (0, -3)]
CROSS = [(-1, 0), (0, 0), (0, -1), (-1, -1), (1, -1), (1, 0), (0, 1), (-1, 1), (1, 1)]
OWN_ENERGY = [(-1, 0), (-2, 0), (0, -1), (-1, -1), (1, -1), (0, -2)]
CROSS_ENERGY = [(0, 0), (1, 0), (0, 1)]


def new_slots():
    return [[1 << 17, 0, 0] for _ in range(64)]


class FilterSide:
    """The side stream's filters and their places."""

    def __init__(self, data, channel, width, height, base=None):
        """base: the group of taps whose weights add up to 1: 0 the own, 1 the first channel's."""
        self.bits = Bits(data)
        count = self.plain(4) + 1
        across, down = (width + 7) // 8, (height + 7) // 8
        self.labels = self.read_labels(across, down, count)
        self.filters = self.read_filters(channel, count, base or 0)

    def plain(self, n):
        value = 0
        for _ in range(n):
            value = value << 1 | self.bits.code(32768)
        return value

    def adaptive(self, slot):
        bit = self.bits.code(clamp(slot[0] >> 2, 128, 65408))
        learn_slot(slot, bit)
        return bit

    def number(self, slots):
        length = 1
        while self.adaptive(slots[length]):
            length += 1
            if length > 16:
                fail("number out of range")
        v = 1
        for i in range(length - 1):
            v = v << 1 | (self.plain(1) if i else self.adaptive(slots[32 + length]))
        return v - 1

    def signed(self, slots):
        v = self.number(slots)
        return (v >> 1) ^ -(v & 1)

    def read_labels(self, across, down, count):
        labels = [[0] * across for _ in range(down)]
        if count == 1:
            return labels
        as_left, as_above, tree = new_slots()[:2], new_slots()[0], new_slots()
        for y in range(down):
            for x in range(across):
                above = labels[y - 1][x] if y else labels[y][x - 1] if x else 0
                left = labels[y][x - 1] if x else above
                if self.adaptive(as_left[left == above]):
                    label = left
                elif left != above and self.adaptive(as_above):
                    label = above
                else:
                    node = 1
                    for _ in range(4):
                        node = 2 * node + self.adaptive(tree[node])
                    label = node & 15
                if label >= count:
                    fail("no such filter")
                labels[y][x] = label
        return labels

    def read_filters(self, channel, count, base):
        groups = [13] + [8] * channel  # weights that do not follow from others
        slots = [[new_slots() for _ in range(n)] for n in groups]
        before, filters = [[0] * n for n in groups], []
        for _ in range(count):
            before = [[w + self.signed(s) for w, s in zip(*pair)] for pair in zip(before, slots)]
            if any(abs(w) > 2047 for group in before for w in group):
                fail("filter weight out of range")
            filters.append([w for i, group in enumerate(before)
                            for w in [(256 if i == base else 0) - sum(group)] + group])
        return filters

    def read_biases(self):
        slots = new_slots()
        biases = [self.signed(slots) for _ in self.filters]
        if any(abs(bias) > 4 for bias in biases):
            fail("filter bias out of range")
        return biases


class Side(FilterSide):
    """The side stream of a channel."""

    def __init__(self, data, channel, width, height, lattice):
        super().__init__(data, channel, width, height)
        self.energy = [self.plain(8) for _ in range(6 + 3 * channel)]
        self.bias = self.plain(8)
        self.coarseness = self.plain(2)
        self.ends = 2 if self.plain(1) else 1
        self.patterns = 4 if lattice and self.plain(1) else 1
        self.tokens = self.plain(6)
        if self.coarseness > 2 or not 1 <= self.tokens <= 46:
            fail("frequency tables out of range")
        self.starts = [self.starts_of(levels) for levels in self.read_levels()]
        self.bits.check_end()

    def read_levels(self):
        sets, rows = [new_slots() for _ in range(4)], []
        period = 2 * self.ends * self.patterns
        for c in range(period * ((23 >> self.coarseness) + 1)):
            b, row, d = rows[c - period] if c >= period else [0] * 46, [], 0
            for t in range(self.tokens):
                e = clamp(b[t] + row[t - 1] - b[t - 1], 0, 63) if t else b[0]
                d = self.signed(sets[min(abs(d), 2) if t else 3])
                if not 0 <= e + d <= 63:
                    fail("frequency out of range")
                row.append(e + d)
            rows.append(row)
        return rows

    def starts_of(self, levels):
        weights = [[64, 76, 91, 108][n & 3] << (n >> 2) for n in levels]
        total, sums = sum(weights), [sum(weights[:t]) for t in range(len(weights))]
        return [t + w * (65536 - self.tokens) // total for t, w in enumerate(sums)] + [65536]


class Plane:
    """Values with the borders of 3.8; `first` lies to the left of row 0."""

    def __init__(self, width, height, first):
        self.width, self.height, self.first = width, height, first
        self.rows = []

    def at(self, x, y):
        if x < 0:
            return self.rows[y - 1][0] if y > 0 else self.first
        return self.rows[y][min(x, self.width - 1)]


def decode_channel(data, make_rans, channel, width, height, span, planes, magnitudes, rgb):
    """Adds the channel's Plane to planes and magnitudes. make_rans(bytes): a stream of one lane.
    rgb: the colour of three channels' samples, if there is a lattice; else None."""
    lo, hi = span
    plane, mags = Plane(width, height, (lo + hi) >> 1), Plane(width, height, 0)
    planes.append(plane)
    magnitudes.append(mags)
    if lo == hi:
        plane.rows = [[lo] * width for _ in range(height)]
        mags.rows = [[0] * width for _ in range(height)]
        return
    lattice = rgb if channel == 2 else None
    side = Side(data.bytes(data.varint()), channel, width, height, lattice)
    rans = make_rans(data.bytes(len(data.data) - data.at))

    def sample(p, x, y):
        return p.at(x, min(max(y, 0), height - 1))

    def magnitude(p, x, y):
        return 0 if y < 0 else p.at(x, min(y, height - 1))

    for y in range(height):
        plane.rows.append([])
        mags.rows.append([])
        for x in range(width):
            if y == 0:
                p = 8 * plane.at(x - 1, 0)
            else:
                around = [sample(plane, x + dx, y + dy) for dx, dy in OWN]
                for other in planes[:channel]:
                    around += [sample(other, x + dx, y + dy) for dx, dy in CROSS]
                weights = side.filters[side.labels[y // 8][x // 8]]
                total = sum(w * s for w, s in zip(weights, around))
                p = clamp((total + 16) >> 5, 8 * lo, 8 * hi)
            around = [magnitude(mags, x + dx, y + dy) for dx, dy in OWN_ENERGY]
            for other in magnitudes[:channel]:
                around += [magnitude(other, x + dx, y + dy) for dx, dy in CROSS_ENERGY]
            total = sum(w * s for w, s in zip(side.energy, around))
            energy = min(255, (total + 4 * side.bias) >> 6)
            n = (p + 4) >> 3
            f = p - 8 * n
            group = min(23, ((energy + 1) ** 3).bit_length() - 1) >> side.coarseness
            context = 2 * group + (abs(f) >= 2)
            if side.ends > 1:
                context = 2 * context + (n in (lo, hi))
            context *= side.patterns
            negated = f < 0 or n == hi
            if side.patterns > 1:
                a, b = (other.rows[y][x] for other in planes[:2])
                context += (on_lattice(lattice(a, b, n))
                            + 2 * on_lattice(lattice(a, b, n - 1 if negated else n + 1)))
            starts = side.starts[context]
            slot = rans.slot()
            t = max(i for i in range(side.tokens) if starts[i] <= slot)
            rans.pop(starts[t], starts[t + 1] - starts[t])
            if t >= 32:
                b = 4 + (t - 32) // 2
                t = (2 + t % 2) * (1 << b) + rans.bits(b)
            residual = (t + 1) // 2 if t % 2 else -(t // 2)
            value = n + (-residual if negated else residual)
            if not lo <= value <= hi:
                fail("sample outside its range")
            plane.rows[y].append(value)
            mags.rows[y].append(abs(8 * value - p))
    rans.check_end()
