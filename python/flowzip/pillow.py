# SPDX-License-Identifier: BSD-3-Clause
"""Pillow opens and saves .flz files.

``import flowzip`` registers this plug-in. ``python3 -m flowzip pillow enable`` lets every Python
program of this user (or virtual environment) open .flz files without importing flowzip; ``disable``
takes that back.

A file's kind and metadata become modes, ``info`` and palette exactly as those of the PNG file would:
Pillow's own PNG plug-in is asked, with a PNG file that has no pixels. So 16-bit colour becomes 8-bit
as it does there; use :func:`flowzip.decode` where that matters.
"""
from __future__ import annotations

import io
import os
import struct
import zlib
from typing import IO

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

from ._codec import Decoder, Info, encode, info
from ._errors import FlowzipError, OutOfMemoryError
from ._handles import is_flowzip, probe
from .metadata import Metadata

FORMAT, MIME, EXTENSION = "FLZ", "image/x-flowzip", ".flz"
_MAX_HEADER = 2**28  # bytes
_ROWS_AT_ONCE = 2**22  # pixels that are copied at a time
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # of PNG, by channels
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MARKS = ("IHDR", "IDAT", "IEND")  # of the source and of places; no chunks of a PNG file
_OF_ANIMATIONS = ("acTL", "fcTL", "fdAT", "fzAT")


