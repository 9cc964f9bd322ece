# SPDX-License-Identifier: BSD-3-Clause
"""Folders of pictures to folders of .flz files, by the workers of Dask distributed.

    python3 -m flowzip.batch photos --output-dir archive --manifest archive.jsonl

Each file is encoded, decoded and compared by the ``flowzip`` command, so that outputs appear complete
or not at all and PNG files come back as they were. The manifest is the one of docs/archive.md: the
same program, another machine or ``flowzip audit`` goes on from it. What it has as done, with source
and result unchanged in size and time, is passed over.
"""
from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import _work
from ._library import EFFORTS, library_version

EXTENSIONS = (".png", ".pgm", ".ppm", ".pnm", ".pbm", ".pam")
_FILES_AT_ONCE = 16  # of a task
_TASKS_PER_WORKER = 3  # under way, so that no worker waits


@dataclass
class Summary:
    """What became of the files."""

    files: int = 0
    counts: Counter = field(default_factory=Counter)
    """By status: done, skipped, failed, and resumed: done before."""
    passed_over: Counter = field(default_factory=Counter)
    """hidden, links, others (no pictures), and other_shards."""
    bytes_in: int = 0
    bytes_out: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason."""


def run(
    sources: Iterable[str | os.PathLike],
    output_dir: str | os.PathLike,
    manifest: str | os.PathLike,
    *,
    effort: str = "standard",
    scheduler: str = "processes",
    workers: int | None = None,
    retries: int = 2,
    shard: tuple[int, int] = (1, 1),
    command: str | os.PathLike | None = None,
    progress: bool = False,
) -> Summary:
    """Encodes all pictures of files and folders; the folders are mirrored below `output_dir`.

    :param scheduler: "processes" or "threads" of this machine, or the address of a Dask scheduler,
        whose workers see the same files under the same names.
    :param workers: of this machine; None: one per processor.
    :param retries: how often what a lost worker had is tried again.
    :param shard: (i, n): only part i of n, as ``flowzip encode --shard``.
    :param command: the flowzip command; None: FLOWZIP_COMMAND or the one in PATH, of the workers.
    :param progress: a line on standard error, if that is a terminal.
    :raises ValueError: of options that make no sense
    :raises OSError: the manifest or a folder cannot be read or written
    """
    if effort not in EFFORTS:
        raise ValueError(f"an effort is one of {', '.join(EFFORTS)}, not {effort!r}")
    if not 1 <= shard[0] <= shard[1]:
        raise ValueError(f"shard {shard[0]}/{shard[1]} is not I/N with I from 1 to N")
    summary = Summary()
    files = list(_files(sources, Path(output_dir), shard, summary))
    summary.files = len(files)
    with _Manifest(Path(manifest)) as records:
        todo = []
        for path, output in _without_collisions(files, effort, summary, records):
            if records.has_done(path, output):
                summary.counts["resumed"] += 1
            else:
                todo.append((path, output))
        line = _ProgressLine(summary) if progress and sys.stderr.isatty() else None
        command = str(command) if command is not None else os.environ.get("FLOWZIP_COMMAND")
        for found in _encode_all(todo, effort, scheduler, workers, retries, command):
            records.append(found)
            for record in found:
                _count(record, summary)
            if line:
                line.show()
        if line:
            line.end()
    return summary


def _encode_all(
    todo: list[tuple[str, str]],
    effort: str,
    scheduler: str,
    workers: int | None,
    retries: int,
    command: str | None,
) -> Iterator[list[dict]]:
    """Records of the files, some at a time, in the order in which they are finished."""
    if not todo:
        return
    import distributed

    with contextlib.ExitStack() as stack:
        if scheduler in ("processes", "threads"):
            # Workers answer to this machine alone, and show nothing.
            cluster = distributed.LocalCluster(
                n_workers=workers or os.cpu_count() or 1,
                threads_per_worker=1,
                processes=scheduler == "processes",
                protocol="tcp://",
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs="CRITICAL",
                local_directory=stack.enter_context(tempfile.TemporaryDirectory()),
            )
            client = distributed.Client(stack.enter_context(cluster))
        else:
            client = distributed.Client(scheduler)
        stack.enter_context(client)
        tasks = iter(
            [todo[at : at + _FILES_AT_ONCE] for at in range(0, len(todo), _FILES_AT_ONCE)]
        )

        def submit(task: list[tuple[str, str]]) -> distributed.Future:
            future = client.submit(
                _work.encode_files, task, effort, command, retries=retries, pure=False
            )
            files_of[future.key] = task
            return future

        files_of: dict[str, list[tuple[str, str]]] = {}
        slots = _TASKS_PER_WORKER * max(1, sum(client.ncores().values()))
        running = distributed.as_completed(
            [submit(task) for task in itertools.islice(tasks, slots)]
        )
        for future in running:
            task = files_of.pop(future.key)
            try:
                yield future.result()
            except Exception as error:  # whatever was raised there, or the worker was lost too often
                reason = f"{type(error).__name__}: {error}".splitlines()[0]
                yield [_work.failure(path, output, effort, reason) for path, output in task]
            future.release()
            for following in itertools.islice(tasks, 1):
                running.add(submit(following))


def _files(
    sources: Iterable[str | os.PathLike],
    output_dir: Path,
    shard: tuple[int, int],
    summary: Summary,
) -> Iterator[tuple[str, str]]:
    """Names and results, as ``flowzip encode -r --output-dir`` has them."""

    def take(path: str, below: str) -> Iterator[tuple[str, str]]:
        if _shard_of(below, shard[1]) + 1 != shard[0]:
            summary.passed_over["other_shards"] += 1
            return
        stem, extension = os.path.splitext(below)
        name = stem if extension.lower() in EXTENSIONS else below
        yield path, str(output_dir / (name + ".flz"))

    def walk(folder: str, below: str) -> Iterator[tuple[str, str]]:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        for entry in found:
            inner = os.path.join(below, entry.name)
            if entry.name.startswith("."):
                summary.passed_over["hidden"] += 1
            elif entry.is_symlink():
                summary.passed_over["links"] += 1
            elif entry.is_dir():
                yield from walk(entry.path, inner)
            elif entry.is_file() and os.path.splitext(inner)[1].lower() in EXTENSIONS:
                yield from take(entry.path, inner)
            else:
                summary.passed_over["others"] += 1

    for source in sources:
        name = os.fspath(source)
        if os.path.isdir(name):
            yield from walk(name, "")
        else:
            yield from take(name, os.path.basename(name))


def _shard_of(name: str, shards: int) -> int:
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:8], "big") % shards


def _without_collisions(
    files: list[tuple[str, str]], effort: str, summary: Summary, records: _Manifest
) -> Iterator[tuple[str, str]]:
    """Of files that would have the same result, the first; the others have failed."""
    first: dict[str, str] = {}
    for path, output in files:
        if output not in first:
            first[output] = path
            yield path, output
            continue
        reason = f"{output}: would be the output of both {first[output]} and {path}"
        record = _work.failure(path, output, effort, reason)
        records.append([record])
        _count(record, summary)


def _count(record: dict, summary: Summary) -> None:
    summary.counts[record["status"]] += 1
    if record["status"] == "failed":
        summary.failures.append((record["path"], record["reason"]))
    else:
        summary.bytes_in += record["size"]
        summary.bytes_out += record["output_size"]


class _Manifest:
    """Reads what was done, and appends."""

    def __init__(self, path: Path) -> None:
        self._done: dict[str, dict] = {}
        self._file = open(path, "a+b")
        self._file.seek(0)
        data = self._file.read()
        for line in data.splitlines():
            with contextlib.suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict) and record.get("command") == "encode":
                    name = _work.name_in(record, "path")
                    if isinstance(name, str):
                        self._done[name] = record
        # A crash may have left a line without its end: what follows must not be part of it.
        self._whole = not data or data.endswith(b"\n")

    def has_done(self, path: str, output: str) -> bool:
        record = self._done.get(path)
        if record is None or record.get("status") not in ("done", "skipped"):
            return False
        if _work.name_in(record, "output") != output:
            return False
        with contextlib.suppress(OSError):
            source, result = os.stat(path), os.stat(output)
            return (
                source.st_size == record.get("size")
                and source.st_mtime_ns == record.get("mtime_ns")
                and result.st_size == record.get("output_size")
            )
        return False

    def append(self, records: list[dict]) -> None:
        lines = b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\n" for r in records)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._file.write(lines if self._whole else b"\n" + lines)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._whole = True
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> _Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class _ProgressLine:
    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        self._start = time.monotonic()

    def show(self) -> None:
        summary = self._summary
        done = sum(summary.counts.values())
        here = done - summary.counts["resumed"]
        left = (time.monotonic() - self._start) * (summary.files - done) / max(here, 1)
        ratio = summary.bytes_out / summary.bytes_in if summary.bytes_in else 0
        text = (
            f"{done} of {summary.files} files, {summary.bytes_in / 1e6:.0f} MB, "
            f"ratio {ratio:.3f}, {summary.counts['failed']} failed, {left:.0f} s left"
        )
        width = shutil.get_terminal_size().columns - 1
        print("\r" + text[:width].ljust(width), end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        print(file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m flowzip.batch",
        description="Encodes folders of pictures with Dask distributed; see docs/archive.md.",
    )
    parser.add_argument("sources", nargs="+", metavar="IN", help="pictures and folders")
    parser.add_argument("--output-dir", required=True, metavar="DIR", help="folders are mirrored below")
    parser.add_argument("--manifest", required=True, metavar="FILE", help="a line for each file")
    parser.add_argument("-e", "--effort", choices=list(EFFORTS), default="standard")
    parser.add_argument(
        "--scheduler",
        default="processes",
        metavar="S",
        help="processes, threads, or the address of a Dask scheduler [processes]",
    )
    parser.add_argument("-j", "--workers", type=int, metavar="N", help="[one per processor]")
    parser.add_argument("--retries", type=int, default=2, metavar="N", help="of lost workers [2]")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="only part I of N")
    parser.add_argument("--command", metavar="FILE", help="the flowzip command [from PATH]")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")
    parser.add_argument("-V", "--version", action="version", version=f"flowzip {library_version()}")
    options = parser.parse_args(arguments)
    try:
        number, _, count = options.shard.partition("/")
        summary = run(
            options.sources,
            options.output_dir,
            options.manifest,
            effort=options.effort,
            scheduler=options.scheduler,
            workers=options.workers,
            retries=options.retries,
            shard=(int(number), int(count)),
            command=options.command,
            progress=not options.quiet,
        )
    except ValueError as error:
        print(f"flowzip.batch: {error}", file=sys.stderr)
        return 2
    except (OSError, ImportError) as error:
        print(f"flowzip.batch: {error}", file=sys.stderr)
        return 1
    for path, reason in summary.failures:
        print(f"flowzip.batch: {path}: {reason}", file=sys.stderr)
    if not options.quiet:
        parts = [f"{summary.counts[status]} {status}" for status in summary.counts]
        parts += [f"{number} {name.replace('_', ' ')}" for name, number in summary.passed_over.items()]
        print(
            f"{summary.files} files: {', '.join(parts) or 'nothing to do'}; "
            f"{summary.bytes_in} bytes became {summary.bytes_out}",
            file=sys.stderr,
        )
    return 1 if summary.failures else 0


if __name__ == "__main__":
    sys.exit(main())
