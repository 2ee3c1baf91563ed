"""The reader: pictures in, numbers out.

Brings the rooms of ``reading`` together: picture, ink, lines, cuts, images, the network, the choice.
Of ``digits.onnx`` it knows the contract: ``images`` uint8 ``(n, 28, 28)`` in, ``logits`` float32
``(n, 10)`` out, and the metadata that says how to understand them.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from keras_digits.digits import NUM_CLASSES, SIDE, Digit, Images, Number, Probabilities, Reading
from keras_digits.errors import DigitsError, ModelFileError, PictureError
from keras_digits.reading.choosing import (
    Beliefs,
    are_believable,
    best_row,
    choose_one,
    choose_path,
    join_digits,
    weigh_as_one,
)
from keras_digits.reading.cutting import Candidate, cut_line
from keras_digits.reading.finding import Line, find_lines, find_one
from keras_digits.reading.ink import Ink, find_ink
from keras_digits.reading.normalising import normalise
from keras_digits.reading.picture import decode, silenced_decoders

LAYOUTS = ("auto", "digit", "number", "page")
"""What a picture may hold: unknown, exactly one digit, one number, numbers in lines."""

_PICTURES_AT_ONCE = 16
"""Pictures whose digits are classified together: enough to keep the network busy."""

_IMAGES_AT_ONCE = 64
"""Images a call of the network: what fits the processor's cache is fastest."""


@dataclass(frozen=True, eq=False)
class _Sight:
    """What there is to classify in one line: a candidate's image each."""

    line: Line
    candidates: Sequence[Candidate]
    images: Images


@dataclass(frozen=True, eq=False)
class _Seen:
    """A picture taken apart: for each of its lines the ways to see it."""

    lines: Sequence[Sequence[_Sight]]
    scale: float

    @property
    def sights(self) -> list[_Sight]:
        """All ways to see all lines."""
        return [sight for line in self.lines for sight in line]


class Reader:
    """Reads handwritten digits in pictures.

    Args:
        weights: A ``digits.onnx`` that ``digits train`` wrote; by default the one that ships.

    Raises:
        ModelFileError: `weights` is missing, or no network that can be used.
    """

    def __init__(self, weights: str | Path | None = None) -> None:
        self._session = _open_session(weights)
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._temperature = float(metadata.get("keras_digits.temperature", "1"))
        self._rejects = metadata.get("keras_digits.rejects") == "true"

    def read(self, picture: Any, layout: str = "auto") -> Reading:
        """Read the numbers in one picture.

        Args:
            picture: A path, a file's bytes, a Pillow image or an array, as
                :func:`keras_digits.reading.picture.load_picture` takes it.
            layout: One of ``LAYOUTS``. ``auto`` and ``page`` read every number, ``number`` the
                one number there is, ``digit`` exactly one digit.

        Returns:
            The reading; without numbers where there is nothing that looks like one.

        Raises:
            PictureError: `picture` can't be decoded.
            ValueError: `layout` is unknown.
        """
        (result,) = self.read_many([picture], layout)
        if isinstance(result, DigitsError):
            raise result
        return result

    def read_many(
        self, pictures: Iterable[Any], layout: str = "auto"
    ) -> Iterator[Reading | DigitsError]:
        """Read many pictures, a few at a time, on all cores.

        Args:
            pictures: Each as for :meth:`read`; taken up as they are needed.
            layout: As for :meth:`read`.

        Yields:
            For each picture in turn its reading, or the error that it would have raised.

        Raises:
            ValueError: `layout` is unknown.
        """
        if layout not in LAYOUTS:
            raise ValueError(f"layout is {layout!r}; expected one of {', '.join(LAYOUTS)}.")
        return self._read_stream(iter(pictures), layout)

    def classify(self, images: Images) -> Probabilities:
        """What the network believes of images as MNIST makes them.

        Args:
            images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.

        Returns:
            float32 ``(n, 10)``, rows sum to 1.

        Raises:
            ValueError: `images` has another shape or dtype.
        """
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"images is {images.dtype} {images.shape}; expected uint8 (n, {SIDE}, {SIDE}), "
                "0 paper, 255 ink."
            )
        return self._believe(images).probabilities

    def _read_stream(
        self, pictures: Iterator[Any], layout: str
    ) -> Iterator[Reading | DigitsError]:
        """The loop of :meth:`read_many`: the next pictures are taken apart while these are read."""
        look = _look_for_one if layout == "digit" else _look_for_all
        with ThreadPoolExecutor(max_workers=max(1, cv2.getNumberOfCPUs())) as threads:
            while chunk := list(itertools.islice(pictures, _PICTURES_AT_ONCE)):
                with silenced_decoders():
                    seen = list(threads.map(look, chunk) if len(chunk) > 1 else map(look, chunk))
                yield from self._read_seen(seen, layout)

    def _read_seen(
        self, seen: Sequence[_Seen | PictureError], layout: str
    ) -> Iterator[Reading | DigitsError]:
        """Classify all images of some pictures together, then choose in each."""
        sights = [sight for one in seen if isinstance(one, _Seen) for sight in one.sights]
        beliefs = iter(self._believe_each([sight.images for sight in sights]))
        for one in seen:
            if isinstance(one, PictureError):
                yield one
            else:
                believed = list(itertools.islice(beliefs, len(one.sights)))
                yield Reading(tuple(_choose_numbers(one, believed, layout)))

    def _believe_each(self, groups: Sequence[Images]) -> list[Beliefs]:
        """The beliefs of each group of images, all classified together."""
        if not groups:
            return []
        all_of_them = self._believe(np.concatenate(groups))
        ends = np.cumsum([len(group) for group in groups])[:-1]
        return [
            Beliefs(probabilities, is_digit)
            for probabilities, is_digit in zip(
                np.split(all_of_them.probabilities, ends),
                np.split(all_of_them.is_digit, ends),
                strict=True,
            )
        ]

    def _believe(self, images: Images) -> Beliefs:
        """What the network believes of each image."""
        parts = [
            self._session.run(None, {"images": images[start : start + _IMAGES_AT_ONCE]})[0]
            for start in range(0, len(images), _IMAGES_AT_ONCE)
        ]
        logits = np.concatenate(parts) if parts else np.zeros((0, NUM_CLASSES), np.float32)
        logits = logits / np.float32(self._temperature)
        highest = logits.max(axis=1, initial=-np.inf, keepdims=True) if len(logits) else logits
        weights = np.exp(logits - highest)
        total = weights.sum(axis=1, keepdims=True)
        probabilities = (weights / total).astype(np.float32)
        if not self._rejects:
            return Beliefs(probabilities, probabilities.max(axis=1))
        energy = (highest + np.log(total))[:, 0]
        return Beliefs(probabilities, (1 / (1 + np.exp(-energy))).astype(np.float32))


