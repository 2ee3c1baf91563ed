"""Where in a picture's ink the lines of writing are.

Knows parts of ink and how they stand; what they say is for others to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.components import Part
from keras_digits.reading.parts import Parts, Pieces, digit_height, without_separators
from keras_digits.reading.views import Level, Line

_WIDEST_GAP = 2.2
"""Digits of one number are at most this far apart, in their height."""

_LARGE = 0.4
"""What is so tall, as a share of the height that most ink stands in, may be a digit."""

_DASH = 6
"""What is so many times as wide as it is tall is no digit."""

_TIGHT = 0.35
"""The only line of a picture may be what it was cropped for if digits take up this much of it."""

_TOWERS = 1.4
"""What is so many times as tall as all beside it, and has two rows beside it, belongs to neither: a
bracket, a bar, a drawing."""

_FEWEST_FOR_SLOPE = 4
"""Fewer digits don't tell whether their line climbs."""

_LEAST_FALL = 0.4
"""A line climbs or falls if from its first digit to its last that is this much, in their height."""

_STEEPEST = 0.35
"""What climbs or falls more than this, rows by columns, is no line of writing."""

_CROP_SHARE = 0.8
"""How tall digits are in a crop, as a share of its height."""


@dataclass(frozen=True, eq=False)
class Found:
    """A line of writing.

    Attributes:
        line: Where it stands.
        crop: The whole picture as one line, where the line fills most of it: where ink that is
            no writing misleads about a line's place, the one who cropped the picture may not.
        parts: The picture's ink in parts.
        group: Those of the line.
        is_lower: Whether all of it is much lower than most ink: writing beside a drawing, under a
            heading or in a table, or the dots and dashes of other lines.
    """

    line: Line
    crop: Line | None
    parts: Parts
    group: Sequence[Part]
    is_lower: bool = False


class _Box(NamedTuple):
    """Where a digit stands, in pixels; `right` and `bottom` are the first outside."""

    left: int
    right: int
    top: int
    bottom: int

    @property
    def height(self) -> int:
        """How tall it is."""
        return self.bottom - self.top


def find_lines(pieces: Pieces, up_to_border: bool = False) -> list[Found]:
    """The lines of writing from top to bottom.

    Args:
        pieces: Those of the picture's ink.
        up_to_border: Whether ink that the picture's border cuts off tells how tall writing is, as
            in a tight crop; else only what stands inside does, as on a photographed page.
    """
    parts = Parts.of(pieces, up_to_border=up_to_border)
    if not parts.parts:
        return []
    groups = [group for group in _group_lines(parts) if not _is_ruling(group)]
    found = [
        _found(group, without_separators(group), parts, is_alone=len(groups) == 1)
        for group in groups
    ]
    if (lower := parts.lower(_LARGE)) is not None:
        found += [
            replace(_found(group, without_separators(group), lower, is_alone=False), is_lower=True)
            for group in _group_lines(lower)
            if not _is_ruling(group)
        ]
    return _in_reading_order(found)


def find_one(pieces: Pieces) -> list[Found]:
    """All the ink as one line, for a picture that holds a single digit; nothing without ink."""
    parts = Parts.of(pieces)
    return [_found(parts.parts, parts.parts, parts, is_alone=True)] if parts.parts else []


def _is_ruling(group: Sequence[Part]) -> bool:
    """Whether a line is no writing but what it may be written on: dashes without a digit."""
    return all(part.width > _DASH * part.height for part in group)


def _found(group: list[Part], digits: list[Part], parts: Parts, is_alone: bool) -> Found:
    """Parts as a line, and by some of them how tall its digits are and where they stand."""
    boxes = _whole(digits)
    digits_height = digit_height([box.height for box in boxes])
    line = Line(
        parts.ink,
        left=min(part.left for part in group),
        right=max(part.right for part in group),
        level=_level([box for box in boxes if box.height >= 0.5 * digits_height], digits_height),
        digit_height=digits_height,
    )
    height, width = parts.labels.shape
    is_tight = is_alone and digits_height >= _TIGHT * height
    crop = Line(parts.ink, 0, width, Level(height / 2), _CROP_SHARE * height) if is_tight else None
    return Found(line, crop, parts, group)


def _level(boxes: Sequence[_Box], digits_height: float) -> Level:
    """Where the middles of digits lie.

    Each two of them that stand apart have a slope, and the median is taken (Theil 1950, Sen 1968),
    where it makes a difference; else the line is level, because tall digits lie.
    """
    across = [(box.left + box.right) / 2 for box in boxes]
    down = [(box.top + box.bottom) / 2 for box in boxes]
    level = Level(_median(down), _median(across))
    if len(boxes) < _FEWEST_FOR_SLOPE:
        return level
    columns, rows = np.array(across), np.array(down)
    first, second = np.triu_indices(len(boxes), 1)
    apart = columns[second] - columns[first]
    is_far = np.abs(apart) > digits_height
    if not is_far.any():
        return level
    slope = float(np.median((rows[second] - rows[first])[is_far] / apart[is_far]))
    falls = abs(slope) * float(np.ptp(columns)) / digits_height
    if falls < _LEAST_FALL or abs(slope) > _STEEPEST:
        return level
    row = float(np.median(rows - slope * (columns - level.column)))
    return Level(row, level.column, slope)


