# SPDX-License-Identifier: BSD-3-Clause
"""What a picture has beside its pixels. A flowzip file keeps it as chunks of a PNG file."""
from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ._errors import CorruptError, InvalidArgumentError

MAX_UNPACKED = 2**26  # bytes of one compressed profile or text
_METRES_PER_INCH = 0.0254
_XMP = "XML:com.adobe.xmp"


@dataclass(frozen=True)
class Metadata:
    """Chunks, in the order of the PNG file; type (four letters) and contents of each.

    The properties read the usual ones, :meth:`of` makes them. A palette (PLTE) and the transparency
    of palette or colour (tRNS) are among the chunks; an empty IDAT marks where the pixels stood.
    """

    chunks: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def of(
        cls,
        *,
        icc_profile: bytes | None = None,
        exif: bytes | None = None,
        xmp: bytes | str | None = None,
        dpi: tuple[float, float] | None = None,
        text: Mapping[str, str] | None = None,
        chunks: Iterable[tuple[str, bytes]] = (),
    ) -> Metadata:
        """Chunks for these, and then `chunks` as they are.

        `exif` is a TIFF stream, with or without "Exif" and two zeros before; `dpi` is pixels per inch,
        across and down, kept to a pixel per metre; `text` keywords have 1 to 79 Latin-1 characters.
        Raises InvalidArgumentError.
        """
        made: list[tuple[str, bytes]] = []
        if icc_profile:
            made.append(("iCCP", b"ICC Profile\0\0" + zlib.compress(icc_profile, 9)))
        if dpi:
            metre = [round(value / _METRES_PER_INCH) for value in dpi]
            if len(metre) != 2 or not all(0 < value < 2**31 for value in metre):
                raise InvalidArgumentError(f"dpi are two numbers above 0, not {dpi!r}")
            made.append(("pHYs", struct.pack(">IIB", *metre, 1)))
        for keyword, value in (text or {}).items():
            made.append(_text_chunk(keyword, value))
        if xmp:
            made.append(_text_chunk(_XMP, xmp.encode("utf-8") if isinstance(xmp, str) else xmp))
        if exif:
            made.append(("eXIf", exif[6:] if exif[:6] == b"Exif\0\0" else bytes(exif)))
        return cls(tuple(made) + tuple((name, bytes(data)) for name, data in chunks))

    def get(self, name: str) -> bytes | None:
        """Contents of the first chunk of that type."""
        return next((data for found, data in self.chunks if found == name), None)

    @property
    def icc_profile(self) -> bytes | None:
        """The colour profile, unpacked."""
        data = self.get("iCCP")
        if data is None:
            return None
        end = data.find(b"\0")
        if end < 0 or data[end + 1 : end + 2] != b"\0":
            raise CorruptError("the chunk iCCP holds no profile")
        return _unpack(data[end + 2 :], "iCCP")

    @property
    def exif(self) -> bytes | None:
        """The TIFF stream with the camera's data. Its orientation has not been applied."""
        return self.get("eXIf")

    @property
    def xmp(self) -> bytes | None:
        """The XMP packet, XML."""
        text = self.text.get(_XMP)
        return None if text is None else text.encode("utf-8")

    @property
    def dpi(self) -> tuple[float, float] | None:
        """Pixels per inch, across and down."""
        data = self.get("pHYs")
        if data is None or len(data) != 9 or data[8] != 1:
            return None
        across, down = struct.unpack(">II", data[:8])
        return across * _METRES_PER_INCH, down * _METRES_PER_INCH

    @property
    def text(self) -> dict[str, str]:
        """Keyword to text. Of a keyword that occurs twice, the last."""
        found = {}
        for name, data in self.chunks:
            if name in ("tEXt", "zTXt", "iTXt"):
                keyword, _, rest = data.partition(b"\0")
                found[keyword.decode("latin-1")] = _text_of(name, rest)
        return found


def _text_chunk(keyword: str, value: str | bytes) -> tuple[str, bytes]:
    try:
        key = keyword.encode("latin-1")
    except UnicodeEncodeError:
        key = b""
    if not 1 <= len(key) <= 79 or b"\0" in key:
        raise InvalidArgumentError(f"a keyword has 1 to 79 Latin-1 characters, not {keyword!r}")
    if isinstance(value, str):
        try:
            latin = value.encode("latin-1")
            if b"\0" not in latin:
                return "tEXt", key + b"\0" + latin
        except UnicodeEncodeError:
            pass
        value = value.encode("utf-8")
    return "iTXt", key + b"\0\0\0\0\0" + value


def _text_of(name: str, rest: bytes) -> str:
    if name == "tEXt":
        return rest.decode("latin-1")
    if name == "zTXt":
        return _unpack(rest[1:], name).decode("latin-1")
    packed = rest[:1] == b"\1"
    parts = rest[2:].split(b"\0", 2)  # language, translated keyword, text
    text = parts[2] if len(parts) == 3 else b""
    return (_unpack(text, name) if packed else text).decode("utf-8", "replace")


def _unpack(data: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, MAX_UNPACKED)
    except zlib.error:
        raise CorruptError(f"the chunk {name} does not unpack") from None
    if unpacker.unconsumed_tail:
        raise CorruptError(f"the chunk {name} unpacks to more than {MAX_UNPACKED} bytes")
    return unpacked
