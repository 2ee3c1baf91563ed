"""Digits that are none: signs, letters of words, commas, and pieces of them beside numbers.

What a line was read as is held against how its ink stands; knows boxes, no pixels.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from keras_digits.digits import Box, Digit
from keras_digits.reading.choosing import LEAST_MEAN_BELIEF, mean_belief, parted

_DOUBLE, _BESIDE = 0.5, 0.5
"""A low digit with more than this share of its box on a tall one, or so close beside it, in that
one's height, is a part of it, or of a sign such as a percent sign."""

_AS_TALL = 0.6
"""Ink of a line that is at least so tall, in the height of its digits, may have such parts too."""

_LIKE_COMMAS, _COMMA, _LOWEST_HEAD, _LOWEST_FOOT = (1, 7, 9), 0.5, 0.05, 0.5
"""One of these digits by itself is a comma, if it is lower than this share of a tall one's height,
and its head and foot are no further below that one's foot than these."""

_LETTER, _LETTER_GAP, _LETTER_OVERLAP = 0.4, 0.12, 0.5
"""A letter is at least so tall, in the height of a line's digits; those of a word are no further
apart than this; and what stands above another by more than this share is the same letter."""

_FEWEST_LETTERS, _LETTERS_A_DIGIT = 3, 2
"""So many letters are a word, if there are so many times as many as digits read among them: in
words a letter or two look like digits, and beside digits there are few signs."""

_LOW_LETTER, _FEWEST_UNREAD = 0.25, 2
"""A low letter is at least so tall, in the height of a line's digits; and what was read in one is
none if nothing was in so many others of its word."""

_BRACKET, _SLIM = 0.9, 0.5
"""A bracket is at least so tall, in the height of a line's digits, and at most so wide, in its own
height."""

_IN_LETTER = 0.5
"""More than this share of a digit stands in the letter that it was read in."""

_PIECE = 0.75
"""More than this share of a digit stands on a sign or in a word that it is a piece of."""

_CIRCLE, _CIRCLE_WIDTH, _CIRCLE_REACH = (0.2, 0.55), (0.5, 2.0), 0.35
"""How tall a percent sign's circle is, in the height of its stroke, how wide, in its own, and how
far it may reach beyond the stroke, in that one's height."""


class _Letter(NamedTuple):
    """From which column to which something is written."""

    left: int
    right: int


class Written(NamedTuple):
    """What a line says.

    Attributes:
        is_low: Whether its ink is low and may be a part of others' digits or signs.
        digits: From left to right.
        ink: Where its parts stand, read or not, but those that the picture's border cuts off.
    """

    is_low: bool
    digits: Sequence[Digit]
    ink: Sequence[Box]


def without_signs(lines: Sequence[Written]) -> list[Written]:
    """Lines without the digits that are percent signs, pieces of them, or letters of words."""
    kept = [_without_own_signs(line) for line in lines]
    low = [one for line in kept if line.is_low for one in line.digits]
    if not low:
        return kept
    letters = [one for line in kept if not line.is_low for one in _low_letters(line, low)]
    return [
        line._replace(digits=[one for one in line.digits if one not in letters]) for line in kept
    ]


def _without_own_signs(line: Written) -> Written:
    """A line without its digits that are signs or letters of its own."""
    if not line.digits or not line.ink:
        return line
    height = float(np.median([one.box.height for one in line.digits]))
    signs = _percent_signs(line.ink, height)

    def stands_apart(box: Box) -> bool:
        return not any(_share(box, *sign) > _PIECE for sign in signs)

    digits = [one for one in line.digits if stands_apart(one.box)]
    ink = [box for box in line.ink if stands_apart(box)]
    return line._replace(digits=_without_letters(digits, ink, height))


def _share(box: Box, start: float, end: float) -> float:
    """How much of a box lies between two columns."""
    return max(0.0, min(end, box.x + box.width) - max(start, box.x)) / box.width


def _percent_signs(ink: Sequence[Box], height: float) -> list[tuple[float, float]]:
    """From which column to which percent signs stand.

    One is a stroke with something small above and left of its middle, and below and right of it.

    Args:
        ink: The parts of a line, at least one.
        height: Of its digits.
    """
    boxes = np.array(ink)
    lefts, tops, widths, heights = boxes.T
    if (heights <= _CIRCLE[1] * heights.max()).sum() < 2:  # most lines: no two circles
        return []
    across, down = lefts + widths / 2, tops + heights / 2
    signs = []
    for stroke in np.flatnonzero(heights >= _AS_TALL * height):
        left, top, wide, tall = boxes[stroke]
        reach = _CIRCLE_REACH * tall
        is_near = (lefts >= left - reach) & (lefts + widths <= left + wide + reach)
        is_near &= (tops >= top - reach) & (tops + heights <= top + tall + reach)
        is_near &= (heights >= _CIRCLE[0] * tall) & (heights <= _CIRCLE[1] * tall)
        is_near &= (widths >= _CIRCLE_WIDTH[0] * heights) & (widths <= _CIRCLE_WIDTH[1] * heights)
        first = is_near & (across < across[stroke]) & (down < down[stroke])
        second = is_near & (across > across[stroke]) & (down > down[stroke])
        if first.any() and second.any():
            of_it = first | second
            of_it[stroke] = True
            signs.append((float(lefts[of_it].min()), float((lefts + widths)[of_it].max())))
    return signs


