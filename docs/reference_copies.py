# SPDX-License-Identifier: BSD-3-Clause
"""Copies, the quick model and the bilevel model of FORMAT.md 3.4 to 3.6. Slow, integers only."""
from reference_bits import (M64, Bits, Memory, Predictor, Rows, Slots, clamp, fail, half_octave,
                            learn, learn_slot, median, step, table_bits)


def new_slot():
    return [1 << 17, 0, 0]


def adaptive(coder, slot):
    bit = coder.code(clamp(slot[0] >> 2, 32, 65504))
    learn_slot(slot, bit)
    return bit


class Number:
    def __init__(self):
        self.lengths = [new_slot() for _ in range(29)]
        self.seconds = [new_slot() for _ in range(29)]

    def code(self, coder):
        length, v = 1, 1
        while adaptive(coder, self.lengths[length]):
            length += 1
            if length > 28:
                fail("number out of range")
        for i in range(length - 2, -1, -1):
            second = i == length - 2
            v = v << 1 | (adaptive(coder, self.seconds[length]) if second else coder.code(32768))
        return v - 1


class Copies:
    def __init__(self, coder, width, height):
        self.coder, self.w, self.pixels = coder, width, width * height
        self.column = [(0, 0, 0)] * (width + 1)  # state, distance, left
        self.recent = [1, width, width + 1, width + 2, 2 * width, 3 * width, 2 * width + 1,
                       3 * width + 1]
        self.literals, self.at, self.end, self.far = 0, 0, 0, 0
        self.begins = [new_slot() for _ in range(36)]
        self.above = [new_slot() for _ in range(3)]
        self.recents = [new_slot() for _ in range(8)]
        self.whole, self.negative = new_slot(), new_slot()
        self.lengths = [Number() for _ in range(3)]
        self.rows, self.first, self.steps = Number(), Number(), Number()

    def distance(self, at, x):
        """How far before pixel `at` the one is that it equals; 0: it is no copy."""
        if at >= self.end and not self.begin(at, x):
            return 0
        self.column[x] = (2 if at == self.at else 1, self.far, self.end - at)
        return self.far

    def begin(self, at, x):
        state, distance, left = self.column[x]
        context = state + 3 * self.column[x + 1][0] + 9 * self.literals
        if not adaptive(self.coder, self.begins[context]):
            self.literals = min(self.literals + 1, 3)
            self.column[x] = (0, 0, 0)
            return False
        kind = 0
        if not (state and adaptive(self.coder, self.above[state])):
            distance, kind = self.new_distance()
        if not 1 <= distance <= at:
            fail("copy from outside the tile")
        i = self.recent.index(distance) if distance in self.recent else 7
        self.recent = [distance] + self.recent[:i] + self.recent[i + 1 :]
        if kind == 0 and adaptive(self.coder, self.whole):
            length = left
        else:
            length = self.lengths[kind].code(self.coder) + 1
        if length > self.pixels - at:
            fail("copy beyond the tile")
        self.literals, self.at, self.end, self.far = 0, at, at + length, distance
        return True

    def new_distance(self):
        for i in range(8):
            if adaptive(self.coder, self.recents[i]):
                return self.recent[i], 1
        dy = self.rows.code(self.coder)
        if dy == 0:
            return self.first.code(self.coder) + 1, 2
        negative = adaptive(self.coder, self.negative)
        dx = self.steps.code(self.coder)
        distance = dy * self.w + (-dx if negative else dx)
        if not 1 <= distance < 1 << 32:
            fail("copy from outside the tile")
        return distance, 2


class NoCopies:
    def distance(self, at, x):
        return 0


def copies_of(coder, width, height, present):
    return Copies(coder, width, height) if present else NoCopies()


