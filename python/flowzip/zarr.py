# SPDX-License-Identifier: BSD-3-Clause
"""flowzip as a codec of numcodecs, and so as a compressor of Zarr arrays.

``zarr.open(...)`` finds it by an entry point: reading needs no import of this module.
"""
from __future__ import annotations

import math

import numpy as np
from numcodecs.abc import Codec
from numcodecs.compat import ensure_ndarray

from ._codec import Decoder, Effort, encode
from ._errors import InvalidArgumentError
from ._library import EFFORTS

_AXES = ("yx", "yxc")


class Flowzip(Codec):
    """Each chunk is one picture, as a flowzip file.

    :param axes: what the last axes of a chunk are. "yxc": height, width, and 1 to 4 channels (gray;
        gray and alpha; RGB; RGBA); "yx": height and width, gray. Axes before these have length 1
        in every chunk.
    :param effort: "fast", "standard" or "best", of encoding.
    :param threads: per chunk; Zarr and Dask work on many chunks at once, so 1.

    Samples are uint8, little-endian uint16, or bool. Anything else is refused with
    InvalidArgumentError. Codecs may be pickled, and shared by threads.
    """

    codec_id = "flowzip"

    def __init__(self, axes: str = "yxc", effort: Effort = "standard", threads: int = 1) -> None:
        if axes not in _AXES:
            raise InvalidArgumentError(f"axes are one of {', '.join(_AXES)}, not {axes!r}")
        if effort not in EFFORTS:
            raise InvalidArgumentError(f"an effort is one of {', '.join(EFFORTS)}, not {effort!r}")
        self.axes = axes
        self.effort = effort
        self.threads = threads

    def encode(self, buf: object) -> bytes:
        """A chunk as numcodecs gives it: an array with its shape, in C order."""
        chunk = np.asarray(buf)
        self._check_type(chunk)
        shape = self._picture_shape(chunk)
        return encode(
            chunk.reshape(shape), effort=self.effort, threads=self.threads, max_pixels=None
        )

    def decode(self, buf: object, out: object = None) -> np.ndarray:
        """The chunk's samples in C order, without its shape if `out` has none."""
        with Decoder(ensure_ndarray(buf), threads=self.threads, max_pixels=None) as decoder:
            found = decoder.info
            # uint16 is little-endian in the store, whatever the machine is.
            dtype = found.dtype.newbyteorder("<")
            if out is None:
                return decoder.decode().astype(dtype, copy=False).reshape(-1)
            target = ensure_ndarray(out)
            size = dtype.itemsize * math.prod(found.shape)
            if not target.flags.c_contiguous or target.nbytes != size:
                raise InvalidArgumentError("out is not of the size of this chunk, in C order")
            decoder.decode(out=target.reshape(-1).view(dtype).reshape(found.shape))
        return target

    @staticmethod
    def _check_type(chunk: np.ndarray) -> None:
        dtype = chunk.dtype
        if dtype == np.uint8 or dtype == np.bool_ or dtype == np.dtype("<u2"):
            return
        advice = "keep it with another compressor"
        if dtype == np.dtype(">u2"):
            advice = "make the Zarr array with dtype '<u2'"
        elif dtype.kind == "i" and dtype.itemsize <= 2:
            advice = f"make the Zarr array unsigned, of values plus {2 ** (8 * dtype.itemsize - 1)}"
        raise InvalidArgumentError(
            f"flowzip codes uint8, little-endian uint16 and bool, not {dtype.str}: {advice}"
        )

    def _picture_shape(self, chunk: np.ndarray) -> tuple[int, ...]:
        kept = len(self.axes)
        shape = chunk.shape
        if not chunk.flags.c_contiguous:
            raise InvalidArgumentError("flowzip codes chunks in C order: make the array so (order='C')")
        if len(shape) < kept:
            advice = "use axes='yx' for gray pictures" if len(shape) == 2 else "it is no picture"
            raise InvalidArgumentError(
                f"a chunk of shape {shape} does not have the axes {self.axes}: {advice}"
            )
        before, picture = shape[: len(shape) - kept], shape[len(shape) - kept :]
        if any(length != 1 for length in before):
            ones = (1,) * len(before) + picture
            raise InvalidArgumentError(
                f"a chunk of shape {shape} is more than one picture of axes {self.axes}: "
                f"make the array with chunks={ones}"
            )
        if self.axes == "yxc" and not 1 <= picture[2] <= 4:
            raise InvalidArgumentError(
                f"the last axis of a chunk of shape {shape} is not 1 to 4 channels: if it is the "
                "width, use axes='yx'; else let chunks have 1 to 4 of it, or move the axis"
            )
        return picture
