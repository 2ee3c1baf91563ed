"""The reader: pictures in, numbers out.

Brings the rooms of ``reading`` together: picture, ink, lines, cuts, images, network, choice.
Of ``digits.onnx`` it knows the contract: ``images`` uint8 ``(n, 28, 28)`` in, ``logits`` float32
``(n, 10)`` out, and the metadata that says how to understand them.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import onnxruntime

from keras_digits.digits import NUM_CLASSES, SIDE, Digit, Images, Probabilities, Reading
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
from keras_digits.reading.finding import Found, find_lines, find_one
from keras_digits.reading.ink import Ink, find_ink
from keras_digits.reading.normalising import normalise
from keras_digits.reading.picture import decode, silenced_decoders
from keras_digits.reading.strips import Line

LAYOUTS = ("auto", "digit", "number", "page")
"""What a picture may hold: unknown, exactly one digit, one number, numbers in lines."""

_PICTURES_AT_ONCE = 16
"""Pictures whose digits are classified together: enough to keep the network busy."""

_IMAGES_AT_ONCE = 64
"""Images a call of the network: what fits the processor's cache is fastest."""


@dataclass(frozen=True, eq=False)
class _Sight:
    """What there is to classify in one way to see a line: an image of each candidate."""

    line: Line
    candidates: Sequence[Candidate]
    images: Images


@dataclass(frozen=True, eq=False)
class _Judged:
    """One way to see a line, and what the network believes of its candidates."""

    sight: _Sight
    beliefs: Beliefs


@dataclass(eq=False)
class _SeenLine:
    """A line and what was made out of it so far."""

    found: Found
    digits: list[Digit]
    is_sure: bool = False


@dataclass(frozen=True, eq=False)
class _Seen:
    """A picture's lines."""

    lines: Sequence[_SeenLine]
    scale: float


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

    def _read_stream(self, pictures: Iterator[Any], layout: str) -> Iterator[Reading | DigitsError]:
        """The loop of :meth:`read_many`: a glance at all, then a closer look where in doubt."""
        find = find_one if layout == "digit" else find_lines
        choose = _choose_digit if layout == "digit" else _choose_number
        with ThreadPoolExecutor(max_workers=max(1, cv2.getNumberOfCPUs())) as threads:
            while chunk := list(itertools.islice(pictures, _PICTURES_AT_ONCE)):
                with silenced_decoders():
                    seen = list(_map(threads, partial(_find, find=find), chunk))
                lines = [
                    (line, one.scale)
                    for one in seen
                    if isinstance(one, _Seen)
                    for line in one.lines
                ]
                for look in (_glance, _look_closely):
                    doubtful = [(line, scale) for line, scale in lines if not line.is_sure]
                    sights = list(_map(threads, look, [line for line, _ in doubtful]))
                    judged = iter(self._believe_each([one for some in sights for one in some]))
                    for (line, scale), some in zip(doubtful, sights, strict=True):
                        ways = list(itertools.islice(judged, len(some)))
                        line.digits, line.is_sure = choose(ways, scale)
                for one in seen:
                    yield one if isinstance(one, PictureError) else _reading(one, layout)

    def _believe_each(self, sights: Sequence[_Sight]) -> list[_Judged]:
        """The sights with the network's beliefs, all images classified together."""
        if not sights:
            return []
        beliefs = self._believe(np.concatenate([sight.images for sight in sights]))
        ends = np.cumsum([len(sight.images) for sight in sights])
        return [
            _Judged(sight, beliefs[end - len(sight.images) : end])
            for sight, end in zip(sights, ends, strict=True)
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
    path = Path(
        str(files("keras_digits") / "weights" / "digits.onnx" if weights is None else weights)
    )
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
    if inputs != {"images": ("tensor(uint8)", [SIDE, SIDE])} or outputs != {
        "logits": [NUM_CLASSES]
    }:
        raise ModelFileError(
            f"{path} takes {', '.join(inputs)} and gives {', '.join(outputs)}; expected images, "
            "uint8 (n, 28, 28), and logits, (n, 10), as digits train exports them."
        )
    return session


_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def _map(
    threads: ThreadPoolExecutor, work: Callable[[_Given], _Made], items: Sequence[_Given]
) -> Iterable[_Made]:
    """Do the same to some things, on all cores where there are several."""
    return threads.map(work, items) if len(items) > 1 else map(work, items)


def _find(picture: Any, find: Callable[[Ink], list[Found]]) -> _Seen | PictureError:
    """Decode a picture and find its lines."""
    try:
        loaded = decode(picture)
    except PictureError as error:
        return error
    lines = [_SeenLine(found, []) for found in find(find_ink(loaded.pixels))]
    return _Seen(lines, loaded.scale)


def _glance(line: _SeenLine) -> list[_Sight]:
    """The line as it is written, taken apart only where columns are bare."""
    return _see([line.found.first], through_ink=False)


def _look_closely(line: _SeenLine) -> list[_Sight]:
    """The line in all its ways, taken apart wherever a cut may be."""
    return _see([line.found.first, *line.found.see_otherwise()], through_ink=True)


def _see(ways: Sequence[Line], through_ink: bool) -> list[_Sight]:
    """Every candidate of a line as an image."""
    sights = []
    for line in ways:
        if candidates := cut_line(line, through_ink):
            images = np.stack([normalise(candidate.ink) for candidate in candidates])
            sights.append(_Sight(line, candidates, images))
    return sights


def _reading(seen: _Seen, layout: str) -> Reading:
    """The numbers of a picture, as its layout wants them."""
    found = [line.digits for line in seen.lines if line.digits]
    if layout in ("auto", "page"):
        found = [digits for digits in found if are_believable(digits)]
    numbers = [join_digits(digits) for digits in found]
    return Reading((best_row(numbers),) if layout == "number" and numbers else tuple(numbers))


def _choose_number(ways: Sequence[_Judged], scale: float) -> tuple[list[Digit], bool]:
    """The digits of a line, in the way of seeing that shows them best, and whether that's sure."""
    if not ways:
        return [], False
    paths = [choose_path(way.sight.line, way.sight.candidates, way.beliefs) for way in ways]
    best = max(range(len(paths)), key=lambda index: paths[index].score)
    digits = [_digit(ways[best], index, scale) for index in paths[best].indices]
    return digits, paths[best].is_sure


def _choose_digit(ways: Sequence[_Judged], scale: float) -> tuple[list[Digit], bool]:
    """The one digit of a picture, whichever way shows it best, and whether that's sure."""
    if not ways:
        return [], False
    weights = [weigh_as_one(way.sight.line, way.sight.candidates) for way in ways]
    together = Beliefs(
        np.concatenate([way.beliefs.probabilities for way in ways]),
        np.concatenate([way.beliefs.is_digit for way in ways]),
    )
    one = choose_one(np.concatenate(weights), together)
    places = [(way, index) for way in ways for index in range(len(way.sight.candidates))]
    way, index = places[one.index]
    return [_digit(way, index, scale)], one.is_sure


def _digit(way: _Judged, index: int, scale: float) -> Digit:
    """A candidate as the digit that the network takes it for."""
    one, beliefs = way.sight.candidates[index], way.beliefs
    return Digit(
        digit=int(beliefs.probabilities[index].argmax()),
        confidence=float(beliefs.confidence[index]),
        box=way.sight.line.box_of(one.ink, one.left, one.top, scale),
        probabilities=beliefs.probabilities[index],
        image=way.sight.images[index],
    )
