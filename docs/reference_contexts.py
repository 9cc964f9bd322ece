# SPDX-License-Identifier: BSD-3-Clause
"""The context coder of FORMAT.md 3.5 and 3.6, for reference_decoder.py. Slow, integers only."""

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
        while (self.low ^ self.high) >> 56 == 0:
            self.low = self.low << 8 & M64
            self.high = (self.high << 8 | 255) & M64
            self.value = (self.value << 8 | self.byte()) & M64
        return bit

    def check_end(self):
        if self.at < len(self.data) or (self.data and self.data[-1] == 0):
            fail("stream has surplus bytes")


class Slots:
    """Slots are [18-bit probability, count, mark]."""

    def __init__(self, t):
        self.t, self.slot = t, {}

    def find(self, h):
        place = h >> (64 - self.t)
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
        self.first = ([4096] * slots + [16384] * (odds + 1) if odds else
                      [131072 // (slots + 1)] * (slots + 1))
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
            error, rate = (bit << 16) - SQUASH[out + TOP], 24 + 6 * 16 // (16 + w[1])
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


class Adaptive:
    def __init__(self):
        self.weights = [1 << 14, 1 << 14] + [0] * 16

    def predict(self, row, n, nn, bases, x):
        m = (row[x - 1] + n[x]) >> 1
        self.x = [v - m for v in (row[x - 1], n[x], n[x - 1], n[x + 1], row[x - 2], nn[x],
                                   n[x - 2], n[x + 2], nn[x - 1], nn[x + 1])]
        for base, base_n in bases:
            b = (base[x - 1] + base_n[x]) >> 1
            self.x += [v - b for v in (base[x], base[x - 1], base_n[x - 1], base_n[x + 1])]
        self.p = 8 * m + (sum(w * v for w, v in zip(self.weights, self.x)) >> 13)
        return clamp(self.p, -(1 << 20), 1 << 20)

    def learn(self, value):
        power = 16 + sum(v * v for v in self.x)
        error = clamp(8 * value - self.p, -(1 << 20), 1 << 20)
        for i, v in enumerate(self.x):
            w = self.weights[i] + tdiv(error * v * 1024, power)
            self.weights[i] = clamp(w, -(1 << 18), 1 << 18)


class Blend:
    def __init__(self, width, depth):
        self.w, self.max = width, ((1 << depth) - 1) * 8
        self.here = [[0] * 14 for _ in range(width + 7)]
        self.above = [[0] * 14 for _ in range(width + 7)]
        self.adaptive = Adaptive()

    def begin(self):
        self.here, self.above = self.above, self.here

    def predict(self, row, n, nn, bases, x):
        """x: with the border of 4."""
        w, no, nw, ne = row[x - 1], n[x], n[x - 1], n[x + 1]
        p = [w, no, w + no - nw, no + ne - nn[x + 1], w + ((ne - no + nw - n[x - 2]) >> 1),
             (w + ne) >> 1]
        for i, (base, base_n) in enumerate(bases):
            b, bw, bn, bnw = base[x], base[x - 1], base_n[x], base_n[x - 1]
            p += [w + b - bw, no + b - bn, b + median(w - bw, no - bn, nw - bnw)]
            if i == 0:
                p.append(median(w, no, nw) + ((b - median(bw, bn, bnw)) >> 1))
        if not bases:
            p += [2 * w - row[x - 2], 2 * no - nn[x]]
        p = [8 * v for v in p] + [self.adaptive.predict(row, n, nn, bases, x)]
        self.p = [clamp(v, 0, self.max) for v in p]
        errors = []
        for k in range(len(p)):
            above = [e[k] for e in self.above[x - 3 : x + 4]]
            here = [e[k] for e in self.here[x - 4 : x]]
            errors.append(8 + sum(above) + above[3] + sum(here) + here[3])
        weights = [((min(errors) << 12) // d) ** 3 >> 16 for d in errors]
        return sum(w * v for w, v in zip(weights, self.p)) // sum(weights)

    def learn(self, value, x):
        for k, v in enumerate(self.p):
            self.here[x][k] = abs(8 * value - v)
        self.adaptive.learn(value)


class Logistic:
    def __init__(self, mean, fraction):
        self.fraction, self.inverse = fraction, (256 << 16) * 4096 // (max(mean, 2) * 1477)

    def tail(self, v, below):
        t = 8 * v - 4 + (self.fraction if below else -self.fraction)
        e = DECAY[min(abs(t) * self.inverse >> 16, TOP)]
        far = (e << 31) // ((1 << 31) + e)
        return max(far, 1) if t >= 0 else (1 << 31) - far


def odds(part, whole):
    return STRETCH[2048 if whole <= 0 else clamp(part * 4096 // whole, 0, 4095)]


def table_bits(count, extra):
    return clamp(extra + max(count.bit_length() - 1, 0), 10, 22)


class Block:
    def __init__(self, data, width, height, channels, depth, tries, labels):
        self.coder, self.w, self.h, self.channels = Bits(data), width, height, channels
        self.depth, self.tries, self.labels = depth, tries, labels
        t = table_bits(width * height, 3)
        self.pixel_slots, self.pixel = Slots(t), Predictor(8, 0)
        self.near, self.far = Memory(max(t - 4, 6)), Memory(max(t - 4, 6))
        self.slots = Slots(table_bits(width * height * channels, 4))
        self.guesses = Memory(min(table_bits(width * height * channels, 1), 17))
        self.difference, self.index = Predictor(8, 3), Predictor(6, 0)
        self.order = ([channels - 1] if channels % 2 == 0 else []) + (
            [1, 0, 2] if channels >= 3 else [0])
        self.packed = Rows(width)
        self.planes = [Rows(width) for _ in range(channels)]
        self.residuals = [Rows(width) for _ in range(channels)]
        self.blends = [Blend(width, depth) for _ in range(channels)]
        self.spreads = [{} for _ in range(channels)]
        self.plain = [{} for _ in range(channels)]

    def decode(self):
        """Rows of pixels, each a list of samples."""
        fates = [0] * (self.w + 4)
        for y in range(self.h):
            for rows in [self.packed] + self.planes + self.residuals:
                rows.begin(y)
            for b in self.blends:
                b.begin()
            self.last_fates, self.fates, self.left = fates, [0] * (self.w + 4), 0
            for x in range(4, self.w + 4):
                self.pixel_at(x, y)
            fates = self.fates
            for rows in [self.packed] + self.planes + self.residuals:
                rows.end(y)
        self.coder.check_end()
        return [[[v >> 16 * c & 0xFFFF for c in range(self.channels)] for v in row[4 : self.w + 4]]
                for row in self.packed.rows]

    def pixel_at(self, x, y):
        row, value = self.packed.row(y), None
        if self.tries > 0:
            value = self.candidates(x, y)
        if self.labels:
            if value is None:
                value = self.label(x, y)
        else:
            found, value = value, 0
            bases = []
            previous = -1
            for c in self.order:
                plane = self.planes[c]
                r, n, nn = plane.row(y), plane.row(y - 1), plane.row(y - 2)
                p = self.blends[c].predict(r, n, nn, bases, x)
                if found is None:
                    v = self.sample(c, previous, p, value, x, y)
                else:
                    v = found >> 16 * c & 0xFFFF
                r[x] = v
                self.residuals[c].row(y)[x] = v - ((p + 4) >> 3)
                self.blends[c].learn(v, x)
                value |= v << 16 * c
                if c != 3 and not (self.channels == 2 and c == 1):
                    if not bases:
                        previous = c
                    bases.append((r, n))
        row[x] = value
        if self.tries > 0:
            learn(self.far_entry, value)
            learn(self.near_entry, value)

    def candidates(self, x, y):
        row, n = self.packed.row(y), self.packed.row(y - 1)
        nn, nnn = self.packed.row(y - 2), self.packed.row(y - 3)
        w, ww, no, nw, ne = row[x - 1], row[x - 2], n[x], n[x - 1], n[x + 1]
        h2 = step(step(1, w), no)
        h4 = step(step(h2 + 1 & M64, nw), ne)
        h6 = step(step(h4 + 2 & M64, ww), nn[x])
        h12 = h6 + 3 & M64
        for v in (row[x - 3], n[x - 2], n[x + 2], nn[x - 1], nn[x + 1], nnn[x]):
            h12 = step(h12, v)
        far, near = self.far.find(h12), self.near.find(h6)
        self.far_entry, self.near_entry = far, near
        votes = [far[0], near[0], w, no, ne, nw, ww, nn[x]]
        absent = [far[2] == 0, near[2] == 0]
        equal = ((w == no) | (w == nw) << 1 | (no == ne) << 2 | (no == nw) << 3 | (w == ww) << 4
                 | (no == nn[x]) << 5)
        last, c = self.last_fates, x - 4
        fates = self.left | last[c + 2] << 3 | last[c + 3] << 6 | last[c + 1] << 9
        rejected, fate, result = [], self.tries + 1, None
        sure = far[2] << 3 | near[2]
        for v, value in enumerate(votes):
            if len(rejected) >= self.tries:
                break
            if (v < 2 and absent[v]) or value in rejected:
                continue
            r = len(rejected)
            mask = sum((votes[k] == value) << (k - 1) for k in range(v + 1, 8))
            node = r << 4 | v
            hashes = [
                step(node << 20 | mask << 8 | sure, 11), step(h2 + node & M64, 12),
                step(h4 + node & M64, 13), step(h6 + node & M64, 14), step(h12 + node & M64, 15),
                step(step(value, w) + node & M64, 16), step(node << 20 | fates << 6 | equal, 17),
                step(step(node << 20 | fates, value), 18)]
            slots = [self.pixel_slots.find(h) for h in hashes]
            a = 128 * r + (sure if v < 2 else 64 + 8 * v + far[2])
            b = 256 * r + (equal | (self.left == 1) << 6 | (last[c + 2] == 1) << 7)
            if not self.pixel.code(self.coder, slots, [], a, b):
                fate, result = r + 1, value
                break
            rejected.append(value)
        self.left = self.fates[c + 2] = min(fate, 7)
        return result

    def label(self, x, y):
        row, n, nn = self.packed.row(y), self.packed.row(y - 1), self.packed.row(y - 2)
        w, no, nw, ne = row[x - 1], n[x], n[x - 1], n[x + 1]
        two = step(step(40, w), no)
        hashes = [41, step(42, w), step(43, no), two, step(step(two + 1 & M64, nw), ne),
                  step(step(step(two + 2 & M64, nw), row[x - 2]), nn[x])]
        node = 1
        for i in range(self.depth - 1, -1, -1):
            slots = [self.slots.find(step(h, node)) for h in hashes]
            node = node << 1 | self.index.code(self.coder, slots, [], node & 255, i)
        return node - (1 << self.depth)

    def sample(self, c, previous, prediction, known, x, y):
        limit, center = (1 << self.depth) - 1, (prediction + 4) >> 3
        row, n = self.planes[c].row(y), self.planes[c].row(y - 1)
        err, err_n = self.residuals[c].row(y), self.residuals[c].row(y - 1)
        w, no, nw, ne = row[x - 1], n[x], n[x - 1], n[x + 1]
        energy = (2 * abs(err[x - 1]) + 2 * abs(err_n[x]) + abs(err_n[x - 1]) + abs(err_n[x + 1])
                  + abs(err[x - 2]) + abs(self.residuals[c].row(y - 2)[x]))
        e = half_octave(energy)
        own = self.residuals[previous].row(y)[x] if previous >= 0 else 0
        spread, fraction = max(self.blends[c].p) - min(self.blends[c].p), prediction - 8 * center
        seed, q = c << 56, signed_half_octave
        h = [
            step(seed | 21, energy if energy < 64 else 64 + 4 * e + (energy >> (e // 2 - 2) & 3)),
            step(seed | 22, q(own) * 64 + e),
            step(seed | 23, (q(w - nw) * 128 + q(no - ne)) * 8 + min(e // 4, 7)),
            step(seed | 24, q(err[x - 1]) * 128 + q(err_n[x])),
            step(step(seed | 25, known), w << 16 | no),
            step(step(seed | 26, center), e // 2),
            step(seed | 27, (half_octave(spread) * 64 + e) * 8 + fraction + 4),
            step(step(seed | 28, q(own) * 128 + q(err_n[x + 1])), q(err[x - 1] + err_n[x]))]
        chosen = [self.spreads[c].setdefault(i, [0, 0]) for i in (
            e, 64 + 64 * (half_octave(abs(own)) // 2) + e // 2,
            64 * 21 + 64 * (half_octave(spread) // 2) + e // 2)]
        shapes = [Logistic(s[0] if s[1] > 0 else 2 * energy + 4, fraction) for s in chosen]

        def code(kind, part):
            slots = [self.slots.find(step(v, kind + 1000)) for v in h]
            return self.difference.code(self.coder, slots, [part(s) for s in shapes], kind,
                                        kind * 16 + min(e, 31) // 2)

        value = None
        if c != self.order[0] and self.tries > 0:
            guess = self.guesses.find(step(step(seed | 30, known), 7))
            if guess[2] > 0:
                h[0] = step(h[0], guess[2])
                if not code(39, lambda s: 0):
                    value = guess[0]
            if value is None:
                value = self.value(center, limit, c, code)
            learn(guess, value)
        else:
            value = self.value(center, limit, c, code)
        for s in chosen:
            s[0] += tdiv(16 * abs(value - center) - s[0], s[1] + 2)
            s[1] = min(s[1] + 1, 30)
        return value

    def value(self, center, limit, c, code):
        if not code(0, lambda s: odds(s.tail(1, False) + s.tail(1, True), 1 << 31)):
            return center
        if center == 0 or center == limit:
            negative = center != 0
        else:
            negative = bool(code(1, lambda s: odds(s.tail(1, True),
                                                   s.tail(1, False) + s.tail(1, True))))
        last, o = (center if negative else limit - center).bit_length() - 1, 0
        while o < last and code(2 + o, lambda s: odds(s.tail(2 << o, negative),
                                                      s.tail(1 << o, negative))):
            o += 1
        v = 1
        for i in range(o - 1, -1, -1):
            if i == o - 1:
                def part(s):
                    end = s.tail(2 << o, negative)
                    return odds(s.tail(3 << (o - 1), negative) - end, s.tail(1 << o, negative) - end)
                bit = code(18 + o, part)
            else:
                s = self.plain[c].setdefault(o << 5 | (16 + (v & 3) if i == o - 2 else i),
                                             [1 << 17, 32, 0])
                bit = self.coder.code(clamp(s[0] >> 2, 64, 65472))
                learn_slot(s, bit)
            v = v << 1 | bit
        value = center - v if negative else center + v
        if not 0 <= value <= limit:
            fail("sample out of range")
        return value


def decode_block(data, width, height, channels, depth, tries=0, labels=False):
    return Block(data, width, height, channels, depth, tries, labels).decode()


def bits_for(values):
    return max((values - 1).bit_length(), 1)


def decode_context_tile(r, width, height, channels, depth):
    """3.5: rows of pixels. `r` is a Reader over exactly these bytes."""
    head = r.u(1)
    tries, way = head & 7, head >> 3

    def rest():
        return r.bytes(len(r.data) - r.at)

    if way <= 1:
        return decode_block(rest(), width, height, channels, depth, tries, way == 1)
    if way == 2:
        count = r.varint() + 1
        colors = decode_block(r.bytes(r.varint()), count, 1, channels, depth)[0]
        plane = decode_block(rest(), width, height, 1, bits_for(count), tries, True)
        return [[colors[pixel[0]] for pixel in row] for row in plane]
    if way == 3:
        rows = r.varint() + 1
        used = decode_block(r.bytes(r.varint()), 256, rows, 1, 1, 0, True)
        values = [i for i, pixel in enumerate(p for row in used for p in row) if pixel[0]]
        plane = decode_block(rest(), width, height, channels, bits_for(len(values)), tries)
        return [[[values[s] for s in pixel] for pixel in row] for row in plane]
    if way > 6:
        fail("unknown way")
    out, mask = decode_block(rest(), width, height, channels, depth, tries), (1 << depth) - 1
    zero = [0] * channels
    for y, row in enumerate(out):
        for x, pixel in enumerate(row):
            left = row[x - 1] if x else zero
            above = out[y - 1][x] if y else zero
            corner = out[y - 1][x - 1] if x and y else zero
            for c in range(channels):
                guess = (left[c], above[c], left[c] + above[c] - corner[c])[way - 4]
                pixel[c] = (pixel[c] + guess) & mask
    return out
