"""Pictures of digits and numbers, written with digits that have labels: what a reader is tried on.

Hands, pens, papers and cameras are those of :mod:`keras_digits.data.lines`, most of them kinder,
and hardly a digit is cut off, so that it is certain what a picture says.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.drawing import draw_symbols
from keras_digits.data.hands import Hand
from keras_digits.data.lines import Case
from keras_digits.data.marks import scribbles
from keras_digits.data.paper import camera, pen, printed
from keras_digits.data.warping import Batch, bend
from keras_digits.digits import FRAME_WIDTH, INK, NUM_CLASSES, SIDE

_ROOM_A_DIGIT, _MARGIN = 76, 12
"""Columns that a hand's widest digit takes, and what is left free on either side of a number."""

_MOST_CUT, _MOST_TRIES = 2, 20
"""A line that cuts off more pixels a digit is written anew, so many times at most."""

_SPOILT_SHARE = 0.2
"""How often a pen is worn, paper printed on, a camera bad; each by itself."""

_PLAIN_SHARE = 0.5
"""The share of single digits that are as MNIST has them, before pen, paper and camera."""

_SCRIBBLED_SHARE = 0.3
"""The share of things that are no digits that are scribbles; the others are letters and signs."""


def draw_digit(case: Case, generator: np.random.Generator) -> tuple[NDArray[np.uint8], str]:
    """A picture of one digit.

    Args:
        case: The digits to write with.
        generator: Decides everything.

    Returns:
        The picture, uint8 ``(height, width)``, dark on light; and the digit.
    """
    if generator.random() < _PLAIN_SHARE:
        index = int(generator.integers(len(case.images)))
        digits, labels = case.images[index : index + 1].astype(np.float32), case.labels[[index]]
    else:
        digits, labels = _pick(case, 1, generator)
    return _photograph(digits, generator), str(labels[0])


def draw_other(generator: np.random.Generator) -> NDArray[np.uint8]:
    """A picture of one letter, sign or scribble, as :func:`draw_digit` gives one of a digit."""
    digits = draw_symbols(1, generator)
    if generator.random() < _SCRIBBLED_SHARE:
        digits = scribbles(digits, generator)
    return _photograph(bend(digits, np.zeros(1, np.uint8), generator), generator)


def draw_number(
    case: Case, num_digits: int, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], str]:
    """A picture of a number, cut out closely, as from a form or a cheque.

    Args:
        case: The digits to write with.
        num_digits: How many, at least 1.
        generator: Decides everything.

    Returns:
        The picture, uint8 ``(height, width)``, dark on light; and the number.
    """
    for _ in range(_MOST_TRIES):
        digits, labels = _pick(case, num_digits, generator)
        strip = _write(digits, labels, generator)
        if int((strip[:, [0, -1]] > INK / 3).sum()) <= _MOST_CUT * num_digits:
            break
    inked = np.flatnonzero(strip[0].max(axis=0) > INK / 3)
    end = int(inked[-1]) + 1 if len(inked) else strip.shape[2]  # some have images without ink
    strip = strip[:, :, : end + int(generator.integers(_MARGIN))]
    return _photograph(strip, generator), "".join(map(str, labels))


def _write(digits: Batch, labels: NDArray[np.uint8], generator: np.random.Generator) -> Batch:
    """A line of these digits, float32 ``(1, 28, width)``."""
    width = len(labels) * _ROOM_A_DIGIT + 2 * _MARGIN
    strip = np.zeros((1, SIDE, width), np.float32)
    answers = np.zeros((width // FRAME_WIDTH, NUM_CLASSES + 1), np.uint8)
    Hand(generator, width).write(strip[0], answers, digits, labels, left=float(_MARGIN))
    return strip


def _pick(
    case: Case, num_digits: int, generator: np.random.Generator
) -> tuple[Batch, NDArray[np.uint8]]:
    """Digits of one hand, and what they are."""
    labels = generator.choice(case.classes, num_digits)
    hands = np.full(num_digits, generator.integers(2), np.uint8)
    return bend(case.pick(labels, hands, generator), labels, generator), labels


def _photograph(strip: Batch, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Float32 ``(1, height, width)`` as somebody's picture: up to four times as large."""
    for spoil in (pen, printed, camera):
        if generator.random() < _SPOILT_SHARE:
            strip = spoil(strip, generator).astype(np.float32)
    scale = generator.uniform(1, 4)
    size = (round(scale * strip.shape[2]), round(scale * strip.shape[1]))
    large = np.clip(cv2.resize(strip[0], size, interpolation=cv2.INTER_LINEAR), 0, INK)
    light = generator.uniform(140, 255)
    dark = light * generator.uniform(0, 0.6)
    return np.asarray(light - (light - dark) / INK * large, np.uint8)
