# SPDX-License-Identifier: BSD-3-Clause
"""The wheel: made without a network, for all Pythons, with the library inside."""
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import flowzip
import pytest
from conftest import SOURCE, run_python


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    for module, package in (("setuptools", "setuptools"), ("wheel", "wheel"), ("pip", "pip")):
        pytest.importorskip(module, reason=f"needs Debian's python3-{package}")
    folder = tmp_path_factory.mktemp("wheel")
    # Built from a copy, so that nothing is left in the sources.
    for name in ("python", "CMakeLists.txt"):
        subprocess.run(["cp", "-r", SOURCE / name, folder], check=True)
    library = Path(flowzip.__file__).with_name("libflowzip.so.0")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-index", "--no-deps"]
        + ["--no-build-isolation", "--disable-pip-version-check", "-w", folder, folder / "python"],
        env={**os.environ, "FLOWZIP_BUILT_LIBRARY": str(library), "PIP_ROOT_USER_ACTION": "ignore"},
        check=True,
    )
    return next(folder.glob("*.whl"))


def test_what_is_in_it(wheel):
    assert wheel.name.startswith(f"flowzip-{flowzip.__version__}-py3-none-linux_")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"flowzip-{flowzip.__version__}.dist-info"
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
    sources = {
        str(path.relative_to(SOURCE / "python"))
        for path in (SOURCE / "python" / "flowzip").rglob("*")
        if path.suffix == ".py" or path.name == "py.typed"
    }
    inside = {name for name in names if name.startswith("flowzip/")}
    assert inside == sources | {"flowzip/libflowzip.so.0"}
    assert entry_points.split() == (SOURCE / "python" / "entry_points.txt").read_text().split()


def test_it_works_where_it_is_installed(wheel, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
        + ["--disable-pip-version-check", "--target", tmp_path, wheel],
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore", "PIP_BREAK_SYSTEM_PACKAGES": "1"},
        check=True,
    )
    code = """
import flowzip, numpy
array = numpy.arange(600, dtype=numpy.uint16).reshape(20, 30)
assert (flowzip.decode(flowzip.encode(array)) == array).all()
print(flowzip.__file__)
"""
    assert run_python(code, PYTHONPATH=str(tmp_path)).startswith(str(tmp_path))


def test_a_library_that_is_not_there_or_of_another_version(tmp_path):
    def import_with(library):
        return subprocess.run(
            [sys.executable, "-c", "import flowzip"],
            env={**os.environ, "FLOWZIP_LIBRARY": library},
            capture_output=True,
            text=True,
            check=False,
        ).stderr.strip()

    last = import_with(str(tmp_path / "none.so")).splitlines()[-1]
    assert last.startswith("ImportError: flowzip needs its library") and "libflowzip0" in last
    assert "another version" in import_with("libm.so.6").splitlines()[-1]


@pytest.mark.skipif(shutil.which("mypy") is None, reason="mypy is not installed")
def test_types(tmp_path):
    done = subprocess.run(
        ["mypy", "--ignore-missing-imports", "--check-untyped-defs", "--cache-dir", tmp_path, "flowzip"],
        cwd=SOURCE / "python",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_version_and_models():
    said = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "flowzip", "version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stderr == ""
    assert said.stdout.splitlines()[0] == f"flowzip {flowzip.__version__}"
    assert len(said.stdout.splitlines()) == 1 + len(flowzip.models())
