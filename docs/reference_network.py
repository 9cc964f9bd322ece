# SPDX-License-Identifier: BSD-3-Clause
"""Network tiles and their models, FORMAT.md 3.12 and 4.1, for reference_decoder.py. Integers only."""
import numpy as np
import reference_adaptive as adaptive

from reference_bits import fail
from reference_raster import CROSS, OWN, FilterSide
from reference_tilt import Tilt

LANES, LAG = 16, 4
NEAR = sorted(((dx, dy) for dy in range(-4, 1) for dx in range(-4, 5)
               if 0 < dx * dx + dy * dy <= 16 and (dy, dx) < (0, 0)),
              key=lambda o: (o[0] ** 2 + o[1] ** 2, o[1], o[0]))
SIDES = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)]
SCALE_SITES = 12
MANTISSA = [16384, 15689, 15024, 14387, 13777, 13193, 12634, 12098, 11585, 11094, 10624, 10173,
            9742, 9329, 8933, 8555]
RATIO = [256, 267, 279, 292, 304, 318, 332, 347, 362, 378, 395, 412, 431, 450, 470, 490]


# ---------------------------------------------------------------- 4.3 models


class Net:
    """Features to 3K values, for arrays of sites."""

    def __init__(self, r, features):
        self.features, self.width, blocks, self.k = r.u(2), r.u(2), r.u(1), r.u(1)
        if not (self.features == features and 1 <= self.width <= 256 and blocks <= 4
                and 1 <= self.k <= 8):
            fail("bad shape of a network")
        sizes = [self.features] + [self.width] * (1 + 2 * blocks) + [3 * self.k]
        self.layers = []
        for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
            shift = r.u(1)
            weight = np.frombuffer(r.bytes(2 * inputs * outputs), "<i2").astype(np.float64)
            weight = weight.reshape(outputs, inputs)
            bias = np.frombuffer(r.bytes(4 * outputs), "<i4").astype(np.float64)
            if not 1 <= shift <= 20:
                fail("bad shift of a layer")
            most = np.abs(bias) + np.abs(weight).sum(1) * (16383 if i else 2048)
            if np.any(most + 2 ** (shift - 1) + 16383 >= 2**31):
                fail("network layer could overflow")
            self.layers.append((shift, weight, bias))

    def __call__(self, a):
        """a: [sites, features]. Doubles are exact here: every sum is below 2^31."""
        for i, (shift, weight, bias) in enumerate(self.layers):
            y = ((a.astype(np.float64) @ weight.T + bias).astype(np.int64)
                 + (1 << (shift - 1))) >> shift
            if i == len(self.layers) - 1:
                return np.clip(y, -32767, 32767)
            if i % 2:
                block = a
            elif i:
                y = y + block
            a = np.clip(y, 0, 16383)
        return a


def read_flow(r):
    """Of each place the weights of its scale and its network: planes of whole channels with 0, 1
    and 2 planes before them, then planes between others with 1 and 2."""
    flow = []
    for c in (0, 1, 2, 1, 2):
        scale = np.frombuffer(r.bytes(SCALE_SITES + 9 * c), np.uint8).astype(np.int64)
        if scale.sum() > 4095:
            fail("weights of a scale could overflow")
        flow.append((scale, Net(r, 52 + 26 * c)))
    return flow


# ---------------------------------------------------------------- 3.12 planes


class Plane:
    """Samples and residuals with four columns and rows of border, five below."""

    def __init__(self, width, height, middle):
        self.width, self.height = width, height
        self.v = np.full((height + 9, width + 8), middle, np.int64)
        self.r = np.zeros((height + 9, width + 8), np.int64)
        self.errors = np.zeros((height + 9, width + 8), np.int64)  # of adaptive planes

    def set(self, x, y, value, residual):
        self.v[y + 4, x + 4], self.r[y + 4, x + 4] = value, residual
        if x == 0:
            self.v[y + 5, :4] = value
        if x == self.width - 1:
            self.v[y + 4, x + 5 :] = value
        if y == self.height - 1:  # the row below is this one, borders included
            self.v[y + 5] = self.v[y + 4]

    def set_error(self, x, y, error):
        self.errors[y + 4, x + 4] = error
        if x == 0:
            self.errors[y + 5, :4] = error
        if x == self.width - 1:
            self.errors[y + 4, x + 5 :] = error

    def samples(self):
        return self.v[4 : 4 + self.height, 4 : 4 + self.width]


def at(a, xs, ys, offsets):
    """a's values at all offsets from each site: [sites, offsets]."""
    dx, dy = np.array(offsets).T
    return a[ys[:, None] + 4 + dy, xs[:, None] + 4 + dx]


