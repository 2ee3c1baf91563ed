"""From a grey picture of one digit to an image as MNIST makes them.

MNIST's makers scaled each digit to fit 20x20 pixels, keeping its aspect, and laid its centre of
mass on the centre of the 28x28 image (LeCun, Bottou, Bengio, Haffner 1998, section III.A). Knows
nothing of files and takes the picture to hold one digit.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK, SIDE
from keras_digits.errors import PictureError

BOX_SIDE = 20
"""MNIST's digits fit a box of this side, in pixels."""

_LEAST_CONTRAST = 16
"""A picture whose grey levels span less than this is blank paper."""


def normalise(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make the picture of one digit an image as MNIST would have it.

    Paper is what lies along the border; the digit is what differs from it by more than Otsu's
    threshold. Light digits on dark paper come out like dark ones on light paper.

    Args:
        grey: uint8 ``(height, width)``, any size.

    Returns:
        uint8 ``(28, 28)``, 0 paper, 255 ink.

    Raises:
        PictureError: The picture is blank.
    """
    paper = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    middle = (float(grey.min()) + float(grey.max())) / 2
    difference = paper - grey.astype(np.float32) if paper > middle else grey - np.float32(paper)
    ink = np.clip(difference, 0, None)
    if ink.max() < _LEAST_CONTRAST:
        raise PictureError("The picture is blank; expected a digit.")
    return centre((ink * (INK / ink.max())).astype(np.uint8))


def centre(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale a digit to MNIST's box and lay its centre of mass on the centre of the image.

    Args:
        ink: uint8 ``(height, width)``, 0 paper, 255 ink, at least one pixel of ink.

    Returns:
        uint8 ``(28, 28)``, 0 paper, 255 ink.
    """
    _, mask = cv2.threshold(ink, 0, INK, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    left, top, width, height = cv2.boundingRect(mask)
    rows = slice(max(0, top - 1), top + height + 1)  # a pixel more on each side: faint edges
    columns = slice(max(0, left - 1), left + width + 1)
    digit, scale = ink[rows, columns], BOX_SIDE / max(width, height)
    if scale < 1:  # interpolation reads four pixels; a large picture's must be averaged first
        size = [max(1, round(side * scale)) for side in reversed(digit.shape)]
        digit = cv2.resize(digit, size, interpolation=cv2.INTER_AREA)
        scale = 1.0
    moments = cv2.moments(digit)
    middle = (SIDE - 1) / 2
    x_shift = middle - scale * moments["m10"] / moments["m00"]
    y_shift = middle - scale * moments["m01"] / moments["m00"]
    shift_and_scale = np.array([[scale, 0, x_shift], [0, scale, y_shift]])
    image: NDArray[np.uint8] = cv2.warpAffine(digit, shift_and_scale, (SIDE, SIDE))
    return image