def _open_session(weights: str | Path | None) -> onnxruntime.InferenceSession:
    """ONNX Runtime on a network that keeps the contract."""
    path = Path(str(files("keras_digits") / "weights" / "digits.onnx" if weights is None else weights))
    if not path.is_file():
        raise ModelFileError(
            f"{path} does not exist; expected a digits.onnx. Train one: digits train"
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is said below, once
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common name
        raise ModelFileError(
            f"{path} is no network that ONNX Runtime can load. Export it again: digits train"
        ) from error
    inputs = {port.name: (port.type, port.shape[1:]) for port in session.get_inputs()}
    outputs = {port.name: port.shape[1:] for port in session.get_outputs()}
    if inputs != {"images": ("tensor(uint8)", [SIDE, SIDE])} or outputs != {"logits": [NUM_CLASSES]}:
        raise ModelFileError(
            f"{path} takes {', '.join(inputs)} and gives {', '.join(outputs)}; expected images, "
            "uint8 (n, 28, 28), and logits, (n, 10), as digits train exports them."
        )
    return session


def _look_for_one(picture: Any) -> _Seen | PictureError:
    """Take apart a picture of one digit: all its ink together, in every way it may be meant."""
    return _look(picture, find_one)


def _look_for_all(picture: Any) -> _Seen | PictureError:
    """Take apart a picture of any number of lines."""
    return _look(picture, find_lines)


def _look(picture: Any, find: Callable[[Ink], list[list[Line]]]) -> _Seen | PictureError:
    """Decode a picture, find its lines and every candidate in them."""
    try:
        loaded = decode(picture)
    except PictureError as error:
        return error
    lines = []
    for ways in find(find_ink(loaded.pixels)):
        sights = [_see(way) for way in ways]
        lines.append([sight for sight in sights if sight.candidates])
    return _Seen([line for line in lines if line], loaded.scale)


def _see(line: Line) -> _Sight:
    """Every candidate of a line as an image."""
    candidates = cut_line(line)
    images = [normalise(candidate.ink) for candidate in candidates]
    return _Sight(line, candidates, np.array(images, np.uint8))


def _choose_numbers(seen: _Seen, beliefs: Sequence[Beliefs], layout: str) -> list[Number]:
    """The numbers of a picture, as its layout wants them."""
    remaining = iter(beliefs)
    numbers = []
    for sights in seen.lines:
        believed = list(itertools.islice(remaining, len(sights)))
        choose = _choose_digit if layout == "digit" else _choose_number
        digits = choose(sights, believed, seen.scale)
        if layout in ("auto", "page") and not are_believable(digits):
            continue
        if digits:
            numbers.append(join_digits(digits))
    return [best_row(numbers)] if layout == "number" and numbers else numbers


def _choose_number(
    sights: Sequence[_Sight], beliefs: Sequence[Beliefs], scale: float
) -> list[Digit]:
    """The digits of a line, in the way of seeing that shows them best."""
    paths = [
        choose_path(sight.line, sight.candidates, believed)
        for sight, believed in zip(sights, beliefs, strict=True)
    ]
    best = max(range(len(paths)), key=lambda index: paths[index].score)
    return [_digit(sights[best], index, beliefs[best], scale) for index in paths[best].indices]


def _choose_digit(
    sights: Sequence[_Sight], beliefs: Sequence[Beliefs], scale: float
) -> list[Digit]:
    """The one digit of a picture, whichever way of seeing shows it best."""
    weights = [weigh_as_one(sight.line, sight.candidates) for sight in sights]
    together = Beliefs(
        np.concatenate([one.probabilities for one in beliefs]),
        np.concatenate([one.is_digit for one in beliefs]),
    )
    chosen = choose_one(np.concatenate(weights), together)
    for sight, believed in zip(sights, beliefs, strict=True):
        if chosen < len(sight.candidates):
            return [_digit(sight, chosen, believed, scale)]
        chosen -= len(sight.candidates)
    raise AssertionError("the chosen candidate is in none of the sights")


def _digit(sight: _Sight, index: int, beliefs: Beliefs, scale: float) -> Digit:
    """A candidate as the digit that the network takes it for."""
    one = sight.candidates[index]
    return Digit(
        digit=int(beliefs.probabilities[index].argmax()),
        confidence=float(beliefs.confidence[index]),
        box=sight.line.box_of(one.ink, one.left, one.top, scale),
        probabilities=beliefs.probabilities[index],
        image=sight.images[index],
    )
