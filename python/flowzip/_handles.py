# SPDX-License-Identifier: BSD-3-Clause
"""Encoders and decoders of the C interface as Python objects.

A handle of the library may be used by one thread at a time: here each has a lock, so that threads
that share one wait for each other.

The main thread must stay able to handle signals, Ctrl-C above all: long work is therefore done on a
thread of its own, for which the main thread waits. (A signal that is handled while the library
calls back into Python would raise where nobody can catch it.) What interrupts the waiting, and
what a progress function raises, ends the work and is raised from the call.
"""
from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Callable, Iterable, Iterator
from ctypes import byref, c_size_t, c_uint32, c_uint64, c_void_p

import numpy as np

from ._errors import InvalidArgumentError, OutOfMemoryError
from ._library import (
    EFFORTS,
    END,
    NEED_MORE,
    OK,
    PROGRESS_FN,
    FlzChunk,
    FlzImage,
    FlzInfo,
    FlzScore,
    library,
    raise_for,
)

Progress = Callable[[int, int], object]
_NO_PROGRESS = PROGRESS_FN(0)
_QUICK = 2**16  # pixels, for which a thread of its own would cost more than it is worth

DEFAULT_MAX_PIXELS = 2**28
DEFAULT_MAX_MEMORY = 2**32


class _Handle:
    _kind = ""

    def __init__(self, threads: int, max_pixels: int | None, max_memory: int | None) -> None:
        self._lock = threading.RLock()
        self._working: int | None = None  # the thread inside of the library
        self._handle = self._function("new")()
        if not self._handle:
            raise OutOfMemoryError("out of memory")
        self._do("set_threads", _int32(threads, "threads"))
        self._do("set_max_pixels", _limit(max_pixels, "max_pixels"))
        self._do("set_max_memory", _limit(max_memory, "max_memory"))

    def _function(self, name: str):
        return getattr(library, f"flz_{self._kind}_{name}")

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else uses the handle meanwhile."""
        if self._working == threading.get_ident():
            raise InvalidArgumentError("a progress function must not use what called it")
        with self._lock:
            if not self._handle:
                raise InvalidArgumentError("it is closed")
            yield

    def _do(self, name: str, *arguments: object) -> None:
        with self.held():
            status = self._function(name)(self._handle, *arguments)
            raise_for(status, None if status == OK else self._function("message")(self._handle))

    def _work(
        self, name: str, pixels: int, progress: Progress | None, *arguments: object
    ) -> None:
        """_do() with a progress function, and for the main thread a way out."""
        aside = pixels > _QUICK and threading.current_thread() is threading.main_thread()
        if progress is None and not aside:
            self._do(name, *arguments)
            return
        raised: list[BaseException] = []
        stopped = False

        def call(_user: object, done: int, total: int) -> int:
            try:
                return int(stopped or progress is not None and progress(done, total) is False)
            except BaseException as error:
                raised.append(error)
                return 1

        def work() -> int:
            self._working = threading.get_ident()
            try:
                return self._function(name)(self._handle, *arguments)
            finally:
                self._working = None

        with self.held():
            callback = PROGRESS_FN(call)
            self._do("set_progress", callback, None)
            try:
                if not aside:
                    status = work()
                else:
                    waiting = _Aside(work)
                    try:
                        status = waiting.result()
                    except BaseException:
                        stopped = True
                        waiting.finish()
                        raise
            finally:
                self._do("set_progress", _NO_PROGRESS, None)
            if raised:
                try:
                    raise raised[0]
                finally:
                    raised.clear()  # its traceback refers to this frame
            raise_for(status, None if status == OK else self._function("message")(self._handle))

    def close(self) -> None:
        """Gives the library's memory back. May be called twice."""
        if self._working == threading.get_ident():
            raise InvalidArgumentError("a progress function must not use what called it")
        with self._lock:
            handle, self._handle = self._handle, None
            if handle:
                self._function("free")(handle)

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self.close()

    def __reduce__(self):
        raise TypeError(f"{type(self).__name__} holds memory of this process: pickle its data instead")


class _Aside:
    """A function's call on a thread of its own."""

    def __init__(self, function: Callable[[], int]) -> None:
        self._function = function
        self._result = 0
        self._thread = threading.Thread(target=self._run, name="flowzip")
        self._thread.start()

    def _run(self) -> None:
        self._result = self._function()

    def result(self) -> int:
        """Waits; a signal's handler may raise out of it."""
        self._thread.join()
        return self._result

    def finish(self) -> None:
        """Waits whatever comes."""
        while self._thread.is_alive():
            with contextlib.suppress(BaseException):
                self._thread.join()


class EncoderHandle(_Handle):
    _kind = "encoder"

    def __init__(
        self,
        effort: str,
        threads: int,
        max_pixels: int | None = DEFAULT_MAX_PIXELS,
        max_memory: int | None = DEFAULT_MAX_MEMORY,
    ) -> None:
        super().__init__(threads, max_pixels, max_memory)
        if effort not in EFFORTS:
            raise InvalidArgumentError(f"an effort is one of {', '.join(EFFORTS)}, not {effort!r}")
        self._do("set_effort", EFFORTS[effort])

    def add_chunks(self, chunks: Iterable[tuple[str, bytes]]) -> None:
        for name, data in chunks:
            encoded = name.encode("ascii", "replace")
            if len(encoded) != 4:
                raise InvalidArgumentError(f"a chunk's type is four ASCII letters, not {name!r}")
            self._do("add_chunk", encoded, data, len(data))

    def set_pixel_bits(self, bits: np.ndarray) -> None:
        self._do("set_pixel_bits", address_of(bits), bits.size)

    def encode(self, image: FlzImage, progress: Progress | None) -> bytes:
        data, size = c_void_p(), c_size_t()
        with self.held():
            self._work("encode", image.width * image.height, progress, byref(image), byref(data), byref(size))
            return ctypes.string_at(data, size.value)

    def encode_into(self, image: FlzImage, out: memoryview, progress: Progress | None) -> int:
        size = c_size_t()
        buffer = (ctypes.c_char * out.nbytes).from_buffer(out)
        pixels = image.width * image.height
        self._work("encode_into", pixels, progress, byref(image), buffer, out.nbytes, byref(size))
        return size.value

    def score(self, image: FlzImage, progress: Progress | None) -> FlzScore:
        score = FlzScore()
        self._work("score", image.width * image.height, progress, byref(image), byref(score))
        return score

    def sample(self, pixels: np.ndarray, seed: int, temperature: float) -> None:
        height, width = pixels.shape[:2]
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        where = address_of(pixels)
        self._do("sample", width, height, channels, seed, temperature, where, pixels.nbytes, 0)


