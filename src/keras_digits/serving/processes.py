"""A process that reads pictures for the server, and is replaced when one is too much for it.

A broken decoder, or a picture that takes for ever, then costs its own request alone. loky starts
processes that know nothing of the caller's ``__main__``, and whose death raises instead of hanging.
"""

import asyncio
import os
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from loky import ProcessPoolExecutor

from keras_digits.digits import Images, Probabilities, Reading
from keras_digits.errors import ModelFileError, PictureError
from keras_digits.reading.reader import Reader
from keras_digits.reading.workers import end_with

_ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "4000000"}
"""glibc gives what is larger back to the system at once; else a large picture would stay in memory
behind what was made of it."""


@dataclass(frozen=True)
class ReadTask:
    """A picture to read.

    Attributes:
        picture: A file's bytes.
        layout: One of :data:`keras_digits.reading.reader.LAYOUTS`.
    """

    picture: bytes
    layout: str


@dataclass(frozen=True, eq=False)
class ClassifyTask:
    """Images to classify.

    Attributes:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
    """

    images: Images


@dataclass(frozen=True)
class Failure:
    """A mistake of ours that a task brought out; the process goes on.

    Attributes:
        kind: The exception's name.
        place: Where it was raised, file and line.
    """

    kind: str
    place: str

    def __str__(self) -> str:
        return f"the server failed ({self.kind}), by a mistake of its own"


Task = ReadTask | ClassifyTask
Outcome = Reading | Probabilities | PictureError | Failure
"""What comes of a task: a reading or float32 ``(n, 10)``, or why not."""


class TooMuchError(PictureError):
    """A process died of the task, or took too long."""


Finish = Callable[[list[Outcome] | None, float], None]
"""Told what came of the tasks of a call, and how many seconds ago."""


class ReadingProcess:
    """One process with one reader.

    Args:
        network: The bytes of the network's file.
        max_pixels: The largest picture.
        timeout_seconds: How long it may take over the tasks of one call.
    """

    def __init__(self, network: bytes, max_pixels: int, timeout_seconds: float) -> None:
        self._arguments = (network, max_pixels, os.getpid())
        self._timeout_seconds = timeout_seconds
        self._executor = self._start()

    async def greet(self) -> None:
        """Wait until it can read.

        Raises:
            ModelFileError: It can't.
        """
        try:
            await asyncio.wrap_future(self._executor.submit(_greet))
        except Exception as error:
            raise ModelFileError(
                "no process can start that reads. Look for memory, and start again."
            ) from error

    def begin(self, tasks: Sequence[Task], finish: Finish) -> None:
        """Begin a call; the event loop calls `finish` with what comes of each task.

        With None where the process died of them or took too long over several; then
        :meth:`work_one_by_one` finds which task it was. It is called by the loop itself, not by a
        coroutine that waits for the call: under load, each turn of the loop takes long. How long,
        it is told too.
        """
        loop = asyncio.get_running_loop()
        is_over = False

        def end(outcomes: list[Outcome] | None, told: float, is_lost: bool = False) -> None:
            nonlocal is_over
            if is_over:  # in time and too late at once
                return
            is_over = True
            timer.cancel()
            if outcomes is None or is_lost:
                self._executor.shutdown(wait=False, kill_workers=True)
                with suppress(Exception):  # then the next call finds it shut down, and tries again
                    self._executor = self._start()
            finish(outcomes, time.monotonic() - told)

        def tell(call: "Future[list[Outcome]]") -> None:
            is_broken = call.cancelled() or call.exception() is not None
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(
                    end, None if is_broken else call.result(), time.monotonic()
                )

        too_late = time.monotonic() + self._timeout_seconds
        blamed: list[Outcome] | None = [self._too_much()] if len(tasks) == 1 else None
        timer = loop.call_later(self._timeout_seconds, end, blamed, too_late, True)
        try:
            self._executor.submit(_work, tasks).add_done_callback(tell)
        except Exception:  # loky has many names for a death
            loop.call_soon(end, None, time.monotonic())

    async def work_one_by_one(self, tasks: Sequence[Task]) -> list[Outcome]:
        """What comes of each task where together they ended the process, to find which it was.

        Raises:
            ModelFileError: No process can start.
        """
        outcomes: list[Outcome] = []
        for task in tasks:
            await self.greet()
            alone = await self._try([task])
            outcomes += [self._too_much()] if alone is None else alone
        return outcomes

    async def stop(self) -> None:
        """End it, once what it is at is done."""
        await asyncio.to_thread(self._executor.shutdown, wait=True)

    async def _try(self, tasks: Sequence[Task]) -> list[Outcome] | None:
        """What comes of tasks; None where the process died of them or took too long."""
        call: asyncio.Future[list[Outcome] | None] = asyncio.get_running_loop().create_future()
        self.begin(tasks, lambda outcomes, _: None if call.done() else call.set_result(outcomes))
        return await call

    def _too_much(self) -> PictureError:
        """What is said of a picture that no process survived."""
        return TooMuchError(
            f"the picture is too much for this reader: it takes more than {self._timeout_seconds:g}"
            " s or more memory than there is. Shrink it."
        )

    def _start(self) -> ProcessPoolExecutor:
        """A process, which gets ready while nobody waits for it yet."""
        return ProcessPoolExecutor(
            1, initializer=_start, initargs=self._arguments, env=_ENVIRONMENT
        )


