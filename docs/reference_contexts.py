# SPDX-License-Identifier: BSD-3-Clause
"""The context coder of FORMAT.md 3.2 and 3.3, for reference_decoder.py. Slow, integers only."""
from reference_bits import (M64, TOP, DECAY, STRETCH, Bits, Memory, Predictor, Rows, Slots, clamp,
                            fail, half_octave, learn, learn_slot, median, signed_half_octave, step,
                            table_bits, tdiv)
from reference_copies import Bilevel, Quick, copies_of

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
            w = self.weights[i] + tdiv(error * v * 2048, power)
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


class Block:
    def __init__(self, data, width, height, channels, depth, tries, labels, copies):
        self.coder, self.w, self.h, self.channels = Bits(data), width, height, channels
        self.depth, self.tries, self.labels = depth, tries, labels
        t = table_bits(width * height, 3)
        self.pixel_slots, self.pixel = Slots(t), Predictor(8, 0)
        self.near, self.far = Memory(max(t - 4, 6)), Memory(max(t - 4, 6))
        self.slots = Slots(table_bits(width * height * channels, 4))
        self.guesses = Memory(min(table_bits(width * height * channels, 1), 17))
        self.difference, self.index = Predictor(8, 3), Predictor(6, 0)
        self.copies = copies_of(self.coder, width, height, copies)
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
                at = y * self.w + x - 4
                far = self.copies.distance(at, x - 4)
                if far:
                    self.copy_at(at - far, x, y)
                else:
                    self.pixel_at(x, y)
            fates = self.fates
            for rows in [self.packed] + self.planes + self.residuals:
                rows.end(y)
        self.coder.check_end()
        return [[[v >> 16 * c & 0xFFFF for c in range(self.channels)] for v in row[4 : self.w + 4]]
                for row in self.packed.rows]

    def copy_at(self, source, x, y):
        value = self.packed.row(source // self.w)[source % self.w + 4]
        self.packed.row(y)[x] = value
        if self.tries > 0:
            self.left = self.fates[x - 2] = 1
        if self.labels:
            return
        for c in range(self.channels):
            self.planes[c].row(y)[x] = value >> 16 * c & 0xFFFF
            self.residuals[c].row(y)[x] = 0
            self.blends[c].here[x] = [0] * 14

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
                step(step(value, w) + node & M64, 16), step(r << 20 | fates << 6 | equal, 17),
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
            step(seed | 22, q(own) * 64 + e // 3),
            step(seed | 23, (q(w - nw) * 128 + q(no - ne)) * 8 + min(e // 4, 7)),
            step(seed | 24, q(err[x - 1]) * 128 + q(err_n[x])),
            step(seed | 25, known),
            step(seed | 26, center),
            step(seed | 27, 0),
            step(step(seed | 28, q(own) * 128 + q(err_n[x + 1])), q(err[x - 1] + err_n[x]))]
        chosen = [self.spreads[c].setdefault(i, [0, 0]) for i in (
            e, 64 + 64 * (half_octave(abs(own)) // 2) + e // 2,
            64 * 21 + 64 * (half_octave(spread) // 2) + e // 2)]
        shapes = [Logistic(s[0] if s[1] > 0 else 10 * energy + 2, fraction) for s in chosen]

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


def decode_block(data, width, height, channels, depth, tries=0, labels=False, copies=False,
                 quick=False):
    kind = Quick if quick else Block
    return kind(data, width, height, channels, depth, tries, labels, copies).decode()


def bits_for(values):
    return max((values - 1).bit_length(), 1)


def two_colours(r, channels, depth):
    """As in raw tiles: fields of `depth` bits, or of 16."""
    if depth > 8:
        samples = [r.u(2) for _ in range(2 * channels)]
    else:
        size = (2 * channels * depth + 7) // 8
        bits = int.from_bytes(r.bytes(size), "big")
        samples = [bits >> (8 * size - (i + 1) * depth) & (1 << depth) - 1
                   for i in range(2 * channels)]
    return [samples[:channels], samples[channels:]]


def decode_context_tile(r, width, height, channels, depth):
    """3.2: rows of pixels. `r` is a Reader over exactly these bytes."""
    head = r.u(1)
    tries, way, copies, quick = head & 7, head >> 3 & 7, bool(head & 64), bool(head & 128)
    if tries > 6 or (way == 7 and head & ~64 != 56):
        fail("impossible coding parameters")

    def rest(channels, depth, labels):
        data = r.bytes(len(r.data) - r.at)
        return decode_block(data, width, height, channels, depth, tries, labels, copies, quick)

    if way <= 1:
        return rest(channels, depth, way == 1)
    if way == 2:
        last = r.varint()
        count, labels = last % 256 + 1, last < 256
        if last >= 512:
            fail("impossible number of colours")
        colors = decode_block(r.bytes(r.varint()), count, 1, channels, depth)[0]
        indices = rest(1, bits_for(count), labels)
        if any(pixel[0] >= count for row in indices for pixel in row):
            fail("index beyond the palette")
        return [[colors[pixel[0]] for pixel in row] for row in indices]
    if way == 3:
        rows = r.varint() + 1
        used = decode_block(r.bytes(r.varint()), 256, rows, 1, 1, 0, True)
        values = [i for i, pixel in enumerate(p for row in used for p in row) if pixel[0]]
        plane = rest(channels, bits_for(len(values)), False)
        return [[[values[s] for s in pixel] for pixel in row] for row in plane]
    if way == 7:
        colours = two_colours(r, channels, depth)
        plane = Bilevel(r.bytes(len(r.data) - r.at), width, height, copies).decode()
        return [[colours[pixel[0]] for pixel in row] for row in plane]
    out, mask = rest(channels, depth, False), (1 << depth) - 1
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
