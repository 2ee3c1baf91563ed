"""Which digits a line holds, by all the views of it: what they say is added up, not outvoted.

A view in a wrong size or slant is unsure of everything and so adds little; several that say the
same outweigh one that is sure of something else.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import FRAME_WIDTH, NOTHING, NUM_CLASSES, Box, Digit, Number
from keras_digits.reading.decoding import Spot, row_of, row_probabilities, spot_at, spots
from keras_digits.reading.views import View

_SURE = 0.9
"""A belief from which on one view is enough."""

_SURE_TOGETHER = 0.6
"""A belief of one from which on several views are enough that agree."""

_AGREED = 0.95
"""The share of all that is believed from which on views agree."""

LEAST_MEAN_BELIEF = 0.5
"""What is believed less than this, over all its digits, is no number on a page."""

_LEAST_ALONE = 0.35
"""Unless a picture shows nothing else."""

_MANY, _CERTAIN, _FEWEST_CERTAIN = 12, 0.9, 0.25
"""Of so many numbers on a page at least this share is believed so far, or most is no writing: on
pages of numbers it is more than half, in grain less than a tenth."""

_LEAST_AMONG_DOUBTFUL = 0.97
"""And then what is believed less than this is none."""

_LEAST_BELIEF = 0.1
"""What is believed less than this is not the one digit of a picture: it holds none."""

_PASSED_OVER = 0.3
"""What a row counts for that passes over an upright stroke."""

_T = TypeVar("_T")

Stem: TypeAlias = tuple[float, float]
"""The columns of a picture between which an upright stroke stands."""

_COLUMN_GAP, _COLUMN_RATIO = 0.9, 3.0
"""Two columns of a table are at least so far apart, in the height of their digits, and so many
times as far as the digits of one number usually are."""

_OFF_CENTRE = 2.5
"""How much less likely the one digit of a picture stands at the border instead of the centre, as a
log belief; with the square of the distance."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A view of a line and what the network sees in it.

    Attributes:
        view: The view.
        beliefs: float32 ``(frames, 11)``, each frame's belief in the digits and in nothing.
    """

    view: View
    beliefs: NDArray[np.float32]

    @cached_property
    def row(self) -> tuple[int, ...]:
        """The digits that it shows, from left to right; each closer look asks for them again."""
        return row_of(self.beliefs)

    def num_passed_over(self, stems: Sequence[Stem]) -> int:
        """How many of some strokes no digit that it shows stands on."""
        if not stems:
            return 0
        frames = np.array([spot.frame + 0.5 for spot in spots(self.beliefs)])
        columns = self.view.columns_in_picture(frames * FRAME_WIDTH)
        return sum(not ((columns >= left) & (columns <= right)).any() for left, right in stems)


@dataclass(frozen=True, eq=False)
class Chosen:
    """What a line holds.

    Attributes:
        spots: The digits from left to right; none if there is nothing to read.
        confidences: How far each is believed by all views together, 0 to 1.
        view: The view that shows them best.
        is_sure: Whether looking closer is not worth the time.
    """

    spots: Sequence[Spot]
    confidences: Sequence[float]
    view: View
    is_sure: bool


def choose_rows(
    lines: Sequence[Sequence[Sight]], stems: Sequence[Sequence[Stem]] = ()
) -> list[Chosen]:
    """The digits of some lines.

    Every row of digits that a view shows is asked of all views of its line; the beliefs in it add
    up. It counts for less where it passes over an upright stroke, which is as likely a one.

    Args:
        lines: Of each at least one sight.
        stems: The upright strokes of each line that are as tall as digits; by default none.
    """
    if not lines:
        return []
    views: list[NDArray[np.float32]] = []
    asked: list[tuple[int, Sequence[int]]] = []
    shown: list[list[tuple[int, ...]]] = []
    for sights in lines:
        shown.append(list(dict.fromkeys(sight.row for sight in sights)))
        indices = range(len(views), len(views) + len(sights))
        asked += [(index, row) for row in shown[-1] for index in indices]
        views += [sight.beliefs for sight in sights]
    of_all = row_probabilities(views, asked)
    ends = np.cumsum([len(rows) * len(sights) for rows, sights in zip(shown, lines, strict=True)])
    return [
        _choose_row(sights, rows, beliefs.reshape(len(rows), len(sights)), strokes)
        for sights, rows, beliefs, strokes in zip(
            lines, shown, np.split(of_all, ends[:-1]), stems or [()] * len(lines), strict=True
        )
    ]


def _choose_row(
    sights: Sequence[Sight],
    rows: Sequence[tuple[int, ...]],
    beliefs: NDArray[np.float64],
    stems: Sequence[Stem],
) -> Chosen:
    """The digits of a line; of what speaks for the row, each digit has an equal part.

    Args:
        sights: What is seen of it.
        rows: The rows of digits that they show.
        beliefs: float64 ``(rows, sights)``.
        stems: The line's upright strokes.
    """
    passed_over = {sight.row: sight.num_passed_over(stems) for sight in reversed(sights)}
    beliefs = beliefs * np.array([[_PASSED_OVER ** passed_over[row]] for row in rows])
    best = int(beliefs.sum(axis=1).argmax())
    showing = [index for index, sight in enumerate(sights) if sight.row == rows[best]]
    index = max(showing, key=lambda index: float(beliefs[best, index]))
    total = float(beliefs.sum())
    agreement = float(beliefs[best].sum()) / total if total > 0 else 0.0
    is_sure = _is_enough(float(beliefs[best, index]), agreement, len(sights))
    is_sure = is_sure and not passed_over[rows[best]]
    found = spots(sights[index].beliefs)
    share = agreement ** (1 / max(1, len(found)))
    confidences = [one.confidence * share for one in found]
    return Chosen(found, confidences, sights[index].view, is_sure)


def choose_one(sights: Sequence[Sight], width: int) -> Chosen:
    """The one digit of a picture.

    Its confidence is the geometric mean of the best view's belief in it, as far as the others
    agree, and of what all views believe on average of there being any digit: letters are digits in
    some sizes and slants, digits in nearly all.

    Args:
        sights: At least one.
        width: Of the picture, in pixels.
    """
    evidence = np.zeros(NUM_CLASSES)
    seen = []
    for sight in sights:
        weights = _weights(sight.view, np.arange(len(sight.beliefs)) + 0.5, width)
        weighted = sight.beliefs[:, :NUM_CLASSES] * weights[:, None]
        evidence += weighted.sum(axis=0)
        seen.append(weighted)
    if not evidence.any():
        return Chosen([], [], sights[0].view, is_sure=False)
    digit = int(evidence.argmax())
    probabilities = (evidence / evidence.sum()).astype(np.float32)
    share = float(probabilities[digit])
    best = max(range(len(sights)), key=lambda index: float(seen[index][:, digit].max()))
    frame = int(seen[best][:, digit].argmax())
    spot = replace(spot_at(sights[best].beliefs, frame, digit), probabilities=probabilities)
    is_sure = _is_enough(float(seen[best][frame, digit]), share, len(sights))
    if spot.confidence <= _LEAST_BELIEF:
        return Chosen([], [], sights[best].view, is_sure)
    is_any = float(np.mean([1 - sight.beliefs[:, NOTHING].min() for sight in sights]))
    confidence = math.sqrt(spot.confidence * share * is_any)
    return Chosen([spot], [confidence], sights[best].view, is_sure)


def _is_enough(belief: float, agreement: float, num_views: int) -> bool:
    """Whether looking closer is not worth the time.

    Args:
        belief: In what is chosen, of the view that believes it most.
        agreement: The share of what all views believe that speaks for it.
        num_views: How many they are.
    """
    return belief > (_SURE if num_views == 1 else _SURE_TOGETHER) and agreement > _AGREED


def _weights(view: View, frames: NDArray[np.floating], width: int) -> NDArray[np.float64]:
    """How likely the picture's one digit stands at each frame."""
    columns = view.columns_in_picture(frames * FRAME_WIDTH)
    off_centre = np.minimum(np.abs(columns / width - 0.5) * 2, 1)
    return np.asarray(np.exp(-_OFF_CENTRE * off_centre**2))


