"""Processes that work along: Python's lock lets the threads of one share little.

Knows no pictures. loky starts processes that know nothing of the caller's ``__main__``, so that a
script needs no guard for it, and one that dies raises instead of hanging.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from loky import ProcessPoolExecutor

_CALLS_AT_ONCE = 2
"""Calls that a process is given: one to work on, and the next, so that it never waits for one."""

_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""NumPy's library would start threads that nobody needs, and that turn in vain for a while."""

_SECONDS_TO_LOOK = 0.5
"""How often a process looks whether the one that it helps is still there."""

_Result = TypeVar("_Result")


class Workers:
    """Processes to which a thread can hand its work while they are free.

    They take about half a second to start; until then, and where they are all busy, the thread
    works itself. Leaving the ``with`` block lets them end; nobody waits for that.

    Args:
        count: How many.
        start: Called in each first; module-level, as all that is sent is pickled.
        arguments: What `start` is called with.
    """

    def __init__(self, count: int, start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self._free = threading.Semaphore(0)
        self._executor: ProcessPoolExecutor | None = None
        with suppress(Exception):  # a system, or a process of a pool, may be allowed none
            executor = ProcessPoolExecutor(
                count,
                initializer=_begin,
                initargs=(os.getpid(), start, arguments),
                env=_ENVIRONMENT,
            )
            for _ in range(count):
                executor.submit(_greet).add_done_callback(self._welcome)
            self._executor = executor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._executor:
            self._executor.shutdown(wait=False)

    def call(self, work: Callable[..., _Result], *arguments: Any) -> _Result | None:
        """What `work` returns in a process, or None where none is free.

        Also None where it failed there; the processes are asked less from then on.
        """
        if self._executor is None or not self._free.acquire(blocking=False):
            return None
        with suppress(Exception):  # it died, or the work can't be sent: it is done here, then
            result: _Result = self._executor.submit(work, *arguments).result()
            self._free.release()
            return result
        return None

    def _welcome(self, greeting: Any) -> None:
        """Count a process that has started."""
        if greeting.exception() is None:
            self._free.release(_CALLS_AT_ONCE)


def end_with(parent: int) -> None:
    """Let this process end soon after another that is killed outright: it would stay for ever."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS_TO_LOOK)
        os._exit(0)

    threading.Thread(target=look, daemon=True).start()


def _begin(parent: int, start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Get ready to help."""
    end_with(parent)
    start(*arguments)


def _greet() -> None:
    """What a process does first, to be known to have started."""
