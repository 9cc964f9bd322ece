# SPDX-License-Identifier: BSD-3-Clause
"""flowzip: lossless image compression by an integer flow, for NumPy, Pillow and Zarr.

``encode`` and ``decode`` work on arrays. Importing this package lets Pillow open and save
.flz files, if it is installed. ``flowzip.zarr`` is a codec for Zarr, ``flowzip.batch`` goes through
folders of pictures. Everything is in docs/python.md.
"""
from ._codec import Decoder, Info, Score, check, decode, encode, info, preview, sample, score
from ._errors import (
    BufferTooSmallError,
    CancelledError,
    CorruptError,
    FlowzipError,
    InternalError,
    InvalidArgumentError,
    LimitError,
    OutOfMemoryError,
    TruncatedError,
    UnknownModelError,
    UnsupportedError,
)
from ._library import library_version, models
from .metadata import Metadata

__version__ = library_version()
__all__ = [
    "BufferTooSmallError",
    "CancelledError",
    "CorruptError",
    "Decoder",
    "FlowzipError",
    "Info",
    "InternalError",
    "InvalidArgumentError",
    "LimitError",
    "Metadata",
    "OutOfMemoryError",
    "Score",
    "TruncatedError",
    "UnknownModelError",
    "UnsupportedError",
    "check",
    "decode",
    "encode",
    "info",
    "library_version",
    "models",
    "preview",
    "sample",
    "score",
]

try:
    from . import pillow as _pillow
except ModuleNotFoundError as error:
    if error.name != "PIL":
        raise  # something else than Pillow is missing
else:
    _pillow.register()
