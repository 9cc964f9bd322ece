# SPDX-License-Identifier: BSD-3-Clause
"""The exceptions of flowzip: one for each status of the C interface, all of one family."""
from __future__ import annotations


class FlowzipError(Exception):
    """What every error of this package is. ``status`` is its number in flowzip.h."""

    status = 10


class InvalidArgumentError(FlowzipError, ValueError):
    """The call makes no sense: a wrong shape, dtype, region, ..."""

    status = 1


class UnsupportedError(FlowzipError, ValueError):
    """Valid, but not taken by this version."""

    status = 2


class TruncatedError(FlowzipError, ValueError):
    """The file ends before it should."""

    status = 3


class CorruptError(FlowzipError, ValueError):
    """The file contradicts itself or is no flowzip file."""

    status = 4


class UnknownModelError(FlowzipError, LookupError):
    """The model that the file names is not in this library."""

    status = 5


class LimitError(FlowzipError):
    """More pixels or memory than ``max_pixels`` or ``max_memory`` allow."""

    status = 6


class OutOfMemoryError(FlowzipError, MemoryError):
    """The machine has no memory left."""

    status = 8


class CancelledError(FlowzipError):
    """A progress function asked for the end of the work without an exception of its own."""

    status = 9


class InternalError(FlowzipError):
    """A mistake in flowzip; please report it."""

    status = 10


class BufferTooSmallError(FlowzipError, ValueError):
    """``out`` has no room for the file."""

    status = 13


_BY_STATUS = {
    error.status: error
    for error in (
        InvalidArgumentError,
        UnsupportedError,
        TruncatedError,
        CorruptError,
        UnknownModelError,
        LimitError,
        OutOfMemoryError,
        CancelledError,
        InternalError,
        BufferTooSmallError,
    )
}


def error_of(status: int, message: str) -> FlowzipError:
    """The exception for a status that is not FLZ_OK."""
    return _BY_STATUS.get(status, InternalError)(message)
