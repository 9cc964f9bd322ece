# SPDX-License-Identifier: BSD-3-Clause
"""Arrays in and out: kinds, layouts, parts, errors."""
import dataclasses
import mmap
import pickle
import subprocess
from pathlib import Path

import flowzip
import numpy as np
import pytest
from conftest import SOURCE
from flowzip._arrays import as_pixels


def picture(shape, dtype=np.uint8, bits=None, seed=1):
    """A slope with noise on it, over all of the range."""
    random = np.random.default_rng(seed)
    largest = 2 ** (bits or 8 * np.dtype(dtype).itemsize) - 1
    slope = np.linspace(0, largest, shape[1], dtype=np.float64)[None, :, None]
    wide = shape if len(shape) == 3 else shape + (1,)
    values = slope + random.integers(-5, 6, wide) * (1 + largest // 4096)
    return np.clip(values, 0, largest).astype(dtype).reshape(shape)


@pytest.mark.parametrize("effort", ["fast", "standard", "best"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
def test_kinds(effort, dtype, channels):
    shape = (37, 53) + ((channels,) if channels else ())
    array = picture(shape, dtype)
    data = flowzip.encode(array, effort=effort)
    found = flowzip.info(data)
    assert (found.height, found.width) == (37, 53)
    assert found.channels == max(channels, 1)
    assert found.dtype == dtype and found.bit_depth == 8 * array.itemsize
    assert found.max_value == np.iinfo(dtype).max
    assert found.file_bytes == len(data)
    back = flowzip.decode(data)
    assert back.dtype == dtype and back.shape == found.shape
    assert np.array_equal(back, array.reshape(found.shape))
    assert flowzip.check(data) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 300), (300, 1), (1, 300, 4), (300, 1, 2)])
def test_thin(shape):
    array = picture(shape)
    assert np.array_equal(flowzip.decode(flowzip.encode(array)), array)


@pytest.mark.parametrize("bits", range(1, 17))
def test_bit_depths(bits):
    dtype = np.uint8 if bits <= 8 else np.uint16
    array = picture((20, 30), dtype, bits)
    data = flowzip.encode(array, bit_depth=bits)
    assert flowzip.info(data).bit_depth == bits
    assert flowzip.info(data).max_value == 2**bits - 1
    assert np.array_equal(flowzip.decode(data), array)
    if bits not in (8, 16):
        too_large = array.copy()
        too_large[3, 4] = 2**bits
        with pytest.raises(flowzip.InvalidArgumentError):
            flowzip.encode(too_large, bit_depth=bits)


def test_bool():
    array = picture((20, 30)) > 100
    data = flowzip.encode(array)
    assert flowzip.info(data).bit_depth == 1
    assert np.array_equal(flowzip.decode(data), array)


LAYOUTS = {
    "as it is": lambda a: a,
    "rows apart": lambda a: np.concatenate([a, a], axis=1)[:, : a.shape[1]],
    "every second row": lambda a: np.repeat(a, 2, axis=0)[::2],
    "upside down": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "left to right": lambda a: np.ascontiguousarray(a[:, ::-1])[:, ::-1],
    "every third column": lambda a: np.repeat(a, 3, axis=1)[:, ::3],
    "BGR": lambda a: np.ascontiguousarray(a[..., ::-1])[..., ::-1],
    "Fortran": np.asfortranarray,
    "planes": lambda a: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, -1, 0)), 0, -1),
    "RGB of RGBA": lambda a: np.concatenate([a, a], axis=-1)[..., : a.shape[-1]],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "little-endian": lambda a: a.astype(a.dtype.newbyteorder("<")),
    "not aligned": lambda a: np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:]
    .view(a.dtype)
    .reshape(a.shape),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout, dtype):
    array = picture((41, 29, 3), dtype)
    other = LAYOUTS[layout](array)
    assert np.array_equal(other, array)
    other.flags.writeable = False
    expected = flowzip.encode(array, effort="fast")
    assert flowzip.encode(other, effort="fast") == expected
    # Into memory of that layout, and only there.
    out = LAYOUTS[layout](np.zeros_like(array))
    if out.flags.writeable:
        assert flowzip.decode(expected, out=out) is out
        assert np.array_equal(out, array)


