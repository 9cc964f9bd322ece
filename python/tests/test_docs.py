# SPDX-License-Identifier: BSD-3-Clause
"""Runs the examples of docs/python.md: the Python ones as one program, warnings being errors."""
import re
import shlex
import shutil
import subprocess
import sys

import pytest

for name in ("PIL", "zarr", "dask.array"):
    pytest.importorskip(name, reason=f"needs Debian's packages: {name} is not there")

from conftest import PHOTOS, SOURCE, run_python  # noqa: E402

TEXT = (SOURCE / "docs" / "python.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_python_examples(tmp_path):
    shutil.copy(PHOTOS / "colorado.png", tmp_path / "photo.png")
    examples = blocks("python")
    assert len(examples) >= 12
    # Files that an example leaves open are closed by the collector, which is no error there.
    program = f"import os, warnings\nos.chdir({str(tmp_path)!r})\n"
    program += "warnings.simplefilter('ignore', ResourceWarning)\n" + "\n".join(examples)
    printed = run_python(program)
    assert "512 384 3 8 1" in printed and "bits per sub-pixel" in printed
    assert (tmp_path / "python-bits.png").stat().st_size > 30_000
    assert (SOURCE / "docs" / "images" / "python-bits.png").exists()


def test_commands(tmp_path, command):
    pytest.importorskip("distributed", reason="needs Debian's python3-distributed")
    (tmp_path / "photos").mkdir()
    shutil.copy(PHOTOS / "dunes.png", tmp_path / "photos")
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "python3"
        subprocess.run([sys.executable, *words[1:]], cwd=tmp_path, check=True)
    assert (tmp_path / "archive" / "dunes.flz").exists()


def test_names_are_those_of_the_package():
    import flowzip

    for name in re.findall(r"flowzip\.([a-z_]+)\(", TEXT):
        assert hasattr(flowzip, name), name
    errors = {name for name in flowzip.__all__ if name.endswith("Error")}
    assert errors <= set(re.findall(r"`(\w+Error)`", TEXT))
