# SPDX-License-Identifier: BSD-3-Clause
"""The plug-in beside Pillow's own for PNG."""
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

Image = pytest.importorskip("PIL.Image", reason="needs Debian's python3-pil")

import flowzip  # noqa: E402
import numpy as np  # noqa: E402
from conftest import PHOTOS, SOURCE, run_python  # noqa: E402
from PIL import ImageFile, PngImagePlugin  # noqa: E402

SUITE = SOURCE.parent / "shared" / "bench" / "pngsuite"


def as_flz(im, **options):
    file = io.BytesIO()
    im.save(file, "FLZ", **options)
    file.seek(0)
    return file


def as_png(im, **options):
    file = io.BytesIO()
    im.save(file, "PNG", **options)
    file.seek(0)
    return file


def assert_same(flz, png, name=""):
    """All that Pillow makes of two files, before and after loading."""
    assert (flz.mode, flz.size) == (png.mode, png.size), name
    assert flz.format == "FLZ"
    png.load()
    flz.load()
    assert flz.info == png.info, name
    assert getattr(flz, "text", {}) == getattr(png, "text", {}), name
    assert flz.getbands() == png.getbands(), name
    if png.mode == "P":
        assert flz.getpalette("RGB") == png.getpalette("RGB"), name
        assert flz.convert("RGBA").tobytes() == png.convert("RGBA").tobytes(), name
    assert flz.tobytes() == png.tobytes(), name
    assert dict(flz.getexif()) == dict(png.getexif()), name


