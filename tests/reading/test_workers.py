"""Workers do the work, and what keeps them from it never reaches the caller."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from keras_digits.digits import Reading
from keras_digits.errors import PictureError
from keras_digits.reading.catalogue import network_path
from keras_digits.reading.limits import MAX_PIXELS
from keras_digits.reading.reader import (
    Reader,
    _one_thread_each,
    _read_in_worker,
    _start_worker,
)
from keras_digits.reading.workers import Workers
from pen import write

SCRIPT = """
import numpy
from keras_digits import Reader
page = numpy.full((60, 60), 255, numpy.uint8)
page[10:50, 28:33] = 0
print(sum(one.text == "1" for one in Reader().read_many([page] * 400, "digit")))
"""


def wait_for(workers: Workers, work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns, once a process has started."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (result := workers.call(work, *arguments)) is not None:
            return result
        time.sleep(0.05)
    raise AssertionError("no process has started in a minute")


def test_work_is_done_in_another_process_once_that_has_started() -> None:
    with Workers(1, os.getpid, ()) as workers:
        assert wait_for(workers, os.getpid) != os.getpid()


def test_process_that_dies_is_not_asked_again() -> None:
    with Workers(1, os.getpid, ()) as workers:
        wait_for(workers, os.getpid)
        assert workers.call(os._exit, 3) is None
        assert workers.call(os.getpid) is None


def test_work_that_can_t_be_sent_is_not_done_there() -> None:
    with Workers(1, os.getpid, ()) as workers:
        wait_for(workers, os.getpid)
        assert workers.call(str, (line for line in "generators can't be pickled")) is None


def test_system_that_allows_no_processes_is_worked_around(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise OSError(38, "Function not implemented")  # as where there are no semaphores

    monkeypatch.setattr("keras_digits.reading.workers.ProcessPoolExecutor", refuse)
    with Workers(1, os.getpid, ()) as workers:
        assert workers.call(os.getpid) is None


@pytest.mark.parametrize("num_workers", [0, 2])
def test_many_pictures_are_read_alike_with_help_and_without(
    num_workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keras_digits.reading.reader._MOST_WORKERS", num_workers)
    for name in ("_ALONE", "_MANY"):
        monkeypatch.setattr(f"keras_digits.reading.reader.{name}", 0 if num_workers else 10_000)
    pages: list[Any] = [write(str(number)) for number in range(100, 110)]
    reader = Reader()
    expected = [reader.read(page, "number") for page in pages]
    found = list(reader.read_many([*(pages * 12), b"no picture"], "number"))
    assert isinstance(found.pop(), PictureError)
    assert len(found) == 120
    for one, wanted in zip(found, expected * 12, strict=True):
        assert isinstance(one, Reading)
        assert (one.text, one.numbers[0].box) == (wanted.text, wanted.numbers[0].box)
        np.testing.assert_allclose(
            one.numbers[0].confidence, wanted.numbers[0].confidence, atol=1e-4
        )


@pytest.mark.parametrize("path", [os.environ["PATH"], "/nonexistent"])
def test_script_needs_no_guard_for_processes_and_no_programs(path: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "400\n", "")


ENDLESS = """
import itertools
import numpy as np
from keras_digits import Reader
page = np.full((60, 60), 255, np.uint8)
page[10:50, 28:33] = 0
for number, _ in enumerate(Reader().read_many(itertools.repeat(page), "digit")):
    if number == 1000:
        print("reading", flush=True)
"""


def test_helpers_end_with_a_process_that_is_killed_outright() -> None:
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
        children = [pid for task in tasks for pid in task.read_text().split()]
        process.kill()
    assert children
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_process_of_a_pool_reads_alone() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_read_many_ones) == 300


def _read_many_ones() -> int:
    page = np.full((60, 60), 255, np.uint8)
    page[10:50, 28:33] = 0
    return sum(
        isinstance(one, Reading) and one.text == "1"
        for one in Reader().read_many([page] * 300, "digit")
    )


def test_worker_reads_as_the_reader_does() -> None:
    pages: list[Any] = [write(str(number)) for number in range(100, 105)]
    reader = Reader()
    network = network_path(None).read_bytes()
    with Workers(1, _start_worker, (network, None, MAX_PIXELS)) as workers:
        *found, error = wait_for(workers, _read_in_worker, [*pages, b"no picture"], "number")
    assert isinstance(error, PictureError)
    for page, reading in zip(pages, found, strict=True):
        assert isinstance(reading, Reading)
        (number,), (wanted,) = reading.numbers, reader.read(page, "number").numbers
        assert (number.text, number.box) == (wanted.text, wanted.box)
        assert [one.box for one in number.digits] == [one.box for one in wanted.digits]
        assert number.confidence == pytest.approx(wanted.confidence, abs=1e-4)


def test_opencv_s_threads_are_what_they_were_once_all_have_read() -> None:
    before = cv2.getNumThreads()
    with _one_thread_each:
        with _one_thread_each:
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before
