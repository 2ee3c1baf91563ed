"""Printed rules and cell borders in a mask of ink: found and left out.

A rule is straight, thin, level or plumb, and runs from edge to edge of the picture or along one.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.pixels import percentile, stroke_width
from keras_digits.reading.ruling import FEWEST, band, ruling

_THICKEST, _THICKEST_AT_EDGE = 0.08, 0.15
"""How thick a rule may be within a picture and along its edge, as a share of its shorter side."""

_THIN = 2.0
"""So thick, in pixels, it always may be."""

_CROSSING = 4
"""So far above and below a pixel of a rule a stroke may be that crosses it there, where the rule
isn't thicker."""

_SLACK = 0.01
"""How far from the picture's edge a rule that runs up to it may end, as a share of its length."""

_TIGHT, _AS_THICK = 0.08, 1.5
"""Writing that is nowhere farther from a crop's edges, as a share of its height, is cut closely;
its ones are at most so many times as thick as its other strokes."""

_RIM, _RIM_FILLED = 0.16, 0.9
"""The sides of a box lie so close to its edges, as a share of its extent, because it may be turned
a little; and are at least so far whole."""


def without_rules(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask without printed rules and cell borders: thin, straight, from edge to edge."""
    level = _Bands.of(mask)
    plumb = _Bands.of(np.ascontiguousarray(mask.T), mask.shape[1] < 2 * mask.shape[0])
    if plumb.num_across < FEWEST and _is_a_one(plumb.pixels.T, mask & ~level.pixels):
        plumb = replace(plumb, pixels=np.zeros_like(plumb.pixels))
    if not (level.pixels.any() or plumb.pixels.any()):
        return mask
    cleaned = np.asarray(mask & ~_uncrossed(mask, level, plumb) & 1)
    is_ruled = max(level.num_across, plumb.num_across) >= FEWEST
    return cleaned if is_ruled or cleaned.sum() > 0.1 * mask.sum() else mask


def _is_a_one(plumb: NDArray[np.uint8], mask: NDArray[np.uint8]) -> bool:
    """Whether what runs from edge to edge is a one of a number that was cropped closely.

    Its other digits reach as far, and their strokes are about as thick.
    """
    height, width = mask.shape
    others = np.asarray(mask & ~plumb & 1)
    rows = np.flatnonzero(others.any(axis=1))
    if width < height or len(rows) == 0 or not plumb.any():
        return False
    is_cut_closely = bool(max(rows[0], height - 1 - rows[-1]) <= _TIGHT * height)
    return is_cut_closely and int(plumb.sum()) <= _AS_THICK * stroke_width(others) * height


def frame_rules(mask: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The rules of a printed box, or of several side by side.

    Args:
        mask: uint8 ``(height, width)``, what is joined, cropped closely: 1 where there is ink.

    Returns:
        uint8, shaped alike, 1 where a rule is and no stroke that crosses it; None where it is no
        box: rules along all four sides.
    """
    if not _has_four_sides(mask):
        return None
    level = _Bands.of(mask, slack=_RIM)
    plumb = _Bands.of(np.ascontiguousarray(mask.T), slack=_RIM)
    if not _has_four_sides(level.pixels | plumb.pixels.T):
        return None
    return _uncrossed(mask, level, plumb)


def _has_four_sides(mask: NDArray[np.uint8]) -> bool:
    """Whether there is ink along all four edges."""
    return all(_is_rim(side) for side in (mask, mask[::-1], mask.T, mask.T[::-1]))


def _is_rim(mask: NDArray[np.uint8]) -> bool:
    """Whether there is ink along the whole upper edge."""
    rim = mask[: math.ceil(_RIM * len(mask))]
    return bool(np.count_nonzero(rim.max(axis=0)) >= _RIM_FILLED * mask.shape[1])


def _uncrossed(mask: NDArray[np.uint8], level: "_Bands", plumb: "_Bands") -> NDArray[np.uint8]:
    """The pixels of level and of plumb rules, those found in a mask turned, but for crossings."""
    strokes = np.asarray(mask & ~(level.pixels | plumb.pixels.T) & 1, np.uint8)
    return level.without_crossings(strokes) | plumb.without_crossings(strokes.T).T


@dataclass(frozen=True, eq=False)
class _Bands:
    """Level rules.

    Attributes:
        pixels: uint8 ``(height, width)``, 1 where one is.
        num_across: How many run across a page.
        crossing: How far a stroke may be above and below a pixel that it crosses a rule in.
    """

    pixels: NDArray[np.uint8]
    num_across: int
    crossing: int

    @classmethod
    def of(cls, mask: NDArray[np.uint8], anywhere: bool = True, slack: float = _SLACK) -> "_Bands":
        """The level rules of a mask.

        Args:
            mask: Turned so that the rules looked for are level.
            anywhere: Whether those of a crop may lie within it, or only along its edges.
            slack: How far from the edge a rule that runs up to it may end, as a share.
        """
        pixels, across = _rules(mask, anywhere, slack), ruling(mask)
        for rule in across:
            pixels |= band(rule.rows, rule.thickness, len(mask)) & mask
        thickest = max((rule.whole_thickness for rule in across), default=0.0)
        return cls(pixels, len(across), max(_CROSSING, math.ceil(thickest) + 1))

    def without_crossings(self, strokes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The pixels with no stroke both above and below them."""
        kernel = np.ones((self.crossing + 1, (self.crossing // 2) | 1), np.uint8)
        aside = kernel.shape[1] // 2
        above = cv2.dilate(strokes, kernel, anchor=(aside, self.crossing))
        below = cv2.dilate(strokes, kernel, anchor=(aside, 0))
        return np.asarray(self.pixels & ~(above & below) & 1)


def _rules(mask: NDArray[np.uint8], anywhere: bool, slack: float) -> NDArray[np.uint8]:
    """The pixels of a mask's horizontal rules; as :meth:`_Bands.of`."""
    rules = np.zeros_like(mask)
    across, length = mask.shape
    margin = _margin(length, slack)
    if not (mask[:, : margin + 1].any() or mask[:, -margin - 1 :].any()):
        return rules
    least = max(8, round(0.2 * length))
    bridged = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 7), np.uint8))
    runs = cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((1, least), np.uint8)) & mask
    if not runs.any():
        return rules
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((3, least), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for label, (left, top, width, height, _) in enumerate(stats.tolist()):
        reaches_end = left <= margin or left + width >= length - margin
        if label == 0 or width < 0.5 * length or not reaches_end:
            continue
        box = (slice(top, top + height), slice(left, left + width))
        run = (labels[box] == label).view(np.uint8) & runs[box]
        line = _as_straight_line(run, left, top)
        if line is not None and _is_rule(line, across, length, anywhere, slack):
            rows = line.level + line.slope * np.arange(length)
            rules |= band(rows, line.thickness, across) & mask
    return rules


@dataclass(frozen=True)
class _StraightLine:
    """A nearly horizontal line: from column `first` to `last`, where it runs, how thick it is."""

    first: int
    last: int
    level: float
    slope: float
    thickness: float


def _as_straight_line(run: NDArray[np.uint8], left: int, top: int) -> _StraightLine | None:
    """The straight line that a run of ink is, or None where it has gaps or bends.

    Args:
        run: What of a box belongs to it, 0 or 1.
        left: The box's first column in the mask.
        top: Its first row.
    """
    thickness = cv2.reduce(run, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    columns = np.flatnonzero(thickness)
    if len(columns) == 0 or len(columns) < 0.75 * (columns[-1] + 1 - columns[0]):
        return None
    thickness = thickness[columns]
    usual = percentile(thickness, 40)
    middle = (np.arange(len(run), dtype=np.float32) @ run.astype(np.float32))[columns] / thickness
    thin = thickness <= usual + 1  # elsewhere a stroke joins it
    place, height = columns[thin] + left, middle[thin] + top
    aside = place - place.mean()
    slope = float((aside * height).sum() / max(float((aside**2).sum()), 1.0))
    level = float(height.mean() - slope * place.mean())
    bends = percentile(np.abs(height - level - slope * place), 80)
    if bends > max(1.5, 0.015 * len(columns)):
        return None
    return _StraightLine(left + int(columns[0]), left + int(columns[-1]), level, slope, usual)


def _is_rule(line: _StraightLine, across: int, length: int, anywhere: bool, slack: float) -> bool:
    """Whether a straight line is printed: thin, and from edge to edge or along one."""
    margin = _margin(length, slack)
    ends = (line.first <= margin) + (line.last + 1 >= length - margin)
    nearest = min(
        place if place < across / 2 else across - 1 - place
        for place in (line.level + line.slope * column for column in (line.first, line.last))
    )
    at_edge = nearest - line.thickness / 2 <= 0.06 * across
    run = line.last + 1 - line.first
    share = _THICKEST_AT_EDGE if nearest <= line.thickness else _THICKEST
    if line.thickness > max(_THIN, share * min(across, length)) or abs(line.slope) > 0.12:
        return False
    if ends == 2 and run > min(0.9, 1 - 2 * slack) * length:
        return anywhere or at_edge
    return at_edge and ends > 0 and run > max(0.5 * length, 2 * across)


def _margin(length: int, slack: float) -> int:
    """How far from the edge a rule that runs up to it may end, in pixels."""
    return int(slack * length + 1)