def log2_16(s):
    """floor(16 log2 s) as FORMAT.md has it: eight bits of the mantissa by squaring."""
    n = s.bit_length() - 1
    mantissa = (s >> (n - 8) if n >= 8 else s << (8 - n)) & 255
    x, log = (256 + mantissa) << 23, 0
    for _ in range(8):
        x = x * x >> 31
        log <<= 1
        if x >= 1 << 32:
            log, x = log | 1, x >> 1
    return (256 * n + log) >> 4


def uniform(rans, bits):
    value = 0
    while bits:
        piece = min(bits, 8)
        bits -= piece
        v = rans.slot() >> (16 - piece)
        rans.pop_here(v << (16 - piece), 1 << (16 - piece))
        value = value << piece | v
    return value


def distance(rans):
    extra = 0
    while not uniform(rans, 1):
        extra += 1
        if extra > 20:
            fail("escape code out of range")
    return (1 << (extra + 2)) + uniform(rans, extra + 2) - 4


class Walk:
    """Decodes one plane beside those before it. tools: Rans, mixtures and Partition."""

    def __init__(self, tools, flow, data, planes, span, between, learns, rgb):
        self.tools, self.span = tools, span
        self.planes, self.own = planes, planes[-1]
        self.channel = len(planes) - 1
        self.scale, self.net = flow[self.channel + (2 if between else 0)]
        width, height = self.own.width, self.own.height
        self.side = FilterSide(data.bytes(data.varint()), self.channel, width, height, int(between))
        self.biases = self.side.read_biases()
        self.side.bits.check_end()
        if any(sum(map(abs, f)) > 32767 for f in self.side.filters):
            fail("filter weights out of range")
        rest = data.bytes(len(data.data) - data.at)
        self.adaptive = adaptive.Plane(rest, self.own, planes[:-1], rgb) if learns else None
        self.tilt = Tilt(rgb, planes, span)
        self.count = 1 if width * height < 32768 else LANES
        self.rans = None if learns else tools.Rans(rest, self.count)
        period = max(width + 8, 64)
        for step in range((height - 1) // LANES * period + (LANES - 1) * LAG + width):
            sites = []
            for lane in range(min(LANES, step // LAG + 1)):
                band, x = divmod(step - lane * LAG, period)
                if x < width and band * LANES + lane < height:
                    sites.append((x, band * LANES + lane))
            if sites:
                self.decode(*np.array(sites).T)
        if learns:
            return self.adaptive.check_end()
        self.rans.lane = 0
        self.rans.check_end()

    def filter(self, x, y):
        """Weights and bias."""
        others = [0] * 9 * self.channel
        if y == 0:
            return [256] + [0] * 13 + others, 0
        if y < 3:
            return [256, 0, 256, -256] + [0] * 10 + others, 0
        label = self.side.labels[y // 8][x // 8]
        return self.side.filters[label], self.biases[label]

    def decode(self, xs, ys):
        lo, hi = self.span
        taps = [at(self.own.v, xs, ys, OWN)] + [at(p.v, xs, ys, CROSS) for p in self.planes[:-1]]
        weights, biases = (np.array(part) for part in
                           zip(*(self.filter(x, y) for x, y in zip(xs, ys))))
        p = (((np.hstack(taps) * weights).sum(1) + 16) >> 5) + biases
        p = np.clip(p, 8 * lo, 8 * hi)
        near = [at(self.own.r, xs, ys, NEAR[:SCALE_SITES])]
        near += [at(other.r, xs, ys, SIDES) for other in self.planes[:-1]]
        total = 819 + (np.abs(np.hstack(near)) * self.scale).sum(1)
        q = np.array([log2_16(int(s)) for s in total])
        out = self.net(self.features(xs, ys, p, q, near))
        k, e = self.net.k, q >> 4
        b = np.maximum(0, e - 16)
        shift = (23 + b - e)[:, None]
        ratio = np.array(RATIO)[q & 15][:, None]
        out[:, k : 2 * k] = (out[:, k : 2 * k] * ratio + (1 << (shift - 1))) >> shift
        out[:, 2 * k :] += (16 * q - 256 * (12 + b))[:, None]
        center, low, high = ((2 * p + 8) >> b) - 8, lo >> b, hi >> b
        w, m, i, first, last = self.tools.mixtures(out, center, low[:, None], high[:, None])
        sites = []
        for s, (x, y) in enumerate(zip(xs.tolist(), ys.tolist())):
            part = self.tools.Partition(w[s], m[s], i[s], int(first[s]), int(last[s]), int(low[s]),
                                        int(high[s]))
            sites.append((part, int(b[s]), int(center[s]), x, y))
        if self.adaptive:  # what one site of a step teaches its tilt, the others do not know
            looks = [self.tilt.look(part, part.mean() + 8 >> 4, bits, middle, x, y)
                     for part, bits, middle, x, y in sites]
        for s, (part, bits, middle, x, y) in enumerate(sites):
            if self.adaptive:
                v = self.adaptive.read(part, looks[s], bits, middle, NEAR, x, y)
                self.tilt.learn(looks[s], part, v)
                v = (v << bits) + self.adaptive.plain(bits)
            else:
                v = self.read(part, bits, middle, x, y)
            if not lo <= v <= hi:
                fail("sample outside its range")
            self.own.set(x, y, v, 8 * v - p[s])
        self.tilt.end_step()

    def read(self, part, bits, center, x, y):
        self.rans.lane = y % LANES % self.count
        v, start, freq = part.find(self.rans.slot())
        site = self.tilt.look(part, v, bits, center, x, y)
        if part.lo <= v <= part.hi:
            v, start, freq = site.find(self.rans.slot())
        self.tilt.learn(site, part, v)
        self.rans.pop_here(start, freq)
        if v < part.lo:
            v -= distance(self.rans)
        elif v > part.hi:
            v += distance(self.rans)
        return (v << bits) + uniform(self.rans, bits)

    def features(self, xs, ys, p, q, near):
        lo, hi = self.span
        e = (q >> 4)[:, None]
        before = np.maximum(0, e - 15) if hi - lo > 1023 else 0 * e
        mantissa = np.array(MANTISSA)[q & 15][:, None]

        def relative(d):
            cut = np.clip(d >> before, -65535, 65535)
            return np.clip((cut * mantissa) >> (e - 1 - before), -1536, 1536)

        def with_size(r):
            return np.stack([r, np.abs(r)], 2).reshape(len(r), -1)

        p = p[:, None]
        place = ((p - 4 * (lo + hi)) * ((512 << 12) // (hi - lo + 1))) >> 12
        parts = [np.minimum(8 * q[:, None] - 1408, 1536), relative(8 * hi - p),
                 relative(p - 8 * lo), place, relative(8 * at(self.own.v, xs, ys, NEAR) - p),
                 with_size(relative(near[0]))]
        for other, r in zip(self.planes, near[1:]):
            v = at(other.v, xs, ys, SIDES)
            r, d = relative(r), relative(8 * (v - v[:, :1]))
            three = np.stack([r, np.abs(r), d], 2).reshape(len(r), -1)
            parts.append(np.delete(three, 2, 1))  # the site itself has no difference
        return np.hstack(parts)


def order_planes(channels, squeeze):
    """(channel, step x, step y, offset x, offset y, coded, earlier) of each plane."""
    if channels == 1:
        return [(0, 1, 1, 0, 0, True, [])]
    if squeeze == 0:
        return [(c, 1, 1, 0, 0, True, list(range(c))) for c in range(3)]
    down = squeeze
    order = [(0, 1, 1, 0, 0, True, []), (0, 2, down, 0, 0, False, [])]
    for c in (1, 2):
        for n in range(2 * down):  # columns first
            ox, oy = n % 2, n // 2
            mine, same = 2 + (c - 1) * 2 * down, 2 + n
            earlier = {0: [1] + [2] * (c == 2), 3: [mine, mine + 1]}.get(
                n, [mine] + [same] * (c == 2))
            order.append((c, 2, down, ox, oy, True, earlier))
    return order


def decode_planes(tools, flow, r, width, height, ranges, squeeze, learns, rgb):
    """The channels of a tile as arrays. rgb: the colour of three planes' values, or None."""
    order, planes, out = order_planes(len(ranges), squeeze), [], []
    for lo, _ in ranges:
        out.append(np.full((height, width), lo, np.int64))
    for channel, sx, sy, ox, oy, coded, earlier in order:
        lo, hi = ranges[channel]
        plane = Plane(-(-width // sx), -(-height // sy), (lo + hi) >> 1)
        if not coded:
            for y in range(plane.height):
                for x in range(plane.width):
                    plane.set(x, y, out[0][y * sy, x * sx], 0)
        elif lo != hi:
            data = tools.Reader(r.bytes(r.varint()))
            Walk(tools, flow, data, [planes[e] for e in earlier] + [plane], (lo, hi), ox + oy > 0,
                 learns, rgb)
            part = out[channel][oy::sy, ox::sx]
            part[:] = plane.samples()[: part.shape[0], : part.shape[1]]
        planes.append(plane)
    if r.at != len(r.data):
        fail("surplus bytes in a tile")
    return out


def read_deep_ranges(r, channels, largest):
    ranges = []
    for _ in range(channels):
        low = r.varint()
        ranges.append((low - 32768, low + r.varint() - 32768))
        if ranges[-1][1] > largest - 32768:
            fail("range out of bounds")
    return ranges
