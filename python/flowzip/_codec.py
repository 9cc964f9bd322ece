# SPDX-License-Identifier: BSD-3-Clause
"""Pictures as NumPy arrays to flowzip files and back."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ._arrays import as_image, as_output, as_pixels, row_stride
from ._errors import BufferTooSmallError, InvalidArgumentError
from ._handles import (
    DEFAULT_MAX_MEMORY,
    DEFAULT_MAX_PIXELS,
    DecoderHandle,
    EncoderHandle,
    Progress,
)
from ._library import INDEXED, INTERLACED, FlzInfo, models
from .metadata import Metadata

Effort = Literal["fast", "standard", "best"]
Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class Info:
    """What the header of a file says."""

    width: int
    height: int
    channels: int
    """1 gray or indices, 2 gray and alpha, 3 RGB, 4 RGBA."""
    bit_depth: int
    """Bits of a sample, 1 to 16; up to 8 are a uint8, more a uint16."""
    max_value: int
    """The largest sample allowed."""
    indexed: bool
    """The samples are indices into ``palette``."""
    interlaced: bool
    """The PNG file that the picture came from was; says nothing about the pixels here."""
    file_bytes: int
    header_bytes: int
    tile_size: int
    tile_count: int
    model: str | None
    """Name of the model that decodes it, or its hash if it is not here; None: needs none."""
    format_version: int
    metadata: Metadata

    @property
    def shape(self) -> tuple[int, ...]:
        """(height, width), or (height, width, channels) of more than one channel."""
        return (self.height, self.width) + ((self.channels,) if self.channels > 1 else ())

    @property
    def dtype(self) -> np.dtype:
        """uint8 or uint16, in the machine's byte order."""
        return np.dtype(np.uint8 if self.bit_depth <= 8 else np.uint16)

    @property
    def palette(self) -> np.ndarray | None:
        """Of indexed pictures: uint8 of shape (colours, 3), or 4 if some are transparent.

        ``info.palette[indices]`` is the picture in colour.
        """
        data = self.metadata.get("PLTE")
        if not self.indexed or data is None:
            return None
        colours = np.frombuffer(data, np.uint8).reshape(-1, 3)
        alpha = self.metadata.get("tRNS")
        if alpha is None:
            return colours
        opaque = np.full(len(colours), 255, np.uint8)
        known = np.frombuffer(alpha, np.uint8)[: len(colours)]
        opaque[: len(known)] = known
        return np.column_stack([colours, opaque])


@dataclass(frozen=True)
class Score:
    """A picture's likelihood under a model."""

    bits: float
    """-log2 of its probability."""
    bits_per_dimension: float
    """The same for each sample."""
    file_bytes: int
    """Size of a file that the model alone codes."""
    overhead_limit: int
    """bits <= 8 * file_bytes <= bits + 8 * overhead_limit."""
    pixel_bits: np.ndarray
    """Bits of each pixel, all its channels together: float32 of shape (height, width)."""


