# SPDX-License-Identifier: BSD-3-Clause
"""What the tests share. FLOWZIP_SOURCE_DIR and FLOWZIP_COMMAND are set by tests/CMakeLists.txt."""
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(os.environ.get("FLOWZIP_SOURCE_DIR", Path(__file__).parents[2]))
PHOTOS = SOURCE / "data" / "photos"


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    """An RGB photograph, uint8, 384 x 512 x 3."""
    image = pytest.importorskip("PIL.Image", reason="needs Debian's python3-pil")
    return np.asarray(image.open(PHOTOS / "colorado.png"))


@pytest.fixture(scope="session")
def command() -> str:
    """The flowzip command."""
    found = os.environ.get("FLOWZIP_COMMAND")
    if not found:
        pytest.skip("the flowzip command was not built")
    return found


def run_python(code: str, *arguments: object, **environment: str) -> str:
    """Runs a program of its own, warnings being errors; what it printed."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def resident_bytes() -> int:
    """Memory of this process now."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
