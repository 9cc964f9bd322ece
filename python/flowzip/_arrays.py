# SPDX-License-Identifier: BSD-3-Clause
"""Where the pixels of NumPy arrays are, and whether the library can use them there."""
from __future__ import annotations

import numpy as np

from ._errors import InvalidArgumentError
from ._handles import address_of
from ._library import MAX_SIDE, FlzImage


def as_pixels(array: object) -> np.ndarray:
    """Checks shape and dtype; the array is the caller's own wherever that is possible.

    Copied are arrays in the other byte order, and those whose pixels do not lie side by side in
    rows from top to bottom. Booleans become bytes of 0 and 1.
    """
    pixels = np.asarray(array)
    kind = f"shape {pixels.shape} and dtype {pixels.dtype}"
    if pixels.dtype == np.bool_:
        pixels = pixels.view(np.uint8)
    if pixels.dtype.kind != "u" or pixels.dtype.itemsize > 2:
        raise InvalidArgumentError(f"samples are uint8, uint16 or bool, not of {kind}")
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and not 1 <= pixels.shape[2] <= 4):
        raise InvalidArgumentError(
            "a picture has the shape (height, width) or (height, width, channels) with "
            f"1 to 4 channels, not {kind}"
        )
    if not all(1 <= side <= MAX_SIDE for side in pixels.shape[:2]):
        raise InvalidArgumentError(f"a picture has 1 to {MAX_SIDE} pixels on a side, not {kind}")
    if not pixels.dtype.isnative or row_stride(pixels) is None:
        pixels = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("="))
    return pixels


def row_stride(pixels: np.ndarray) -> int | None:
    """Bytes from row to row, if rows go downwards and pixels lie side by side; else None.

    The stride of an axis of length 1 says nothing.
    """
    expected = pixels.itemsize
    for length, stride in zip(reversed(pixels.shape[1:]), reversed(pixels.strides[1:])):
        if length != 1 and stride != expected:
            return None
        expected *= length
    if pixels.shape[0] == 1:
        return expected
    return pixels.strides[0] if pixels.strides[0] >= expected else None


def as_image(pixels: np.ndarray, bit_depth: int, flags: int = 0) -> FlzImage:
    """`pixels` as they come from as_pixels(); they must outlive the result."""
    height, width = pixels.shape[:2]
    return FlzImage(
        width=width,
        height=height,
        channels=1 if pixels.ndim == 2 else pixels.shape[2],
        bit_depth=bit_depth,
        pixels=address_of(pixels),
        stride=row_stride(pixels),
        flags=flags,
    )


def as_output(out: np.ndarray, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Checks the array that is to take a picture of that shape; one channel may have its axis."""
    if not isinstance(out, np.ndarray):
        raise InvalidArgumentError(f"out is a NumPy array, not {type(out).__name__}")
    if out.shape != shape and not (len(shape) == 2 and out.shape == shape + (1,)):
        raise InvalidArgumentError(f"out has the shape {out.shape}, the picture {shape}")
    if out.dtype.newbyteorder("=") != dtype:
        raise InvalidArgumentError(f"out has the dtype {out.dtype}, the picture {dtype}")
    if not out.flags.writeable:
        raise InvalidArgumentError("out is read-only")
    return out
