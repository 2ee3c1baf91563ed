"""Who is served when: tasks of all requests in one short queue, several to a call of a process.

While a process is at work, tasks gather; when it is free, it takes what is there, up to
``TASKS_AT_ONCE``. So an idle server answers at once, and a busy one reads in batches, which the
network does faster. Who would have to wait too long is told so before anything is done.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from keras_digits.digits import SIDE
from keras_digits.errors import ModelFileError, PictureError
from keras_digits.serving.processes import (
    ClassifyTask,
    Failure,
    Outcome,
    ReadingProcess,
    ReadTask,
    Task,
    TooMuchError,
)
from keras_digits.serving.settings import Settings

_log = logging.getLogger(__name__)

TASKS_AT_ONCE = 8
"""So many tasks a call: more would keep the first waiting for the last."""

_BYTES_AT_ONCE = 100_000
"""A call takes no further task beyond so many bytes: large pictures go one by one."""

_MOST_WAITING = 512
"""More never wait, however short they seem."""

_NEWEST = 0.1
"""The weight of the newest call in what a task is expected to take."""

_TURNS = 6
"""So many turns of the event loop pass from a request's first byte to its answer. Where hundreds
are refused in each, it takes long."""

_SECONDS_AT_FIRST = 0.005
"""What a task is expected to take before any was done."""

_NONE_STARTS = "no process that reads can start now"

_SECONDS_TO_RECOVER = 5
"""When to come back after a process could not be started."""


class BusyError(Exception):
    """There is no room for another task now, or nobody to do it.

    Args:
        retry_after: Whole seconds after which there may be.
        reason: Why not now.
    """

    def __init__(self, retry_after: int, reason: str = "the reader is busy") -> None:
        super().__init__(f"{reason}; try again in {retry_after} s.")
        self.retry_after = retry_after


@dataclass(eq=False)
class _Waiting:
    """A task and who waits for what comes of it."""

    task: Task
    outcome: "asyncio.Future[Outcome]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Queue:
    """The tasks that wait, and the processes that do them.

    Args:
        settings: How many processes, and for how long a task may wait.
        network: The bytes of the network's file.
        on_call: Told of every call of a process how many tasks it was given.
    """

    def __init__(self, settings: Settings, network: bytes, on_call: Callable[[int], None]) -> None:
        self._settings = settings
        self._on_call = on_call
        self._waiting: deque[_Waiting] = deque()
        self._num_at_work = 0
        self._started: list[float] = []
        self._seconds_a_task, self._seconds_a_turn = _SECONDS_AT_FIRST, 0.0
        self._processes = [
            ReadingProcess(network, settings.max_pixels, settings.timeout_seconds)
            for _ in range(settings.num_processes)
        ]
        self._free: deque[ReadingProcess] = deque()
        self._unable: set[ReadingProcess] = set()
        self._repeating: set[asyncio.Task[None]] = set()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    async def open(self) -> None:
        """Wait until every process can read, then begin.

        Raises:
            ModelFileError: One can't.
        """
        try:
            await asyncio.gather(*(process.greet() for process in self._processes))
        except ModelFileError:
            await asyncio.gather(*(process.stop() for process in self._processes))
            raise
        self._free.extend(self._processes)
        self._begin_calls()

    async def close(self) -> None:
        """Do what waits, then end the processes."""
        await self._is_idle.wait()
        await asyncio.gather(*(process.stop() for process in self._processes))

    async def is_able(self) -> bool:
        """Whether a process can read; where none could lately, one tries."""
        if len(self._unable) == len(self._processes):
            try:
                (outcome,) = await self.do([ClassifyTask(np.zeros((1, SIDE, SIDE), np.uint8))])
            except BusyError:
                return False
            return not isinstance(outcome, PictureError | Failure)
        return True

    @property
    def num_waiting(self) -> int:
        """Tasks that no process has begun."""
        return len(self._waiting)

    def check(self) -> None:
        """Refuse where another task would wait too long and not be in its process's next call.

        Raises:
            BusyError: It would.
        """
        ahead = len(self._waiting) + self._num_at_work
        seconds = ahead * self._seconds_a_task / len(self._processes)
        seconds += _TURNS * self._seconds_a_turn
        is_next = len(self._waiting) < TASKS_AT_ONCE * len(self._processes)
        if (lasted := self._held_up_seconds()) > self._settings.max_wait_seconds:
            is_next, seconds = False, max(seconds, lasted)  # it may take as long again
        is_long = seconds > self._settings.max_wait_seconds and not is_next
        if is_long or len(self._waiting) >= _MOST_WAITING:
            raise BusyError(max(1, math.ceil(seconds)))

    async def do(self, tasks: Sequence[Task]) -> list[Outcome]:
        """What comes of each task, in order.

        Who is cancelled meanwhile, because a client has gone, makes room for others.

        Raises:
            BusyError: They would have to wait too long.
        """
        self.check()
        waiting = [_Waiting(task) for task in tasks]
        if self._free and not self._waiting:  # what comes in the same turn of the loop joins
            asyncio.get_running_loop().call_soon(self._begin_calls)
        self._waiting.extend(waiting)
        self._is_idle.clear()
        try:
            if len(waiting) == 1:
                return [await waiting[0].outcome]
            return list(await asyncio.gather(*(one.outcome for one in waiting)))
        except asyncio.CancelledError:
            self._forget(waiting)
            raise

    def _forget(self, gone: Sequence[_Waiting]) -> None:
        """Leave out what nobody waits for any more, unless a process has begun it."""
        for one in gone:
            with suppress(ValueError):
                self._waiting.remove(one)
        self._note_idleness()

    def _note_idleness(self) -> None:
        """Tell :meth:`close` where nothing waits and nothing is done."""
        if not self._waiting and not self._started:
            self._is_idle.set()

    def _held_up_seconds(self) -> float:
        """How long every process has been at its call; 0 where one is free."""
        if len(self._started) < len(self._processes):
            return 0.0
        return asyncio.get_running_loop().time() - max(self._started)

    def _begin_calls(self) -> None:
        """Give each process that is free what it does next."""
        while self._waiting and self._free:
            self._begin_call(self._free.popleft())

    def _take(self) -> list[_Waiting]:
        """What a call does next: a fair share of what waits, not too many, not too much."""
        num_free = len(self._processes) - len(self._started)
        count = min(math.ceil(len(self._waiting) / num_free), TASKS_AT_ONCE)
        taken, num_bytes = [self._waiting.popleft()], 0
        while len(taken) < count:
            num_bytes += _size(taken[-1].task)
            if num_bytes + _size(self._waiting[0].task) > _BYTES_AT_ONCE:
                break
            taken.append(self._waiting.popleft())
        return taken

    def _begin_call(self, process: ReadingProcess) -> None:
        """Let a process do what waits."""
        taken = self._take()
        started = asyncio.get_running_loop().time()
        self._num_at_work += len(taken)
        self._started.append(started)

        def finish(outcomes: Sequence[Outcome] | None, late: float) -> None:
            self._seconds_a_turn += _NEWEST * (late - self._seconds_a_turn)
            if outcomes is not None:
                self._end_call(process, taken, started, outcomes)
                return
            repeating = asyncio.create_task(self._repeat_call(process, taken, started))
            self._repeating.add(repeating)
            repeating.add_done_callback(self._repeating.discard)

        process.begin([one.task for one in taken], finish)

    async def _repeat_call(
        self, process: ReadingProcess, taken: Sequence[_Waiting], started: float
    ) -> None:
        """Do one by one what together ended a process."""
        outcomes: Sequence[Outcome] | None = None
        try:
            outcomes = await process.work_one_by_one([one.task for one in taken])
        except Exception as error:  # no process can be started now; perhaps one can later
            _log.error("no process can start that reads: %s", error)
        self._end_call(process, taken, started, outcomes)

    def _end_call(
        self,
        process: ReadingProcess,
        taken: Sequence[_Waiting],
        started: float,
        outcomes: Sequence[Outcome] | None,
    ) -> None:
        """Tell those who waited, and go on with the next."""
        count = len(taken)
        self._num_at_work -= count
        self._started.remove(started)
        seconds = (asyncio.get_running_loop().time() - started) / count
        self._seconds_a_task += _NEWEST * (seconds - self._seconds_a_task)
        if outcomes is None or all(isinstance(outcome, TooMuchError) for outcome in outcomes):
            self._unable.add(process)  # or the tasks were to blame: is_able tells
        else:
            self._unable.discard(process)
        self._free.append(process)
        self._begin_calls()
        for index, one in enumerate(taken):
            outcome = outcomes[index] if outcomes else None
            if isinstance(outcome, Failure):
                _log.error("%s at %s, in a process that reads", outcome.kind, outcome.place)
            if one.outcome.done():  # its client has gone
                continue
            if outcome is None:
                one.outcome.set_exception(BusyError(_SECONDS_TO_RECOVER, _NONE_STARTS))
            else:
                one.outcome.set_result(outcome)
        self._note_idleness()
        self._on_call(count)


def _size(task: Task) -> int:
    """A task's bytes."""
    return len(task.picture) if isinstance(task, ReadTask) else task.images.nbytes
