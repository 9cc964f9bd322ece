# SPDX-License-Identifier: BSD-3-Clause
"""flowzip.batch: folders, manifests, resuming, broken files, killed workers."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("distributed", reason="needs Debian's python3-distributed")

import flowzip  # noqa: E402
import numpy as np  # noqa: E402
from conftest import PHOTOS  # noqa: E402
from flowzip import _work, batch  # noqa: E402

# distributed 2022.12 and tornado warn of each other, and of Python 3.11.
pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error:::flowzip"),
]


@pytest.fixture
def folder(tmp_path, command):
    """Four pictures in folders, one broken, and what is no picture."""
    (tmp_path / "photos" / "sub" / "deep").mkdir(parents=True)
    shutil.copy(PHOTOS / "dunes.png", tmp_path / "photos" / "a.png")
    shutil.copy(PHOTOS / "dome.png", tmp_path / "photos" / "sub" / "b.PNG")
    deep = np.arange(600, dtype=">u2").reshape(20, 30)
    (tmp_path / "photos" / "sub" / "deep" / "c.pgm").write_bytes(b"P5 30 20 65535\n" + deep.tobytes())
    odd = tmp_path / "photos" / os.fsdecode(b"\xff-latin.ppm")
    odd.write_bytes(b"P6 1 2 255\n" + bytes(range(6)))
    (tmp_path / "photos" / "broken.png").write_bytes((PHOTOS / "dome.png").read_bytes()[:5000])
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    (tmp_path / "photos" / ".hidden.png").write_bytes(b"")
    (tmp_path / "photos" / "link.png").symlink_to("a.png")
    return tmp_path


def records_of(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def run(folder, **options):
    options = {"effort": "fast", "scheduler": "threads", "workers": 2, **options}
    return batch.run([folder / "photos"], folder / "out", folder / "m.jsonl", **options)


def test_a_folder(folder):
    summary = run(folder)
    assert summary.files == 5
    assert summary.counts == {"done": 4, "failed": 1}
    assert summary.passed_over == {"hidden": 1, "links": 1, "others": 1}
    [(path, reason)] = summary.failures
    assert path.endswith("broken.png") and reason
    out = sorted(str(p.relative_to(folder / "out")) for p in (folder / "out").rglob("*.flz"))
    assert out == sorted(["a.flz", "sub/b.flz", "sub/deep/c.flz", os.fsdecode(b"\xff-latin.flz")])
    records = {_work.name_in(r, "path"): r for r in records_of(folder / "m.jsonl")}
    assert len(records) == 5
    record = records[str(folder / "photos" / "sub" / "deep" / "c.pgm")]
    source, result = folder / "photos/sub/deep/c.pgm", folder / "out/sub/deep/c.flz"
    assert record == {
        "path": str(source),
        "command": "encode",
        "status": "done",
        "size": source.stat().st_size,
        "mtime_ns": source.stat().st_mtime_ns,
        "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "output": str(result),
        "output_size": result.stat().st_size,
        "output_sha256": hashlib.sha256(result.read_bytes()).hexdigest(),
        "width": 30,
        "height": 20,
        "channels": 1,
        "bit_depth": 16,
        "pixels_sha256": hashlib.sha256(np.arange(600, dtype="<u2").tobytes()).hexdigest(),
        "effort": "fast",
        "version": flowzip.__version__,
        "finished": pytest.approx(time.time(), abs=300),
    }
    odd = records[os.fsdecode(bytes(folder / "photos") + b"/\xff-latin.ppm")]
    assert odd["path"].endswith("\ufffd-latin.ppm") and odd["output_hex"].endswith("2e666c7a")
    failed = records[path]
    assert failed["status"] == "failed" and failed["reason"] == reason
    assert "output_size" not in failed

    # Again: only what failed is tried, and what changed is not taken for what it was.
    assert run(folder).counts == {"resumed": 4, "failed": 1}
    result.write_bytes(result.read_bytes()[:-1])
    os.utime(folder / "photos" / "a.png", ns=(0, 0))
    summary = run(folder)
    assert summary.counts == {"resumed": 2, "skipped": 1, "failed": 2}
    assert any("exists and holds something else" in reason for _, reason in summary.failures)
    (folder / "photos" / "broken.png").unlink()
    result.unlink()
    assert run(folder).counts == {"resumed": 3, "done": 1}
    assert not list((folder / "out").rglob("*.part*"))


def test_a_manifest_that_a_crash_cut(folder):
    run(folder)
    manifest = folder / "m.jsonl"
    lines = manifest.read_bytes().splitlines(keepends=True)
    manifest.write_bytes(b"not json\n" + b"".join(lines[:-1]) + lines[-1][:50])
    again = 5 - sum(json.loads(line)["status"] == "done" for line in lines[:-1])
    summary = run(folder)
    assert summary.files == 5 and summary.counts["resumed"] == 5 - again
    assert summary.counts["failed"] == 1
    # Every line but the two that are none is whole, and every file has one.
    whole = []
    for line in manifest.read_bytes().splitlines():
        try:
            whole.append(json.loads(line))
        except ValueError:
            assert line in (b"not json", lines[-1][:50])
    named = {_work.name_in(record, "path") for record in whole}
    assert named == {_work.name_in(json.loads(line), "path") for line in lines}


def test_results_that_are_there(folder):
    run(folder)
    (folder / "m.jsonl").unlink()
    assert run(folder).counts == {"skipped": 4, "failed": 1}


def test_folders_are_no_more_open_than_those_of_the_inputs(folder):
    (folder / "photos").chmod(0o700)
    (folder / "photos" / "sub" / "deep").chmod(0o750)
    run(folder)
    modes = [(folder / "out" / name).stat().st_mode & 0o777 for name in ("", "sub", "sub/deep")]
    assert modes == [0o700, (folder / "photos" / "sub").stat().st_mode & 0o777, 0o750]


def test_two_inputs_with_one_result(tmp_path, command):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.ppm").write_bytes(b"P6 1 1 255\nabc")
    (photos / "a.pgm").write_bytes(b"P5 1 1 255\na")
    (photos / "b.pgm").write_bytes(b"P5 1 1 255\na")
    summary = run(tmp_path)
    assert summary.counts == {"done": 2, "failed": 1}
    [(path, reason)] = summary.failures
    assert path == str(photos / "a.ppm")
    assert reason == (
        f"{tmp_path / 'out' / 'a.flz'}: would be the output of both {photos / 'a.pgm'} and {path}"
    )
    assert run(tmp_path).counts == {"resumed": 2, "failed": 1}


def test_shards(folder):
    shards = [run(folder, shard=(i, 3), scheduler="threads", workers=1) for i in (1, 2, 3)]
    assert sum(s.files for s in shards) == 5
    assert sum(s.counts["done"] for s in shards) == 4
    expected = int(hashlib.sha256(b"sub/b.PNG").hexdigest()[:16], 16) % 3
    assert batch._shard_of("sub/b.PNG", 3) == expected


def test_options_that_make_no_sense(folder):
    for wrong in ({"effort": "slow"}, {"shard": (0, 3)}, {"shard": (4, 3)}):
        with pytest.raises(ValueError):
            run(folder, **wrong)
    with pytest.raises(OSError):
        batch.run([folder / "photos"], folder / "out", folder / "none" / "m.jsonl")
    # A command that is not there is said for each file.
    summary = run(folder, command=folder / "no-such-command")
    assert summary.counts == {"failed": 5}


def test_the_program(folder):
    line = [sys.executable, "-m", "flowzip.batch", folder / "photos"]
    line += ["--output-dir", folder / "out", "--manifest", folder / "m.jsonl", "-e", "fast"]
    done = subprocess.run([*line, "-j", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    errors = done.stderr.splitlines()
    assert len(errors) == 2 and "broken.png: " in errors[0], done.stderr
    assert errors[1].startswith("5 files: ") and "4 done" in errors[1]
    (folder / "photos" / "broken.png").unlink()
    done = subprocess.run([*line, "-q"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run([*line, "--shard", "5"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1


def test_a_scheduler_by_its_address_and_killed_workers(tmp_path, command):
    """Every worker is killed once; all pictures are there, and nothing is half-written."""
    import distributed

    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(60):
        pixels = np.random.default_rng(i).integers(0, 256, (150, 150), np.uint8)
        (photos / f"{i:02}.pgm").write_bytes(b"P5 150 150 255\n" + pixels.tobytes())
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs="CRITICAL",
        local_directory=str(tmp_path / "dask"),
    ) as cluster:
        with distributed.Client(cluster) as client:
            victims = list(client.run(os.getpid).values())

        def kill():
            while not list((tmp_path / "out").glob("*.flz")):
                time.sleep(0.01)
            for pid in victims:
                os.kill(pid, signal.SIGKILL)
                time.sleep(0.3)

        killer = threading.Thread(target=kill)
        killer.start()
        summary = run(tmp_path, scheduler=cluster.scheduler_address, retries=5)
        killer.join()
    assert summary.files == 60 and not summary.failures
    assert summary.counts["done"] + summary.counts["skipped"] == 60
    records = records_of(tmp_path / "m.jsonl")
    assert len(records) == 60 and {r["status"] for r in records} <= {"done", "skipped"}
    for record in records:
        assert hashlib.sha256((tmp_path / record["output"]).read_bytes()).hexdigest() == record[
            "output_sha256"
        ]
        raw = (tmp_path / record["path"]).read_bytes()[-22500:]
        assert hashlib.sha256(raw).hexdigest() == record["pixels_sha256"]
    left = [path.name for path in (tmp_path / "out").iterdir() if path.suffix != ".flz"]
    assert all(name.startswith(".") for name in left), left  # of the killed, hidden, never taken up


def test_the_command_goes_on_from_the_manifest(folder, command):
    """flowzip audit and flowzip encode --resume read what this wrote, and the other way round."""
    known = subprocess.run([command, "audit", "--help"], capture_output=True, check=False)
    if b"--sources" not in known.stdout:
        pytest.skip("this flowzip command has no audit")
    (folder / "photos" / "broken.png").unlink()
    assert run(folder).counts == {"done": 4}
    manifest = folder / "m.jsonl"
    audit = [command, "audit", "--pixels", "--sources", manifest]
    subprocess.run(audit, check=True)
    encode = [command, "encode", "-q", "-r", "-e", "fast", "--resume", "--manifest", manifest]
    encode += ["--output-dir", folder / "out", folder / "photos"]
    before = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.flz")}
    subprocess.run(encode, check=True)
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.flz")}
    assert all(r["status"] == "done" for r in records_of(manifest))
    (folder / "out" / "a.flz").unlink()
    assert subprocess.run(audit, capture_output=True, check=False).returncode == 1
    subprocess.run(encode, check=True)
    assert run(folder).counts == {"resumed": 4}
    subprocess.run(audit, check=True)
