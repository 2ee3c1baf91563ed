"""A server of its own for a test, as people start it: the command in a process."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Server:
    """A server that listens.

    Attributes:
        url: Where, without a slash at the end.
        process: What runs it.
        log: Where its stdout and stderr go.
    """

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def children(self) -> list[int]:
        """The processes that it started to read."""
        listing = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = [int(pid) for pid in listing.read_text().split()]
        return [pid for pid in pids if "popen_loky" in _command(pid)]


def _command(pid: int) -> str:
    """A process's command line; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def serving(folder: Path, *flags: str, **environment: str) -> Iterator[Server]:
    """Start ``digits serve`` on a free port, and end it."""
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "keras_digits.cli", "serve", "--port", "0", *flags],
            stdout=file,
            stderr=file,
            env={**os.environ, **environment},
        )
    try:
        yield Server(_address(process, log), process, log)
    finally:
        process.terminate()
        process.wait(30)


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """The address that it tells, once it can read."""
    while process.poll() is None:
        time.sleep(0.02)
        if found := re.search(r"http://\S+?:\d+", log.read_text()):
            return found[0]
    raise AssertionError(log.read_text())
