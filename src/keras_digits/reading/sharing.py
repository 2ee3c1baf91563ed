"""States of the whole process that several threads want for a while."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager


class Shared:
    """A state that holds while anybody is inside.

    Who enters first sets it, and who leaves last undoes it: each for himself, the first to leave
    would undo it for those still inside, and the last would bring back what he had found set.

    Args:
        state: Gives what sets the state on entering and undoes it on leaving.
    """

    def __init__(self, state: Callable[[], AbstractContextManager[object]]) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._num_inside = 0
        self._held: AbstractContextManager[object] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._num_inside == 0:
                self._held = self._state()
                self._held.__enter__()
            self._num_inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._num_inside -= 1
            if self._num_inside == 0 and self._held:
                self._held.__exit__(None, None, None)
