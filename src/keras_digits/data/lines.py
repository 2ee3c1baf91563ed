"""Lines of writing made of training digits, as a reader cuts them out of people's pictures.

Each line has one hand: digits of about one size, lean, pen and distance, on paper that may be
ruled, printed with waves or grained, with separators, neighbours that the border cuts off and
lines above and below. What a column of the line belongs to is known, because we put it there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_digits.data.augmentation import handwriting
from keras_digits.data.damage import damage
from keras_digits.data.drawing import (
    draw,
    draw_brackets,
    draw_currencies,
    draw_letters,
    draw_percents,
    draw_symbols,
)
from keras_digits.data.forms import other_forms
from keras_digits.data.hands import Hand
from keras_digits.data.marks import non_digits, scribbles
from keras_digits.data.paper import camera, paper, pen
from keras_digits.data.warping import Batch, bend
from keras_digits.digits import FRAME_WIDTH, NOTHING, NUM_CLASSES, SIDE, Images, Labels

_SHEETS = ((0.28, (160,)), (0.26, (96, 64)), (0.16, (64, 48, 48)))
"""How lines stand side by side in the rows of a batch: the share of rows, and the lines' widths.
The rest of the rows hold single digits. All rows are as wide, and each batch holds all kinds, so
that what normalises by batch meets the same in every batch."""

_SHEET_WIDTH = 160
"""Columns of a row."""

_SINGLE_STEP = SIDE + FRAME_WIDTH
"""Columns from one single digit to the next."""

_USUAL_WIDTH = 96
"""A batch's size counts lines of this width."""

_NUM_DRAWN = 6000
"""Digits of each class drawn anew for a :class:`Case`, but at most a tenth of those given."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines and what their frames show.

    Attributes:
        images: uint8 ``(n, 28, width)``, 0 paper, 255 ink.
        answers: uint8 ``(n, width / 4, 11)``, 1 for each answer that is right for a frame: the
            digit that stands around its middle, or ``NOTHING``; both towards a digit's border, or
            in one that the line's end cuts off.
    """

    images: NDArray[np.uint8]
    answers: NDArray[np.uint8]


