# SPDX-License-Identifier: BSD-3-Clause
"""The codec of numcodecs, and Zarr and Dask arrays with it."""
import os
import pickle
import threading

import pytest

numcodecs = pytest.importorskip("numcodecs", reason="needs Debian's python3-numcodecs")
zarr = pytest.importorskip("zarr", reason="needs Debian's python3-zarr")

import flowzip  # noqa: E402
import numpy as np  # noqa: E402
from conftest import resident_bytes, run_python  # noqa: E402
from flowzip.zarr import Flowzip  # noqa: E402

numcodecs.register_codec(Flowzip)


def scene(height, width, channels=None, dtype=np.uint8):
    y, x = np.mgrid[:height, :width]
    wave = 0.4 + 0.25 * np.sin(x / 37) * np.cos(y / 53)
    wave = wave + np.random.default_rng(1).uniform(0, 0.01, wave.shape)
    values = (wave * np.iinfo(dtype).max).astype(dtype)
    return values if channels is None else np.stack([values >> c for c in range(channels)], axis=-1)


@pytest.mark.parametrize("dtype", ["u1", "<u2"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_colours_with_chunks_at_the_edges(dtype, channels):
    array = scene(100, 130, channels, np.dtype(dtype))
    store = zarr.array(array, chunks=(64, 64, channels), compressor=Flowzip(effort="fast"))
    assert np.array_equal(store[:], array)
    assert np.array_equal(store[63:66, 60:130], array[63:66, 60:130])
    store[10:90, 20:120] = array[:80, :100]
    assert np.array_equal(store[10:90, 20:120], array[:80, :100])


def test_gray():
    array = scene(100, 130, dtype=np.uint16)
    store = zarr.array(array, chunks=(64, 64), compressor=Flowzip("yx"))
    assert np.array_equal(store[:], array)
    # Planes of a stack, one at a time.
    stack = np.stack([array, array // 2])
    store = zarr.array(stack[None], chunks=(1, 1, 64, 64), compressor=Flowzip("yx", "fast"))
    assert np.array_equal(store[:], stack[None])
    channels = zarr.array(stack[..., None], chunks=(1, 64, 64, 1), compressor=Flowzip())
    assert np.array_equal(channels[:], stack[..., None])


def test_masks():
    mask = scene(70, 80) > 100
    store = zarr.array(mask, chunks=(64, 64), compressor=Flowzip("yx"))
    assert store.dtype == bool and np.array_equal(store[:], mask)


def test_smaller_than_blosc(photo):
    sizes = {}
    for name, compressor in {
        "flowzip": Flowzip(),
        "blosc": numcodecs.Blosc("zstd", 9, numcodecs.Blosc.BITSHUFFLE),
    }.items():
        sizes[name] = zarr.array(photo, chunks=(128, 128, 3), compressor=compressor).nbytes_stored
    assert sizes["flowzip"] < 0.6 * sizes["blosc"]


@pytest.mark.parametrize(
    "array, axes, advice",
    [
        (np.zeros((8, 8, 3), np.int8), "yxc", "unsigned, of values plus 128"),
        (np.zeros((8, 8, 3), np.int16), "yxc", "unsigned, of values plus 32768"),
        (np.zeros((8, 8, 3), np.uint32), "yxc", "another compressor"),
        (np.zeros((8, 8, 3), np.float32), "yxc", "another compressor"),
        (np.zeros((8, 8, 3), ">u2"), "yxc", "dtype '<u2'"),
        (np.zeros((8, 8), np.uint8), "yxc", "axes='yx'"),
        (np.zeros(8, np.uint8), "yxc", "no picture"),
        (np.zeros(8, np.uint8), "yx", "no picture"),
        (np.zeros((2, 8, 8, 3), np.uint8), "yxc", r"chunks=\(1, 8, 8, 3\)"),
        (np.zeros((8, 8, 3), np.uint8), "yx", r"chunks=\(1, 8, 3\)"),
        (np.zeros((3, 8, 8), np.uint8), "yxc", "move the axis"),
        (np.asfortranarray(np.zeros((8, 9, 3), np.uint8)), "yxc", "order='C'"),
    ],
)
def test_what_is_refused_with_advice(array, axes, advice):
    with pytest.raises(flowzip.InvalidArgumentError, match=advice):
        Flowzip(axes).encode(array)


def test_options_that_make_no_sense():
    for wrong in ({"axes": "cyx"}, {"effort": "slow"}):
        with pytest.raises(flowzip.InvalidArgumentError):
            Flowzip(**wrong)


def test_out():
    for dtype in (np.uint8, np.dtype("<u2")):
        array = scene(30, 40, 3, dtype)
        codec = Flowzip()
        data = codec.encode(array)
        assert np.array_equal(codec.decode(data), array.reshape(-1))
        for out in (np.zeros_like(array), np.zeros(array.size, dtype)):
            codec.decode(data, out)
            assert np.array_equal(out.reshape(array.shape), array)
        raw = bytearray(array.nbytes)
        codec.decode(data, raw)
        assert bytes(raw) == array.tobytes()
        with pytest.raises(flowzip.InvalidArgumentError):
            codec.decode(data, np.zeros(array.size + 1, dtype))
        for size in (0, 7, len(data) - 1):
            with pytest.raises(flowzip.FlowzipError):
                codec.decode(data[:size])


def test_configuration_and_pickling():
    for codec in (Flowzip(), Flowzip("yx", "best", 2)):
        config = codec.get_config()
        assert config["id"] == "flowzip"
        assert numcodecs.get_codec(config) == codec
        copy = pickle.loads(pickle.dumps(codec))
        assert copy == codec and copy.get_config() == config
    assert Flowzip() != Flowzip("yx")


def test_threads_share_a_codec():
    codec, array = Flowzip(effort="fast"), scene(60, 70, 3)
    data, failures = codec.encode(array), []

    def work():
        for _ in range(10):
            if codec.encode(array) != data or not np.array_equal(codec.decode(data), array.ravel()):
                failures.append("differs")

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_found_by_its_entry_point(tmp_path):
    """A program that reads a store needs no import of flowzip."""
    pytest.importorskip("entrypoints", reason="needs Debian's python3-entrypoints")
    array = scene(70, 80, 3)
    zarr.save_array(str(tmp_path / "a.zarr"), array, chunks=(64, 64, 3), compressor=Flowzip())
    code = """
import sys
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of other packages
    import zarr
    assert "flowzip" not in sys.modules
    print(zarr.open(sys.argv[1], mode="r")[:].sum())
"""
    assert run_python(code, tmp_path / "a.zarr").strip() == str(array.sum())


def test_a_gigapixel_by_dask(tmp_path):
    """Written and read by regions, chunk by chunk, in bounded memory.

    Mostly one colour, as scans of slides are, so that the test takes seconds: FLOWZIP_LONG_TESTS
    fills all of it.
    """
    pytest.importorskip("dask", reason="needs Debian's python3-dask")
    da = pytest.importorskip("dask.array", reason="needs Debian's python3-dask")
    import dask

    side, chunk = 32768, 1024
    everywhere = bool(os.environ.get("FLOWZIP_LONG_TESTS"))
    tile = scene(chunk, chunk, 3)

    def block(block_info=None):
        row, column = block_info[None]["chunk-location"][:2]
        if everywhere or (row == 16 and column in (15, 16)) or (row, column) == (31, 31):
            return tile + np.uint8(row)
        return np.full((chunk, chunk, 3), 230, np.uint8)

    chunks = ((chunk,) * (side // chunk),) * 2 + ((3,),)
    slide = da.map_blocks(block, chunks=chunks, dtype=np.uint8, meta=np.empty((0, 0, 0), np.uint8))
    assert slide.shape == (side, side, 3)
    path = str(tmp_path / "slide.zarr")
    before = resident_bytes()
    with dask.config.set(scheduler="threads", num_workers=2):
        da.to_zarr(slide, path, compressor=Flowzip(effort="fast"))
        read = da.from_zarr(path)
        part = read[16 * chunk + 900 : 17 * chunk + 50, 15 * chunk + 1000 : 16 * chunk + 40].compute()
        mean = read[31 * chunk :, 31 * chunk :].mean().compute()
    expected = np.full((1074 - 900, 1064 - 1000, 3), 230, np.uint8)
    expected[:124, :24] = (tile + np.uint8(16))[900:, 1000:]
    expected[:124, 24:] = (tile + np.uint8(16))[900:, :40]
    if not everywhere:
        assert np.array_equal(part, expected)
    assert mean == pytest.approx((tile + np.uint8(31)).mean())
    grown = resident_bytes() - before
    assert grown < 400 * 2**20, f"{grown} bytes for a picture of {slide.nbytes}"
