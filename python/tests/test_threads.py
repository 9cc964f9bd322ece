# SPDX-License-Identifier: BSD-3-Clause
"""Threads, progress and cancelling, signals, leaks, memory."""
import _thread
import gc
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import flowzip
import numpy as np
import pytest
from conftest import resident_bytes, run_python


def scene(height, width, channels=3, seed=0):
    """Smooth, with some noise: what fast codes quickly and not to nothing."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    wave = 100 + 60 * np.sin(x / 37) * np.cos(y / 53)
    noise = random.integers(-3, 4, (height, width, channels))
    return np.clip(wave[..., None] + 10 * np.arange(channels) + noise, 0, 255).astype(np.uint8)


def test_sixteen_threads_with_pictures_of_their_own():
    pictures = [scene(40 + i, 60, 1 + i % 4, i) for i in range(16)]

    def work(i):
        for effort in ("fast", "standard"):
            data = flowzip.encode(pictures[i], effort=effort, threads=1 + i % 2)
            assert np.array_equal(flowzip.decode(data), pictures[i].reshape(flowzip.info(data).shape))
        return data

    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(work, range(16)))
    assert together == [work(i) for i in range(16)]


def test_sixteen_threads_share_a_decoder():
    array = scene(1100, 1100)
    with flowzip.Decoder(flowzip.encode(array, effort="fast")) as decoder:

        def work(i):
            x, y = 60 * i, 1000 - 60 * i
            for scale in (1, 2):
                part = decoder.decode(region=(x, y, 100, 60), scale=1 / scale)
                assert np.array_equal(part, array[y : y + 60, x : x + 100][::scale, ::scale])

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(work, range(16)))


def test_the_lock_is_released():
    array = scene(1200, 1600)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.005)

    ticker = threading.Thread(target=tick)
    ticker.start()
    try:
        start = time.monotonic()
        data = flowzip.encode(array, threads=1)
        flowzip.decode(data, threads=1)
        end = time.monotonic()
    finally:
        done.set()
        ticker.join()
    times = [start] + [t for t in ticks if start <= t <= end] + [end]
    longest = max(b - a for a, b in zip(times, times[1:]))
    assert longest < 0.5 * (end - start), f"no other thread ran for {longest:.2f} s"


def test_progress():
    # Noise, by the network: of one colour, or where noise is given up, all tiles may be done before
    # the caller looks for the first time.
    array = np.random.default_rng(1).integers(0, 256, (1100, 2100, 3), np.uint8)
    seen = []
    data = flowzip.encode(array, effort="standard", progress=lambda *p: seen.append(p))
    assert seen[-1] == (1100 * 2100, 1100 * 2100)
    assert seen == sorted(seen) and len(seen) > 1
    for call in (flowzip.decode, flowzip.check):
        seen.clear()
        call(data, progress=lambda *p: seen.append(p))
        assert seen == sorted(seen) and seen[-1] == (1100 * 2100, 1100 * 2100)


def test_stopping():
    array = np.zeros((1100, 2100, 3), np.uint8)
    array[1050:, :60] = scene(50, 60)
    data = flowzip.encode(array, effort="fast")

    class Mine(Exception):
        pass

    def fail(done, total):
        raise Mine("enough")

    for call, source in ((flowzip.encode, array), (flowzip.decode, data), (flowzip.check, data)):
        with pytest.raises(Mine, match="enough"):
            call(source, progress=fail)
        with pytest.raises(flowzip.CancelledError):
            call(source, progress=lambda done, total: False)
        if call is not flowzip.check:
            assert call(source, progress=lambda done, total: None) is not None
    with pytest.raises(Mine):
        flowzip.score(array[-90:, :90], progress=fail)
    with flowzip.Decoder(data) as decoder:
        with pytest.raises(Mine):
            decoder.decode(progress=fail)
        assert np.array_equal(decoder.decode(), array)  # all is well again

        def use(done, total):
            decoder.decode()

        with pytest.raises(flowzip.InvalidArgumentError, match="progress"):
            decoder.decode(progress=use)
        with pytest.raises(flowzip.InvalidArgumentError, match="progress"):
            decoder.decode(progress=lambda done, total: decoder.close())
        assert np.array_equal(decoder.decode(), array)


def test_an_exception_of_a_progress_function_leaves_nothing_behind():
    array = scene(100, 100)

    def fail(done, total):
        raise ValueError

    gc.collect()
    gc.disable()  # so that cycles would stay
    try:
        before = sys.getrefcount(array)
        for _ in range(10):
            with pytest.raises(ValueError):
                flowzip.encode(array, effort="fast", progress=fail)
        assert sys.getrefcount(array) == before
    finally:
        gc.enable()


def test_interrupting():
    array = scene(2100, 3100)
    for progress in (None, lambda done, total: None):
        timer = threading.Timer(0.3, _thread.interrupt_main)
        timer.start()
        start = time.monotonic()
        try:
            with pytest.raises(KeyboardInterrupt):
                while time.monotonic() < start + 60:
                    flowzip.encode(array, effort="fast", threads=1, progress=progress)
        finally:
            timer.join()
    assert threading.active_count() == 1


def test_after_fork():
    array = scene(200, 200)
    data = flowzip.encode(array)
    child = os.fork()
    if child == 0:
        try:
            same = np.array_equal(flowzip.decode(data), array) and flowzip.encode(array) == data
            os._exit(0 if same else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_ten_thousand_decodes_take_no_memory():
    array = scene(20, 20)
    data = flowzip.encode(array, metadata=flowzip.Metadata.of(icc_profile=bytes(1000)))
    broken = data[:-1]

    def some(number):
        for i in range(number):
            flowzip.decode(data, threads=1)
            if i % 5 == 0:
                with pytest.raises(flowzip.TruncatedError):
                    flowzip.decode(broken)
        gc.collect()

    some(500)
    before = resident_bytes()
    some(10_000)
    grown = resident_bytes() - before
    assert grown < 2**20, f"{grown} bytes more"


def test_two_thousand_encodes_take_no_memory():
    array = scene(20, 20)

    def some(number):
        for _ in range(number):
            flowzip.encode(array, effort="fast", threads=1, progress=lambda *_: None)
        gc.collect()

    some(100)
    before = resident_bytes()
    some(2000)
    grown = resident_bytes() - before
    assert grown < 2**20, f"{grown} bytes more"


PEAK = """
import sys
import numpy as np
import flowzip

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

def measure(call):
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")
    before = peak()
    result = call()
    return result, peak() - before

array = np.zeros((4096, 8192, 3), np.uint8)  # 96 MiB, most of it quick
array[:600, :800] = np.random.default_rng(1).integers(100, 110, (600, 800, 3))
flowzip.decode(flowzip.encode(array[:64, :64]))
data, encoding = measure(lambda: flowzip.encode(array, effort="fast", threads=1))
turned = array[::-1]
_, copying = measure(lambda: flowzip.encode(turned, effort="fast", threads=1))
del array, turned
back, decoding = measure(lambda: flowzip.decode(data, threads=1))
_, parts = measure(lambda: flowzip.decode(data, threads=1, region=(5000, 1000, 500, 500)))
print(encoding, copying, decoding, parts, back.nbytes)
"""


def test_memory_beside_the_picture():
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("the kernel does not let peaks of memory be measured")
    encoding, copying, decoding, parts, picture = map(int, run_python(PEAK).split())
    # What tiles need while they are under way does not depend on the picture's size.
    work = 80 * 2**20
    assert encoding < work, "encoding copies the picture"
    assert copying < picture + work, "more than one copy"
    assert decoding < picture + work, "more than the picture that is returned"
    assert parts < work
