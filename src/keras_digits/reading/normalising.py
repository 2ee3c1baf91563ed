"""From the ink of one digit to an image as MNIST makes them.

MNIST's makers scaled each digit to fit 20x20 pixels, keeping its aspect, and laid its centre of
mass on the centre of the 28x28 image (LeCun, Bottou, Bengio, Haffner 1998, section III.A); their
pens left strokes about three pixels wide. Takes its input to be one digit and nothing else.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK, SIDE
from keras_digits.errors import PictureError
from keras_digits.reading.ink import find_ink
from keras_digits.reading.parts import Parts, Pieces, ink_of
from keras_digits.reading.pixels import pooled, stroke_width

BOX_SIDE = 20
"""MNIST's digits fit a box of this side, in pixels."""

_THINNEST_STROKE = 2.4
"""Strokes are made at least this wide, in pixels of the image."""

_WIDENED_SIDE = 120
"""Where they are made wider, larger digits are first made smaller by a whole factor, though not
smaller than this: the time it takes grows with the fourth power of their side."""


def normalise_picture(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make the picture of one digit an image as MNIST would have it.

    Args:
        pixels: uint8 ``(height, width, 3)``, dark on light or light on dark.

    Returns:
        uint8 ``(28, 28)``, 0 paper, 255 ink.

    Raises:
        PictureError: The picture is blank.
    """
    parts = Parts.of(Pieces.of(find_ink(pixels)))
    if not parts.parts:
        raise PictureError("The picture is blank; expected a digit.")
    return normalise(ink_of(parts.parts, parts))


def normalise(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Make the ink of one digit an image as MNIST would have it.

    Args:
        ink: float32 ``(height, width)``, 0 paper, 1 ink, at least one pixel above 0.3.

    Returns:
        uint8 ``(28, 28)``, 0 paper, 255 ink.
    """
    mask = (ink > 0.3).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(mask)
    scale = BOX_SIDE / max(width, height, 1)
    missing = _THINNEST_STROKE - stroke_width(mask) * scale
    if scale < 1 and missing > 0:
        if (factor := max(width, height) // _WIDENED_SIDE) > 1:
            return normalise(pooled(ink, factor))
        ink = _dilated(ink, 1 + missing / scale)
    rows = slice(max(0, top - 1), top + height + 1)  # a pixel more on each side: faint edges
    columns = slice(max(0, left - 1), left + width + 1)
    digit = ink[rows, columns]
    if scale < 1:  # interpolation reads four pixels; a large picture's must be averaged first
        size = [max(1, round(side * scale)) for side in reversed(digit.shape)]
        digit = cv2.resize(digit, size, interpolation=cv2.INTER_AREA)
        scale = 1.0
    return _centre(digit, scale)


def _centre(digit: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    """Scale a digit and lay its centre of mass on the centre of an image; blank stays blank."""
    mass = float(digit.sum())
    if mass <= 0:
        return np.zeros((SIDE, SIDE), np.uint8)
    height, width = digit.shape
    x = float((digit.sum(axis=0) * np.arange(width)).sum()) / mass
    y = float((digit.sum(axis=1) * np.arange(height)).sum()) / mass
    middle = (SIDE - 1) / 2
    x_shift, y_shift = middle - scale * x, middle - scale * y
    shift_and_scale = np.array([[scale, 0, x_shift], [0, scale, y_shift]])
    image = cv2.warpAffine(digit, shift_and_scale, (SIDE, SIDE))
    return np.asarray(np.clip(image * INK + 0.5, 0, INK), np.uint8)


def _dilated(ink: NDArray[np.float32], side: float) -> NDArray[np.float32]:
    """Ink with strokes wider by `side` - 1 pixels, which need not be whole."""
    whole = int(side)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (whole, whole))
    wider = cv2.dilate(ink, kernel)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (whole + 1, whole + 1))
    widest = cv2.dilate(ink, kernel)
    share = side - whole
    return np.asarray((1 - share) * wider + share * widest)
