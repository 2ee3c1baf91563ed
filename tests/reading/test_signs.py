"""What stands beside numbers, or is a piece of a sign, is no digit."""

from dataclasses import replace

import numpy as np
import pytest

from keras_digits.digits import NUM_CLASSES, SIDE, Box, Digit
from keras_digits.reading.signs import Written, without_doubles, without_signs


def digit_in(box: Box, digit: int = 0) -> Digit:
    probabilities = np.zeros(NUM_CLASSES, np.float32)
    return Digit(digit, 0.9, box, probabilities, np.zeros((SIDE, SIDE), np.uint8))


@pytest.mark.parametrize(
    ("box", "digit", "is_low", "is_kept"),
    [
        (Box(80, 140, 20, 30), 0, True, True),  # far from all, and lower
        (Box(145, 70, 20, 30), 0, True, False),  # beside the digit
        (Box(225, 70, 20, 30), 0, True, False),  # beside ink that isn't read, as of a percent sign
        (Box(225, 70, 20, 30), 0, False, True),  # as tall as others of its line
        (Box(145, 95, 8, 40), 1, False, False),  # a comma
        (Box(145, 95, 30, 40), 2, False, True),  # no comma looks like it
        (Box(145, 55, 8, 40), 1, False, True),  # it doesn't hang
        (Box(115, 108, 8, 35), 1, False, True),  # it stands below
        (Box(115, 108, 8, 35), 1, True, True),
    ],
)
def test_what_belongs_to_a_line_is_no_number(
    box: Box, digit: int, is_low: bool, is_kept: bool
) -> None:
    line = Written(False, [digit_in(Box(100, 0, 40, 100), 7)], [Box(180, 5, 40, 95)])
    other = Written(is_low, [digit_in(box, digit)], [box])
    assert len(without_doubles([line, other])) == 1 + is_kept
    doubtful = Written(False, [replace(digit_in(Box(100, 0, 40, 100)), confidence=0.2)], [])
    assert len(without_doubles([doubtful, other])) == 2


def boxes(*columns: tuple[int, int], height: int = 60) -> list[Box]:
    """Ink that stands in a row, from which column to which."""
    return [Box(left, 0, right - left, height) for left, right in columns]


@pytest.mark.parametrize(
    ("ink", "read", "kept"),
    [
        (boxes((0, 40), (44, 80), (84, 120)), [1], []),  # a word with a letter like a digit
        (boxes((0, 40), (44, 80), (84, 120)), [0, 1], [0, 1]),  # a number with a sign
        (boxes((0, 40), (44, 80)), [0], [0]),  # a currency's sign, or a bracket
        (boxes((0, 40), (60, 80), (100, 120)), [0], [0]),  # a number, and a unit behind it
        (boxes((0, 40), (44, 80), (84, 120), (160, 200)), [1, 3], [3]),  # a word, and a number
        (boxes((0, 40), (5, 30), (44, 80)), [0], [0]),  # a digit in two pieces
        (boxes((0, 40), (44, 80), (84, 120), height=20), [0], [0]),  # dots and dashes
        ([], [], []),
    ],
)
def test_letters_of_a_word_are_no_digits(ink: list[Box], read: list[int], kept: list[int]) -> None:
    digits = [digit_in(ink[index]._replace(height=60)) for index in read]
    (line,) = without_signs([Written(False, digits, ink)])
    assert line.digits == [digits[read.index(index)] for index in kept]
    assert line.ink == ink


@pytest.mark.parametrize(
    ("ink", "read", "kept"),
    [
        (boxes((0, 15), (20, 60), (64, 79)), [1], [1]),  # a digit in brackets
        (boxes((0, 15), (20, 60), (64, 104), (108, 123)), [1, 2], [1, 2]),
        (boxes((0, 40), (44, 80), (84, 99)), [1], []),  # what opens is wider than a bracket
        (boxes((0, 15), (20, 60), (64, 104), (108, 123)), [1], []),  # letters too are between
    ],
)
def test_digits_in_brackets_are_no_letters(
    ink: list[Box], read: list[int], kept: list[int]
) -> None:
    digits = [digit_in(ink[index]) for index in read]
    (line,) = without_signs([Written(False, digits, ink)])
    assert line.digits == [digits[read.index(index)] for index in kept]


WORD = [Box(0, 36, 30, 24), Box(34, 40, 20, 20), Box(58, 40, 20, 20), Box(82, 36, 30, 24)]
"""Small letters beside digits that are 60 tall."""


@pytest.mark.parametrize(
    ("low", "is_kept"),
    [
        (WORD[1:3], False),  # two letters like digits, and two others
        (WORD[1:], True),  # most of it was read: as likely a small number
        ([box._replace(y=box.y + 60) for box in WORD[1:3]], True),  # of the line below
    ],
)
def test_low_digits_in_the_word_of_a_line_are_letters(low: list[Box], is_kept: bool) -> None:
    number = [digit_in(Box(160, 0, 40, 60)), digit_in(Box(210, 0, 40, 60))]
    line = Written(False, number, [*WORD, *(digit.box for digit in number)])
    other = Written(True, [digit_in(box, 0) for box in low], low)
    kept = without_signs([line, other])
    assert kept[0] == line
    assert kept[1].digits == (other.digits if is_kept else [])


SIGN = [Box(60, 2, 22, 22), Box(65, 0, 40, 60), Box(90, 38, 22, 22)]


def test_percent_sign_is_no_digit() -> None:
    ink = [Box(15, 0, 40, 60), *SIGN]  # so near as letters stand
    number, sign, circle = digit_in(ink[0], 5), digit_in(Box(60, 0, 50, 60), 6), digit_in(SIGN[2])
    for read in ([number, sign], [number, sign, circle], [number, circle], [number]):
        line = Written(False, read, ink)
        assert without_signs([line]) == [line._replace(digits=[number])]


@pytest.mark.parametrize(
    "ink",
    [
        SIGN[:2],
        SIGN[1:],
        [Box(90, 2, 22, 22), SIGN[1], Box(60, 38, 22, 22)],  # the other way
        [Box(60, -60, 22, 22), *SIGN[1:]],  # a mark of the line above
        [SIGN[0]._replace(height=8), SIGN[1], SIGN[2]._replace(height=8)],  # dots, as of a division
        [],
    ],
)
def test_digit_with_marks_around_is_no_percent_sign(ink: list[Box]) -> None:
    digit = digit_in(Box(65, 0, 40, 60), 6)
    assert without_signs([Written(False, [digit], ink)])[0].digits == [digit]