class Quick:
    def __init__(self, data, width, height, channels, depth, tries, labels, copies):
        self.coder, self.w, self.h, self.channels = Bits(data), width, height, channels
        self.depth, self.tries, self.labels = depth, tries, labels
        self.copies = copies_of(self.coder, width, height, copies)
        self.slots = Slots(min(table_bits(width * height, 3), 18))
        self.memory = Memory(min(table_bits(width * height, 0), 16))
        self.same, self.label = Predictor(3, 0), Predictor(4, 0)
        self.order = ([channels - 1] if channels % 2 == 0 else []) + (
            [1, 0, 2] if channels >= 3 else [0])
        self.packed = Rows(width)
        self.planes = [Rows(width) for _ in range(channels)]
        self.errors = [Rows(width) for _ in range(channels)]
        self.bit_slots = [{} for _ in range(channels)]
        self.missed = [[0, 0, 0] for _ in range(channels)]

    def decode(self):
        at = 0
        flat = []
        for y in range(self.h):
            for rows in [self.packed] + self.planes + self.errors:
                rows.begin(y)
            for x in range(self.w):
                far = self.copies.distance(at, x)
                value = flat[at - far] if far else self.pixel(x + 4, y)
                if far and not self.labels:
                    self.take(value, x + 4, y)
                self.packed.row(y)[x + 4] = value
                flat.append(value)
                at += 1
            for rows in [self.packed] + self.planes + self.errors:
                rows.end(y)
        self.coder.check_end()
        return [[[v >> 16 * c & 0xFFFF for c in range(self.channels)] for v in row[4 : self.w + 4]]
                for row in self.packed.rows]

    def take(self, value, x, y):
        for c in range(self.channels):
            self.planes[c].row(y)[x] = value >> 16 * c & 0xFFFF
            self.errors[c].row(y)[x] = 0

    def pixel(self, x, y):
        row, n = self.packed.row(y), self.packed.row(y - 1)
        w = row[x - 1]
        h2 = step(step(1, w), n[x])
        h4 = step(step(h2 + 1 & M64, n[x - 1]), n[x + 1])
        value = entry = None
        if self.tries > 0:
            entry = self.memory.find(h4)
            value = self.candidate(row, n, x, h2, h4, entry)
        if value is None:
            value = self.label_of(w, h2, h4) if self.labels else self.samples(x, y)
        elif not self.labels:
            self.take(value, x, y)
        if entry is not None:
            learn(entry, value)
        return value

    def candidate(self, row, n, x, h2, h4, entry):
        w, sure = row[x - 1], entry[2]
        first = entry[0] if sure > 0 else w
        second = w if w != first else n[x]
        equal = ((w == n[x]) | (w == n[x - 1]) << 1 | (n[x] == n[x + 1]) << 2
                 | (n[x] == n[x - 1]) << 3 | (w == row[x - 2]) << 4 | (first == w) << 5)
        for i, value in enumerate((first, second)):
            if i == 1 and second == first:
                break
            slots = [self.slots.find(step(i << 9 | equal << 3 | sure, 11)),
                     self.slots.find(step(h2 + i & M64, 12)),
                     self.slots.find(step(h4 + i & M64, 13))]
            if not self.same.code(self.coder, slots, [], i, equal):
                return value
        return None

    def label_of(self, w, h2, h4):
        node = 1
        for i in range(self.depth - 1, -1, -1):
            slots = [self.slots.find(step(40, node)), self.slots.find(step(step(41, w), node)),
                     self.slots.find(step(h2 + 42 & M64, node)),
                     self.slots.find(step(h4 + 43 & M64, node))]
            node = node << 1 | self.label.code(self.coder, slots, [], node & 255, i)
        return node - (1 << self.depth)

    def samples(self, x, y):
        value, limit, base = 0, (1 << self.depth) - 1, None
        for c in self.order:
            row, n = self.planes[c].row(y), self.planes[c].row(y - 1)
            err, err_n = self.errors[c].row(y), self.errors[c].row(y - 1)
            w = row[x - 1]
            med = median(w, n[x], n[x - 1])
            guesses, other = [med, (w + n[x]) >> 1, med], 0
            if base is not None:
                b, bn = self.planes[base].row(y), self.planes[base].row(y - 1)
                guesses[2] = clamp(b[x] + median(w - b[x - 1], n[x] - bn[x], n[x - 1] - bn[x - 1]),
                                   0, limit)
                other = self.errors[base].row(y)[x]
            missed = self.missed[c]
            guess = guesses[missed.index(min(missed))]
            energy = (2 * abs(err[x - 1]) + 2 * abs(err_n[x]) + abs(err_n[x - 1])
                      + abs(err_n[x + 1]))
            context = half_octave(energy) * 4 + min(abs(other).bit_length(), 3)
            sign = 2 if other < 0 else 1 if other > 0 else 0
            v = self.difference(guess, limit, sign, self.bit_slots[c], context)
            row[x], err[x] = v, v - guess
            for i, g in enumerate(guesses):
                missed[i] = missed[i] + 16 * abs(v - g) - (missed[i] >> 5) & 0xFFFFFFFF
            value |= v << 16 * c
            if base is None and c != 3 and not (self.channels == 2 and c == 1):
                base = c
        return value

    def difference(self, center, limit, sign, slots, context):
        def code(kind):
            return adaptive(self.coder, slots.setdefault((context, kind), new_slot()))

        if not code(0):
            return center
        negative = center != 0 and (center == limit or bool(code(1 + sign)))
        last = (center if negative else limit - center).bit_length() - 1
        o = min(max(context // 8 - 3, 0), last)
        if o < last and code(4 + o):
            o += 1
            while o < last and code(4 + o):
                o += 1
        else:
            while o > 0 and not code(4 + o - 1):
                o -= 1
        v = 1
        if o > 0:
            v = (2 | code(20 + o)) << (o - 1)
            if o > 1:
                v |= self.coder.even(o - 1)
        value = center - v if negative else center + v
        if not 0 <= value <= limit:
            fail("sample out of range")
        return value


class Bilevel:
    @staticmethod
    def mask(radius):
        """Bits of seven rows of 16."""
        bits = 0
        for dy in range(7):
            for i in range(16):
                dx = i + 1 if dy == 0 else i - 6
                if dx * dx + dy * dy <= radius:
                    bits |= 1 << 16 * dy + i
        return bits

    def __init__(self, data, width, height, copies):
        self.coder, self.w, self.h = Bits(data), width, height
        self.copies = copies_of(self.coder, width, height, copies)
        self.slots, self.predictor = Slots(table_bits(width * height, 3)), Predictor(9, 0)
        self.place_bits = min(table_bits(width * height, 0), 20)
        self.places, self.above = {}, [0] * width
        self.masks = [self.mask(r) for r in (5, 10, 17, 25, 36, 61)]
        self.place_mask = self.mask(29)

    def decode(self):
        flat = []
        rows = [[0] * (self.w + 6) for _ in range(7)]
        for y in range(self.h):
            rows = rows[6:] + rows[:6]
            rows[0] = [0] * (self.w + 6)
            self.window = 0
            for x in range(-6, 0):
                self.slide(rows, x)
            self.reference = self.misses = 0
            for x in range(self.w):
                at = len(flat)
                far = self.copies.distance(at, x)
                self.slide(rows, x)
                place = self.hash(90, self.place_mask) >> (64 - self.place_bits) ^ self.window & 1
                if far:
                    bit = flat[at - far]
                    self.reference, self.misses = at - far, 0
                    self.above[x] = self.reference
                else:
                    bit = self.pixel(flat, place, at, x)
                rows[0][x] = bit
                self.window = self.window & ~0xFFFF | (self.window << 1 | bit) & 0xFFFF
                self.places[place] = at
                flat.append(bit)
        self.coder.check_end()
        return [[[v] for v in flat[y * self.w : (y + 1) * self.w]] for y in range(self.h)]

    def slide(self, rows, x):
        lanes = [self.window & 0xFFFF]
        for dy in range(1, 7):
            lanes.append((self.window >> 16 * dy << 1) & 0xFFFE | rows[dy][x + 6])
        self.window = sum(lane << 16 * dy for dy, lane in enumerate(lanes))

    def hash(self, seed, mask):
        bits = self.window & mask & ~1
        return step(step(seed, bits & M64), bits >> 64)

    def pixel(self, flat, place, at, x):
        if self.reference > 0:
            self.reference += 1
        if self.reference == 0 or self.misses & 0xFF:
            found = self.places.get(place, 0)
            if found == 0 and self.above[x] > 0:
                found = self.above[x] + self.w
            if found != self.reference:
                self.misses = 0
            self.reference = found if found < at else 0
        ref = self.above[x] = self.reference
        slots = [self.slots.find(self.hash(50 + i, m), self.window & 1)
                 for i, m in enumerate(self.masks)]
        near = self.window & 3 | (self.window >> 21 & 7) << 2 | (self.window >> 38 & 1) << 5
        around = 0
        if ref > 0:
            for dy in (-1, 0, 1, 2):
                for dx in (-1, 0, 1, 2):
                    p = ref + dy * self.w + dx
                    around = around << 1 | (flat[p] if 0 <= p < at else 0)
        says = around >> 10 & 1
        sure = 1 + min(bin(self.misses).count("1"), 6) if ref > 0 else 0
        slots.append(self.slots.find(step(60 + sure, (around & 0xEEE0) << 8 | near)))
        slots.append(self.slots.find(step(70 + sure, around << 8 | (near & 31))))
        slots.append(self.slots.find(step(80, self.misses << 16 | says << 8 | int(ref > 0))))
        bit = self.predictor.code(self.coder, slots, [], 2 * sure + says,
                                  near + (64 * (1 + says) if sure > 0 else 0))
        if ref > 0:
            self.misses = (self.misses << 1 | int(bit != says)) & 0xFFFF
        return bit