@pytest.fixture
def modes(photo):
    """A picture of every mode that is taken."""
    colour = Image.fromarray(photo[:90, :131])
    made = {mode: colour.convert(mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")}
    alpha = Image.linear_gradient("L").resize(colour.size)
    for mode in ("LA", "RGBA"):
        made[mode].putalpha(alpha)
    deep = np.asarray(made["L"]).astype(np.uint16) * 257 + np.arange(131, dtype=np.uint16)
    made["I;16"] = Image.fromarray(deep.astype("<u2"))
    made["I"] = Image.fromarray(deep.astype(np.int32))
    return made


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"])
@pytest.mark.parametrize("effort", ["fast", "standard"])
def test_modes(modes, mode, effort):
    im = modes[mode]
    assert im.mode == mode
    assert_same(Image.open(as_flz(im, effort=effort)), Image.open(as_png(im)))


@pytest.mark.parametrize("colours", [2, 3, 4, 5, 16, 17, 256])
def test_palettes(photo, colours):
    im = Image.fromarray(photo[:90, :131]).quantize(colours)
    assert_same(Image.open(as_flz(im)), Image.open(as_png(im)))
    for transparency in (1, bytes(range(0, 200, 50))):
        options = {"transparency": transparency}
        assert_same(Image.open(as_flz(im, **options)), Image.open(as_png(im, **options)))


def test_indices_beyond_the_palette():
    im = Image.frombytes("P", (4, 4), bytes(range(16)))
    im.putpalette([1, 2, 3] * 3)
    again = Image.open(as_flz(im))
    assert again.tobytes() == im.tobytes()
    assert again.convert("RGB").getpixel((2, 0)) == (1, 2, 3)
    assert again.convert("RGB").getpixel((3, 3)) == (0, 0, 0)


def test_options(photo):
    im = Image.fromarray(photo[:60, :70])
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: kept, not applied
    exif[0x010F] = "Maker"
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Zoë")
    text.add_itxt("Title", "東京", "ja", "Titel")
    text.add_text("Long", "x" * 5000, zip=True)
    text.add(b"gAMA", b"\x00\x00\xb1\x8f")
    text.add(b"prVt", b"\x01\x02", after_idat=True)
    options = {"exif": exif, "icc_profile": b"profile" * 50, "dpi": (300, 200), "pnginfo": text}
    flz, png = Image.open(as_flz(im, **options)), Image.open(as_png(im, **options))
    assert flz.info["icc_profile"] == b"profile" * 50 and flz.getexif()[0x0112] == 6
    assert_same(flz, png)
    for transparency in ((1, 2, 3),):
        pair = as_flz(im, transparency=transparency), as_png(im, transparency=transparency)
        assert_same(Image.open(pair[0]), Image.open(pair[1]))
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    assert Image.open(as_flz(im, xmp=xmp)).info["XML:com.adobe.xmp"] == xmp.decode()
    with pytest.raises(OSError, match="effort"):
        as_flz(im, effort="slow")
    assert len(as_flz(im, effort="fast").getvalue()) != len(as_flz(im, effort="best").getvalue())


def test_info_is_kept_when_saved_again(photo):
    im = Image.fromarray(photo[:60, :70]).quantize(20)
    options = {"dpi": (300, 200), "icc_profile": b"p" * 99, "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}
    first = Image.open(as_flz(im, transparency=3, xmp="<x/>", **options))
    second = Image.open(as_flz(first))
    first.load()
    assert second.info == first.info
    assert set(second.info) == {
        "dpi", "icc_profile", "exif", "transparency", "XML:com.adobe.xmp"
    }  # fmt: skip
    third = Image.open(as_flz(first, dpi=(72, 72), icc_profile=None))
    assert third.info["dpi"] == pytest.approx((72, 72), abs=0.01)
    assert "icc_profile" not in third.info


def test_modes_that_are_not_taken(photo):
    im = Image.fromarray(photo[:8, :8])
    for mode in ("CMYK", "YCbCr", "HSV", "LAB", "F", "RGBX"):
        other = im.convert("L").convert("F") if mode == "F" else im.convert(mode)
        with pytest.raises(OSError, match=f"mode {mode} as FLZ.*convert it"):
            as_flz(other)
    for value in (-1, 65536):
        with pytest.raises(OSError, match="mode I"):
            as_flz(Image.new("I", (3, 3), value))


def test_lazy_and_by_name(photo, tmp_path):
    path = tmp_path / "a.flz"
    Image.fromarray(photo).save(path)  # by its extension
    with Image.open(path) as im:
        assert Image.MIME["FLZ"] == im.get_format_mimetype() == "image/x-flowzip"
    # The header is enough to open it.
    data = path.read_bytes()
    header = flowzip.info(data).header_bytes
    im = Image.open(io.BytesIO(data[:header]))
    assert im.size == (512, 384) and im.flz_info.bit_depth == 8
    with pytest.raises(OSError):
        im.load()
    with Image.open(path) as im:
        assert im.fp is not None and im.tile
        assert np.array_equal(np.asarray(im), photo)
        assert im.fp is None
        assert np.array_equal(np.asarray(im.crop((5, 6, 50, 60))), photo[6:60, 5:50])
    with Image.open(path) as im:
        im.verify()
    with Image.open(path) as im:
        assert im.copy().tobytes() == photo.tobytes()


def test_several_strips_of_tiles(photo):
    wide = np.tile(photo[:100, :100], (40, 1, 1))  # 4000 rows
    wide[::7] += 1
    im = Image.open(io.BytesIO(flowzip.encode(wide, effort="fast")))
    assert np.array_equal(np.asarray(im), wide)
    im = Image.open(io.BytesIO(flowzip.encode(wide, effort="fast")))
    im.draft(None, (20, 900))
    assert np.array_equal(np.asarray(im), wide[::4, ::4])


def test_draft(photo):
    file = io.BytesIO(flowzip.encode(photo))
    for size, scale in [((512, 384), 1), ((300, 200), 1), ((256, 192), 2), ((200, 10), 2),
                        ((128, 96), 4), ((64, 48), 8), ((1, 1), 8)]:  # fmt: skip
        im = Image.open(file)
        result = im.draft(None, size)
        assert (result is None) == (scale == 1)
        assert im.size == (512 // scale, 384 // scale)
        assert np.array_equal(np.asarray(im), photo[::scale, ::scale])
        file.seek(0)
    im = Image.open(file)
    im.thumbnail((64, 64))
    assert im.size == (64, 48)
    whole = Image.fromarray(photo).resize((64, 48), Image.Resampling.BICUBIC)
    difference = np.abs(np.asarray(im).astype(int) - np.asarray(whole))
    assert difference.mean() < 8


def test_depths_that_png_does_not_have():
    for bits, mode in ((3, "L"), (5, "L"), (10, "I"), (12, "I")):
        dtype = np.uint8 if bits <= 8 else np.uint16
        ramp = np.linspace(0, 2**bits - 1, 90).astype(dtype).reshape(9, 10)
        im = Image.open(io.BytesIO(flowzip.encode(ramp, bit_depth=bits)))
        largest = 255 if bits <= 8 else 65535
        assert im.mode in (mode, "I;16")
        assert np.array_equal(np.asarray(im), np.round(ramp * (largest / (2**bits - 1))))
    deep = np.linspace(0, 65535, 300).astype(np.uint16).reshape(10, 10, 3)
    im = Image.open(io.BytesIO(flowzip.encode(deep)))
    assert im.mode == "RGB" and np.array_equal(np.asarray(im), deep >> 8)  # as Pillow's PNG
    assert im.flz_info.bit_depth == 16


def test_broken_files(photo):
    data = flowzip.encode(photo[:50, :60], metadata=flowzip.Metadata.of(text={"a": "b"}))
    header = flowzip.info(data).header_bytes
    for size in range(0, header):
        with pytest.raises(Image.UnidentifiedImageError):
            Image.open(io.BytesIO(data[:size]))
    for size in range(header, len(data), 97):
        im = Image.open(io.BytesIO(data[:size]))
        with pytest.raises(OSError, match="flowzip"):
            im.load()
    for at in range(header, len(data), 97):
        damaged = bytearray(data)
        damaged[at] ^= 1
        with pytest.raises(OSError, match="flowzip"):
            Image.open(io.BytesIO(damaged)).load()
        with pytest.raises(OSError, match="flowzip"):
            Image.open(io.BytesIO(damaged)).verify()
    for path in sorted((SOURCE / "tests" / "bad").glob("*.flz")):
        try:
            im = Image.open(path)
        except (Image.UnidentifiedImageError, Image.DecompressionBombError):
            continue
        with im, pytest.raises(OSError):
            im.load()


def test_bombs(photo):
    data = flowzip.encode(np.zeros((20000, 20000), np.uint8), max_pixels=None)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data))
    text = flowzip.encode(photo[:4, :4], metadata=flowzip.Metadata.of(icc_profile=bytes(2**26)))
    with pytest.raises((Image.UnidentifiedImageError, ValueError)):  # as with such a PNG file
        Image.open(io.BytesIO(text)).load()


def png_files():
    yield from sorted(PHOTOS.glob("*.png"))
    yield from sorted((SOURCE / "docs" / "images").glob("*.png"))



def compare(paths, command, folder):
    compared = 0
    for path in paths:
        out = folder / f"{path.stem}.flz"
        done = subprocess.run([command, "encode", "-q", "--no-verify", "-e", "fast", path, "-o", out])
        if done.returncode != 0:
            assert path.name.startswith("x"), path  # PngSuite's files that are broken
            continue
        with Image.open(out) as flz, Image.open(path) as png:
            assert_same(flz, png, path.name)
        compared += 1
    return compared


def test_bundled_files(command, tmp_path):
    assert compare(png_files(), command, tmp_path) >= 7


@pytest.mark.skipif(not SUITE.exists(), reason="PngSuite is not bundled")
def test_png_suite(command, tmp_path):
    assert compare(sorted(SUITE.glob("*.png")), command, tmp_path) > 150


def made_png_files(folder):
    """PNG files of every kind, depth, and both orders of rows, with chunks before and after."""
    import struct
    import zlib

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    random = np.random.default_rng(4)
    for colour, depths, channels in ((0, (1, 2, 4, 8, 16), 1), (2, (8, 16), 3), (3, (1, 2, 4, 8), 1),
                                     (4, (8, 16), 2), (6, (8, 16), 4)):  # fmt: skip
        for depth in depths:
            for transparent in (False, True):
                if transparent and colour in (4, 6):
                    continue
                row_bytes = (21 * channels * depth + 7) // 8
                rows = [b"\0" + random.bytes(row_bytes) for _ in range(13)]
                before = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"tEXt", b"Title\0before")
                before += chunk(b"pHYs", struct.pack(">IIB", 5000, 6000, 1))
                before += chunk(b"cHRM", struct.pack(">8I", *range(31270, 31278)))
                before += chunk(b"sBIT", bytes([min(depth, 8)] * (3 if colour == 3 else channels)))
                before += chunk(b"prVt", b"x")
                if colour == 3:
                    before += chunk(b"PLTE", random.bytes(3 * 2**depth))
                if transparent:
                    size = {0: 2, 2: 6, 3: 2**depth}[colour]
                    alpha = random.bytes(size) if colour == 3 else b"\0\1" * (size // 2)
                    before += chunk(b"tRNS", alpha)
                after = chunk(b"zTXt", b"Late\0\0" + zlib.compress(b"after the pixels"))
                after += chunk(b"iTXt", b"Later\0\0\0\0\0" + "東京".encode())
                after += chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0\0\0\0\0")
                path = folder / f"{colour}-{depth}-{transparent}.png"
                path.write_bytes(
                    b"\x89PNG\r\n\x1a\n"
                    + chunk(b"IHDR", struct.pack(">IIBBBBB", 21, 13, depth, colour, 0, 0, 0))
                    + before
                    + chunk(b"IDAT", zlib.compress(b"".join(rows)))
                    + after
                    + chunk(b"IEND", b"")
                )
                yield path


def test_every_kind_of_png(command, tmp_path):
    files = list(made_png_files(tmp_path))
    assert compare(files, command, tmp_path) == len(files) == 26


def test_registered_by_the_import():
    code = """
import sys, flowzip
from PIL import Image
with Image.open(sys.argv[1]) as im:
    print(im.size)
"""
    data = SOURCE / "tests" / "golden" / "raster-rgb.flz"
    assert run_python(code, data).strip().startswith("(")


def test_registered_for_all_programs(tmp_path):
    """By the .pth file that the user asks for, in a folder of its own."""
    data = SOURCE / "tests" / "golden" / "raster-rgb.flz"
    environment = {**os.environ, "PYTHONUSERBASE": str(tmp_path)}

    def run(*arguments):
        line = [sys.executable, "-W", "error", *arguments]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)

    code = "import sys; from PIL import Image; print(Image.open(sys.argv[1]).size)"
    modules = "import sys; print('flowzip' in sys.modules, 'PIL.Image' in sys.modules)"
    assert "UnidentifiedImageError" in run("-c", code, data).stderr
    assert run("-m", "flowzip", "pillow", "status").stdout == "disabled\n"
    enabled = run("-m", "flowzip", "pillow", "enable")
    assert str(tmp_path) in enabled.stdout, enabled.stderr
    assert str(tmp_path) in run("-m", "flowzip", "pillow", "status").stdout
    opened = run("-c", code, data)
    assert opened.stdout.startswith("("), opened.stderr
    saving = "from PIL import Image; Image.new('L', (9, 9)).save(__import__('sys').argv[1])"
    saved = run("-c", saving, tmp_path / "new.flz")
    assert saved.returncode == 0, saved.stderr
    assert run("-c", modules).stdout == "False False\n"  # it costs nothing until it is needed
    assert run("-m", "flowzip", "pillow", "disable").returncode == 0
    assert "UnidentifiedImageError" in run("-c", code, data).stderr
    assert not list(Path(tmp_path).rglob("*.pth"))


def test_incremental_parser(photo):
    data = flowzip.encode(photo)
    parser = ImageFile.Parser()
    for at in range(0, len(data), 4096):
        parser.feed(data[at : at + 4096])
    assert np.array_equal(np.asarray(parser.close()), photo)


def test_without_pillow(tmp_path):
    (tmp_path / "PIL").mkdir()
    (tmp_path / "PIL" / "__init__.py").write_text("raise ModuleNotFoundError(name='PIL')")
    code = "import flowzip, sys; print('flowzip.pillow' in sys.modules)"
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    assert run_python(code, PYTHONPATH=path) == "False\n"


def test_memory_of_loading(photo):
    """Pillow's picture, 4 bytes a pixel, and some rows of tiles; not the picture twice."""
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("the kernel does not let peaks of memory be measured")
    code = """
import io
import numpy as np
from PIL import Image
import flowzip

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

def measure(call):
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")
    before = peak()
    call()
    return peak() - before

flowzip.decode(flowzip.encode(np.zeros((64, 64, 3), np.uint8)))
data = flowzip.encode(np.zeros((16384, 4096, 3), np.uint8))
im = Image.open(io.BytesIO(data))
loading = measure(im.load)
file = io.BytesIO()
print(loading, measure(lambda: im.save(file, "FLZ", effort="fast")))
"""
    loading, saving = map(int, run_python(code).split())
    picture = 16384 * 4096 * 3
    assert loading < picture * 4 / 3 + 0.5 * picture
    assert saving < 1.4 * picture
