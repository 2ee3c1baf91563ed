"""Solid patches that no pen leaves: shadows, coins, stickers, spilt ink."""

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.components import Part
from keras_digits.reading.paper import FAT, LEAST_PAGE

_SOLID = 0.97
"""A patch takes up so much of its convex hull; a digit's bays and holes leave less."""

_SLIMMEST = 2.5
"""And is at most so many times as long as it is wide: a one in a broad pen is longer."""

_LEAST_FILLED = 0.4
"""And takes up so much of the upright box around it, even where it lies aslant."""


def blots_among(parts: Iterable[Part], labels: NDArray[np.int32]) -> list[Part]:
    """The parts that are solid patches, wider than a picture's strokes.

    In small pictures, which are cut around their digits, there are none.

    Args:
        parts: The picture's.
        labels: int32 ``(height, width)``, which part each pixel belongs to.
    """
    shorter = min(labels.shape)
    if shorter < LEAST_PAGE:
        return []
    least = math.pi * (FAT * shorter) ** 2
    return [part for part in parts if part.area >= least and _is_blot(part, labels, FAT * shorter)]


def _is_blot(part: Part, labels: NDArray[np.int32], least_depth: float) -> bool:
    """Whether a part is solid, about as long as it is wide, and so deep."""
    if part.area < _LEAST_FILLED * part.width * part.height:
        return False
    box = labels[part.top : part.bottom, part.left : part.right]
    mask = np.pad((box == part.label).astype(np.uint8), 1)
    points = cv2.findNonZero(mask)
    if part.area < _SOLID * cv2.contourArea(cv2.convexHull(points)):
        return False
    short, long = sorted(cv2.minAreaRect(points)[1])
    is_deep = cv2.distanceTransform(mask, cv2.DIST_L2, 3).max() > least_depth
    return bool(is_deep) and long <= _SLIMMEST * short