def test_a_copy_only_where_it_has_to_be():
    array = picture((41, 29, 3), np.uint16)
    for layout in ("as it is", "rows apart", "every second row", "not aligned"):
        other = LAYOUTS[layout](array)
        assert np.shares_memory(as_pixels(other), other), layout
    for layout in ("upside down", "Fortran", "BGR"):
        other = LAYOUTS[layout](array)
        assert not np.shares_memory(as_pixels(other), other), layout
    gray = picture((41, 29), np.uint8)
    assert np.shares_memory(as_pixels(gray[:, :, None]), gray)
    assert np.shares_memory(as_pixels(gray[5:6, ::1]), gray)
    assert as_pixels(np.broadcast_to(gray[:1], (7, 29))).strides == (29, 1)


def test_what_is_between_rows_stays():
    array = picture((41, 29, 3))
    wide = np.full((41, 40, 3), 77, np.uint8)
    flowzip.decode(flowzip.encode(array), out=wide[:, :29])
    assert np.array_equal(wide[:, :29], array)
    assert (wide[:, 29:] == 77).all()


def test_out_of_encode():
    array = picture((60, 60, 3))
    expected = flowzip.encode(array)
    for out in (bytearray(20000), np.zeros(20000, np.uint8), np.zeros(5000, np.uint32)):
        part = flowzip.encode(array, out=out)
        assert isinstance(part, memoryview) and bytes(part) == expected
        assert bytes(memoryview(out).cast("B")[: len(part)]) == expected
    exact = bytearray(len(expected))
    flowzip.encode(array, out=exact)
    assert exact == expected
    with pytest.raises(flowzip.BufferTooSmallError, match=str(len(expected))):
        flowzip.encode(array, out=bytearray(len(expected) - 1))
    with pytest.raises(flowzip.BufferTooSmallError):
        flowzip.encode(array, out=bytearray())
    with pytest.raises(flowzip.InvalidArgumentError):
        flowzip.encode(array, out=bytes(20000))
    with pytest.raises(flowzip.InvalidArgumentError):
        flowzip.encode(array, out=np.zeros(40000, np.uint8)[::2])


def test_out_of_decode():
    array = picture((60, 50, 3))
    data = flowzip.encode(array)
    gray = flowzip.encode(array[..., 0])
    column = np.zeros((60, 50, 1), np.uint8)
    assert flowzip.decode(gray, out=column) is column
    assert np.array_equal(column[..., 0], array[..., 0])
    for wrong in (
        np.zeros((50, 60, 3), np.uint8),
        np.zeros((60, 50, 3), np.uint16),
        np.zeros((60, 50, 3), np.int8),
        np.zeros((60, 50, 4), np.uint8),
        bytearray(9000),
    ):
        with pytest.raises(flowzip.InvalidArgumentError):
            flowzip.decode(data, out=wrong)
    locked = np.zeros((60, 50, 3), np.uint8)
    locked.flags.writeable = False
    with pytest.raises(flowzip.InvalidArgumentError):
        flowzip.decode(data, out=locked)


def test_sources(tmp_path):
    array = picture((60, 50, 3))
    data = flowzip.encode(array)
    path = tmp_path / "a.flz"
    path.write_bytes(data)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert np.array_equal(flowzip.decode(mapped), array)
    apart = np.repeat(np.frombuffer(data, np.uint8), 2)[::2]
    for source in (bytearray(data), memoryview(data), np.frombuffer(data, np.uint8), apart):
        assert np.array_equal(flowzip.decode(source), array)
    # A decoder keeps its own copy of what somebody may change.
    changing = bytearray(data)
    with flowzip.Decoder(changing) as decoder:
        changing[:] = bytes(len(data))
        assert np.array_equal(decoder.decode(), array)
    for wrong in ("a.flz", path, None, 3):
        with pytest.raises(TypeError):
            flowzip.decode(wrong)


