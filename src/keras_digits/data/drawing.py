"""Digits drawn stroke by stroke, in the forms of :mod:`keras_digits.data.strokes`.

Each is one that nobody wrote before: every point moves, the pen too.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.strokes import FORMS, Form
from keras_digits.data.symbols import ALONE, BRACKETS, CURRENCIES, IN_WORDS, PERCENTS, SYMBOLS
from keras_digits.digits import INK, SIDE, Labels
from keras_digits.reading.normalising import BOX_SIDE

_FINE = 4
"""Binary places that OpenCV takes of a coordinate."""

_STEPS = 6
"""Straight steps that a curve makes between two points."""

_LOOKALIKE_SHARE = 0.4
"""How many of a word's letters look like digits."""


def draw(labels: Labels, generator: np.random.Generator) -> NDArray[np.float32]:
    """Digits drawn anew, each in one of the forms for it.

    Args:
        labels: uint8 ``(n,)``, 0 to 9.
        generator: Decides forms, points and pens.

    Returns:
        float32 ``(n, 28, 28)``, 0 paper, 255 ink.
    """
    images = np.zeros((len(labels), SIDE, SIDE), np.uint8)
    for image, label in zip(images, labels, strict=True):
        forms = FORMS[int(label)]
        _draw(image, forms[int(generator.integers(len(forms)))], generator)
    return images.astype(np.float32)


def draw_symbols(
    count: int, generator: np.random.Generator, are_alone: bool = True
) -> NDArray[np.float32]:
    """Letters and signs, each in one of the ways to write it; as :func:`draw` gives digits.

    Args:
        count: How many.
        generator: Decides forms, points and pens.
        are_alone: Whether no digits stand beside them.
    """
    return _draw_some(SYMBOLS + ALONE if are_alone else SYMBOLS, count, generator)


def draw_currencies(count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Signs of dollars, pounds and euros; as :func:`draw_symbols`."""
    return _draw_some(CURRENCIES, count, generator)


def draw_percents(count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Percent signs; as :func:`draw_symbols`."""
    return _draw_some(PERCENTS, count, generator)


def draw_letters(count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Letters of words, also such as look like digits; as :func:`draw_symbols`."""
    lookalike = generator.random(count) < _LOOKALIKE_SHARE
    images = np.zeros((count, SIDE, SIDE), np.float32)
    for forms, chosen in ((IN_WORDS, lookalike), (SYMBOLS, ~lookalike)):
        images[chosen] = _draw_some(forms, int(chosen.sum()), generator)
    return images


def draw_brackets(count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Pairs of brackets, float32 ``(count, 2, 28, 28)``, 0 paper, 255 ink."""
    images = np.zeros((count, 2, SIDE, SIDE), np.uint8)
    for pair in images:
        for image, side in zip(pair, BRACKETS, strict=True):
            _draw(image, side, generator)
    return images.astype(np.float32)


def _draw_some(
    forms: Sequence[Form], count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """So many of the forms, each drawn anew."""
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    for image, index in zip(images, generator.integers(len(forms), size=count), strict=True):
        _draw(image, forms[int(index)], generator)
    return images.astype(np.float32)


def _draw(image: NDArray[np.uint8], form: Form, generator: np.random.Generator) -> None:
    """Draw a form into an image, in place."""
    width = generator.uniform(*form.widths)
    size = BOX_SIDE / max(1.0, width)
    pen = int(generator.choice([1, 2, 2]))
    unsteady = generator.uniform(0.01, 0.06)
    jitter: dict[tuple[float, float], NDArray[np.float64]] = {}  # strokes that meet stay together
    for stroke in form.strokes:
        for point in stroke.points:
            jitter.setdefault(point, generator.normal(0, unsteady, 2))
        points = np.array([point + jitter[point] for point in stroke.points])
        way = _rounded(points) if stroke.curved else points
        x = SIDE / 2 + (way[:, 0] - 0.5) * width * size
        y = SIDE / 2 + (way[:, 1] - 0.5) * size
        draw_way(image, np.stack([x, y], axis=1), pen)


def draw_way(image: NDArray[Any], points: NDArray[np.floating], pen: int) -> None:
    """Draw a pen's way in full ink, in place.

    Args:
        image: float32 or uint8 ``(height, width)``, 0 paper, 255 ink.
        points: ``(n, 2)``, columns and rows in pixels, joined by straight steps.
        pen: How wide it is, in pixels.
    """
    pixels = np.round(points * 2**_FINE).astype(np.int32)
    cv2.polylines(image, [pixels], False, INK, pen, cv2.LINE_AA, _FINE)


def bow(
    start: tuple[float, float] | NDArray[np.float64],
    middle: tuple[float, float] | NDArray[np.float64],
    end: tuple[float, float] | NDArray[np.float64],
    num_points: int,
) -> NDArray[np.float64]:
    """Points on the curve from `start` to `end` that is drawn towards `middle` (Bézier's)."""
    first, towards, last = (np.asarray(point, np.float64) for point in (start, middle, end))
    share = np.linspace(0, 1, num_points)[:, None]
    return (1 - share) ** 2 * first + 2 * share * (1 - share) * towards + share**2 * last


def _rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A curve through all points: Catmull and Rom's spline (1974)."""
    p = np.concatenate([points[:1], points, points[-1:]])[:, None, :]
    before, start, end, after = p[:-3], p[1:-2], p[2:-1], p[3:]
    t = np.linspace(0, 1, _STEPS + 1)[None, :, None]
    curve = start + 0.5 * t * (
        end
        - before
        + t * (2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before))
    )
    return np.asarray(curve.reshape(-1, 2))
