# SPDX-License-Identifier: BSD-3-Clause
"""The lattice of JFIF's colours, FORMAT.md 3.12."""


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
