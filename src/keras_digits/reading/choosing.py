"""Which candidates are the digits: the most believable way through a line.

Knows candidates and what the network believes of each; knows no pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import Box, Digit, Number, Probabilities
from keras_digits.reading.cutting import Candidate
from keras_digits.reading.strips import Line

_SURE = 0.85
"""A confidence from which on looking closer is not worth the time."""

_NEVER = 1e-4
"""What a belief counts as at least, so that its logarithm is finite."""

_LEAST_MEAN_BELIEF = 0.5
"""What is believed less than this, over all its digits, is no number on a page."""

# What speaks against a way through a line besides the network's beliefs, in logarithms.
_TEAR = 1.5
"""For a cut through a stroke: digits that touch are rarer than those that don't."""

_PASS_OVER = 6.0
"""For passing over ink as tall as a digit; less the smaller it is, nothing at 0.3 of the height."""

_SMALL, _PASS_OVER_SMALL = 0.35, 0.3
"""Ink below this share of the height is passed over at this cost at most: a dot, a comma."""

_LOW = 12.0
"""For a digit much lower than its line, times the square of what it lacks to 0.6 of the height."""

# Likewise for the one digit of a picture.
_LEFT_OVER = 8.0
"""For leaving all ink unread; in proportion for a part of it."""

_OFF_CENTRE = 2.5
"""For standing at the border instead of the centre; with the square of the distance."""

