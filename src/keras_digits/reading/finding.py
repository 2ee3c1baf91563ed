"""Where in a picture's ink the lines of writing are.

Knows parts of ink and how they stand; what they say is for others to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.ink import Ink
from keras_digits.reading.parts import (
    Part,
    Parts,
    digit_height,
    without_separators,
)
from keras_digits.reading.views import Line

_WIDEST_GAP = 2.2
"""Digits of one number are at most this far apart, in their height."""

_DASH = 6
"""What is so many times as wide as it is tall is no digit."""

_TIGHT = 0.35
"""The only line of a picture may be what it was cropped for if digits take up this much of it."""

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
    """

    line: Line
    crop: Line | None
    parts: Parts
    group: Sequence[Part]


def find_lines(ink: Ink, up_to_border: bool = False) -> list[Found]:
    """The lines of writing from top to bottom.

    Args:
        ink: The picture's ink.
        up_to_border: Whether ink that the picture's border cuts off tells how tall writing is, as
            in a tight crop; else only what stands inside does, as on a photographed page.
    """
    parts = Parts.of(ink, up_to_border=up_to_border)
    if not parts.parts:
        return []
    groups = [group for group in _group_lines(parts) if not _is_ruling(group)]
    return [
        _found(group, without_separators(group), parts, is_alone=len(groups) == 1)
        for group in groups
    ]


def find_one(ink: Ink) -> list[Found]:
    """All the ink as one line, for a picture that holds a single digit; nothing without ink."""
    parts = Parts.of(ink)
    return [_found(parts.parts, parts.parts, parts, is_alone=True)] if parts.parts else []


def _is_ruling(group: Sequence[Part]) -> bool:
    """Whether a line is no writing but what it may be written on: dashes without a digit."""
    return all(part.width > _DASH * part.height for part in group)


def _found(group: list[Part], digits: list[Part], parts: Parts, is_alone: bool) -> Found:
    """Parts as a line, and by some of them how tall its digits are and where they stand."""
    reaches = _reaches(digits)
    digits_height = digit_height([bottom - top for top, bottom in reaches])
    middles = [(top + bottom) / 2 for top, bottom in reaches if bottom - top >= 0.5 * digits_height]
    line = Line(
        parts.ink,
        left=min(part.left for part in group),
        right=max(part.right for part in group),
        middle=float(np.median(middles)),
        digit_height=digits_height,
    )
    height, width = parts.labels.shape
    is_tight = is_alone and digits_height >= _TIGHT * height
    crop = Line(parts.ink, 0, width, height / 2, _CROP_SHARE * height) if is_tight else None
    return Found(line, crop, parts, group)


def _reaches(parts: Sequence[Part]) -> list[tuple[int, int]]:
    """From which row to which digits reach; a part over another is of the same broken digit."""
    merged: list[tuple[int, int, int, int]] = []
    for part in sorted(parts, key=lambda one: -one.area):
        left, right, top, bottom = part.left, part.right, part.top, part.bottom
        for index, (first, last, high, low) in enumerate(merged):
            overlap = min(right, last) - max(left, first)
            gap = max(top, high) - min(bottom, low)
            if overlap > 0.6 * (right - left) and 0 <= gap < 0.2 * (low - high):
                merged[index] = (first, last, min(top, high), max(bottom, low))
                break
        else:
            merged.append((left, right, top, bottom))
    return [(top, bottom) for _, _, top, bottom in merged]


def _group_lines(all_parts: Parts) -> list[list[Part]]:
    """Parts that stand beside one another, together; small ones with the line that they are in."""
    tall = 0.4 * all_parts.typical_height
    parts = all_parts.parts
    large = [part for part in parts if part.height >= tall]
    groups = _connected(_stand_together(large))
    line_of = np.zeros(len(large), int)
    for number, group in enumerate(groups):
        line_of[group] = number
    lines = [[large[index] for index in group] for group in groups]
    for part in (part for part in parts if part.height < tall):
        distances = _distances(part, large)
        nearest = int(np.argmin(distances))
        if distances[nearest] < 1:
            lines[line_of[nearest]].append(part)
    return _in_reading_order(lines)


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
    return np.asarray(
        (overlap > 0.4 * shorter) & (gap < _WIDEST_GAP * taller) & (taller < 3.5 * shorter)
    )


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


def _in_reading_order(lines: list[list[Part]]) -> list[list[Part]]:
    """Lines from top to bottom, and those side by side from left to right."""
    boxes = [
        (min(p.top for p in line), max(p.bottom for p in line), min(p.left for p in line))
        for line in lines
    ]
    order = sorted(range(len(lines)), key=lambda index: boxes[index][0] + boxes[index][1])
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
    return [lines[i] for row in rows for i in sorted(row, key=lambda index: boxes[index][2])]
