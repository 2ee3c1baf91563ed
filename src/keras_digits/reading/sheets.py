"""Paper that lies on something darker: a receipt on an open scanner, a card on a table.

Knows pixels and paper; doesn't know what ink is.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.pixels import percentile

_SMALL_SIDE = 320
"""A sheet is looked for in a picture of this size."""

_LEAST_SHARE = 0.03
"""A sheet takes up at least this share of the picture."""

_MOST_BORDERS, _AT_BORDER = 2, 0.1
"""A sheet runs along at most so many of the picture's borders, each for more than this share."""

_LEAST_STRAIGHT = 0.88
"""And of the smallest rectangle around it; an ellipse would take up 0.79."""

_LEAST_CONTRAST = 50
"""And is so much brighter than what it lies on, of 255."""

_LEAST_STEP = 25
"""And its edge is a step: within two pixels brightness changes by so much. The border between light
and shadow on one paper is none."""

_WRITTEN = (0.002, 0.4)
"""The share of it that is written on, at least and at most."""


def spread_paper(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with the paper of sheets that lie on something darker all around them.

    Args:
        pixels: uint8 ``(height, width, 3)``.

    Returns:
        Shaped alike; the picture itself where it shows no such sheet.
    """
    height, width = pixels.shape[:2]
    factor = min(1.0, _SMALL_SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    level, bright = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if np.median(border) > level:
        return pixels
    sheet = _sheets(bright)
    if not sheet.any() or _num_borders(sheet) > _MOST_BORDERS:
        return pixels
    is_paper = (sheet & bright) > 0
    if np.median(small[is_paper]) - np.median(small[sheet == 0]) < _LEAST_CONTRAST:
        return pixels
    if not _ends_in_a_step(small, sheet):
        return pixels
    inner = cv2.erode(sheet, np.ones((5, 5), np.uint8), borderValue=0)
    outside = cv2.resize(1 - inner, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    paper = cv2.resize(is_paper.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    spread = pixels.copy()
    spread[outside] = np.median(pixels[paper > 0], axis=0).astype(np.uint8)
    return spread


def _sheets(bright: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The written sheets among what is bright, uint8, 1 where they lie, their writing included."""
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    sheets = np.zeros_like(bright)
    for outline in outlines:
        if cv2.contourArea(outline) < _LEAST_SHARE * bright.size:
            continue
        sheet = cv2.drawContours(np.zeros_like(bright), [outline], -1, 1, cv2.FILLED)
        area = int(sheet.sum())
        _, (length, breadth), _ = cv2.minAreaRect(outline)
        written = 1 - int((sheet & bright).sum()) / area
        is_straight = area >= _LEAST_STRAIGHT * (length + 1) * (breadth + 1)
        if is_straight and _WRITTEN[0] <= written <= _WRITTEN[1]:
            sheets |= sheet
    return sheets


def _num_borders(sheet: NDArray[np.uint8]) -> int:
    """Along how many of the picture's borders there is a sheet.

    A straight shadow leaves a light part along three; a page with a strip of desk is read without.
    """
    borders = (sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1])
    return sum(bool(border.mean() > _AT_BORDER) for border in borders)


def _ends_in_a_step(small: NDArray[np.uint8], sheet: NDArray[np.uint8]) -> bool:
    """Whether brightness changes at once along nearly all of the sheets' edges."""
    near = np.ones((5, 5), np.uint8)
    steps = cv2.dilate(small, near) - cv2.erode(small, near)
    edge = sheet - cv2.erode(sheet, np.ones((3, 3), np.uint8), borderValue=1)
    return edge.any() and percentile(steps[edge > 0], 10) >= _LEAST_STEP