_reader: Reader | None = None
"""In a process that reads, its reader."""


def _start(network: bytes, max_pixels: int, server: int) -> None:
    """Make a process ready to read."""
    global _reader  # noqa: PLW0603  # what a process keeps between calls has no other place
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to all at once, they are the server's
        signal.signal(number, signal.SIG_IGN)
    with suppress(AttributeError):  # none on Windows
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_with(server)
    warnings.simplefilter("ignore")  # odd EXIF and palettes are no news
    cv2.setNumThreads(1)
    _reader = Reader(network, max_pixels=max_pixels, num_threads=1)


def _greet() -> None:
    """What a process does first, to be known to have started."""


def _work(tasks: Sequence[Task]) -> list[Outcome]:
    """Do tasks, those of a kind together."""
    assert _reader is not None
    outcomes: dict[int, Outcome] = {}
    by_kind: dict[str, list[int]] = {}
    for index, task in enumerate(tasks):
        kind = task.layout if isinstance(task, ReadTask) else ""
        by_kind.setdefault(kind, []).append(index)
    for kind, indices in by_kind.items():
        some = [tasks[index] for index in indices]
        done = _work_together(some, kind, _reader)
        if isinstance(done, Failure):  # of one of them; the others needn't suffer
            alone = [_work_together([task], kind, _reader) for task in some]
            done = [one if isinstance(one, Failure) else one[0] for one in alone]
        outcomes |= zip(indices, done, strict=True)
    return [outcomes[index] for index in range(len(tasks))]


def _work_together(
    tasks: Sequence[Any], kind: str, reader: Reader
) -> "Sequence[Outcome] | Failure":
    """Do tasks of one kind: the layout of pictures, or nothing for images."""
    try:
        if kind:
            return reader.read_few([task.picture for task in tasks], kind)
        return _classify([task.images for task in tasks], reader)
    except MemoryError:
        raise  # too much, and nobody's mistake
    except Exception as error:
        *_, place = traceback.extract_tb(error.__traceback__)
        return Failure(type(error).__name__, f"{place.filename}:{place.lineno}")


def _classify(stacks: Sequence[Images], reader: Reader) -> list[Probabilities]:
    """The probabilities of several stacks of images, classified together."""
    ends = np.cumsum([len(images) for images in stacks])[:-1]
    return list(np.split(reader.classify(np.concatenate(stacks)), ends))
