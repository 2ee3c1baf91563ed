"""Keras and its backend, started without their notes on the reader's screen.

TensorFlow writes them from C++ to stderr past every setting. They are held back while it loads,
and shown when loading fails. The shell imports this before anything else that uses Keras.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _notes_held_back() -> Iterator[None]:
    """Keep what this process writes to stderr, and write it out only after a failure."""
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            notes.seek(0)
            os.write(stderr, notes.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


with _notes_held_back():
    import keras

    keras.utils.set_random_seed(0)  # beside JAX and torch, this loads TensorFlow where it is

NAME: str = keras.backend.backend()
"""``tensorflow``, ``jax`` or ``torch``, as ``KERAS_BACKEND`` or Keras's own settings choose."""

VERSION: str = keras.__version__
"""Keras's version."""
