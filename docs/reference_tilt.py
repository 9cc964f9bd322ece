# SPDX-License-Identifier: BSD-3-Clause
"""What tilts the mixtures of network tiles, FORMAT.md 3.12."""
from reference_bits import clamp, tdiv
from reference_lattice import on_lattice

EVENTS = 5, 9, 13
FIRST_SEEN, MOST_SEEN = 12 << 16, 300 << 16
MOST = 6 << 16
FEW_SITES = 16384


def factor(w):
    """2^(w / 65536) in 1/256, straight between whole octaves."""
    x = (clamp(w, -MOST, MOST) + MOST) >> 8
    return ((256 + x % 256) << (x >> 8)) >> 6


class Site:
    """One of the step's: its eight values f, ..., where they begin, and its events' sets of them."""

    def __init__(self, x, y, f, sets):
        self.x, self.y, self.f, self.sets = x, y, f, sets

    def find(self, slot):
        """The value whose interval holds the slot, and that interval."""
        k = sum(start <= slot for start in self.starts[1:8])
        return self.f + k, self.starts[k], self.starts[k + 1] - self.starts[k]


class Tilt:
    def __init__(self, rgb, planes, span):
        self.rgb, self.planes, self.own = rgb, planes, planes[-1]
        self.count, self.low = EVENTS[len(planes) - 1], span[0]
        self.w = [[0] * 16 for _ in range(self.count)]
        self.seen = [[FIRST_SEEN] * 16 for _ in range(self.count)]
        self.missed = [[0] * 16 for _ in range(self.count)]
        self.shown = [[0] * 16 for _ in range(self.count)]
        self.here = {}  # which events took place, by place
        self.steps, self.sites = 0, []
        many = self.own.width * self.own.height >= FEW_SITES
        self.colours = set() if len(planes) == 3 and span[1] - span[0] < 256 and many else None

    def colour(self, x, y, v):
        first, second = (int(p.v[y + 4, x + 4]) % 256 for p in self.planes[:2])
        return first, second, v

    def events(self, x, y, f):
        """Of each event the values among f, ... that it holds, as a set of 0 .. 7."""
        x, y = x + 4, y + 4  # borders

        def less(plane):
            """The differences from a plane at W, N, NW, NE, made values by what it is here."""
            def one(dx, dy):
                d = int(self.own.v[y + dy, x + dx])
                if plane is not None:
                    d += int(plane.v[y, x]) - int(plane.v[y + dy, x + dx])
                return d
            return one(-1, 0), one(0, -1), one(-1, -1), one(1, -1)

        w, n, nw, ne = less(None)
        values = [{w}, {n}, {nw}, {ne}, {w + n - nw}]
        if self.count > 5:
            w, n, nw, ne = less(self.planes[0])
            values += [{w}, {n}, {nw, ne}, {w + n - nw}]
        if self.count > 9:
            w, n, nw, ne = less(self.planes[1])
            values += [{w}, {n}]
        sets = [{v - f for v in some if 0 <= v - f < 8} for some in values]
        if self.count > 9:
            first, second = (int(p.v[y, x]) for p in self.planes[:2])
            sets.append({k for k in range(8) if self.rgb
                         and on_lattice(self.rgb(first, second, f + k))})
            sets.append({k for k in range(8) if self.colours
                         and self.colour(x - 4, y - 4, f + k) in self.colours})
        return sets

    def look(self, part, v, b, centre, x, y):
        """The site with the eight values of which v, or the nearest in the window, is one."""
        origin = ((centre + 8) >> 4) - 4
        f = origin + (clamp(v, part.lo, part.hi) - origin) // 8 * 8
        site = Site(x, y, f, self.events(x, y, f) if b == 0 else [set()] * self.count)
        c = [part.c(clamp(f + k, part.lo, part.hi + 1)) for k in range(9)]
        mass = [c[k + 1] - c[k] for k in range(8)]
        whole = c[8] - c[0]
        west, north = self.here.get((x - 1, y), 0), self.here.get((x, y - 1), 0)
        site.contexts, logs = [], [0] * 8
        for e, some in enumerate(site.sets):
            part_of = sum(mass[k] for k in some)
            n = (8 * part_of >= whole) + (2 * part_of >= whole) + (4 * part_of >= 3 * whole)
            site.contexts.append(8 * (west >> e & 1) + 4 * (north >> e & 1) + n)
            for k in some:
                logs[k] += self.w[e][site.contexts[e]]
        weighed = [m * factor(w) for m, w in zip(mass, logs)]
        z = 31 - sum(weighed).bit_length()
        reciprocal = (1 << 31) // ((sum(weighed) << z) >> 15)

        def share(s):
            return ((s << z) >> 15) * reciprocal >> 15

        there = [sum(m > 0 for m in mass[:k]) for k in range(9)]
        site.starts = [c[0] + there[k] + (share(sum(weighed[:k])) * (whole - there[8]) >> 16)
                       if c[k] < c[8] else c[8] for k in range(8)] + [c[8]]
        site.chances = [share(sum(weighed[k] for k in some)) for some in site.sets]
        return site

    def learn(self, site, part, v):
        """v: what it was, without low bits."""
        self.sites.append((site, v if part.lo <= v <= part.hi else None))

    def end_step(self):
        for site, v in self.sites:
            here = 0
            if v is not None and 0 <= v - site.f < 8:
                for e, (some, i, q) in enumerate(zip(site.sets, site.contexts, site.chances)):
                    bit = v - site.f in some
                    self.missed[e][i] += (bit << 16) - q
                    self.shown[e][i] += q * (65536 - q) >> 16
                    here |= bit << e
                if self.colours is not None:
                    self.colours.add(self.colour(site.x, site.y, v))
            self.here[site.x, site.y] = here
        self.sites = []
        self.steps += 1
        if self.steps % 2 == 0:
            self.move(self.steps // 2 % self.count)

    def move(self, e):
        for i in range(16):
            self.seen[e][i] = min(self.seen[e][i] + self.shown[e][i], MOST_SEEN)
            step = tdiv(tdiv(self.missed[e][i], 4) * 185, self.seen[e][i] >> 11)
            self.w[e][i] = clamp(self.w[e][i] + clamp(step, -32768, 32768), -MOST, MOST)
            self.missed[e][i] = self.shown[e][i] = 0