def test_regions_and_scales():
    array = picture((1100, 1500, 3))  # four tiles
    data = flowzip.encode(array, effort="fast")
    with flowzip.Decoder(data) as decoder:
        assert decoder.info.tile_count == 4
        for x, y, width, height in [(0, 0, 1, 1), (1000, 900, 100, 200), (1499, 1099, 1, 1)]:
            expected = array[y : y + height, x : x + width]
            assert np.array_equal(decoder.decode(region=(x, y, width, height)), expected)
        for scale in (2, 4, 8):
            assert np.array_equal(decoder.decode(scale=1 / scale), array[::scale, ::scale])
        part = decoder.decode(region=(8, 16, 800, 400), scale=1 / 8)
        assert np.array_equal(part, array[::8, ::8][2:52, 1:101])
        assert np.array_equal(decoder.decode(), array)  # nothing of it is left
        out = np.zeros((200, 100, 3), np.uint8)
        assert decoder.decode(region=(1000, 900, 100, 200), out=out) is out
        assert np.array_equal(out, array[900:1100, 1000:1100])
        for region in [(0, 0, 1501, 1), (1500, 0, 1, 1), (-1, 0, 5, 5), (0, 0, 0, 5), (0, 0, 5, 0)]:
            with pytest.raises(flowzip.InvalidArgumentError):
                decoder.decode(region=region)
        for region in [(1, 2, 3), "abcd", 5, (2**32, 0, 1, 1)]:
            with pytest.raises(flowzip.InvalidArgumentError):
                decoder.decode(region=region)
        for scale in (0, 3, 1 / 3, 1 / 16, 8):
            with pytest.raises(flowzip.InvalidArgumentError):
                decoder.decode(scale=scale)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 3), np.int8),
        np.zeros((3, 3), np.uint32),
        np.zeros((3, 3), np.float32),
        np.zeros((3, 3), "S1"),
        np.zeros((3, 3), object),
        np.zeros(9, np.uint8),
        np.zeros((), np.uint8),
        np.zeros((1, 1, 1, 1), np.uint8),
        np.zeros((3, 3, 0), np.uint8),
        np.zeros((3, 3, 5), np.uint8),
        np.zeros((0, 3), np.uint8),
        np.zeros((3, 0, 3), np.uint8),
        np.broadcast_to(np.uint8(0), (1, 2**31)),
        [[1, 2], [3, 4]],  # int64
        "text",
        None,
    ],
)
def test_arrays_that_are_no_pictures(array):
    with pytest.raises(flowzip.InvalidArgumentError):
        flowzip.encode(array)


@pytest.mark.parametrize(
    "options",
    [
        {"effort": "slow"},
        {"effort": 2},
        {"threads": -1},
        {"threads": 1025},
        {"threads": 2**40},
        {"bit_depth": 0},
        {"bit_depth": 9},
        {"max_pixels": 0},
        {"max_memory": -1},
        {"palette": np.zeros((4, 2), np.uint8)},
        {"palette": np.zeros((257, 3), np.uint8)},
        {"palette": np.zeros((0, 3), np.uint8)},
        {"palette": [[1, 2, 3]]},
        {"metadata": flowzip.Metadata((("IHDR", b""),))},
        {"metadata": flowzip.Metadata((("te", b""),))},
        {"metadata": flowzip.Metadata((("tüSt", b""),))},
        {"pixel_bits": np.zeros((3, 3), np.float32)},
        {"pixel_bits": np.zeros((4, 4), np.float64)},
        {"pixel_bits": np.zeros((4, 4), np.float32, order="F")},
    ],
)
def test_options_that_make_no_sense(options):
    with pytest.raises(flowzip.InvalidArgumentError):
        flowzip.encode(np.zeros((4, 4), np.uint8), **options)


def test_limits():
    array = picture((50, 60))
    data = flowzip.encode(array)
    for call in (flowzip.encode, flowzip.score):
        with pytest.raises(flowzip.LimitError, match="3000|60 x 50"):
            call(array, max_pixels=2999)
        with pytest.raises(flowzip.LimitError):
            call(array, max_memory=1000)
    with pytest.raises(flowzip.LimitError):
        flowzip.decode(data, max_pixels=2999)
    with pytest.raises(flowzip.LimitError):
        flowzip.decode(data, max_memory=1000)
    with pytest.raises(flowzip.LimitError):
        flowzip.check(data, max_pixels=2999)
    assert flowzip.decode(data, max_pixels=2999, region=(0, 0, 50, 50)).shape == (50, 50)
    assert flowzip.decode(data, max_pixels=None, max_memory=None).shape == (50, 60)
    assert not issubclass(flowzip.LimitError, ValueError)


def test_every_cut_and_every_flipped_byte_is_found():
    array = picture((30, 31, 3))
    data = flowzip.encode(array, effort="fast", metadata=flowzip.Metadata.of(text={"a": "b"}))
    for size in range(len(data)):
        with pytest.raises(flowzip.FlowzipError):
            flowzip.decode(data[:size])
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 0x55
        with pytest.raises(flowzip.FlowzipError):
            flowzip.check(damaged)
    header = flowzip.info(data).header_bytes
    assert flowzip.info(data[:header]) == flowzip.info(data)
    with pytest.raises(flowzip.TruncatedError):
        flowzip.decode(data[:header])
    with pytest.raises(flowzip.TruncatedError):
        flowzip.info(data[: header - 1])
    for nonsense in (b"", b"\x89PNG\r\n\x1a\n", bytes(1000)):
        with pytest.raises((flowzip.CorruptError, flowzip.TruncatedError)):
            flowzip.info(nonsense)