class FlzImageFile(ImageFile.ImageFile):
    """A .flz file as a Pillow image; the pixels are decoded when they are first needed."""

    format = FORMAT
    format_description = "flowzip lossless picture"

    def _open(self) -> None:
        try:
            header = _read_header(self.fp)
        except FlowzipError as error:
            raise SyntaxError(f"not a flowzip file: {error}") from error
        stand_in = PngImagePlugin.PngImageFile(io.BytesIO(_png_without_pixels(header)))
        _set_mode(self, stand_in.mode)
        self._size = header.width, header.height
        self.info = stand_in.info
        if stand_in.palette is not None:
            self.palette = stand_in.palette
        self.text = dict(stand_in.png.im_text)
        self.flz_info = header  # what Pillow has no place for: bit depth, tiles, model
        raw_mode = stand_in.tile[0][3]
        self.tile = [("flowzip", (0, 0) + self.size, 0, (raw_mode, 1))]

    def draft(self, mode: str | None, size: tuple[int, int]):
        """Chooses the smallest of the scales 1, 1/2, 1/4 and 1/8 that is not below `size`.

        What is then loaded has every 2nd, 4th or 8th pixel of every 2nd, 4th or 8th row, unfiltered.
        """
        if len(self.tile) != 1 or self.tile[0][3][1] != 1:
            return None
        ratio = min(self.size[0] // max(size[0], 1), self.size[1] // max(size[1], 1))
        scale = next(scale for scale in (8, 4, 2, 1) if ratio >= scale or scale == 1)
        if scale == 1:
            return None
        box = (0, 0, self.size[0] / scale, self.size[1] / scale)
        self._size = -(-self.size[0] // scale), -(-self.size[1] // scale)
        name, _, offset, (raw_mode, _) = self.tile[0]
        self.tile = [(name, (0, 0) + self.size, offset, (raw_mode, scale))]
        return self.mode, box

    def load_seek(self, offset: int) -> None:
        """That this is here tells Pillow's incremental parser to wait for the whole file."""
        self.fp.seek(offset)

    def verify(self) -> None:
        """Decodes everything and checks all checksums; raises OSError."""
        if self.fp is None:
            raise RuntimeError("verify must be called directly after open")
        self.fp.seek(0)
        try:
            with Decoder(self.fp.read(), max_pixels=None) as decoder:
                decoder.check()
        except FlowzipError as error:
            raise _as_os_error(error) from error
        super().verify()

    def getxmp(self) -> dict:
        """The XMP tags as a dictionary, as Pillow's PNG images have them."""
        xmp = self.info.get("XML:com.adobe.xmp")
        return self._getxmp(xmp) if xmp else {}


class FlzDecoder(ImageFile.PyDecoder):
    """Fills Pillow's memory, some rows of tiles at a time: the picture is not held twice."""

    _pulls_fd = True

    def decode(self, _buffer: object) -> tuple[int, int]:
        raw_mode, scale = self.args
        try:
            # Pillow has its own limit for pictures, Image.MAX_IMAGE_PIXELS.
            with Decoder(self.fd.read(), max_pixels=None) as decoder:
                for y, rows in _strips(decoder.info, os.cpu_count() or 1):
                    region = (0, y, decoder.info.width, rows)
                    pixels = decoder.decode(region=region, scale=1 / scale)
                    self.state.yoff, self.state.ysize = y // scale, len(pixels)
                    self.set_as_raw(*_as_raw(pixels, decoder.info, raw_mode))
        except FlowzipError as error:
            raise _as_os_error(error) from error
        return -1, 0


def register() -> None:
    """Makes Pillow know .flz files. May be called again."""
    Image.register_open(FORMAT, FlzImageFile, is_flowzip_prefix)
    Image.register_save(FORMAT, save)
    Image.register_extension(FORMAT, EXTENSION)
    Image.register_mime(FORMAT, MIME)
    Image.register_decoder("flowzip", FlzDecoder)


def is_flowzip_prefix(prefix: bytes) -> bool:
    return is_flowzip(prefix[:8])


def save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """``im.save("x.flz", effort=, threads=, exif=, icc_profile=, xmp=, dpi=, ...)``.

    What is not given is taken from ``im.info``. Beside these, the options of Pillow's PNG plug-in
    that say something about the picture: pnginfo, transparency, bits.
    """
    options = dict(im.encoderinfo)
    effort, threads = options.pop("effort", "standard"), options.pop("threads", 0)
    xmp = options.pop("xmp", im.info.get("xmp", im.info.get("XML:com.adobe.xmp")))
    for name in ("dpi", "icc_profile", "exif"):
        if name not in options and name in im.info:
            options[name] = im.info[name]
    if im.mode == "I" and not _fits_16_bits(im):
        raise OSError("cannot write values of mode I outside of 0 to 65535 as FLZ")
    chunks = _chunks_by_png(im, options)
    bit_depth, colour_type = struct.unpack(">8xBB3x", chunks.pop(0)[1])
    metadata = list(chunks)
    if xmp and not any(data.startswith(b"XML:com.adobe.xmp\0") for _, data in metadata):
        metadata += Metadata.of(xmp=xmp).chunks
    pixels = _pixels_of(im, bit_depth, _CHANNELS[colour_type])
    palette = None
    while pixels.max() >> bit_depth:  # indices beyond the palette
        bit_depth *= 2
    if colour_type == 3:
        # The entries that are there, and those that the pixels name all the same, in black.
        colours = next(data for name, data in metadata if name == "PLTE")
        colours = colours.ljust(3 * (int(pixels.max()) + 1), b"\0")
        palette = np.frombuffer(colours, np.uint8).reshape(-1, 3)
    try:
        data = encode(
            pixels,
            effort=effort,
            threads=threads,
            bit_depth=bit_depth,
            palette=palette,
            metadata=Metadata(tuple(metadata)),
            max_pixels=None,
        )
    except FlowzipError as error:
        raise _as_os_error(error) from error
    fp.write(data)


def _read_header(fp: IO[bytes]) -> Info:
    data = fp.read(64)
    while needed := probe(data):
        more = fp.read(needed - len(data)) if needed <= _MAX_HEADER else b""
        if not more:
            break
        data += more
    return info(data)


def _png_without_pixels(header: Info) -> bytes:
    """A PNG file of that kind and size with that metadata, cut before its pixels."""
    known = header.bit_depth in (1, 2, 4, 8, 16) and header.channels == 1
    bit_depth = header.bit_depth if known else 8 if header.bit_depth <= 8 else 16
    colour_type = 3 if header.indexed else _COLOUR_TYPES[header.channels]
    size = struct.pack(">IIBBBBB", header.width, header.height, bit_depth, colour_type, 0, 0,
                       header.interlaced)  # fmt: skip
    chunks = [("IHDR", size)]
    chunks += [c for c in header.metadata.chunks if c[0] not in _MARKS + _OF_ANIMATIONS]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + _with_crc(name.encode("ascii") + data)
        for name, data in chunks + [("IDAT", b"")]
    )


def _with_crc(chunk: bytes) -> bytes:
    return chunk + struct.pack(">I", zlib.crc32(chunk))


def _strips(header: Info, threads: int):
    """First row and number of rows of each strip: two tiles for every thread."""
    across = -(-header.width // header.tile_size)
    rows = header.tile_size * max(1, -(-2 * threads // across))
    for y in range(0, header.height, rows):
        yield y, min(rows, header.height - y)


def _as_raw(pixels: np.ndarray, header: Info, raw_mode: str) -> tuple[np.ndarray, str]:
    """The decoded samples as Pillow's raw decoder takes them, and its name for that."""
    largest = header.max_value
    if header.bit_depth > 8:
        if largest != 65535:
            pixels = (pixels.astype(np.uint32) * 65535 + largest // 2) // largest
        return pixels.astype(">u2"), raw_mode  # as in PNG
    if not header.indexed and largest != 255:
        pixels = ((pixels.astype(np.uint16) * 255 + largest // 2) // largest).astype(np.uint8)
    return pixels, {"1": "1;8"}.get(raw_mode, raw_mode.partition(";")[0])


def _fits_16_bits(im: Image.Image) -> bool:
    low, high = im.getextrema()
    return 0 <= low and high <= 65535


def _chunks_by_png(im: Image.Image, options: dict) -> list[tuple[str, bytes]]:
    """IHDR and what else Pillow's PNG plug-in would write before the pixels; after them, too."""
    # One pixel, which is not used.
    corner = Image.new("I;16", (1, 1)) if im.mode.startswith("I;16") else im.crop((0, 0, 1, 1))
    corner.info = im.info
    known = ("pnginfo", "transparency", "bits", "dpi", "icc_profile", "exif")
    try:
        chunks = PngImagePlugin.getchunks(corner, **{k: options[k] for k in known if k in options})
    except OSError as error:
        if "cannot write mode" not in str(error):
            raise
        raise OSError(
            f"cannot write mode {im.mode} as FLZ: convert it to L, LA, RGB or RGBA"
        ) from error
    found = [(name.decode("ascii"), data) for name, data, _ in chunks]
    return [chunk for chunk in found if chunk[0] not in ("IDAT", "IEND")]


def _pixels_of(im: Image.Image, bit_depth: int, channels: int) -> np.ndarray:
    """All samples, copied out of Pillow some rows at a time: it would join copies of them all."""
    shape = (im.height, im.width) + ((channels,) if channels > 1 else ())
    pixels = np.empty(shape, np.uint8 if bit_depth <= 8 else np.uint16)
    im.load()
    rows = max(1, _ROWS_AT_ONCE // im.width)
    for y in range(0, im.height, rows):
        strip = np.asarray(im.crop((0, y, im.width, min(y + rows, im.height))))
        pixels[y : y + rows] = strip
    return pixels


def _set_mode(im: Image.Image, mode: str) -> None:
    if isinstance(getattr(type(im), "mode", None), property):  # since Pillow 10.1
        im._mode = mode
    else:
        im.mode = mode


def _as_os_error(error: FlowzipError) -> Exception:
    if isinstance(error, OutOfMemoryError):
        return MemoryError(str(error))
    return OSError(f"flowzip: {error}")

