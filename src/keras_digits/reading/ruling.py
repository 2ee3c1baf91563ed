"""The rules of paper that was photographed: thin, long, tilted a little, and often many.

They are found by votes for straight lines (Duda and Hart, "Use of the Hough Transformation to
Detect Lines and Curves in Pictures", 1972), and followed where the paper bends.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.paper import LEAST_PAGE
from keras_digits.reading.pixels import has_long_stroke, percentile, shrunk

_STEEPEST = 0.15
"""Rules rise or fall at most so far, rows by columns."""

_MOST_INK = 0.3
"""Where more of a picture is inked, it shows no ruled paper."""

_LEAST_VOTES = 0.4
"""A rule has votes from this share of the columns at least; the rest are lost to rounding, and
where it bends."""

_LEAST_FOLLOWED, _MOST_FOLLOWED = 0.5, 0.9
"""And can be followed through such a share of them where several run alongside, and where one is
alone."""

_AT_EDGE = 0.006
"""One alone ends at most so far from the edges, as a share of the columns."""

FEWEST = 3
"""So many rules alongside one another are ruled paper."""

_APART = 5
"""Rules are more than so many rows of the small mask apart."""

_THICKEST, _THIN = 0.01, 4.0
"""How thick a rule may be, as a share of the picture's shorter side; and so thick, in pixels, it
always may be."""

_ASIDE = 1.5
"""A rule runs at most so far, in pixels, beside the curve that it is taken for."""

_FAINT_EDGE = 0.8
"""How far a rule's edges are blurred, in pixels."""

_DEGREES = (2, 2, 4)
"""Of the curves that a rule is taken for, one after another, each followed along the one before."""


@dataclass(frozen=True, eq=False)
class Rule:
    """A printed rule.

    Attributes:
        rows: float64 ``(width,)``, in which row its middle lies in each column.
        thickness: In pixels.
        is_edge_to_edge: Whether it could be followed all the way.
    """

    rows: NDArray[np.float64]
    thickness: float
    is_edge_to_edge: bool

    def is_beside(self, other: "Rule") -> bool:
        """Whether another rule is rather this one, found twice, than one alongside it."""
        apart = float(np.abs(self.rows - other.rows).min())
        return apart <= self.thickness + other.thickness

    @property
    def whole_thickness(self) -> float:
        """In pixels, its faint edges included."""
        return self.thickness + 2 * _FAINT_EDGE


def ruling(mask: NDArray[np.uint8]) -> list[Rule]:
    """The nearly level rules of a page.

    Args:
        mask: uint8 ``(height, width)``, 1 where there is ink; turned for those that are plumb.

    Returns:
        Those that run from edge to edge, and those of several alongside one another.
    """
    if min(mask.shape) < LEAST_PAGE:
        return []
    small = shrunk(mask)
    least = _LEAST_FOLLOWED * small.shape[1]
    if small.mean() > _MOST_INK or not has_long_stroke(small, _thickest(small), least):
        return []
    scale = mask.shape[1] / small.shape[1]
    followed: list[Rule] = []
    for row, slope in _lines(small):
        rule = _follow(mask, (row + 0.5) * scale - 0.5, slope)
        if rule is not None and not any(rule.is_beside(other) for other in followed):
            followed.append(rule)
    are_many = len(followed) >= FEWEST
    return [rule for rule in followed if are_many or rule.is_edge_to_edge]


def band(rows: NDArray[np.floating], thickness: float, height: int) -> NDArray[np.uint8]:
    """The pixels of a rule, its faint edges included; strokes that join it stay out.

    Args:
        rows: ``(width,)``, in which row its middle lies in each column.
        thickness: In pixels.
        height: Of the picture.

    Returns:
        uint8 ``(height, width)``.
    """
    reach = thickness / 2 + _FAINT_EDGE
    pixels = np.zeros((height, len(rows)), np.uint8)
    first = max(0, math.ceil(rows.min() - reach))
    places = np.arange(first, min(height, math.floor(rows.max() + reach) + 1))
    pixels[first : first + len(places)] = np.abs(places[:, None] - rows[None, :]) <= reach
    return pixels


def _thickest(mask: NDArray[np.uint8]) -> float:
    """How thick a rule is at most, in pixels."""
    return float(max(_THIN, _THICKEST * min(mask.shape)))


def _lines(mask: NDArray[np.uint8]) -> Iterator[tuple[float, float]]:
    """Straight lines through much ink, each by its row in the middle column and its slope."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    aside = columns - (width - 1) / 2
    beyond = math.ceil(_STEEPEST * width / 2) + 1
    most, steepness = np.zeros(height, np.intp), np.zeros(height)
    for slope in np.arange(-_STEEPEST, _STEEPEST, 1 / width):
        places = np.rint(rows - slope * aside).astype(np.intp) + beyond
        votes = np.bincount(places, minlength=height + 2 * beyond)[beyond : beyond + height]
        is_more = votes > most
        most[is_more], steepness[is_more] = votes[is_more], slope
    nearby = cv2.dilate(most.astype(np.float32)[:, None], np.ones((2 * _APART + 1, 1), np.uint8))
    is_peak = (most == nearby[:, 0]) & (most >= _LEAST_VOTES * width)
    for row in np.flatnonzero(is_peak).tolist():
        yield row, float(steepness[row])


def _follow(mask: NDArray[np.uint8], level: float, slope: float) -> Rule | None:
    """The rule that runs about where a straight line does; None where none can be followed."""
    height, width = mask.shape
    across = np.linspace(-1, 1, width)
    rows = level + slope * across * (width - 1) / 2
    for degree in _DEGREES:
        known, middles, thickness = _ink_along(mask, rows)
        for _ in range(3):
            if len(known) < _LEAST_FOLLOWED / 2 * width:
                return None
            rows = np.polyval(np.polyfit(across[known], middles, degree), across)
            is_near = np.abs(rows[known] - middles) <= _ASIDE
            known, middles, thickness = known[is_near], middles[is_near], thickness[is_near]
    seen = np.flatnonzero((rows >= 0) & (rows < height))
    if len(known) == 0 or len(known) < _LEAST_FOLLOWED * len(seen):
        return None
    beyond = max(known[0] - seen[0], seen[-1] - known[-1]) / width
    is_whole = len(known) >= _MOST_FOLLOWED * len(seen)
    return Rule(rows, percentile(thickness, 60), bool(is_whole and beyond <= _AT_EDGE))


def _ink_along(
    mask: NDArray[np.uint8], rows: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
    """The columns in which there is thin ink alone near a curve, its middles and its thickness.

    Args:
        mask: uint8 ``(height, width)``.
        rows: float64 ``(width,)``, where the curve runs.
    """
    height, width = mask.shape
    thickest = _thickest(mask)
    offsets = np.arange(-round(thickest) - 3, round(thickest) + 4)[:, None]
    middle = np.rint(rows).astype(np.intp)
    places = middle[None, :] + offsets
    near = mask[np.clip(places, 0, height - 1), np.arange(width)[None, :]]
    near &= ((places >= 0) & (places < height)).astype(np.uint8)
    thickness = near.sum(axis=0, dtype=np.intp)
    is_bare = (near[0] | near[-1]) == 0  # no stroke joins it
    known = np.flatnonzero((thickness > 0) & (thickness <= thickest) & is_bare)
    middles = middle[known] + (near[:, known] * offsets).sum(axis=0) / thickness[known]
    return known, middles, thickness[known]
