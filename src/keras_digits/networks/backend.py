"""Keras and its backend, started without their notes on the reader's screen.

TensorFlow writes them from C++ to stderr past every setting. They are held back while it loads or
starts a part of it, and shown when that fails. The shell imports this before anything else that
uses Keras.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from keras_digits.errors import MissingExtraError, RecipeError


@contextmanager
def notes_held_back() -> Iterator[None]:
    """Keep what this process writes to stderr, and write it out only after a failure."""
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except Exception:
            notes.seek(0)
            os.write(stderr, notes.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _check_choice() -> None:
    """Refuse a backend that isn't there before Keras does so at length."""
    choice = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if choice not in BACKENDS:
        raise RecipeError(f"KERAS_BACKEND is {choice!r}; expected one of {', '.join(BACKENDS)}.")
    if choice != "tensorflow" and find_spec(choice) is None:
        raise MissingExtraError(
            f"KERAS_BACKEND is {choice}, which is not installed. Install it: pip install {choice}"
        )


BACKENDS = ("tensorflow", "jax", "torch")
"""Keras's backends that can train."""

_check_choice()
with notes_held_back():
    import keras

    if find_spec("tensorflow"):  # Keras loads it beside JAX and torch too, when it seeds
        import tensorflow  # noqa: F401

NAME: str = keras.backend.backend()
"""``tensorflow``, ``jax`` or ``torch``, as ``KERAS_BACKEND`` or Keras's own settings choose."""

VERSION: str = keras.__version__
"""Keras's version."""