class DecoderHandle(_Handle):
    _kind = "decoder"

    def __init__(
        self,
        data: object,
        threads: int = 0,
        max_pixels: int | None = DEFAULT_MAX_PIXELS,
        max_memory: int | None = DEFAULT_MAX_MEMORY,
    ) -> None:
        super().__init__(threads, max_pixels, max_memory)
        self._data = file_bytes(data)  # borrowed by the library
        self.header = FlzInfo()
        self._do("open", address_of(self._data), self._data.size, byref(self.header))

    def chunks(self) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        with self.held():
            while True:
                chunk = FlzChunk()
                status = library.flz_decoder_next_chunk(self._handle, byref(chunk))
                if status == END:
                    return found
                raise_for(status, library.flz_decoder_message(self._handle))
                name = bytes(ctypes.string_at(byref(chunk), 4)).decode("ascii")
                found.append((name, ctypes.string_at(chunk.data, chunk.size) if chunk.size else b""))

    def size(self) -> tuple[int, int]:
        width, height, row_bytes = c_uint32(), c_uint32(), c_uint64()
        self._do("size", byref(width), byref(height), byref(row_bytes))
        return width.value, height.value

    def select(self, region: tuple[int, int, int, int] | None, scale: float) -> None:
        if scale not in (1, 0.5, 0.25, 0.125):
            raise InvalidArgumentError(f"the scale is 1, 1/2, 1/4 or 1/8, not {scale!r}")
        if region is None:
            x = y = width = height = 0
        else:
            try:
                x, y, width, height = (int(value) for value in region)
            except (TypeError, ValueError):
                raise InvalidArgumentError(
                    f"a region is (x, y, width, height), not {region!r}"
                ) from None
            if not all(0 <= value < 2**32 for value in (x, y, width, height)) or width == 0:
                raise InvalidArgumentError(f"the region {region!r} has no pixels or is too large")
        self._do("set_region", x, y, width, height)
        self._do("set_scale", {1: 0, 0.5: 1, 0.25: 2, 0.125: 3}[scale])

    def decode(self, pixels: np.ndarray, stride: int, progress: Progress | None) -> None:
        """`pixels`: rows that are `stride` bytes apart, of pixels side by side."""
        rows = pixels.shape[0]
        row_bytes = pixels.itemsize * int(np.prod(pixels.shape[1:], dtype=np.int64))
        size = stride * (rows - 1) + row_bytes
        self._work("decode", rows * pixels.shape[1], progress, address_of(pixels), size, stride)

    def preview(self) -> np.ndarray | None:
        header = self.header
        if header.preview_width == 0:
            return None
        shape = (header.preview_height, header.preview_width, header.preview_channels)
        pixels = np.empty(shape[:2] if shape[2] == 1 else shape, np.uint8)
        with self.held():
            self._do("preview", address_of(pixels), pixels.nbytes, 0)
        return pixels

    def check(self, progress: Progress | None) -> None:
        self._work("check", self.header.width * self.header.height, progress)


def probe(data: bytes) -> int:
    """0 if `data` has the whole header, else a number of bytes to come back with.

    Raises as DecoderHandle does for what is no flowzip file.
    """
    needed = c_size_t()
    beginning = file_bytes(data)
    status = library.flz_probe(address_of(beginning), beginning.size, None, byref(needed))
    if status == NEED_MORE:
        return needed.value
    raise_for(status)
    return 0


def is_flowzip(prefix: bytes) -> bool:
    """Whether these bytes, 8 at least, begin a flowzip file."""
    beginning = file_bytes(prefix)
    return library.flz_signature(address_of(beginning), beginning.size) == OK


def file_bytes(data: object) -> np.ndarray:
    """A file's bytes as an array: where they are, or a copy if somebody might change them."""
    try:
        view = memoryview(data)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"a flowzip file is given as bytes or another buffer, not {type(data).__name__}"
        ) from None
    if not view.c_contiguous:
        return np.frombuffer(bytes(view), np.uint8)
    array = np.frombuffer(view.cast("B"), np.uint8) if view.nbytes else np.empty(0, np.uint8)
    return array if view.readonly else array.copy()


def address_of(array: np.ndarray) -> int:
    """Where its first element is. The array must outlive the use."""
    return array.__array_interface__["data"][0]


def _int32(value: int, name: str) -> int:
    if not -(2**31) <= value < 2**31:
        raise InvalidArgumentError(f"{name} is too large")
    return int(value)


def _limit(value: int | None, name: str) -> int:
    if value is None:
        return 0  # none
    if not 0 < value < 2**64:
        raise InvalidArgumentError(f"{name} is a number above 0, or None for no limit")
    return int(value)