def _median(values: Sequence[float]) -> float:
    """The median of a few numbers, for which NumPy takes ten times as long."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[~half]) / 2


def _whole(parts: Sequence[Part]) -> list[_Box]:
    """Where digits stand; a part over another is of the same broken digit."""
    merged: list[_Box] = []
    for part in sorted(parts, key=lambda one: -one.area):
        box = _Box(part.left, part.right, part.top, part.bottom)
        for index, other in enumerate(merged):
            overlap = min(box.right, other.right) - max(box.left, other.left)
            gap = max(box.top, other.top) - min(box.bottom, other.bottom)
            if overlap > 0.6 * (box.right - box.left) and 0 <= gap < 0.2 * other.height:
                top, bottom = min(box.top, other.top), max(box.bottom, other.bottom)
                merged[index] = _Box(other.left, other.right, top, bottom)
                break
        else:
            merged.append(box)
    return merged


def _group_lines(all_parts: Parts) -> list[list[Part]]:
    """Parts that stand beside one another, together; small ones with the line that they are in."""
    tall = _LARGE * all_parts.typical_height
    parts = all_parts.parts
    large = [part for part in parts if part.height >= tall]
    groups = _connected(_stand_together(large)) if len(large) > 1 else [[0]]  # as is usual
    line_of = np.zeros(len(large), int)
    for number, group in enumerate(groups):
        line_of[group] = number
    lines = [[large[index] for index in group] for group in groups]
    for part in (part for part in parts if part.height < tall):
        distances = _distances(part, large)
        nearest = int(np.argmin(distances))
        if distances[nearest] < 1:
            lines[line_of[nearest]].append(part)
    return lines


def _stand_together(parts: list[Part]) -> NDArray[np.bool_]:
    """Which large parts may belong to one number with which: bool ``(n, n)``."""
    left, top, width, height = np.array(
        [(part.left, part.top, part.width, part.height) for part in parts]
    ).T
    right, bottom = left + width, top + height
    shorter = np.minimum(height[:, None], height[None, :])
    taller = np.maximum(height[:, None], height[None, :])
    overlap = np.minimum(bottom[:, None], bottom[None, :]) - np.maximum(top[:, None], top[None, :])
    gap = np.maximum(left[:, None], left[None, :]) - np.minimum(right[:, None], right[None, :])
    stand = (overlap > 0.4 * shorter) & (gap < _WIDEST_GAP * taller) & (taller < 3.5 * shorter)
    is_lower = stand & (height[:, None] > _TOWERS * height[None, :])
    has_equals = (stand & ~is_lower).sum(axis=1) > 1  # itself, and its own row
    for index in np.flatnonzero((is_lower.sum(axis=1) > 1) & ~has_equals):
        lower = is_lower[index]
        if top[lower].max() >= bottom[lower].min():  # two rows
            stand[index] = stand[:, index] = False
            stand[index, index] = True
    return np.asarray(stand)


def _connected(linked: NDArray[np.bool_]) -> list[list[int]]:
    """The groups of indices that are linked, directly or through others."""
    remaining = np.ones(len(linked), bool)
    groups = []
    while remaining.any():
        group = np.zeros(len(linked), bool)
        group[int(remaining.argmax())] = True
        while (grown := linked[group].any(axis=0) | group).sum() > group.sum():
            group = grown
        remaining &= ~group
        groups.append([int(index) for index in np.flatnonzero(group)])
    return groups


def _distances(part: Part, large: list[Part]) -> NDArray[np.float64]:
    """How far a small part is from each large one, in that one's height: float64 ``(n,)``."""
    left, top, width, height = np.array([(p.left, p.top, p.width, p.height) for p in large]).T
    beside = np.maximum(left, part.left) - np.minimum(left + width, part.right)
    above = np.maximum(top, part.top) - np.minimum(top + height, part.bottom)
    return np.asarray(np.maximum(beside, 2.5 * above) / height)


def _in_reading_order(found: list[Found]) -> list[Found]:
    """Lines from top to bottom, and those side by side from left to right."""
    boxes = [
        (min(p.top for p in one.group), max(p.bottom for p in one.group), one.line.left)
        for one in found
    ]
    order = sorted(range(len(boxes)), key=lambda index: boxes[index][0] + boxes[index][1])
    rows: list[list[int]] = []
    for index in order:
        top, bottom, _ = boxes[index]
        if rows:
            first_top, first_bottom, _ = boxes[rows[-1][0]]
            overlap = min(bottom, first_bottom) - max(top, first_top)
            if overlap > 0.5 * min(bottom - top, first_bottom - first_top):
                rows[-1].append(index)
                continue
        rows.append([index])
    return [found[i] for row in rows for i in sorted(row, key=lambda index: boxes[index][2])]
