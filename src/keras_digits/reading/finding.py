"""Where in a picture's ink the lines of writing are, and the ways in which each may be seen.

Knows parts of ink and how they stand; what they say is for others to tell. Every way is worked out
only when it is asked for, because most lines are plain at the first glance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.ink import Ink
from keras_digits.reading.parts import Part, Parts, typical_height, without_separators
from keras_digits.reading.strips import Line, cut_strip, estimate_slant, set_upright

_MOST_PARTS = 600
"""More parts are texture, not writing; the largest count."""

_WIDEST_GAP = 2.2
"""Digits of one number are at most this far apart, in their height."""

_OTHER_THRESHOLDS = (1.35, 0.75)
"""Shares of an ink's threshold at which it is looked at again: less of it, more of it."""


@dataclass(frozen=True, eq=False)
class Found:
    """A line of writing.

    Attributes:
        first: The line as it is written.
        see_otherwise: Gives the other ways to see it.
    """

    first: Line
    see_otherwise: Callable[[], list[Line]]


def find_lines(ink: Ink) -> list[Found]:
    """The lines of writing from top to bottom, printed rules and separators left out.

    Seen otherwise, each is set upright where it leans, and has less or more of the faint ink.
    """
    parts = Parts.of(ink, with_rules=False)
    if not parts.parts:
        return []

    @cache
    def others() -> list[Parts]:
        return [Parts.of(ink.at(share), with_rules=False) for share in _OTHER_THRESHOLDS]

    def found(group: list[Part]) -> Found:
        digits = without_separators(group)
        first = cut_strip(digits, parts)

        def see_otherwise() -> list[Line]:
            ways = _upright(first)
            for other in others():
                if inside := _inside(other.parts, group):
                    ways += _ways(without_separators(inside), other)
            return ways

        return Found(first, see_otherwise)

    return [found(group) for group in _group_lines(parts.parts, ink.strength.shape)]


def find_one(ink: Ink) -> list[Found]:
    """All the ink as one line, for a picture that holds a single digit; nothing without ink.

    Seen otherwise, it is set upright where it leans, has less or more of the faint ink, and keeps
    what looks like printed rules: the bar of a 5 may.
    """
    parts = Parts.of(ink, with_rules=False)
    if not parts.parts:
        return []
    first = cut_strip(parts.parts, parts)

    def see_otherwise() -> list[Line]:
        ways = _upright(first)
        others = [Parts.of(ink.at(share), with_rules=False) for share in _OTHER_THRESHOLDS]
        for without in (parts, *others):
            if without is not parts:
                ways += _ways(without.parts, without)
            if without.has_rules:
                whole = Parts.of(without.ink, with_rules=True)
                ways += _ways(whole.parts, whole)
        return ways

    return [Found(first, see_otherwise)]


def _ways(chosen: list[Part], parts: Parts) -> list[Line]:
    """Some parts as they are written, and set upright where they lean."""
    if not chosen:
        return []
    line = cut_strip(chosen, parts)
    return [line, *_upright(line)]


def _upright(line: Line) -> list[Line]:
    """The line set upright, where it leans."""
    slant = estimate_slant(line.strip)
    return [] if slant == 0 else [set_upright(line, slant)]


def _inside(parts: list[Part], group: list[Part]) -> list[Part]:
    """Those of some parts that lie where a group does."""
    left, top = min(part.left for part in group), min(part.top for part in group)
    right, bottom = max(part.right for part in group), max(part.bottom for part in group)
    return [
        part
        for part in parts
        if left <= part.left + part.width / 2 <= right
        and top <= part.top + part.height / 2 <= bottom
    ]


def _group_lines(parts: list[Part], shape: tuple[int, ...]) -> list[list[Part]]:
    """Parts that stand beside one another, together; small ones with the line that they are in."""
    tall = 0.4 * typical_height(parts, shape[1], shape[0])
    parts = sorted(parts, key=lambda part: -part.area)[:_MOST_PARTS]
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
        (overlap > 0.4 * shorter) & (gap < _WIDEST_GAP * taller) & (taller < 6 * shorter)
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
