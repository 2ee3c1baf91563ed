"""The network as the reading wing has it: a ``digits.onnx`` in ONNX Runtime.

Knows the file's contract, which :mod:`keras_digits.export` writes: ``images`` in, ``logits`` and
perhaps ``frames`` out, and the metadata that says how to understand them.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from keras_digits.declining import Promises
from keras_digits.digits import FRAME_WIDTH, NOTHING, NUM_CLASSES, SIDE, Images, Probabilities
from keras_digits.errors import ModelFileError
from keras_digits.processor import num_cores
from keras_digits.reading.accepting import PROMISES
from keras_digits.reading.choosing import Sight
from keras_digits.reading.views import View

_COLUMNS_AT_ONCE = 2048
"""Columns a call of the network: what fits the processor's cache is fastest."""

_WIDTH_STEP = 16
"""Lines are filled up with paper to a multiple of this width, so that more are alike."""

_NOT_OPTIMISED = ["QDQPropagationTransformer"]
"""What ONNX Runtime is not to do: make integers of what the first convolution gives before it is
pooled. It is four times as much, and pooling it in integers takes long."""


class Network:
    """A ``digits.onnx`` in ONNX Runtime.

    Args:
        source: Where it lies, or the file's bytes.
        name: What to call it in an error; by default its path.
        num_threads: How many threads share single digits; by default one a core.

    Attributes:
        raw: The file's bytes.
        reads_lines: Whether it reads lines of any width, or single digits alone.
        promises: What was measured of its answers when it was exported, by
            :data:`keras_digits.reading.accepting.PROMISES`; empty where nothing was.
        metadata: What its file says of itself, by name, such as ``keras_digits.network``.

    Raises:
        ModelFileError: It is missing, or no network that can be used.
    """

    def __init__(
        self, source: Path | bytes, name: str | None = None, num_threads: int | None = None
    ) -> None:
        self._name = name or ("the network" if isinstance(source, bytes) else str(source))
        self.raw = source if isinstance(source, bytes) else read_network(source)
        # lines are small; threads read a few pictures each instead
        self._session = _open_session(self.raw, self._name, num_threads=1)
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        self._temperature = _temperature(self.metadata, self._name)
        self._rejects = self.metadata.get("keras_digits.rejects") == "true"
        self.reads_lines = len(self._session.get_outputs()) > 1
        self.promises = _promises(self.metadata, self._name)
        self._num_threads = num_threads or num_cores()

    @cached_property
    def _session_of_threads(self) -> onnxruntime.InferenceSession:
        """The same once more, whose threads share a digit's work; with one thread, the same."""
        if self._num_threads == 1:
            return self._session
        return _open_session(self.raw, self._name, self._num_threads)

    def probabilities(self, images: Images) -> Probabilities:
        """What the network believes of single digits, where there is nothing else to do.

        Args:
            images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.

        Returns:
            float32 ``(n, 10)``, the belief in each digit, given that it is one.
        """
        logits = self.logits(images, alone=True)
        return softmax(logits if self._temperature == 1 else logits / self._temperature)

    def classify(self, images: Images) -> tuple[Probabilities, NDArray[np.float32]]:
        """What the network believes of some single digits among much else to read.

        Args:
            images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.

        Returns:
            As :meth:`probabilities`; and float32 ``(n,)``, the belief that it is a digit, for
            networks that were not taught to reject that in the likeliest.
        """
        logits = self.logits(images)
        probabilities = softmax(logits / self._temperature)
        if not self._rejects:
            return probabilities, probabilities.max(axis=1, initial=0)
        # against a logit of 0, which no temperature moves
        return probabilities, (1 / (1 + np.exp(-energies(logits)))).astype(np.float32)

    def logits(self, images: Images, alone: bool = False) -> NDArray[np.float32]:
        """What the network gives for single digits, before its temperature.

        Args:
            images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
            alone: Whether there is nothing else to do, so that threads share even a few digits.

        Returns:
            float32 ``(n, 10)``.
        """
        at_once = _COLUMNS_AT_ONCE // SIDE
        if len(images) == 0:
            return np.zeros((0, NUM_CLASSES), np.float32)
        if len(images) <= at_once:
            return _logits(self._session_of_threads if alone else self._session, images)
        few = [images[start : start + at_once] for start in range(0, len(images), at_once)]
        with ThreadPoolExecutor(self._num_threads) as threads:
            return np.concatenate(list(threads.map(partial(_logits, self._session), few)))

    def see(self, views: Sequence[View]) -> list[Sight]:
        """What the network sees in views of lines; those of like width are looked at together.

        Its temperature, which is that of single digits, has no part in this: what several views say
        is added up, and promises are measured of that.
        """
        widths = [-(-view.strip.shape[1] // _WIDTH_STEP) * _WIDTH_STEP for view in views]
        order = sorted(range(len(views)), key=lambda index: widths[index])
        beliefs: dict[int, NDArray[np.float32]] = {}
        for width, alike in itertools.groupby(order, key=lambda index: widths[index]):
            indices = list(alike)
            at_once = max(1, _COLUMNS_AT_ONCE // width)
            for start in range(0, len(indices), at_once):
                chosen = indices[start : start + at_once]
                strips = np.zeros((len(chosen), SIDE, width), np.uint8)
                for strip, index in zip(strips, chosen, strict=True):
                    strip[:, : views[index].strip.shape[1]] = views[index].strip
                (frames,) = self._session.run(["frames"], {"images": strips})
                beliefs |= zip(chosen, softmax(frames), strict=True)
        return [
            Sight(view, beliefs[index][: view.strip.shape[1] // FRAME_WIDTH])
            for index, view in enumerate(views)
        ]


def _temperature(metadata: Mapping[str, str], name: str) -> np.float32:
    """What a file says its logits are to be divided by."""
    text = metadata.get("keras_digits.temperature", "1")
    with suppress(ValueError):
        if math.isfinite(found := float(text)) and found > 0:
            return np.float32(found)
    raise ModelFileError(
        f"{name} says that its temperature is {text[:30]!r}; expected a number above 0. Export it "
        "again: digits export RUN"
    )


def _promises(metadata: Mapping[str, str], name: str) -> dict[str, Promises]:
    """What a file says was measured of its answers: of each kind, or nothing."""
    texts = [metadata.get(f"keras_digits.promises.{name}") for name in PROMISES]
    if not any(texts):
        return {}
    try:
        found = [Promises.from_json(text or "") for text in texts]
    except ValueError as error:
        raise ModelFileError(
            f"{name} has metadata that this version does not understand ({error}). Export it "
            "again: digits export RUN"
        ) from error
    return dict(zip(PROMISES, found, strict=True))


def softmax(logits: NDArray[Any]) -> NDArray[np.float32]:
    """Logits as beliefs along the last axis."""
    # of one digit the arrays' methods take longer than their work, and half as long this way
    weights = np.exp(logits - np.maximum.reduce(logits, axis=-1, keepdims=True))
    weights /= np.add.reduce(weights, axis=-1, keepdims=True)
    return np.asarray(weights)


def energies(logits: NDArray[Any]) -> NDArray[np.float32]:
    """The logarithm of the sum of the logits' exponentials along the last axis."""
    highest = logits.max(axis=-1, keepdims=True)
    total = np.exp(logits - highest).sum(axis=-1, keepdims=True)
    return np.asarray((highest + np.log(total))[..., 0])


def read_network(path: Path) -> bytes:
    """The bytes of a network's file, whatever they are.

    Raises:
        ModelFileError: It is missing or can't be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ModelFileError(
            f"{path} does not exist; expected a digits.onnx. Train one: digits train; "
            "or write that of a run: digits export RUN"
        ) from error
    except OSError as error:
        raise ModelFileError(
            f"{path} can't be read ({error.strerror}); expected a digits.onnx. Look at its "
            "permissions, or name another."
        ) from error


def _logits(session: onnxruntime.InferenceSession, images: Images) -> NDArray[np.float32]:
    """The logits of as many digits as are looked at together."""
    logits: NDArray[np.float32] = session.run(["logits"], {"images": images})[0]
    return logits


def _open_session(raw: bytes, name: str, num_threads: int) -> onnxruntime.InferenceSession:
    """ONNX Runtime on a network that keeps the contract."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is said below, once
    options.intra_op_num_threads = num_threads
    try:
        session = onnxruntime.InferenceSession(
            raw, options, ["CPUExecutionProvider"], disabled_optimizers=_NOT_OPTIMISED
        )
    except Exception as error:  # ONNX Runtime's errors have no common name
        raise ModelFileError(
            f"{name} is no network that ONNX Runtime can load; expected a digits.onnx, as lies in "
            "a run folder. Export it again: digits export RUN"
        ) from error
    inputs = {port.name: [port.type, *port.shape[1:]] for port in session.get_inputs()}
    outputs = {port.name: port.shape[1:] for port in session.get_outputs()}
    frames = outputs.pop("frames", None)
    width = inputs.get("images", [SIDE])[-1]
    is_for_lines = frames is not None and frames[1:] == [NOTHING + 1] and isinstance(width, str)
    is_for_digits = frames is None and width == SIDE
    if (
        not (is_for_lines or is_for_digits)
        or inputs != {"images": ["tensor(uint8)", SIDE, width]}
        or outputs != {"logits": [NUM_CLASSES]}
    ):
        raise ModelFileError(
            f"{name} is another network than digits train exports; expected images, uint8 "
            "(n, 28, 28) or (n, 28, width), and logits, (n, 10). Export it again: digits export RUN"
        )
    return session
