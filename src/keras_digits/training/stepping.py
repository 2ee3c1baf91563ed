"""How fast ``fit`` steps: arrays wait where the compiled step takes them, many steps an execution.

Keras hands each batch from Python to TensorFlow and comes back to Python after it, which takes as
long as half the arithmetic of the tutorial's network. Here the arrays lie with TensorFlow once, a
step gathers its batch itself, and Python is back after many steps. What is learned stays the same.
Batches that Python makes anew are streamed, two ahead. Other backends have no such executions; they
take the same batches one by one.
"""

import math
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.networks import backend

if backend.NAME == "tensorflow":
    import tensorflow as tf

_STEPS_AN_EXECUTION = 32
"""More gain nothing, and Ctrl-C waits for the execution's end."""

_STEPS_WORTH_XLA = 2000
"""Compiling takes XLA a second or two, and each step is then some 0.5 ms faster."""

_ALIGNMENT = 64
"""Bytes of the longest vectors of processors."""

_BATCHES_AHEAD = 2
"""How many batches of a stream are made before they are asked for."""

_BATCH_HOOKS = (
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_batch_begin",
    "on_batch_end",
)


class Stock(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Inputs and targets at hand, served in batches, in an order that can be changed.

    Args:
        inputs: As the model is fed, ``(n, ...)``.
        targets: What it should answer, ``(n, ...)``.
        batch_size: Rows a step; the last batch has what is left.
    """

    def __init__(
        self, inputs: NDArray[np.generic], targets: NDArray[np.generic], batch_size: int
    ) -> None:
        super().__init__()
        self._arrays: tuple[Any, Any] = inputs, targets
        self._batch_size = batch_size
        self._order = np.arange(len(inputs))
        self._order_there: Any = None

    def reorder(self, order: NDArray[np.intp]) -> None:
        """Serve rows in this order, integers ``(n,)``, from the next epoch on."""
        self._order = order
        if self._order_there is not None:
            self._order_there.assign(order)

    def __len__(self) -> int:
        return math.ceil(len(self._order) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        inputs, targets = (np.asarray(array)[chosen] for array in self._arrays)
        return inputs, targets

    def supply(self) -> Any:
        """What ``fit`` is given: on TensorFlow a data set that gathers there, elsewhere this."""
        if backend.NAME != "tensorflow":
            return self
        self._order_there = tf.Variable(self._order, trainable=False)
        self._arrays = inputs, targets = tuple(map(_as_tensor, self._arrays))

        def gather(index: Any) -> tuple[Any, ...]:
            start = index * self._batch_size
            chosen = self._order_there[start : start + self._batch_size]
            return tf.gather(inputs, chosen), tf.gather(targets, chosen)

        return _untuned(tf.data.Dataset.range(len(self)).map(gather))


def _as_tensor(array: NDArray[np.generic]) -> Any:
    """The array as a tensor of TensorFlow's, with one copy in memory, which ends with the tensor.

    What TensorFlow makes of an array itself is there twice, and stays. It takes over memory that
    begins where its vectors may.
    """
    buffer = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    start = -buffer.ctypes.data % _ALIGNMENT
    aligned = buffer[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    aligned[...] = array
    return tf.experimental.dlpack.from_dlpack(aligned.__dlpack__())


def stream(batches: keras.utils.PyDataset) -> Any:
    """What ``fit`` is given for batches that Python makes, each while the last is learned from.

    On TensorFlow a data set that asks `batches` for them, elsewhere `batches` itself.

    Args:
        batches: Each a pair of arrays; all but their number of rows is the same for all.
    """
    if backend.NAME != "tensorflow":
        return batches
    first = batches[0]
    dtypes = [tf.as_dtype(array.dtype) for array in first]

    def make(index: Any) -> tuple[Any, ...]:
        made = tf.numpy_function(lambda place: batches[int(place)], [index], dtypes)
        for tensor, array in zip(made, first, strict=True):
            tensor.set_shape((None, *array.shape[1:]))
        return tuple(made)

    return _untuned(tf.data.Dataset.range(len(batches)).map(make).prefetch(_BATCHES_AHEAD))


def _untuned(dataset: Any) -> Any:
    """A data set of TensorFlow's that doesn't tune itself, and isn't rewritten.

    The thread that tunes sleeps ever longer, and an epoch's end waits until it wakes. Rewriting
    copies the arrays that it gathers from, and finds nothing to do.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return dataset.with_options(options)


def hasten(
    model: keras.Model, num_steps: int, callbacks: Iterable[keras.callbacks.Callback]
) -> None:
    """Let a compiled `model` that a :class:`Stock` supplies take many steps an execution.

    The result stays the same.

    Args:
        model: Compiled, not fitted yet in this process.
        num_steps: Of the whole training.
        callbacks: Those that will be called; if one watches batches, each step stays a step.
    """
    if backend.NAME != "tensorflow":
        return
    if not any(map(_watches_batches, callbacks)):
        model.steps_per_execution = _STEPS_AN_EXECUTION
    if num_steps >= _STEPS_WORTH_XLA and _is_for_xla(model):
        _start_xla()
        model.jit_compile = True


def _start_xla() -> None:
    """Compile next to nothing, so that XLA's notes about its start come now, and are held back."""
    with backend.notes_held_back():
        tf.function(lambda: tf.zeros(1) + 1, jit_compile=True)()


def _watches_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether `callback` does something at a batch."""
    silent = keras.callbacks.Callback
    found = ((getattr(callback, hook), getattr(silent, hook)) for hook in _BATCH_HOOKS)
    return any(getattr(ours, "__func__", ours) is not theirs for ours, theirs in found)


def _is_for_xla(model: keras.Model) -> bool:
    """Whether XLA is the faster on processors: for dense layers in float32.

    It loops over convolutions, and multiplies bfloat16 as float32; oneDNN does neither.
    """
    return all(
        isinstance(layer, keras.layers.Dense) and layer.compute_dtype == "float32"
        for layer in model.layers
    )
