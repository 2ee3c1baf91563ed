"""Where the ink of each digit of a line is, once it is known which digits stand where.

Needed to show people what was read, and to hand single digits to networks that know no lines.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import FRAME_WIDTH, INK, SIDE, Box
from keras_digits.reading.components import Part
from keras_digits.reading.decoding import Spot
from keras_digits.reading.ink import CORE_PERCENTILE
from keras_digits.reading.parts import Parts
from keras_digits.reading.pixels import percentile
from keras_digits.reading.views import DIGIT_HEIGHT, View

_REACH = 0.8 * DIGIT_HEIGHT
"""A digit reaches at most so far from its middle, in columns of a view."""

_BARE = 0.3 * INK
"""A column of a view without more ink than this is bare."""

_GAP = 3
"""So many bare columns part a digit from what is beside it."""

_LEAST_PIECE = 0.35
"""A piece of ink lower than this share of the digit belongs to it only if it is above or below."""

_END = 0.12
"""An end of a stroke, as a share of its height."""

_ARC, _MOSTLY_ARC = 0.08, 0.4
"""What bulges at least so far, in its height and its width, is a bracket and no one: of the 6,742
ones that MNIST has for training 18 do."""

_SLASH_TALL, _SLASH_BELOW, _SLASH_LEAN, _STRAIGHT = 1.22, 0.15, 0.22, 0.03
"""A one between digits is a slash that is at least so tall and reaches so far below them, in their
height, and leans so far, columns by rows, with less of a bow than this."""

_FEWEST_BESIDE = 2
"""By so many other digits it is known how tall they are."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A digit's ink.

    Attributes:
        box: Where it is in the picture.
        strength: float32 ``(height, width)``, how strong the picture's ink is in this box.
        mask: uint8, shaped alike, 1 where it is this digit's.
    """

    box: Box
    strength: NDArray[np.float32]
    mask: NDArray[np.uint8]

    @property
    def bow(self) -> float:
        """How far its middle bulges to the right of its ends, in heights; below 0 to the left."""
        middles = self._middles
        ends = self._ends
        centre = len(middles) // 2
        halfway = middles[max(0, centre - ends) : centre + ends]
        bulge = halfway.mean() - (middles[:ends].mean() + middles[-ends:].mean()) / 2
        return float(bulge / len(self.mask))

    @property
    def lean(self) -> float:
        """How far its head is to the right of its foot, in heights."""
        middles, ends = self._middles, self._ends
        return float((middles[:ends].mean() - middles[-ends:].mean()) / len(self.mask))

    @cached_property
    def _middles(self) -> NDArray[np.float64]:
        """The column in which the middle of its ink is, of each row that has some."""
        rows = self.mask[self.mask.any(axis=1)]
        return np.asarray((rows @ np.arange(rows.shape[1])) / rows.sum(axis=1))

    @property
    def _ends(self) -> int:
        """How many rows an end of a stroke takes."""
        return max(1, round(_END * len(self._middles)))

    @property
    def ink(self) -> NDArray[np.float32]:
        """The digit alone: float32 ``(height + 2, width + 2)``, 0 paper, 1 ink, paper around it."""
        core = percentile(self.strength[self.mask > 0], CORE_PERCENTILE)
        ink = np.clip(self.strength * self.mask / max(core, 1e-3), 0, 1)
        return np.pad(np.asarray(ink, np.float32), 1)


def outline(
    spots: Sequence[Spot], view: View, parts: Parts, group: Sequence[Part]
) -> list[Outline]:
    """Each digit's ink in the picture.

    Args:
        spots: The digits, from left to right.
        view: The view in which they were seen.
        parts: The picture's ink in parts.
        group: Those of the line.
    """
    wanted = np.zeros(parts.count, np.uint8)
    wanted[[part.label for part in group]] = 1
    return [_trace(first, last, view, parts, wanted) for first, last in _reaches(spots, view.strip)]


def brackets(digits: Sequence[int], outlines: Sequence[Outline]) -> list[int]:
    """Which of a line's ones, counted from 0, are round brackets.

    Those at its ends, and such as there is a counterpart to; a digit by itself is none.

    Args:
        digits: Those of the line, from left to right.
        outlines: Their ink.
    """
    if len(digits) < 2:
        return []
    bows = [one.bow if digit == 1 else 0.0 for digit, one in zip(digits, outlines, strict=True)]
    widths = [one.box.width / one.box.height for one in outlines]
    least = [max(_ARC, _MOSTLY_ARC * width) for width in widths]
    left = [index for index, bow in enumerate(bows) if bow <= -least[index]]
    right = [index for index, bow in enumerate(bows) if bow >= least[index]]
    last = len(digits) - 1
    return [index for index in left if index == 0 or any(other > index for other in right)] + [
        index for index in right if index == last or any(other < index for other in left)
    ]


def slashes(digits: Sequence[int], outlines: Sequence[Outline]) -> list[int]:
    """Which of a line's ones, counted from 0, are slashes between its digits, as in a date.

    Args:
        digits: Those of the line, from left to right.
        outlines: Their ink.
    """
    boxes = [one.box for digit, one in zip(digits, outlines, strict=True) if digit != 1]
    if len(boxes) < _FEWEST_BESIDE:
        return []
    height = float(np.median([box.height for box in boxes]))
    foot = float(np.median([box.y + box.height for box in boxes]))
    return [
        index
        for index, one in enumerate(outlines)
        if digits[index] == 1
        and 0 < index < len(digits) - 1
        and one.box.height >= _SLASH_TALL * height
        and one.box.y + one.box.height - foot >= _SLASH_BELOW * height
        and one.lean >= _SLASH_LEAN
        and abs(one.bow) < _STRAIGHT
    ]


def window(spot: Spot, view: View) -> NDArray[np.uint8]:
    """The 28 columns of a view around a digit's middle, uint8 ``(28, 28)``: what was seen."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    left = round((spot.frame + 0.5) * FRAME_WIDTH) - SIDE // 2
    first, last = max(0, left), min(view.strip.shape[1], left + SIDE)
    image[:, first - left : last - left] = view.strip[:, first:last]
    return image