class Decoder:
    """A file taken up once, to decode parts of it again and again.

    `data` is a whole file: bytes or another buffer, which is copied if it is writable. Threads may
    share a decoder; they wait for each other. ``with`` or :meth:`close` give its memory back.

    :param threads: the caller's included; 0: one per processor.
    :param max_pixels: of what is decoded at once; None: no limit.
    :param max_memory: bytes that the work may take beside file and array; None: no limit.
    :raises FlowzipError: one of its kinds
    """

    def __init__(
        self,
        data: object,
        *,
        threads: int = 0,
        max_pixels: int | None = DEFAULT_MAX_PIXELS,
        max_memory: int | None = DEFAULT_MAX_MEMORY,
    ) -> None:
        self._handle = DecoderHandle(data, threads, max_pixels, max_memory)
        self.info = _info_of(self._handle.header, self._handle.chunks())

    def decode(
        self,
        *,
        region: Region | None = None,
        scale: float = 1,
        out: np.ndarray | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """As :func:`decode`."""
        handle = self._handle
        with handle.held():  # region and scale are the handle's
            handle.select(region, scale)
            width, height = handle.size()
            shape = (height, width) + self.info.shape[2:]
            target = None if out is None else as_output(out, shape, self.info.dtype)
            stride = None if target is None or not target.dtype.isnative else row_stride(target)
            if target is not None and stride is not None:
                handle.decode(target, stride, progress)
                return target
            pixels = np.empty(shape, self.info.dtype)
            handle.decode(pixels, pixels.nbytes // height, progress)
        if target is None:
            return pixels
        target[...] = pixels.reshape(target.shape)
        return target

    def preview(self) -> np.ndarray | None:
        """As :func:`preview`."""
        return self._handle.preview()

    def check(self, *, progress: Progress | None = None) -> None:
        """As :func:`check`."""
        self._handle.check(progress)

    def close(self) -> None:
        """Gives the library's memory and the file's bytes back. May be called twice."""
        self._handle.close()

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def encode(
    array: object,
    *,
    effort: Effort = "standard",
    threads: int = 0,
    metadata: Metadata | None = None,
    palette: np.ndarray | None = None,
    bit_depth: int | None = None,
    out: object = None,
    pixel_bits: np.ndarray | None = None,
    progress: Progress | None = None,
    max_pixels: int | None = DEFAULT_MAX_PIXELS,
    max_memory: int | None = DEFAULT_MAX_MEMORY,
) -> bytes | memoryview:
    """Encodes a picture. The bytes do not depend on threads or machine.

    The array is not copied if its pixels lie side by side, its rows go downwards and its byte order
    is the machine's; nobody may write to it meanwhile. The interpreter's lock is released.

    :param array: uint8, uint16 or bool of shape (height, width) or (height, width, channels):
        gray; gray and alpha; RGB; RGBA.
    :param effort: "fast", "standard" or "best": how much work goes into a smaller file.
    :param threads: the caller's included; 0: one per processor.
    :param metadata: colour profile, EXIF, ... to be kept in the file.
    :param palette: uint8 of shape (colours, 3) or (colours, 4): the array holds indices into it. With 3,
        what is transparent is said by the chunk tRNS of `metadata`, if that has one.
    :param bit_depth: bits of a sample if it has fewer than its dtype: 12 for 0 to 4095 in uint16.
    :param out: a writable buffer for the file; what is returned is then the part that it takes.
    :param pixel_bits: takes the bits that each pixel costs: float32, (height, width), C order.
        Takes longer.
    :param progress: called as progress(pixels done, pixels in all), perhaps on another thread; what
        it raises ends the work and is raised here, and False ends it with CancelledError.
    :param max_pixels: larger pictures are refused; None: no limit.
    :param max_memory: bytes that the work may take beside the picture; None: no limit.
    :return: the file
    :raises FlowzipError: one of its kinds; BufferTooSmallError if `out` is too small
    """
    pixels = as_pixels(array)
    if bit_depth is None:
        bit_depth = 1 if getattr(array, "dtype", None) == np.bool_ else 8 * pixels.itemsize
    if bit_depth not in range(1, 9) if pixels.itemsize == 1 else bit_depth not in range(9, 17):
        raise InvalidArgumentError(f"samples of {pixels.dtype} do not have {bit_depth} bits")
    chunks = list(metadata.chunks) if metadata is not None else []
    if palette is not None:
        chunks = _with_palette(chunks, palette)
    handle = EncoderHandle(effort, threads, max_pixels, max_memory)
    try:
        handle.add_chunks(chunks)
        if pixel_bits is not None:
            handle.set_pixel_bits(_bits_output(pixel_bits, pixels))
        image = as_image(pixels, bit_depth, INDEXED if palette is not None else 0)
        if out is None:
            return handle.encode(image, progress)
        view = memoryview(out)  # type: ignore[arg-type]
        if view.readonly or not view.c_contiguous:
            raise InvalidArgumentError("out is a writable buffer without gaps")
        view = view.cast("B") if view.nbytes else view
        if view.nbytes == 0:
            raise BufferTooSmallError("out has no bytes at all")
        return view[: handle.encode_into(image, view, progress)]
    finally:
        handle.close()


def decode(
    data: object,
    *,
    region: Region | None = None,
    scale: float = 1,
    threads: int = 0,
    out: np.ndarray | None = None,
    progress: Progress | None = None,
    max_pixels: int | None = DEFAULT_MAX_PIXELS,
    max_memory: int | None = DEFAULT_MAX_MEMORY,
) -> np.ndarray:
    """Decodes a file, checking every checksum. The interpreter's lock is released.

    :param data: a whole file: bytes or another buffer, mmap included.
    :param region: (x, y, width, height): only this part, by the tiles that it needs.
    :param scale: 1, 1/2, 1/4 or 1/8: only the pixels whose column and row in the picture are multiples
        of 2, 4 or 8, unfiltered. With a region, the part of that reduced picture.
    :param threads: the caller's included; 0: one per processor.
    :param out: takes the pixels: an array of the right shape and dtype, of any strides and byte
        order. Its contents are undefined after an error.
    :param progress: as for :func:`encode`.
    :param max_pixels: of what is decoded; None: no limit.
    :param max_memory: bytes that the work may take beside file and array; None: no limit.
    :return: uint8 or uint16 of shape (height, width) or (height, width, channels); or `out`. The
        indices of indexed pictures: their colours are ``info(data).palette``.
    :raises FlowzipError: one of its kinds
    """
    with Decoder(data, threads=threads, max_pixels=max_pixels, max_memory=max_memory) as decoder:
        return decoder.decode(region=region, scale=scale, out=out, progress=progress)


def preview(data: object) -> np.ndarray | None:
    """The small picture that large files have beside their tiles, for thumbnails; None where there is none.

    Of at most 256 pixels on a side, averaged, gray or RGB, with alpha if the picture has any: palette and depth
    are resolved. It takes some milliseconds.

    :param data: a file, or its beginning up to the end of the preview.
    :return: uint8 of shape (height, width) or (height, width, channels)
    :raises FlowzipError: one of its kinds
    """
    with Decoder(data, threads=1) as decoder:
        return decoder.preview()


def check(
    data: object,
    *,
    threads: int = 0,
    progress: Progress | None = None,
    max_pixels: int | None = DEFAULT_MAX_PIXELS,
    max_memory: int | None = DEFAULT_MAX_MEMORY,
) -> None:
    """Decodes a whole file, checks everything, keeps nothing, and returns if all is right.

    :raises FlowzipError: one of its kinds says what is wrong
    """
    with Decoder(data, threads=threads, max_pixels=max_pixels, max_memory=max_memory) as decoder:
        decoder.check(progress=progress)


def info(data: object) -> Info:
    """What the header says. `data` may be any beginning of the file that has all of the header.

    :raises TruncatedError: the header is longer
    :raises FlowzipError: one of its kinds
    """
    with Decoder(data, threads=1) as decoder:
        return decoder.info


def score(
    array: object,
    *,
    effort: Effort = "standard",
    threads: int = 0,
    progress: Progress | None = None,
    max_pixels: int | None = DEFAULT_MAX_PIXELS,
    max_memory: int | None = DEFAULT_MAX_MEMORY,
) -> Score:
    """The exact likelihood of a picture under the model of that effort.

    :param array: uint8 of shape (height, width), (height, width, 1) or (height, width, 3).
    :raises UnsupportedError: the model does not know such pictures
    :raises FlowzipError: one of its kinds
    """
    pixels = as_pixels(array)
    bits = np.zeros(pixels.shape[:2], np.float32)
    handle = EncoderHandle(effort, threads, max_pixels, max_memory)
    try:
        handle.set_pixel_bits(bits)
        found = handle.score(as_image(pixels, 8 * pixels.itemsize), progress)
    finally:
        handle.close()
    return Score(
        found.bits, found.bits_per_dimension, found.file_bytes, found.overhead_limit, bits
    )


def sample(
    width: int,
    height: int,
    *,
    channels: int = 3,
    seed: int = 0,
    temperature: float = 1,
    effort: Effort = "standard",
    threads: int = 0,
) -> np.ndarray:
    """A picture that the model of that effort makes up; the same seed gives the same one everywhere.

    :param width, height: 1 to 4096.
    :param channels: 1 gray, 3 RGB.
    :param seed: 0 to 2**64 - 1.
    :param temperature: 1: the model as it is; 1/16 to 16.
    :return: uint8 of shape (height, width) or (height, width, 3)
    :raises FlowzipError: one of its kinds
    """
    if not (1 <= width <= 4096 and 1 <= height <= 4096 and channels in (1, 3)):
        raise InvalidArgumentError("a sample has 1 to 4096 pixels on a side, and 1 or 3 channels")
    if not 0 <= seed < 2**64:
        raise InvalidArgumentError("a seed is a number from 0 to 2**64 - 1")
    pixels = np.empty((height, width) + ((channels,) if channels > 1 else ()), np.uint8)
    handle = EncoderHandle(effort, threads)
    try:
        handle.sample(pixels, seed, temperature)
    finally:
        handle.close()
    return pixels


def _info_of(header: FlzInfo, chunks: list[tuple[str, bytes]]) -> Info:
    model = None
    if header.model_hash != 0:
        digits = f"{header.model_hash:016x}"
        model = next((name for name, known in models().items() if known == digits), digits)
    return Info(
        width=header.width,
        height=header.height,
        channels=header.channels,
        bit_depth=header.bit_depth,
        max_value=header.max_value or 2**header.bit_depth - 1,
        indexed=bool(header.flags & INDEXED),
        interlaced=bool(header.flags & INTERLACED),
        file_bytes=header.file_bytes,
        header_bytes=header.header_bytes,
        tile_size=header.tile_size,
        tile_count=header.tile_count,
        model=model,
        format_version=header.format_version,
        metadata=Metadata(tuple(chunks)),
    )


def _with_palette(chunks: list[tuple[str, bytes]], palette: object) -> list[tuple[str, bytes]]:
    """Palette and transparency in the place of those that are there, else before all others."""
    colours = np.asarray(palette)
    if colours.dtype != np.uint8 or colours.ndim != 2 or colours.shape[1] not in (3, 4):
        raise InvalidArgumentError("a palette is uint8 of shape (colours, 3) or (colours, 4)")
    if not 1 <= len(colours) <= 256:
        raise InvalidArgumentError(f"a palette has 1 to 256 colours, not {len(colours)}")
    new = {"PLTE": colours[:, :3].tobytes()}
    if colours.shape[1] == 4:
        new["tRNS"] = colours[:, 3].tobytes()
    places = {name for name, _ in chunks}
    return [(name, data) for name, data in new.items() if name not in places] + [
        (name, new.get(name, data)) for name, data in chunks
    ]


def _bits_output(bits: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    bits = as_output(bits, pixels.shape[:2], np.dtype(np.float32))
    if not bits.dtype.isnative or not bits.flags.c_contiguous:
        raise InvalidArgumentError("pixel_bits has to be in C order and the machine's byte order")
    return bits
