# SPDX-License-Identifier: BSD-3-Clause
"""libflowzip by ctypes: the structures and functions of include/flowzip/flowzip.h.

Every call releases the interpreter's lock. The library is looked for in this order: the file that
the environment variable FLOWZIP_LIBRARY names, the one inside this package, the system's.
"""
from __future__ import annotations

import ctypes
import os
import sys
from ctypes import POINTER, c_char_p, c_double, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path

from ._errors import InternalError, error_of

OK, NEED_MORE, END = 0, 11, 12
INDEXED, INTERLACED = 1, 2
EFFORTS = {"fast": 1, "standard": 2, "best": 3}
MAX_SIDE = 2**31 - 1


class FlzInfo(ctypes.Structure):
    _fields_ = [
        ("width", c_uint32),
        ("height", c_uint32),
        ("channels", c_uint32),
        ("bit_depth", c_uint32),
        ("row_bytes", c_uint64),
        ("model_hash", c_uint64),
        ("header_bytes", c_uint64),
        ("file_bytes", c_uint64),
        ("tile_count", c_uint64),
        ("tile_size", c_uint32),
        ("format_version", c_uint32),
        ("flags", c_uint32),
        ("max_value", c_uint32),
        ("preview_width", c_uint32),
        ("preview_height", c_uint32),
        ("preview_channels", c_uint32),
        ("preview_bytes", c_uint32),
        ("reserved", c_uint64 * 2),
    ]


class FlzImage(ctypes.Structure):
    _fields_ = [
        ("width", c_uint32),
        ("height", c_uint32),
        ("channels", c_uint32),
        ("bit_depth", c_uint32),
        ("pixels", c_void_p),
        ("stride", c_size_t),
        ("flags", c_uint32),
        ("max_value", c_uint32),
    ]


class FlzScore(ctypes.Structure):
    _fields_ = [
        ("bits", c_double),
        ("bits_per_dimension", c_double),
        ("file_bytes", c_uint64),
        ("overhead_limit", c_uint64),
        ("reserved", c_uint64 * 4),
    ]


class FlzChunk(ctypes.Structure):
    _fields_ = [("type", ctypes.c_char * 4), ("data", c_void_p), ("size", c_size_t)]


PROGRESS_FN = ctypes.CFUNCTYPE(c_int, c_void_p, c_uint64, c_uint64)

_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "flz_version": (c_char_p, []),
    "flz_version_number": (c_uint32, []),
    "flz_status_text": (c_char_p, [c_int]),
    "flz_model_count": (c_size_t, []),
    "flz_model_info": (c_int, [c_size_t, POINTER(c_char_p), POINTER(c_uint64)]),
    "flz_signature": (c_int, [c_void_p, c_size_t]),
    "flz_probe": (c_int, [c_void_p, c_size_t, POINTER(FlzInfo), POINTER(c_size_t)]),
    "flz_encoder_new": (c_void_p, []),
    "flz_encoder_free": (None, [c_void_p]),
    "flz_encoder_message": (c_char_p, [c_void_p]),
    "flz_encoder_set_effort": (c_int, [c_void_p, c_int]),
    "flz_encoder_set_threads": (c_int, [c_void_p, c_int]),
    "flz_encoder_set_max_pixels": (c_int, [c_void_p, c_uint64]),
    "flz_encoder_set_max_memory": (c_int, [c_void_p, c_uint64]),
    "flz_encoder_set_progress": (c_int, [c_void_p, PROGRESS_FN, c_void_p]),
    "flz_encoder_set_pixel_bits": (c_int, [c_void_p, c_void_p, c_size_t]),
    "flz_encoder_add_chunk": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t]),
    "flz_encoder_encode": (
        c_int,
        [c_void_p, POINTER(FlzImage), POINTER(c_void_p), POINTER(c_size_t)],
    ),
    "flz_encoder_encode_into": (
        c_int,
        [c_void_p, POINTER(FlzImage), c_void_p, c_size_t, POINTER(c_size_t)],
    ),
    "flz_encoder_score": (c_int, [c_void_p, POINTER(FlzImage), POINTER(FlzScore)]),
    "flz_encoder_sample": (
        c_int,
        [c_void_p]
        + [c_uint32, c_uint32, c_uint32, c_uint64, c_double, c_void_p, c_size_t, c_size_t],
    ),
    "flz_decoder_new": (c_void_p, []),
    "flz_decoder_free": (None, [c_void_p]),
    "flz_decoder_message": (c_char_p, [c_void_p]),
    "flz_decoder_set_threads": (c_int, [c_void_p, c_int]),
    "flz_decoder_set_max_pixels": (c_int, [c_void_p, c_uint64]),
    "flz_decoder_set_max_memory": (c_int, [c_void_p, c_uint64]),
    "flz_decoder_set_progress": (c_int, [c_void_p, PROGRESS_FN, c_void_p]),
    "flz_decoder_open": (c_int, [c_void_p, c_void_p, c_size_t, POINTER(FlzInfo)]),
    "flz_decoder_next_chunk": (c_int, [c_void_p, POINTER(FlzChunk)]),
    "flz_decoder_set_region": (c_int, [c_void_p, c_uint32, c_uint32, c_uint32, c_uint32]),
    "flz_decoder_set_scale": (c_int, [c_void_p, c_int]),
    "flz_decoder_size": (
        c_int,
        [c_void_p, POINTER(c_uint32), POINTER(c_uint32), POINTER(c_uint64)],
    ),
    "flz_decoder_decode": (c_int, [c_void_p, c_void_p, c_size_t, c_size_t]),
    "flz_decoder_preview": (c_int, [c_void_p, c_void_p, c_size_t, c_size_t]),
    "flz_decoder_check": (c_int, [c_void_p]),
}

_NAMES = {"win32": "flowzip.dll", "darwin": "libflowzip.0.dylib"}


def _load() -> ctypes.CDLL:
    name = _NAMES.get(sys.platform, "libflowzip.so.0")
    inside = Path(__file__).with_name(name)
    path = os.environ.get("FLOWZIP_LIBRARY") or (str(inside) if inside.exists() else name)
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(
            f"flowzip needs its library, which is not there: {error}. Install libflowzip0, "
            f"or the flowzip wheel, which contains it"
        ) from error
    try:
        for function, (result, arguments) in _SIGNATURES.items():
            entry = getattr(library, function)
            entry.restype = result
            entry.argtypes = arguments
    except AttributeError as error:
        raise ImportError(f"{path} is of another version than this package: {error}") from error
    return library


library = _load()


def library_version() -> str:
    """Version of libflowzip, as "0.1.0"."""
    return library.flz_version().decode("ascii")


def models() -> dict[str, str]:
    """The models inside the library: name to content hash in hexadecimal digits.

    The first is the default.
    """
    found = {}
    for index in range(library.flz_model_count()):
        name, model_hash = c_char_p(), c_uint64()
        library.flz_model_info(index, ctypes.byref(name), ctypes.byref(model_hash))
        if name.value is None:
            raise InternalError("a model without a name")
        found[name.value.decode("utf-8")] = f"{model_hash.value:016x}"
    return found


def raise_for(status: int, message: bytes | None = None) -> None:
    """Raises the exception of a status, unless it is FLZ_OK."""
    if status == OK:
        return
    text = message or library.flz_status_text(status)
    raise error_of(status, text.decode("utf-8", "replace"))