class Case:
    """The digits that lines are set from, by what they are and where they come from.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink: MNIST's, or others like them.
        labels: uint8 ``(n,)``, 0 to 9.
        generator: Decides the forms of those that are changed or drawn anew.
    """

    def __init__(self, images: Images, labels: Labels, generator: np.random.Generator) -> None:
        num_drawn = min(_NUM_DRAWN, max(1, len(images) // 10))
        drawn_labels = np.repeat(np.arange(NUM_CLASSES, dtype=np.uint8), num_drawn)
        formed = other_forms(images.astype(np.float32), labels, generator)
        parts = (images, formed.astype(np.uint8), draw(drawn_labels, generator).astype(np.uint8))
        self.images, self.labels, self.classes = images, labels, np.unique(labels)
        self._sources = np.concatenate(parts)
        starts = (0, len(images), 2 * len(images))
        self._pools = [
            [start + np.flatnonzero(source == digit) for digit in range(NUM_CLASSES)]
            for start, source in zip(starts, (labels, labels, drawn_labels), strict=True)
        ]

    def pick(self, labels: Labels, hands: Labels, generator: np.random.Generator) -> Batch:
        """A digit for each label; float32 ``(n, 28, 28)``.

        Args:
            labels: uint8 ``(n,)``, 0 to 9.
            hands: uint8 ``(n,)``, an index into ``_HANDS``: whose digit it is to be.
            generator: Decides which.
        """
        is_one_or_seven = (labels == 1) | (labels == 7)
        shares = np.array(_HANDS)[hands, np.where(is_one_or_seven, 1, 0)]
        draws = generator.random((len(labels), 1))
        kinds = (draws > np.cumsum(shares, axis=1)[:, :2]).sum(axis=1)
        places = np.empty(len(labels), np.intp)
        for kind in range(3):
            for digit in range(NUM_CLASSES):
                wanted = np.flatnonzero((kinds == kind) & (labels == digit))
                if len(wanted):
                    places[wanted] = generator.choice(self._pools[kind][digit], len(wanted))
        return self._sources[places].astype(np.float32)


_HANDS = (
    ((0.7, 0.2, 0.1), (0.95, 0.0, 0.05)),
    ((0.42, 0.28, 0.3), (0.05, 0.5, 0.45)),
)
"""How a hand writes: as in the United States, or with flags and bars. The shares of digits as they
are in MNIST, changed a little, and drawn anew; then the same for ones and sevens, which are known
apart by knowing the hand."""


def make_batch(case: Case, size: int, generator: np.random.Generator) -> Lines:
    """The lines of one training step, some of them side by side.

    Args:
        case: The digits to write with.
        size: As many pixels as so many lines of 96 columns have.
        generator: Decides everything.
    """
    num_rows = max(len(_SHEETS) + 1, round(size * _USUAL_WIDTH / _SHEET_WIDTH))
    sheets = []
    for share, widths in _SHEETS:
        count = max(1, round(share * num_rows))
        sheets.append(_beside([make_lines(case, count, width, generator) for width in widths]))
    count = max(1, num_rows - sum(len(sheet.images) for sheet in sheets))
    a_row = _SHEET_WIDTH // _SINGLE_STEP
    singles = make_single(case.images, case.labels, count * a_row, generator)
    sheets.append(_in_rows(singles, a_row))
    return Lines(
        np.concatenate([sheet.images for sheet in sheets]),
        np.concatenate([sheet.answers for sheet in sheets]),
    )


def _beside(parts: Sequence[Lines]) -> Lines:
    """As many lines, the parts' side by side."""
    return Lines(
        np.concatenate([part.images for part in parts], axis=2),
        np.concatenate([part.answers for part in parts], axis=1),
    )


def _in_rows(singles: Lines, a_row: int) -> Lines:
    """Single digits, so many in a row, paper between them."""
    gap = _SINGLE_STEP - SIDE
    images = np.pad(singles.images, ((0, 0), (0, 0), (0, gap)))
    answers = np.pad(singles.answers, ((0, 0), (0, gap // FRAME_WIDTH), (0, 0)))
    answers[:, -gap // FRAME_WIDTH :, NOTHING] = 1
    count = len(images) // a_row
    return Lines(
        images.reshape(count, a_row, SIDE, -1).transpose(0, 2, 1, 3).reshape(count, SIDE, -1),
        answers.reshape(count, -1, NOTHING + 1),
    )


def single_answers(labels: Labels) -> NDArray[np.uint8]:
    """The right answers for images as MNIST makes them, uint8 ``(n, 7, 11)``.

    Args:
        labels: uint8 ``(n,)``, 0 to 9.
    """
    answers = np.zeros((len(labels), SIDE // FRAME_WIDTH, NUM_CLASSES + 1), np.uint8)
    answers[:, :, NOTHING] = 1
    middle = SIDE // FRAME_WIDTH // 2
    answers[:, middle, NOTHING] = 0
    for frame in (middle - 1, middle, middle + 1):
        answers[np.arange(len(labels)), frame, labels] = 1
    return answers


def make_lines(case: Case, count: int, width: int, generator: np.random.Generator) -> Lines:
    """Lines of digits as people write and photograph them.

    Args:
        case: The digits to write with.
        count: Lines to make.
        width: Of each, in pixels; a multiple of ``FRAME_WIDTH``.
        generator: Decides everything.
    """
    num_slots = max(3, round(width / 11))
    labels = generator.choice(case.classes, (count, num_slots))
    labels[generator.random(labels.shape) < 0.06] = case.classes[0]
    begins_with_one = (generator.random(count) < 0.1) & (1 in case.classes)
    labels[begins_with_one, 0] = 1  # as amounts do more often than not
    for column in range(1, num_slots):  # twins touch
        repeats = generator.random(count) < 0.1
        labels[repeats, column] = labels[repeats, column - 1]
    num_digits = _num_digits(count, width, num_slots, generator)
    _round_off(labels, num_digits, case.classes[0], generator)
    hands = (generator.random(count) < 0.5).astype(np.uint8)
    used = np.arange(num_slots)[None, :] < num_digits[:, None]
    which = labels[used]
    digits = case.pick(which, np.repeat(hands, num_digits), generator)
    digits = bend(digits, which, generator)
    _mix_others(digits, which, np.repeat(generator.random(count) < 0.03, num_digits), generator)
    strips = np.zeros((count, SIDE, width), np.float32)
    answers = np.zeros((count, width // FRAME_WIDTH, NUM_CLASSES + 1), np.uint8)
    ends = np.cumsum(num_digits)
    _mix_signs(digits, which, ends - num_digits, ends, generator)
    for index in range(count):
        slots = slice(ends[index] - num_digits[index], ends[index])
        hand = Hand(generator, width)
        hand.write(strips[index], answers[index], digits[slots], which[slots])
    answers[:, :, NOTHING] |= ~answers.any(axis=2)
    strips = pen(strips, generator)
    strips = paper(strips, generator)
    return Lines(camera(strips, generator), answers)


def _num_digits(
    count: int, width: int, num_slots: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    """How many digits each line is given: what fills it, fewer or none."""
    full = np.full(count, num_slots)
    kind = generator.random(count)
    few = generator.integers(1, max(2, round(width / 24)) + 1, count)
    return np.where(kind < 0.03, 0, np.where(kind < 0.42, few, full))


def _mix_others(
    digits: Batch,
    labels: Labels,
    is_text: NDArray[np.bool_],
    generator: np.random.Generator,
) -> None:
    """Put scribbles, letters and signs in the place of some digits, in place.

    Args:
        digits: float32 ``(n, 28, 28)``.
        labels: uint8 ``(n,)``.
        is_text: bool ``(n,)``, whether a digit is of a line where nearly all are letters.
        generator: Decides which.
    """
    draws = generator.random(len(digits))
    scribbled = np.flatnonzero(draws < 0.02)
    symbols = np.flatnonzero((draws >= 0.02) & (draws < np.where(is_text, 0.9, 0.05)))
    digits[scribbled] = scribbles(digits[scribbled], generator)
    digits[symbols] = bend(
        draw_symbols(len(symbols), generator, are_alone=False), labels[symbols], generator
    )
    labels[scribbled] = labels[symbols] = NOTHING


def _mix_signs(
    digits: Batch,
    labels: Labels,
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
    generator: np.random.Generator,
) -> None:
    """Put signs and words before or behind some lines' digits, and some of these in brackets.

    Of a line with many digits some stand behind that again: its end is mostly out of view.

    Args:
        digits: float32 ``(n, 28, 28)``, of all lines, in place.
        labels: uint8 ``(n,)``, in place.
        starts: int ``(lines,)``, where the digits of each line begin.
        ends: int ``(lines,)``, where they end.
        generator: Decides which.
    """
    draws, counts = generator.random(len(ends)), ends - starts
    draws[counts < 2] = 0.5
    behind = generator.integers(starts + 1, np.maximum(ends, starts + 2))
    for places, draw_some in (
        (np.concatenate([starts[draws < 0.06], behind[draws > 0.985]]), draw_currencies),
        (behind[(draws > 0.96) & (draws < 0.985)], draw_percents),
        (_places_of_words(starts, ends, (draws > 0.1) & (draws < 0.2), generator), draw_letters),
    ):
        digits[places] = bend(draw_some(len(places), generator), labels[places], generator)
        labels[places] = NOTHING
    bracketed = np.flatnonzero((draws > 0.06) & (draws < 0.1))
    opening = starts[bracketed]
    last = ends[bracketed] - 1
    closing = generator.integers(np.minimum(opening + 2, last), last + 1)
    pairs = draw_brackets(len(bracketed), generator)
    digits[opening], digits[closing] = pairs[:, 0], pairs[:, 1]
    labels[opening] = labels[closing] = NOTHING


def _places_of_words(
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
    has_word: NDArray[np.bool_],
    generator: np.random.Generator,
) -> NDArray[np.intp]:
    """The places of letters, two to seven of them before or behind digits of a line.

    Args:
        starts: int ``(lines,)``, where the digits of each line begin.
        ends: int ``(lines,)``, where they end.
        has_word: bool ``(lines,)``; one of fewer than three digits has none all the same.
        generator: Decides which.
    """
    places = [np.zeros(0, np.intp)]
    for start, end in zip(starts[has_word], ends[has_word], strict=True):
        if end - start > 2:
            length = int(generator.integers(2, min(7, end - start - 1) + 1))
            is_before = generator.random() < 0.5
            first = start if is_before else int(generator.integers(start + 1, end - length + 1))
            places.append(np.arange(first, first + length))
    return np.concatenate(places)


def _round_off(
    labels: NDArray[np.uint8],
    num_digits: NDArray[np.intp],
    lowest: int,
    generator: np.random.Generator,
) -> None:
    """Let some lines end in zeros, as amounts do, in place; `lowest` is the zero."""
    slots = np.arange(labels.shape[1])[None, :]
    num_zeros = np.where(
        generator.random(len(labels)) < 0.2, generator.integers(2, 5, len(labels)), 0
    )
    labels[(slots >= (num_digits - num_zeros)[:, None]) & (slots > 0)] = lowest


def make_single(
    images: Images, labels: Labels, count: int, generator: np.random.Generator
) -> Lines:
    """Images as MNIST makes them, each with one digit in its middle, as lines of one digit.

    A fifth shows things that are no digits, or nothing; to some of all something has happened.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink: the digits to choose from.
        labels: uint8 ``(n,)``, 0 to 9.
        count: Lines to make.
        generator: Decides everything.
    """
    chosen = generator.choice(len(images), count)
    num_plain, num_bent, num_others = round(0.15 * count), round(0.25 * count), round(0.2 * count)
    plain, bent, changed, others = np.split(
        chosen, (num_plain, num_plain + num_bent, count - num_others)
    )
    others_made = non_digits(images[others], generator)
    others_made[: num_others // 10] = 0  # bare paper, so that haze on it isn't taken for a digit
    made = (
        images[plain],
        bend(images[bent].astype(np.float32), labels[bent], generator).astype(np.uint8),
        handwriting(images[changed], labels[changed], generator),
        others_made,
    )
    answers = single_answers(labels[chosen])
    answers[count - num_others :] = 0
    answers[count - num_others :, :, NOTHING] = 1
    return Lines(damage(np.concatenate(made), generator), answers)