_CUT_OFF = 0.05
"""How much ink counts as left over where the border cuts it off: a neighbour, likely."""


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What the network believes of a line's candidates, in their order.

    Attributes:
        probabilities: float32 ``(n, 10)``, given that it is a digit.
        is_digit: float32 ``(n,)``, the belief that it is one.
    """

    probabilities: Probabilities
    is_digit: NDArray[np.float32]

    def __getitem__(self, part: slice) -> "Beliefs":
        """Those of some of the candidates."""
        return Beliefs(self.probabilities[part], self.is_digit[part])

    @property
    def confidence(self) -> NDArray[np.float32]:
        """float32 ``(n,)``: the belief that it is a digit and the likeliest one."""
        return np.asarray(self.probabilities.max(axis=1) * self.is_digit)


@dataclass(frozen=True)
class Path:
    """A way through a line.

    Attributes:
        indices: The chosen candidates, from left to right.
        score: The sum of log beliefs.
    """

    indices: Sequence[int]
    score: float

    @property
    def is_sure(self) -> bool:
        """Whether looking closer is not worth the time."""
        return len(self.indices) > 0 and self.score > len(self.indices) * np.log(_SURE)


def choose_path(line: Line, candidates: Sequence[Candidate], beliefs: Beliefs) -> Path:
    """The candidates that are a line's digits.

    Each piece belongs to one digit or is passed over; the sum of log beliefs decides.
    """
    num_pieces = max(c.last for c in candidates)
    best = np.full(num_pieces + 1, -np.inf)
    best[0] = 0.0
    step: list[tuple[int, int] | None] = [None] * (num_pieces + 1)
    order = sorted(range(len(candidates)), key=lambda index: candidates[index].last)
    confidences = beliefs.confidence
    for index in order:
        one = candidates[index]
        confidence = float(confidences[index])
        size = max(one.height, 0.3 * one.width) / line.digit_height
        read = np.log(confidence + _NEVER) + _height_penalty(one.height / line.digit_height)
        ways = [(read, index)]
        if one.last == one.first + 1:
            doubt = 1 - float(beliefs.is_digit[index])
            skip = np.log(doubt + _NEVER) - _PASS_OVER * max(0.0, min(1.0, size) - 0.3)
            if size < _SMALL:
                skip = max(skip, -_PASS_OVER_SMALL)
            ways.append((skip, -1))
        torn = _TEAR * min(1.0, one.torn)
        for score, chosen in ways:
            total = best[one.first] + score - torn
            if total > best[one.last]:
                best[one.last] = total
                step[one.last] = (one.first, chosen)
    path = []
    place = num_pieces
    while place > 0:
        came = step[place]
        assert came is not None
        place, chosen = came
        if chosen >= 0:
            path.append(chosen)
    return Path(path[::-1], float(best[num_pieces]))


def weigh_as_one(line: Line, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """How likely each candidate's place makes it the picture's one digit, whatever it looks like.

    Little ink is left over, but for what the border cuts off; it stands in the middle; it is tall.

    Returns:
        float64 ``(n,)``, above 0 to 1.
    """
    places = [_place(line, one) for one in candidates]
    leftovers = {
        one.first: one.amount * place.leftover_weight
        for one, place in zip(candidates, places, strict=True)
        if one.last == one.first + 1
    }
    scores = []
    for one, place in zip(candidates, places, strict=True):
        left_over = sum(
            share for piece, share in leftovers.items() if not one.first <= piece < one.last
        )
        score = -_LEFT_OVER * left_over - _OFF_CENTRE * place.off_centre**2
        scores.append(score + _height_penalty(one.height / line.digit_height))
    return np.asarray(np.exp(np.array(scores)))


@dataclass(frozen=True)
class One:
    """The candidate that is the picture's one digit.

    Attributes:
        index: Which it is.
        is_sure: Whether looking closer is not worth the time.
    """

    index: int
    is_sure: bool


def choose_one(weights: NDArray[np.float64], beliefs: Beliefs) -> One:
    """The candidate that is the picture's one digit.

    The candidates' beliefs are added up by weight, so that several that say the same outweigh one
    that is sure of something else; of those that agree with the sum the likeliest is taken.

    Args:
        weights: float64 ``(n,)``, as :func:`weigh_as_one` gives them.
        beliefs: What the network believes of the same candidates.
    """
    evidence = weights[:, None] * beliefs.is_digit[:, None] * beliefs.probabilities
    total = evidence.sum(axis=0)
    digit = int(total.argmax())
    agrees = beliefs.probabilities.argmax(axis=1) == digit
    index = int(np.argmax(np.where(agrees, evidence[:, digit], evidence[:, digit] * 1e-6)))
    return One(
        index,
        bool(
            beliefs.confidence[index] > _SURE
            and weights[index] > 0.7 * weights.max()
            and total[digit] > _SURE * total.sum()
        ),
    )


@dataclass(frozen=True)
class _Place:
    """Where a candidate stands in the picture.

    Attributes:
        off_centre: Its middle's distance from the picture's, 0 centre to 1 border.
        is_cut_off: Whether it touches the left or right border.
    """

    off_centre: float
    is_cut_off: bool

    @property
    def leftover_weight(self) -> float:
        """How much it matters to leave this ink unread: less for what intrudes from the sides."""
        weight = float(np.clip(1.6 - 1.6 * self.off_centre, 0.1, 1))
        return weight * (_CUT_OFF if self.is_cut_off else 1.0)


def _place(line: Line, one: Candidate) -> _Place:
    left, _, right, _ = line.edges
    columns, _ = line.as_written(one.ink, one.left, one.top)
    begin, end = float(columns.min()), float(columns.max()) + 1
    half = max((right - left) / 2, 1.0)
    off = min(1.0, abs((begin + end) / 2 - (left + right) / 2) / half)
    return _Place(off, begin <= left + 1.0 or end >= right - 1.0)


def _height_penalty(share: float) -> float:
    """How unlikely a digit of this share of the line's height is, as a log belief."""
    if share < 0.3:
        return -8.0
    return -_LOW * max(0.0, 0.6 - share) ** 2 - 1.0 * max(0.0, share - 1.35)


def are_believable(digits: Sequence[Digit]) -> bool:
    """Whether what was found on a page is a number, and not a blot, a drawing or the paper."""
    confidences = [one.confidence for one in digits]
    return bool(confidences) and float(np.mean(confidences)) >= _LEAST_MEAN_BELIEF


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
