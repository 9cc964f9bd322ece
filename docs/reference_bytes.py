# SPDX-License-Identifier: BSD-3-Clause
"""Packed metadata of FORMAT.md 2.7, for reference_decoder.py. Integers only."""

from reference_bits import Bits, Predictor, clamp, fail, learn_slot, step

BLOCK = 65536


class ByteModel:
    def __init__(self, coder, size):
        self.coder, self.history = coder, 0
        self.mixes = size <= 1 << 19
        self.t = min(20, max(10, size.bit_length() - 1 + 4)) if self.mixes else 18
        self.missed = [0, 0, 0]
        self.plain, self.table, self.order0 = {}, {}, {}
        self.literals = Predictor(4, 0)

    def bit(self, kind, number):
        """From a slot that needs no hash."""
        s = self.plain.setdefault((kind, number), [1 << 17, 0, 0])
        bit = self.coder.code(clamp(s[0] >> 2, 64, 65472))
        learn_slot(s, bit)
        return bit

    def step(self):
        got = self.bit("step", 2 * self.history)
        if got:
            got += self.bit("step", 2 * self.history + 1)
        self.history = 3 * (self.history % 3) + got
        return got

    def slot(self, h, node):
        s = self.table.setdefault((h >> (64 - self.t + 4), node), [1 << 17, 0, 0])
        if s[2] != h & 255:
            s[:] = [1 << 17, 0, h & 255]
        return s

    def literal(self, behind):
        if not self.mixes:
            return self.quick_literal(behind)
        contexts = [step(51 + k, behind & mask) for k, mask in enumerate((0xFF, 0xFFFF, 0xFFFFFF))]
        node = 1
        for i in range(7, -1, -1):
            if i in (7, 3):
                halves = [step(h, node) for h in contexts]
            inner = node if i > 3 else node & (8 >> i) - 1 | 8 >> i
            slots = [self.order0.setdefault(node, [1 << 17, 0, 0])]
            slots += [self.slot(h, inner) for h in halves]
            node = node << 1 | self.literals.code(self.coder, slots, [], node, 8 * self.history + i)
        return node & 255

    def quick_literal(self, behind):
        best = self.missed.index(min(self.missed))
        errors, node, two = [0, 0, 0], 1, step(52, behind & 0xFFFF)
        for i in range(7, -1, -1):
            if i in (7, 3):
                half = step(two, node)
            inner = node if i > 3 else node & (8 >> i) - 1 | 8 >> i
            slots = [self.order0.setdefault(node, [1 << 17, 0, 0]),
                     self.plain.setdefault(("order1", behind & 255, node), [1 << 17, 0, 0]),
                     self.slot(half, inner)]
            chances = [clamp(s[0] >> 2, 64, 65472) for s in slots]
            bit = self.coder.code(chances[best])
            for k, s in enumerate(slots):
                errors[k] += (65536 - chances[k] if bit else chances[k]) ** 2 >> 16
                learn_slot(s, bit)
            node = 2 * node + bit
        self.missed = [m + e - (m >> 4) for m, e in zip(self.missed, errors)]
        return node & 255

    def number(self, kind):
        octave = 0
        while octave < 30 and self.bit(kind, octave):
            octave += 1
        v = 1
        for i in range(octave - 1, -1, -1):
            v = v << 1 | self.bit(kind, 32 + 32 * octave + (v if i >= octave - 3 else 8 + i))
        return v - 1


def unpack(data, varint, start):
    """`data` from `start` on; `varint(at)` gives a number and where it ends."""
    size, at = varint(start)
    if not 1 <= size <= 1 << 30:
        fail("malformed metadata")
    length, at = varint(at)
    if length > len(data) - at:
        fail("malformed metadata")
    coder, at = Bits(data[at : at + length]), at + length
    model, out, last = ByteModel(coder, size), bytearray(), 1
    while len(out) < size:
        end = min(size, len(out) + BLOCK)
        if coder.code(1 << 15):
            if end - len(out) > len(data) - at:
                fail("malformed metadata")
            at, piece = at + end - len(out), data[at : at + end - len(out)]
            out += piece
            continue
        while len(out) < end:
            kind = model.step()
            if kind == 0:
                out.append(model.literal(int.from_bytes(out[-3:], "big")))
                continue
            length = model.number(kind - 1) + (2 if kind == 1 else 4)
            if kind == 2:
                last = 1 + model.number(2 + min(length - 4, 3))
            if length > end - len(out) or last > len(out):
                fail("malformed metadata")
            for _ in range(length):
                out.append(out[-last])
    coder.check_end()
    if at != len(data):
        fail("malformed metadata")
    return bytes(out)
