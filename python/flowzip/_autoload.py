# SPDX-License-Identifier: BSD-3-Clause
"""Lets Pillow find flowzip in programs that do not import it.

Pillow has no entry points. It looks for further plug-ins, by name in its own package, only when a
file is none of the common formats. A .pth file, whose line the interpreter executes when it
starts, waits for the import of PIL.Image and adds one name and one folder to that search; flowzip
itself is imported only when Pillow looks.
"""
from __future__ import annotations

import site
import sys
from pathlib import Path

NAME = "flowzip-pillow.pth"
_CODE = """
class FlowzipForPillow:
    def find_spec(self, name, path=None, target=None):
        if name == "PIL.Image":
            sys.meta_path.remove(self)
            pillow = sys.modules["PIL"]
            pillow.__path__.append({folder!r})
            pillow._plugins.append("FlowzipImagePlugin")
sys.meta_path.insert(0, FlowzipForPillow())
"""


def pth_file() -> Path:
    """Where it goes: into the virtual environment if this is one, else to the user's packages."""
    if sys.prefix != sys.base_prefix:
        return Path(site.getsitepackages()[0]) / NAME
    return Path(site.getusersitepackages()) / NAME


def enable() -> Path:
    """Writes the .pth file; programs that start from now on know .flz files."""
    path = pth_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = str(Path(__file__).resolve().parent / "_pil")
    code = _CODE.format(folder=folder)
    path.write_text(f"import sys; exec({code!r})\n", encoding="utf-8")
    return path


def disable() -> Path:
    """Removes the .pth file, if there is one."""
    path = pth_file()
    path.unlink(missing_ok=True)
    return path
