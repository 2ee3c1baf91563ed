"""The connected parts of a picture's ink: which count, and which belong to no digit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.blots import blots_among
from keras_digits.reading.components import Part, components
from keras_digits.reading.ink import CORE_PERCENTILE, Ink
from keras_digits.reading.pixels import percentile
from keras_digits.reading.rings import frames_among, rings_among, without
from keras_digits.reading.rules import without_rules

_TEXTURE = 3000
"""More parts are a wall or cloth: a page full of writing has some hundreds."""

_MOST_PARTS = 2000
"""So many parts are looked at, the largest: each is compared with all others."""

_LEAST_READ, _LEAST_READ_SHARE = 12, 0.025
"""What is lower, in pixels or as a share of the picture's shorter side, is no digit beside much
taller ink, but a speck."""

_USUAL_SHARE = 0.6
"""The share of a line's large parts that are no taller than its digits."""

_FLOOR = 0.4
"""Ink below this share of the threshold counts as paper."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """All connected pieces of a picture's ink but solid patches and what is printed around it.

    Attributes:
        ink: The ink without patches and boxes around digits.
        labels: int32 ``(height, width)``, which piece each pixel belongs to; 0 for paper.
        count: How many labels there are.
        parts: The pieces.
    """

    ink: Ink
    labels: NDArray[np.int32]
    count: int
    parts: list[Part]

    @classmethod
    def of(cls, ink: Ink) -> "Pieces":
        """The pieces of some ink, printed rules left out, boxes around digits, and patches."""
        mask = without_rules(ink.mask)
        count, labels, parts = components(mask)
        if (frames := frames_among(parts, labels)) is not None:
            mask = np.asarray(mask & ~frames & 1)
            ink = without(frames, ink, mask)
            count, labels, parts = components(mask)
        if blots := blots_among(parts, labels):
            parts = [part for part in parts if part not in blots]
            ink = _without(blots, ink, labels)
        return cls(ink, labels, count, parts)


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a picture's ink.

    Attributes:
        ink: The ink.
        labels: int32 ``(height, width)``, which part each pixel belongs to; 0 for paper.
        count: How many labels there are.
        parts: The parts that count.
        typical_height: How tall most of the ink stands, in pixels.
    """

    ink: Ink
    labels: NDArray[np.int32]
    count: int
    parts: list[Part]
    typical_height: float

    @classmethod
    def of(cls, pieces: Pieces, up_to_border: bool = False) -> "Parts":
        """The parts of a picture, rings around digits left out.

        Args:
            pieces: The picture's.
            up_to_border: Whether parts that the border cuts off count for the typical height.
        """
        ink, labels = pieces.ink, pieces.labels
        kept = _without_specks(pieces.parts, labels.shape, up_to_border)
        is_texture = len(kept) > _TEXTURE
        kept = [] if is_texture else sorted(kept, key=lambda part: -part.area)[:_MOST_PARTS]
        if rings := rings_among(kept, labels):
            kept = [part for part in kept if part not in rings]
            ink = _without(rings, ink, labels)
        typical = _typical_height(kept, labels.shape, up_to_border) if kept else 0.0
        return cls(ink, labels, pieces.count, kept, typical)

    def lower(self, share: float) -> "Parts | None":
        """The parts that are lower than a share of the typical height, or None without such.

        What is too small to be read is left out.
        """
        shape = self.labels.shape
        least = max(_LEAST_READ, _LEAST_READ_SHARE * min(shape))
        low = [one for one in self.parts if least <= one.height < share * self.typical_height]
        if not low:
            return None
        typical = _typical_height(low, shape, up_to_border=True)
        return replace(self, parts=low, typical_height=typical)


def _without(parts: Sequence[Part], ink: Ink, labels: NDArray[np.int32]) -> Ink:
    """The ink without some parts and their faint edges."""
    drawn = np.isin(labels, [part.label for part in parts])
    return without(drawn, ink, (labels > 0) & ~drawn)


def ink_of(chosen: Sequence[Part], parts: Parts) -> NDArray[np.float32]:
    """The ink of some parts alone, with the faint edges of its strokes.

    Returns:
        float32 ``(height, width)``, 0 paper, 1 ink, with a pixel of paper around it.
    """
    left, top = min(part.left for part in chosen), min(part.top for part in chosen)
    right, bottom = max(part.right for part in chosen), max(part.bottom for part in chosen)
    box = (slice(max(0, top - 1), bottom + 1), slice(max(0, left - 1), right + 1))
    mask = np.isin(parts.labels[box], [part.label for part in chosen]).astype(np.uint8)
    strength = parts.ink.strength[box]
    core = percentile(strength[mask > 0], CORE_PERCENTILE)
    floor = _FLOOR * parts.ink.threshold
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return np.asarray(
        np.clip((strength - floor) / max(core - floor, 1e-3), 0, 1) * near, np.float32
    )


def digit_height(heights: Sequence[float]) -> float:
    """How tall a line's digits are: the typical height of its large parts."""
    tallest = max(heights)
    large = sorted(height for height in heights if height >= 0.5 * tallest)
    place = _USUAL_SHARE * (len(large) - 1)
    below = int(place)
    above = min(below + 1, len(large) - 1)
    return float(large[below] + (place - below) * (large[above] - large[below]))


def without_separators(parts: list[Part]) -> list[Part]:
    """The parts without full stops, commas, dashes and what rules have left.

    Such a part is small, and low, high or flat beside the nearest digit.
    """
    height = digit_height([part.height for part in parts])
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


def _without_specks(parts: list[Part], shape: tuple[int, ...], up_to_border: bool) -> list[Part]:
    """Parts that are big enough beside the biggest, and no borders."""
    height, width = shape
    kept = []
    typical = _typical_height(parts, shape, up_to_border) if parts else 0.0
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
    typical = _typical_height(kept, shape, up_to_border)
    return [p for p in kept if max(p.height, p.width) >= 0.08 * typical and p.area >= 2]


def _typical_height(parts: list[Part], shape: tuple[int, ...], up_to_border: bool) -> float:
    """The height that most ink stands in."""
    height, width = shape
    inner = [p for p in parts if p.left > 0 and p.top > 0 and p.right < width and p.bottom < height]
    if up_to_border or sum(p.area for p in inner) < 0.02 * sum(p.area for p in parts):
        inner = parts
    inner = sorted(inner, key=lambda part: part.height)
    areas = np.cumsum([part.area for part in inner])
    return float(inner[int(np.searchsorted(areas, areas[-1] / 2))].height)
