"""Commands as processes of their own: how long they take, and the most memory that they hold."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from memory import peak_mib

from keras_digits.errors import DigitsError

_EVERY_SECONDS = 0.005
"""How often it is looked how much memory a process has held: its own account is of its peak."""


class Ran(NamedTuple):
    """A process that has ended.

    Attributes:
        seconds: From its start to its end.
        peak_mib: The sum of the peaks of it and all that it started; 0 where that is unknown.
        output: What it printed.
    """

    seconds: float
    peak_mib: float
    output: str


def run(command: Sequence[str], given: str = "", watch_memory: bool = False) -> Ran:
    """Run a command to its end.

    Args:
        command: Program and arguments.
        given: For its standard input.
        watch_memory: Whether to see how much memory it holds; looking takes time from the clock.

    Raises:
        DigitsError: It failed.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    with tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
        peaks: dict[int, float] = {}
        if watch_memory:
            threading.Thread(target=_watch, args=(process, peaks), daemon=True).start()
        output, _ = process.communicate(given)
        seconds = time.perf_counter() - started
        if process.returncode != 0:
            errors.seek(0)
            lines = errors.read().splitlines() or ["nothing"]
            raise DigitsError(f"{' '.join(command[:3])} failed and said: {lines[-1]}")
    return Ran(seconds, sum(peaks.values()), output)


def _watch(process: subprocess.Popen[str], peaks: dict[int, float]) -> None:
    """Keep the peak of each process of a family, as long as its first one runs."""
    while process.poll() is None:
        for number in _family(process.pid):
            try:
                peaks[number] = peak_mib(number) or peaks.get(number, 0.0)
            except OSError:
                continue  # it has just ended
        time.sleep(_EVERY_SECONDS)


def _family(number: int) -> Iterator[int]:
    """A process and all that it and its own have started.

    Not one that still is its parent's double: until it runs a program of its own, its account is
    of the memory that it shares.
    """
    yield number
    try:
        for file in Path(f"/proc/{number}/task").glob("*/children"):
            for child in file.read_text().split():
                if _command(int(child)) != _command(number):
                    yield from _family(int(child))
    except OSError:
        return  # one of them has just ended


def _command(number: int) -> bytes:
    """The words that a process was started with."""
    return Path(f"/proc/{number}/cmdline").read_bytes()