def test_hostile_files():
    files = sorted((SOURCE / "tests" / "bad").glob("*.flz"))
    assert len(files) > 30
    for path in files:
        with pytest.raises(flowzip.FlowzipError) as caught:
            flowzip.decode(path.read_bytes(), max_memory=2**30)
        assert "\n" not in str(caught.value) and str(caught.value)


def test_golden_files():
    unknown = 0
    for path in sorted((SOURCE / "tests" / "golden").glob("*.flz")):
        data = path.read_bytes()
        found = flowzip.info(data)
        try:
            pixels = flowzip.decode(data)
        except flowzip.UnknownModelError:
            unknown += 1  # a test's own model
            assert found.model is not None and len(found.model) == 16
            continue
        assert pixels.shape == found.shape and pixels.max() <= found.max_value
        if found.palette is not None:
            assert found.palette[pixels].shape[:2] == pixels.shape
    assert unknown > 0


def test_metadata():
    made = flowzip.Metadata.of(
        icc_profile=b"profile" * 100,
        exif=b"Exif\0\0II*\0rest",
        xmp="<x:xmpmeta/>",
        dpi=(300, 299.5),
        text={"Author": "Zoë", "Title": "東京"},
        chunks=[("prVt", b"\x00\x01"), ("prVt", b"")],
    )
    array = picture((5, 6, 3))
    data = flowzip.encode(array, metadata=made)
    found = flowzip.info(data).metadata
    assert found == made
    assert found.icc_profile == b"profile" * 100
    assert found.exif == b"II*\0rest"
    assert found.xmp == b"<x:xmpmeta/>"
    assert found.dpi == pytest.approx((300, 299.5), abs=0.02)
    assert found.text == {"Author": "Zoë", "Title": "東京", "XML:com.adobe.xmp": "<x:xmpmeta/>"}
    assert found.chunks[-2:] == (("prVt", b"\x00\x01"), ("prVt", b""))
    assert flowzip.encode(flowzip.decode(data), metadata=found) == data
    assert pickle.loads(pickle.dumps(flowzip.info(data))) == flowzip.info(data)
    nothing = flowzip.info(flowzip.encode(array)).metadata
    assert nothing == flowzip.Metadata() == flowzip.Metadata.of()
    assert (nothing.icc_profile, nothing.exif, nothing.xmp, nothing.dpi) == (None,) * 4
    for wrong in ({"text": {"": "x"}}, {"text": {"a" * 80: "x"}}, {"text": {"東": "x"}}, {"dpi": (0, 1)}):
        with pytest.raises(flowzip.InvalidArgumentError):
            flowzip.Metadata.of(**wrong)


def test_metadata_that_contradicts_itself():
    bomb = flowzip.Metadata.of(icc_profile=bytes(2**27))
    with pytest.raises(flowzip.CorruptError):
        bomb.icc_profile
    for chunks in ((("iCCP", b"no zero"),), (("iCCP", b"x\0\0not deflated"),)):
        with pytest.raises(flowzip.CorruptError):
            flowzip.Metadata(chunks).icc_profile
    assert flowzip.Metadata((("pHYs", b"short"),)).dpi is None
    assert flowzip.Metadata((("iTXt", b"k\0\0\0"), ("tEXt", b"alone"))).text == {"k": "", "alone": ""}


def test_palette():
    indices = picture((20, 30), np.uint8, 4)
    palette = np.random.default_rng(2).integers(0, 256, (16, 4), np.uint8)
    data = flowzip.encode(indices, palette=palette, bit_depth=4)
    found = flowzip.info(data)
    assert found.indexed and np.array_equal(found.palette, palette)
    assert np.array_equal(flowzip.decode(data), indices)
    opaque = flowzip.info(flowzip.encode(indices, palette=palette[:, :3], bit_depth=4))
    assert np.array_equal(opaque.palette, palette[:, :3])
    # Again from what was read, and with other colours in the same places.
    assert flowzip.encode(indices, palette=found.palette, metadata=found.metadata, bit_depth=4) == data
    colours = palette[::-1, :3]
    other = flowzip.encode(indices, palette=colours, metadata=found.metadata, bit_depth=4)
    assert np.array_equal(flowzip.info(other).palette, np.column_stack([colours, palette[:, 3]]))
    assert flowzip.info(flowzip.encode(indices)).palette is None


