# SPDX-License-Identifier: BSD-3-Clause
"""What a worker of flowzip.batch does with some files, and the records of docs/archive.md."""
from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import time

from ._codec import Decoder
from ._errors import FlowzipError
from ._library import library_version


def encode_files(files: list[tuple[str, str]], effort: str, command: str | None) -> list[dict]:
    """A record for each; never raises for what is wrong with one of them."""
    program = command or shutil.which("flowzip")
    if program is None:
        reason = "there is no flowzip command in the worker's PATH"
        return [failure(path, output, effort, reason) for path, output in files]
    return [_encode_file(path, output, effort, program) for path, output in files]


def failure(path: str, output: str, effort: str, reason: str) -> dict:
    """A record of something that went wrong."""
    record = _begin(path, effort)
    record.update(_named("output", output), status="failed", reason=reason)
    return record


def name_in(record: dict, member: str) -> str | None:
    """A name, whose bytes a record's text may not have."""
    digits = record.get(f"{member}_hex")
    return os.fsdecode(bytes.fromhex(digits)) if digits else record.get(member)


def _named(member: str, name: str) -> dict:
    try:
        return {member: os.fsencode(name).decode("utf-8")}
    except UnicodeDecodeError:
        raw = os.fsencode(name)
        return {member: raw.decode("utf-8", "replace"), f"{member}_hex": raw.hex()}


def _begin(path: str, effort: str) -> dict:
    record = _named("path", path)
    record.update(command="encode", status="failed", size=0, mtime_ns=0)
    try:
        status = os.stat(path)
        record.update(size=status.st_size, mtime_ns=status.st_mtime_ns)
    except OSError:
        pass
    record.update(effort=effort, version=library_version(), finished=round(time.time(), 3))
    return record


def _encode_file(path: str, output: str, effort: str, program: str) -> dict:
    record = _begin(path, effort)
    record.update(_named("output", output))
    try:
        record["sha256"] = _sha256_of(path)
        _make_folders(path, output)
        if os.path.lexists(output):
            _compare_with_existing(path, output, effort, program, record)
        else:
            _run_command(path, output, effort, program)
            record["status"] = "done"
        record["output_size"] = os.path.getsize(output)
        record["output_sha256"] = _sha256_of(output)
        record.update(_picture_of(output))
    except (OSError, FlowzipError, _Failed) as error:
        record.update(status="failed", reason=str(error).splitlines()[0])
    record["finished"] = round(time.time(), 3)
    return record


def _make_folders(path: str, output: str) -> None:
    """Those that the output needs, with no permissions that the input's folders do not have."""
    source, folder = os.path.dirname(os.path.abspath(path)), os.path.dirname(os.path.abspath(output))
    missing, mirrored = [], True
    while not os.path.isdir(folder):
        missing.append((folder, os.stat(source).st_mode & 0o777 | 0o700 if mirrored else 0o777))
        # Up to the folder that was named, whose name the output's need not have.
        mirrored = mirrored and os.path.basename(folder) == os.path.basename(source)
        folder, source = os.path.dirname(folder), os.path.dirname(source)
    for folder, mode in reversed(missing):
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, mode)


class _Failed(Exception):
    pass


def _run_command(path: str, output: str, effort: str, program: str) -> None:
    # Names that begin with - are files, and so is one that is called -.
    source = path if os.path.isabs(path) else os.path.join(".", path)
    done = subprocess.run(
        [program, "encode", "-q", "-j", "1", "-e", effort, "-o", output, "--", source],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode == 0:
        return
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if done.returncode < 0:
        said = [f"the command was ended by signal {-done.returncode}"]
    raise _Failed(said[-1] if said else f"the command ended with {done.returncode}")


def _compare_with_existing(
    path: str, output: str, effort: str, program: str, record: dict
) -> None:
    """An output that holds just what would be written is left; else the file has failed."""
    new = f"{output}.{os.getpid()}.part.flz"
    try:
        _run_command(path, new, effort, program)
        same = _picture_of(new) == _picture_of(output)
        with open(new, "rb") as a, open(output, "rb") as b, Decoder(a.read()) as first:
            with Decoder(b.read()) as second:
                same = same and first.info.metadata == second.info.metadata
    except FlowzipError:
        same = False
    finally:
        if os.path.exists(new):
            os.unlink(new)
    if not same:
        raise _Failed(f"{output} exists and holds something else")
    record.update(status="skipped", reason="the output was there and holds the same")


def _sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def _picture_of(path: str) -> dict:
    with open(path, "rb") as file:
        data = file.read()
    with Decoder(data, threads=1, max_pixels=None) as decoder:
        info = decoder.info
        pixels = decoder.decode()
    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    return {
        "width": info.width,
        "height": info.height,
        "channels": info.channels,
        "bit_depth": info.bit_depth,
        "pixels_sha256": hashlib.sha256(little.data).hexdigest(),
    }
