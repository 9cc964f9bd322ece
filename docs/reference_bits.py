# SPDX-License-Identifier: BSD-3-Clause
"""What the coders of FORMAT.md 3.1 to 3.6 and 3.13 share: bits, slots, mixers, memories, rows."""

M64 = (1 << 64) - 1
TOP = 3071


def fail(why):
    raise SystemExit(f"reference_decoder: {why}")


def step(h, v):
    g = ((h ^ v) * 0x9E3779B97F4A7C15) & M64
    return g ^ (g >> 32)


def tdiv(a, b):
    """Division that rounds towards zero; b > 0."""
    return a // b if a >= 0 else -(-a // b)


def clamp(v, lo, hi):
    return lo if v < lo else hi if v > hi else v


def make_tables():
    squash, decay, e = [0] * (2 * TOP + 1), [], 1 << 62
    for x in range(TOP + 1):
        p = (1 << 63) // ((1 << 47) + (e >> 15))
        squash[TOP + x], squash[TOP - x] = min(p, 65520), max(65536 - p, 16)
        decay.append(e >> 31)
        e = e * 4593706758521749504 >> 62
    stretch, x = [], -TOP
    for i in range(4096):
        while x < TOP and squash[x + TOP] < 16 * i + 8:
            x += 1
        stretch.append(x)
    return squash, stretch, decay


SQUASH, STRETCH, DECAY = make_tables()


class Bits:
    def __init__(self, data):
        self.data, self.at, self.low, self.high, self.value = data, 0, 0, M64, 0
        for _ in range(8):
            self.value = self.value << 8 | self.byte()

    def byte(self):
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def code(self, p):
        r = self.high - self.low
        split = self.low + (r >> 16) * p + ((r & 65535) * p >> 16)
        bit = int(self.value <= split)
        if bit:
            self.high = split
        else:
            self.low = split + 1
        self.shift()
        return bit

    def even(self, count):
        r, v = self.high - self.low, 0
        if r >> 32 == 0:
            for _ in range(count):
                v = v << 1 | self.code(32768)
            return v
        v = (self.value - self.low) // (r >> count)
        if v >> count:
            fail("number out of range")
        self.low += v * (r >> count)
        self.high = self.low + (r >> count) - 1
        self.shift()
        return v

    def shift(self):
        while (self.low ^ self.high) >> 56 == 0:
            self.low = self.low << 8 & M64
            self.high = (self.high << 8 | 255) & M64
            self.value = (self.value << 8 | self.byte()) & M64

    def check_end(self):
        if self.at < len(self.data) or (self.data and self.data[-1] == 0):
            fail("stream has surplus bytes")


class Slots:
    """Slots are [18-bit probability, count, mark]."""

    def __init__(self, t):
        self.t, self.slot = t, {}

    def find(self, h, which=0):
        place = h >> (64 - self.t) ^ which
        s = self.slot.get(place)
        if s is None:
            s = self.slot[place] = [1 << 17, 0, 0]
        if s[2] != h & 255:
            s[:] = [1 << 17, 0, h & 255]
        return s


def learn_slot(s, bit):
    s[0] += ((262143 if bit else 0) - s[0]) * (131072 // (2 * s[1] + 3)) >> 16
    s[1] = min(s[1] + 1, 60) if s[1] < 60 else s[1]


class Predictor:
    def __init__(self, slots, odds):
        self.first = ([11264] * slots + [4096] * (odds + 1) if odds else
                      [180224 // (slots + 1)] * (slots + 1))
        self.sets = ({}, {})

    def code(self, coder, slots, odds, a, b):
        x = [STRETCH[s[0] >> 6] * (256 * s[1] // (s[1] + 1)) >> 8 for s in slots] + odds + [256]
        chosen, outputs = [], []
        for sets, number in zip(self.sets, (a, b)):
            w = sets.setdefault(number, [self.first, 0])
            chosen.append(w)
            outputs.append(clamp(sum(i * j for i, j in zip(x, w[0])) >> 16, -TOP, TOP))
        bit = coder.code(SQUASH[(sum(outputs) >> 1) + TOP])
        for w, out in zip(chosen, outputs):
            error, rate = (bit << 16) - SQUASH[out + TOP], 40 + 32 * 32 // (32 + w[1])
            w[1] = min(w[1] + 1, 2048)
            w[0] = [clamp(j + (i * error * rate + (1 << 19) >> 20), -(1 << 20), 1 << 20)
                    for i, j in zip(x, w[0])]
        for s in slots:
            learn_slot(s, bit)
        return bit


class Memory:
    def __init__(self, t):
        self.t, self.entry = t, {}

    def find(self, h):
        e = self.entry.setdefault(h >> (64 - self.t), [0, 0, 0])  # value, mark, sure
        if e[1] != h & 0xFFFF:
            e[:] = [0, h & 0xFFFF, 0]
        return e


def learn(e, value):
    if e[2] > 0 and e[0] == value:
        e[2] = min(e[2] + 1, 7)
    elif e[2] > 3:
        e[2] //= 2
    else:
        e[0], e[2] = value, 1


class Rows:
    """Rows with a border of 4: zeros above, what is above to the left, the last value to the right."""

    def __init__(self, width):
        self.w, self.zero = width, [0] * (width + 8)
        self.rows = []

    def row(self, y):
        return self.rows[y] if y >= 0 else self.zero

    def begin(self, y):
        self.rows.append([self.row(y - 1)[4]] * 4 + [0] * (self.w + 4))

    def end(self, y):
        self.rows[y][self.w + 4 :] = [self.rows[y][self.w + 3]] * 4


def half_octave(v):
    if v < 4:
        return v
    e = v.bit_length() - 1
    return 2 * e + (v >> (e - 1) & 1)


def signed_half_octave(v):
    return half_octave(abs(v)) + (64 if v < 0 else 0)


def median(w, n, nw):
    lo, hi = min(w, n), max(w, n)
    return lo if nw >= hi else hi if nw <= lo else w + n - nw


def table_bits(count, extra):
    return clamp(extra + max(count.bit_length() - 1, 0), 10, 22)
