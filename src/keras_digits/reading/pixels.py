"""Small measures of masks and of pixels' values that several rooms of reading take."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK

_COUNTED = range(2_000, 2**24)
"""So many grey levels are counted rather than sorted: of large pictures in a thirtieth of the time.
OpenCV counts in float32."""

_MASK_SIDE = 800
"""Rules are looked for in a mask of this size."""


def percentile(values: NDArray[Any], percent: float) -> float:
    """The least value that at least `percent` of all are no greater than.

    NumPy's own, which interpolates, takes ten times as long for the few pixels of a line.
    """
    place = min(values.size - 1, max(0, math.ceil(values.size * percent / 100) - 1))
    if values.dtype == np.uint8 and values.size in _COUNTED:
        row = np.ascontiguousarray(values).reshape(1, -1)
        counts = cv2.calcHist([row], [0], None, [256], [0, 256])
        return float(np.searchsorted(np.cumsum(counts, dtype=np.float64), place + 1))
    return float(np.partition(values, place, axis=None)[place])


def grain(grey: NDArray[np.float32], where: NDArray[np.bool_] | None = None) -> float:
    """Standard deviation of what is bare, from how far pixels are from the mean of those around.

    Args:
        grey: float32 ``(height, width)``.
        where: bool, shaped alike, which pixels are asked; by default all.
    """
    fine = cv2.blur(grey, (3, 3))
    np.abs(np.subtract(grey, fine, out=fine), out=fine)  # in place: of large pictures it is much
    if where is not None:
        fine = fine[where]
    if 2 * np.count_nonzero(fine) <= fine.size:  # as programs draw; so many alike take long to sort
        return 0.0
    return 1.4826 * percentile(fine, 50) * 1.06


def only_channel(pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The one channel of a grey picture, as most scans are; None of a coloured one."""
    red, green, blue = cv2.split(pixels)
    is_grey = np.array_equal(red, green) and np.array_equal(red, blue)
    return np.asarray(red) if is_grey else None


def ring(pixels: NDArray[np.uint8], rows: int = 0, columns: int = 0) -> NDArray[np.uint8]:
    """The pixels along a rectangle that lies so many rows and columns inside the border.

    Args:
        pixels: uint8 ``(height, width, …)``.
        rows: How many lie outside of it above and below; where too many, it is the border.
        columns: How many to the left and to the right.

    Returns:
        uint8 ``(n, …)``, the corners twice.
    """
    part = pixels[rows : len(pixels) - rows, columns : pixels.shape[1] - columns]
    if part.size == 0:
        part = pixels
    return np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])


def stroke_width(mask: NDArray[np.uint8]) -> float:
    """The width of the strokes in a mask, in pixels: twice the ink by the length of its outline."""
    area = int(mask.sum())
    if area == 0:
        return 0.0
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=0)
    outline = area - int(inner.sum())
    return 2.0 * area / max(outline, 1) if outline < area else 1.0


def pooled(strength: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Of each square of `factor` by `factor` pixels the strongest, so that hairlines stay black.

    Beyond the last row and column is paper.
    """
    height, width = strength.shape
    padded = np.pad(strength, ((0, -height % factor), (0, -width % factor)))
    rows = padded.reshape(-1, factor, padded.shape[1]).max(axis=1)
    return np.asarray(rows.reshape(len(rows), -1, factor).max(axis=2))


def shrunk(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask of a picture at most 800 pixels wide and tall, in which thin strokes stay whole."""
    factor = _MASK_SIDE / max(mask.shape)
    if factor >= 1:
        return mask
    size = (max(1, round(mask.shape[1] * factor)), max(1, round(mask.shape[0] * factor)))
    small = cv2.resize(INK * mask, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small > INK / 5).astype(np.uint8)


def has_long_stroke(
    mask: NDArray[np.uint8], thickest: float, least_width: float, least_height: float = math.inf
) -> bool:
    """Whether thin ink is joined over a long way, as printed rules are.

    Args:
        mask: uint8 ``(height, width)``, 1 where there is ink.
        thickest: How thick it is at most, in pixels.
        least_width: Over how many columns it is joined at least,
        least_height: or over how many rows.
    """
    columns, rows = (cv2.reduce(mask, axis, cv2.REDUCE_MAX) for axis in (0, 1))
    if np.count_nonzero(columns) < least_width and np.count_nonzero(rows) < least_height:
        return False  # which is told much faster than the parts
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    is_long = (stats[:, 2] >= least_width) | (stats[:, 3] >= least_height)
    is_long[0] = False
    for label in np.flatnonzero(is_long).tolist():
        left, top, width, height, _ = stats[label].tolist()
        part = labels[top : top + height, left : left + width] == label
        if stroke_width(part.astype(np.uint8)) <= thickest:
            return True
    return False
