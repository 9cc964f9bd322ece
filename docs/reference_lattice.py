# SPDX-License-Identifier: BSD-3-Clause
"""The lattice of JFIF's colours and what is tilted towards it, FORMAT.md 3.12."""

from reference_bits import clamp, tdiv


def make_lattice():
    """R - G, B - G of JFIF."""
    return {((91881 * c2 + 32768 >> 16) - g, (116130 * c1 + 32768 >> 16) - g)
            for c1 in range(-128, 128) for c2 in range(-128, 128)
            for g in (32768 - 22554 * c1 - 46802 * c2 >> 16,)}


LATTICE = make_lattice()


def on_lattice(rgb):
    r, g, b = rgb
    if min(rgb) < 0 or max(rgb) > 255:
        return 0
    return int(min(rgb) == 0 or max(rgb) == 255 or (r - g, b - g) in LATTICE)


class Tilt:
    """Of the third plane: weights by number of neighbours on the lattice."""

    def __init__(self, rgb, planes):
        self.rgb, self.planes = rgb, planes
        self.w, self.seen = [65536] * 5, [131072] * 5
        self.start_step()

    def start_step(self):
        self.missed, self.shown = [0] * 5, [0] * 5

    def colour(self, x, y):
        """x, y: with the planes' borders."""
        return self.rgb(*(int(p.v[y, x]) for p in self.planes))

    def find(self, part, v, b, centre, x, y, slot):
        """The value and its interval, for a slot that is v's in the mixture."""
        x, y = x + 4, y + 4
        neighbours = sum(on_lattice(self.colour(x + dx, y + dy))
                         for dx, dy in ((-1, 0), (0, -1), (-1, -1), (1, -1)))
        first, second = (int(p.v[y, x]) for p in self.planes[:2])
        origin = ((centre + 8) >> 4) - 4
        f = origin + (v - origin) // 8 * 8
        on = [b == 0 and on_lattice(self.rgb(first, second, f + k)) for k in range(8)]
        c = [part.c(clamp(f + k, part.lo, part.hi + 1)) for k in range(9)]
        mass = [c[k + 1] - c[k] for k in range(8)]
        weighed = [m * (self.w[neighbours] // 1024 if o else 64) for m, o in zip(mass, on)]
        z = 31 - sum(weighed).bit_length()
        reciprocal = (1 << 31) // ((sum(weighed) << z) >> 15)

        def share(s):
            return ((s << z) >> 15) * reciprocal >> 15

        there = [sum(m > 0 for m in mass[:k]) for k in range(9)]
        starts = [c[0] + there[k] + (share(sum(weighed[:k])) * (c[8] - c[0] - there[8]) >> 16)
                  if c[k] < c[8] else c[8] for k in range(8)] + [c[8]]
        k = sum(s <= slot for s in starts[1:8])
        q = share(sum(m for m, o in zip(weighed, on) if o))
        self.missed[neighbours] += (65536 if on[k] else 0) - q
        self.shown[neighbours] += q * (65536 - q) // 65536
        return f + k, starts[k], starts[k + 1] - starts[k]

    def end_step(self):
        for n in range(5):
            self.seen[n] = min(self.seen[n] + self.shown[n], 500 << 16)
            step = clamp(tdiv(self.missed[n] << 16, self.seen[n]), -32768, 32768)
            self.w[n] = clamp(self.w[n] + tdiv(self.w[n] * step, 65536), 65536 // 31, 31 * 65536)
        self.start_step()
