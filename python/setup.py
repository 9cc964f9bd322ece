# SPDX-License-Identifier: BSD-3-Clause
"""Builds libflowzip by CMake and puts it into the wheel: one wheel for all Pythons of a platform.

FLOWZIP_BUILT_LIBRARY=path/to/libflowzip.so.0 takes one that is built already.
"""
import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py
from wheel.bdist_wheel import bdist_wheel

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LIBRARY = "libflowzip.so.0"


def version() -> str:
    lists = ROOT / "CMakeLists.txt"
    if not lists.exists():
        raise SystemExit("flowzip is built from a clone of its repository: CMakeLists.txt is not here")
    return re.search(r"project\(flowzip VERSION ([0-9.]+)", lists.read_text()).group(1)


def entry_points() -> dict:
    parser = configparser.ConfigParser()
    parser.read(HERE / "entry_points.txt")
    return {group: [f"{k} = {v}" for k, v in parser[group].items()] for group in parser.sections()}


def build_library(folder: Path) -> Path:
    configure = ["cmake", "-S", ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Release"]
    configure += [f"-DFLOWZIP_{part}=OFF" for part in ("CLI", "TRAIN", "TESTS", "BENCH", "STATIC")]
    # Nothing of the compiler's has to be on the machine that the wheel goes to.
    configure += ["-DCMAKE_SHARED_LINKER_FLAGS=-static-libstdc++ -static-libgcc"]
    if shutil.which("ninja"):
        configure += ["-G", "Ninja"]
    subprocess.run(configure, check=True)
    build = ["cmake", "--build", folder, "--target", "flowzip_shared", "--config", "Release"]
    subprocess.run(build + ["--parallel", str(os.cpu_count() or 1)], check=True)
    return folder / LIBRARY


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        if getattr(self, "editable_mode", False):
            raise SystemExit("no editable installation: put the build folder's python/ on PYTHONPATH")
        built = os.environ.get("FLOWZIP_BUILT_LIBRARY")
        temporary = Path(self.get_finalized_command("build").build_temp).resolve() / "cmake"
        library = Path(built) if built else build_library(temporary)
        shutil.copyfile(library, Path(self.build_lib) / "flowzip" / LIBRARY)


class OneForAllPythons(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class WithLibrary(Distribution):
    def has_ext_modules(self) -> bool:  # so that the wheel belongs to a platform
        return True


setup(
    version=version(),
    entry_points=entry_points(),
    distclass=WithLibrary,
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": OneForAllPythons},
)
