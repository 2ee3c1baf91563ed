"""The connected parts of a picture's ink: which count, and which belong to no digit."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.ink import Ink
from keras_digits.reading.rules import without_rules


@dataclass(frozen=True, eq=False)
class Part:
    """A connected piece of ink: its label, box and area in pixels."""

    label: int
    left: int
    top: int
    width: int
    height: int
    area: int

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """The first column right of it."""
        return self.left + self.width


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a picture's ink, at one threshold.

    Attributes:
        ink: The ink, with that threshold.
        labels: int32 ``(height, width)``, which part each pixel belongs to.
        parts: The parts that count.
        has_rules: Whether printed rules were left out.
    """

    ink: Ink
    labels: NDArray[np.int32]
    parts: list[Part]
    has_rules: bool

    @classmethod
    def of(cls, ink: Ink, with_rules: bool) -> "Parts":
        """The parts of some ink, with or without printed rules."""
        mask = ink.mask if with_rules else without_rules(ink.mask)
        has_rules = not with_rules and int(mask.sum()) < int(ink.mask.sum())
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        parts = [Part(label, *(int(v) for v in stats[label])) for label in range(1, count)]
        return cls(ink, labels, _without_specks(parts, mask.shape), has_rules)


def digit_height(parts: list[Part]) -> float:
    """How tall a line's digits are: the typical height of its large parts."""
    heights = np.array([part.height for part in parts], float)
    large = heights[heights >= 0.5 * heights.max()]
    return float(np.percentile(large, 60))


def without_separators(parts: list[Part]) -> list[Part]:
    """The parts without full stops, commas, dashes and what rules have left.

    Such a part is small, and low, high or flat beside the nearest digit.
    """
    height = digit_height(parts)
    digits = [part for part in parts if part.height >= 0.5 * height]
    return [part for part in parts if part in digits or not _is_separator(part, digits)]


def _is_separator(part: Part, digits: list[Part]) -> bool:
    """Whether a small part stands for no digit and belongs to none."""
    nearest = min(digits, key=lambda one: max(one.left, part.left) - min(one.right, part.right))
    overlap = min(nearest.right, part.right) - max(nearest.left, part.left)
    place = (part.top + part.height / 2 - nearest.top) / nearest.height
    size = part.height / nearest.height
    is_low = place > 0.78 and size < 0.4
    is_high = place < 0.0
    is_flat = part.width > 1.6 * part.height and size < 0.25
    return is_low or is_high or (is_flat and overlap < 0.2 * part.width and place > 0.2)


def _without_specks(parts: list[Part], shape: tuple[int, ...]) -> list[Part]:
    """Parts that are big enough beside the biggest, and no borders."""
    height, width = shape
    kept = []
    typical = typical_height(parts, width, height) if parts else 0.0
    for part in parts:
        touches_side = part.left == 0 or part.right == width
        touches_end = part.top == 0 or part.bottom == height
        is_border = (
            touches_side and part.width <= 0.08 * width and part.height > 0.9 * height
        ) or (touches_end and part.height <= 0.08 * height and part.width > 0.6 * width)
        is_frame = (
            part.width > 0.9 * width
            and part.height > 0.9 * height
            and (part.area < 0.1 * width * height)
        )
        touches = touches_side or touches_end
        is_thing = touches and max(part.width, part.height) > 8 * typical
        if not (is_border or is_thing or (is_frame and len(parts) > 1)):
            kept.append(part)
    if not kept:
        return []
    typical = typical_height(kept, width, height)
    return [p for p in kept if max(p.height, p.width) >= 0.08 * typical and p.area >= 2]


def typical_height(parts: list[Part], width: int, height: int) -> float:
    """The height that most ink stands in, not counting what the picture's border cuts off."""
    inner = [p for p in parts if p.left > 0 and p.top > 0 and p.right < width and p.bottom < height]
    if sum(p.area for p in inner) < 0.02 * sum(p.area for p in parts):
        inner = parts
    inner = sorted(inner, key=lambda part: part.height)
    areas = np.cumsum([part.area for part in inner])
    return float(inner[int(np.searchsorted(areas, areas[-1] / 2))].height)