def _without_letters(digits: Sequence[Digit], ink: Sequence[Box], height: float) -> list[Digit]:
    """The digits that don't stand among letters: of a word, most is no digit.

    What stands in brackets may be few digits; two letters as tall and slim can't be told from them.

    Args:
        digits: Those of a line.
        ink: Its parts.
        height: Of its digits.
    """
    kept = list(digits)
    for word in _words([box for box in ink if box.height >= _LETTER * height], height):
        among = _among(kept, word)
        if len(word) >= max(_FEWEST_LETTERS, _LETTERS_A_DIGIT * len(among)):
            unread = _unread(word, among)
            are_brackets = unread == [word[0], word[-1]] and all(
                _is_slim(letter, ink, height) for letter in unread
            )
            if not are_brackets:
                kept = [one for one in kept if one not in among]
    return kept


def _low_letters(line: Written, low: Sequence[Digit]) -> list[Digit]:
    """Which low digits are letters of a line: with others that nothing was read in, a word.

    Args:
        line: One with taller digits, or none.
        low: The digits of lines that are low, wherever they stand.
    """
    if not line.ink:
        return []
    boxes = [one.box for one in line.digits] or line.ink
    height = float(np.median([box.height for box in boxes]))
    top, bottom = min(box.y for box in line.ink), max(box.y + box.height for box in line.ink)
    beside = [one for one in low if top <= one.box.y + one.box.height / 2 <= bottom]
    letters: list[Digit] = []
    for word in _words([box for box in line.ink if box.height >= _LOW_LETTER * height], height):
        if len(_unread(word, [*beside, *line.digits])) >= _FEWEST_UNREAD:
            letters += _among(beside, word)
    return letters


def _words(ink: Sequence[Box], height: float) -> list[list[_Letter]]:
    """Ink as words, the letters of each from left to right, where digits are so tall."""
    letters = _letters(ink)
    gaps = [right.left - left.right for left, right in pairwise(letters)]
    return [list(word) for word in parted(letters, gaps, _LETTER_GAP * height) if word]


def _among(digits: Sequence[Digit], word: Sequence[_Letter]) -> list[Digit]:
    """The digits that stand in a word."""
    left, right = word[0].left, max(letter.right for letter in word)
    return [one for one in digits if _share(one.box, left, right) > _PIECE]


def _unread(word: Sequence[_Letter], digits: Sequence[Digit]) -> list[_Letter]:
    """The letters of a word that no digit stands in."""
    return [
        letter
        for letter in word
        if not any(_share(one.box, letter.left, letter.right) > _IN_LETTER for one in digits)
    ]


def _is_slim(letter: _Letter, ink: Sequence[Box], height: float) -> bool:
    """Whether a letter is as tall as digits and slim, as brackets are."""
    boxes = [box for box in ink if letter.left <= box.x < letter.right]
    tallest = max(boxes, key=lambda box: box.height)
    return tallest.height >= _BRACKET * height and tallest.width <= _SLIM * tallest.height


def _letters(ink: Sequence[Box]) -> list[_Letter]:
    """Ink as letters from left to right; what stands above one another is one."""
    letters: list[_Letter] = []
    for box in sorted(ink, key=lambda box: box.x):
        left, right = box.x, box.x + box.width
        last = letters[-1] if letters else None
        if last and last.right - left > _LETTER_OVERLAP * min(last.right - last.left, box.width):
            letters[-1] = _Letter(last.left, max(last.right, right))
        else:
            letters.append(_Letter(left, right))
    return letters


def without_doubles(lines: Sequence[Written]) -> list[Sequence[Digit]]:
    """The digits of lines that have some, without what belongs to a believable line.

    That is, low parts of its digits, letters and signs, dots beside them, and commas.
    """
    tall = [box for line in lines for box in _tall(line)]
    if not tall or len(lines) == 1:
        return [line.digits for line in lines if line.digits]
    left, top, width, height = np.array(tall).T
    left, width = left - _BESIDE * height, width + 2 * _BESIDE * height

    def stands_apart(one: Digit, is_low: bool, is_alone: bool) -> bool:
        box, foot = one.box, top + height
        is_comma = (box.height < _COMMA * height) & (box.y + box.height > foot)
        is_comma &= box.y < foot + _LOWEST_HEAD * height
        is_comma &= is_alone and one.digit in _LIKE_COMMAS
        bottom = foot + _LOWEST_FOOT * is_comma * height
        across = np.minimum(left + width, box.x + box.width) - np.maximum(left, box.x)
        down = np.minimum(bottom, box.y + box.height) - np.maximum(top, box.y)
        covered = np.maximum(across, 0) * np.maximum(down, 0)
        return not ((is_low | is_comma) & (covered > _DOUBLE * box.width * box.height)).any()

    kept = [
        [one for one in line.digits if stands_apart(one, line.is_low, len(line.digits) == 1)]
        for line in lines
    ]
    return [digits for digits in kept if digits]


def _tall(line: Written) -> list[Box]:
    """Where a believable line's digits stand, and its other ink that is about as tall."""
    if line.is_low or not line.digits or mean_belief(line.digits) < LEAST_MEAN_BELIEF:
        return []
    boxes = [one.box for one in line.digits]
    heights = sorted(box.height for box in boxes)
    least = _AS_TALL * heights[len(heights) // 2]
    return boxes + [box for box in line.ink if box.height >= least]