def test_the_same_files_as_the_command(photo, command, tmp_path):
    for effort in ("fast", "standard"):
        out = tmp_path / f"{effort}.flz"
        png = SOURCE / "data" / "photos" / "colorado.png"
        subprocess.run([command, "encode", png, "-q", "-e", effort, "-o", out], check=True)
        assert flowzip.encode(photo, effort=effort) == out.read_bytes()
        assert flowzip.encode(photo, effort=effort, threads=1) == out.read_bytes()


@pytest.mark.parametrize("effort", ["fast", "standard", "best"])
def test_pixel_bits(photo, effort):
    part = photo[:200, :300]
    bits = np.full(part.shape[:2], -1, np.float32)
    data = flowzip.encode(part, effort=effort, pixel_bits=bits)
    assert data == flowzip.encode(part, effort=effort)
    assert (bits >= 0).all()
    assert 0.8 * 8 * len(data) < bits.sum(dtype=np.float64) <= 8 * len(data)


def test_score(photo):
    part = photo[:200, :300]
    found = flowzip.score(part)
    assert found.bits <= 8 * found.file_bytes <= found.bits + 8 * found.overhead_limit
    assert found.bits_per_dimension == pytest.approx(found.bits / part.size)
    assert found.pixel_bits.shape == part.shape[:2] and found.pixel_bits.dtype == np.float32
    assert 0.8 * found.bits < found.pixel_bits.sum(dtype=np.float64) <= found.bits * (1 + 1e-6)
    noise = np.random.default_rng(3).integers(0, 256, part.shape, np.uint8)
    assert flowzip.score(noise).bits_per_dimension > 7.9 > 5 > found.bits_per_dimension
    assert flowzip.score(part[..., 0]).bits < found.bits


def test_sample():
    drawn = flowzip.sample(40, 30, seed=5)
    assert drawn.shape == (30, 40, 3) and drawn.dtype == np.uint8
    assert np.array_equal(drawn, flowzip.sample(40, 30, seed=5, threads=1))
    assert not np.array_equal(drawn, flowzip.sample(40, 30, seed=6))
    assert flowzip.sample(8, 9, channels=1, seed=2**64 - 1).shape == (9, 8)
    for wrong in ({"channels": 2}, {"seed": -1}, {"temperature": 0}, {"temperature": float("nan")}):
        with pytest.raises(flowzip.FlowzipError):
            flowzip.sample(8, 8, **wrong)
    for size in ((0, 8), (8, 4097)):
        with pytest.raises(flowzip.InvalidArgumentError):
            flowzip.sample(*size)


def test_closed_decoders_and_pickling():
    decoder = flowzip.Decoder(flowzip.encode(picture((5, 6))))
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(decoder)
    decoder.close()
    decoder.close()
    with pytest.raises(flowzip.InvalidArgumentError, match="closed"):
        decoder.decode()
    assert dataclasses.is_dataclass(decoder.info)


def test_the_family_of_errors():
    kinds = [getattr(flowzip, name) for name in flowzip.__all__ if name.endswith("Error")]
    assert len(kinds) == 11
    assert all(issubclass(kind, flowzip.FlowzipError) for kind in kinds)
    assert len({kind.status for kind in kinds if kind is not flowzip.FlowzipError}) == 10


def test_the_names_of_the_package():
    assert all(hasattr(flowzip, name) for name in flowzip.__all__)
    assert (Path(flowzip.__file__).parent / "py.typed").exists()
    assert list(flowzip.models())[0] == "standard"


def test_preview() -> None:
    rows, columns = np.mgrid[0:1000, 0:1200]
    noise = np.random.default_rng(1).integers(0, 40, (1000, 1200, 3))
    picture = (noise + (rows // 8 + columns // 12)[..., None] % 200).astype(np.uint8)
    data = flowzip.encode(picture, effort="fast")
    small = flowzip.preview(data)
    assert small is not None and small.dtype == np.uint8 and small.shape[2] == 3
    factor = -(-1200 // small.shape[1])
    assert small.shape[:2] == (-(-1000 // factor), -(-1200 // factor))
    box = picture[:factor, :factor].reshape(-1, 3).mean(axis=0)
    assert np.all(np.abs(small[0, 0] - box) <= 5)
    assert flowzip.preview(flowzip.encode(picture[:100], effort="fast")) is None