def _reaches(spots: Sequence[Spot], strip: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """From which column to which each digit stands."""
    middles = [(spot.frame + 0.5) * FRAME_WIDTH for spot in spots]
    columns = strip.astype(np.float32).sum(axis=0)
    cuts = [_lowest(columns, first, second) for first, second in itertools.pairwise(middles)]
    is_bare = strip.max(axis=0) <= _BARE
    reaches = []
    for middle, left, right in zip(middles, [0.0, *cuts], [*cuts, len(columns)], strict=True):
        first = _up_to_gap(is_bare, middle, max(left, middle - _REACH))
        last = _up_to_gap(is_bare, middle, min(right, middle + _REACH))
        reaches.append((first, last))
    return reaches


def _lowest(columns: NDArray[np.float32], first: float, second: float) -> float:
    """Where between two digits' middles there is least ink, rather halfway than near either."""
    start, end = round(first) + 1, max(round(second), round(first) + 2)
    places = np.arange(start, end)
    aside = np.abs(places + 0.5 - (first + second) / 2) / max(second - first, 1.0)
    cost = columns[start:end] + INK * aside[: len(columns[start:end])]
    return float(start + int(cost.argmin())) + 0.5


def _up_to_gap(is_bare: NDArray[np.bool_], middle: float, end: float) -> float:
    """How far a digit's ink reaches from its middle towards `end`."""
    step = 1 if end > middle else -1
    place, bare = round(middle), 0
    while 0 <= place < len(is_bare) and (end - place) * step > 0:
        bare = bare + 1 if is_bare[place] else 0
        if bare >= _GAP and abs(place - middle) > DIGIT_HEIGHT / 4:
            return float(place - _GAP + 1 if step > 0 else place + _GAP)
        place += step
    return end


def _trace(
    first: float, last: float, view: View, parts: Parts, wanted: NDArray[np.uint8]
) -> Outline:
    """The ink between two columns of a view."""
    left, right = view.columns_in_picture(np.array([first, last]))
    half = SIDE / 2 / view.zoom
    lean = abs(view.slant) * half
    height, width = parts.labels.shape
    x0, x1 = int(np.clip(left - lean, 0, width - 1)), int(np.clip(right + lean + 1, 1, width))
    middle = view.level.at((left + right) / 2)
    y0 = int(np.clip(middle - half, 0, height - 1))
    y1 = int(np.clip(middle + half + 1, 1, height))
    x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
    upright = np.arange(x0, x1) + 0.5 + view.slant * (np.arange(y0, y1)[:, None] + 0.5 - middle)
    inside = (upright >= left) & (upright <= right)
    if not inside.any():  # narrower than a pixel, or beyond the border
        inside = np.ones_like(inside)
    mask = wanted[parts.labels[y0:y1, x0:x1]] * inside.astype(np.uint8)
    mask = _main_pieces(mask)
    if not mask.any():
        mask = inside.astype(np.uint8)  # ink that was taken for a rule: all there is
    x, y, box_width, box_height = cv2.boundingRect(mask)
    inner = (slice(y, y + box_height), slice(x, x + box_width))
    strength = parts.ink.strength[y0:y1, x0:x1]
    return Outline(Box(x0 + x, y0 + y, box_width, box_height), strength[inner], mask[inner])


def _main_pieces(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask without dots, commas and scraps beside its largest piece."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:
        return mask
    left, top, width, height, area = stats[1:].T
    main = int(np.argmax(height.astype(float) * area))
    overlap = np.minimum(left + width, left[main] + width[main]) - np.maximum(left, left[main])
    is_low = top > top[main] + 0.75 * height[main]
    belongs = (height >= _LEAST_PIECE * height[main]) & (area >= 0.1 * area[main])
    belongs |= (overlap > 0.6 * width) & ~is_low & (area >= 0.03 * area[main])
    kept = np.append(False, belongs).astype(np.uint8)
    return np.asarray(kept[labels])