def believable(rows: Sequence[Sequence[Digit]]) -> list[Sequence[Digit]]:
    """Of what was found on a page the numbers, without blots, drawings and the paper.

    Where much was found and most of it is doubtful, as in grain, only what hardly is counts.
    """
    beliefs = [mean_belief(digits) for digits in rows]
    num_certain = sum(belief > _CERTAIN for belief in beliefs)
    are_doubtful = len(rows) >= _MANY and num_certain < _FEWEST_CERTAIN * len(rows)
    least = LEAST_MEAN_BELIEF
    if are_doubtful:
        least = _LEAST_AMONG_DOUBTFUL
    elif len(rows) == 1:
        least = _LEAST_ALONE
    return [digits for digits, belief in zip(rows, beliefs, strict=True) if belief >= least]


def mean_belief(digits: Sequence[Digit]) -> float:
    """How far the digits of a number are believed on average."""
    return float(np.mean([one.confidence for one in digits]))


def apart(digits: Sequence[Digit]) -> list[Sequence[Digit]]:
    """The numbers that stand side by side in a line, as in the columns of a table.

    Digits that are all as far apart as one another, however far, are one number.

    Args:
        digits: Those of the line, from left to right.
    """
    gaps = [right.box.x - left.box.x - left.box.width for left, right in pairwise(digits)]
    if not gaps:
        return [digits]
    heights, usual = sorted(one.box.height for one in digits), sorted(gaps)[(len(gaps) - 1) // 2]
    wide = max(_COLUMN_GAP * heights[len(heights) // 2], _COLUMN_RATIO * usual)
    return parted(digits, gaps, wide)


def parted(row: Sequence[_T], gaps: Sequence[float], wide: float) -> list[Sequence[_T]]:
    """A row's parts, between which the gaps from one to the next are wider than `wide`."""
    ends = [index for index, gap in enumerate(gaps, 1) if gap > wide]
    return [row[first:last] for first, last in pairwise([0, *ends, len(row)])]


def best_row(numbers: Sequence[Number]) -> Number:
    """The most believable of some numbers, with those that stand in its row and are as tall."""
    best = max(numbers, key=lambda number: sum(one.confidence for one in number.digits))
    row = [number for number in numbers if _stand_in_a_row(number.box, best.box)]
    return join_digits(
        sorted((one for number in row for one in number.digits), key=lambda one: one.box.x)
    )


def join_digits(digits: Sequence[Digit]) -> Number:
    """Digits, from left to right, as one number."""
    return Number(
        text="".join(str(one.digit) for one in digits),
        confidence=float(np.prod([one.confidence for one in digits])),
        box=join_boxes([one.box for one in digits]),
        digits=tuple(digits),
    )


def join_boxes(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of some."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right = max(box.x + box.width for box in boxes)
    bottom = max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)


def _stand_in_a_row(one: Box, other: Box) -> bool:
    overlap = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return overlap > 0.5 * min(one.height, other.height) and 0.4 < one.height / other.height < 2.5
