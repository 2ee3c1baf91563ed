"""What the frames of a line say: which digits stand where, and how believable a row of them is.

Knows no pixels. Frames are probabilities here, float ``(frames, 11)``: the beliefs that each digit
stands around a frame's middle, and last that none does.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import NOTHING, NUM_CLASSES, Probabilities


@dataclass(frozen=True, eq=False)
class Spot:
    """A digit that a run of frames sees.

    Attributes:
        digit: 0 to 9.
        frame: The middle of the run, in frames, weighed by belief.
        confidence: The highest belief of the run.
        probabilities: float32 ``(10,)``, the belief in each digit, given that it is one.
    """

    digit: int
    frame: float
    confidence: float
    probabilities: Probabilities


def spots(beliefs: NDArray[np.float32]) -> list[Spot]:
    """The digits that are believed more than anything else, from left to right."""
    return [
        _spot(beliefs, digit, first, end) for digit, first, end in _runs(beliefs.argmax(axis=1))
    ]


def row_of(beliefs: NDArray[np.float32]) -> tuple[int, ...]:
    """What :func:`spots` are digits of; takes a third of the time."""
    return tuple(digit for digit, _, _ in _runs(beliefs.argmax(axis=1)))


def spot_at(beliefs: NDArray[np.float32], frame: int, digit: int) -> Spot:
    """The digit that a frame sees, whether or not it believes in anything else more.

    Args:
        beliefs: The line's frames.
        frame: The frame; those beside it count where they see the digit too.
        digit: 0 to 9.
    """
    sees = beliefs[:, digit] > 0.5 * beliefs[frame, digit]
    first = last = frame
    while first > 0 and sees[first - 1]:
        first -= 1
    while last + 1 < len(sees) and sees[last + 1]:
        last += 1
    return _spot(beliefs, digit, first, last + 1)


def _spot(beliefs: NDArray[np.float32], digit: int, first: int, end: int) -> Spot:
    """What a run of frames sees."""
    run = beliefs[first:end]
    weights = run[:, digit]
    frame = float((np.arange(first, end) * weights).sum() / weights.sum())
    total = run[:, :NUM_CLASSES].sum(axis=0)
    return Spot(digit, frame, float(weights.max()), (total / total.sum()).astype(np.float32))


def row_probabilities(
    views: Sequence[NDArray[np.float32]], rows: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """The belief of each view of a line that it holds just these digits, in this order.

    The sum over all ways in which the frames can tell them, equal neighbours merged and frames of
    nothing left out: the forward algorithm of Graves, Fernández, Gomez, Schmidhuber 2006, eq. 6.

    Args:
        views: Of each view its frames.
        rows: Digits from left to right, none for an empty line.

    Returns:
        float64 ``(rows, views)``.
    """
    num_digits = np.array([len(row) for row in rows])
    states = np.full((len(rows), 2 * int(num_digits.max()) + 1), NOTHING)
    for of_row, row in zip(states, rows, strict=True):
        of_row[1 : 2 * len(row) : 2] = row
    frames = np.zeros((max(len(beliefs) for beliefs in views), len(views), NOTHING + 1))
    frames[:, :, NOTHING] = 1  # what a shorter view lacks is paper
    for index, beliefs in enumerate(views):
        frames[: len(beliefs), index] = beliefs
    shares = np.moveaxis(frames[:, :, states], 2, 1)
    steps = _steps(states)
    reached = shares[0].copy()
    reached[..., 2:] = 0
    for share in shares[1:]:
        reached = np.matmul(reached, steps) * share
    each, end = np.arange(len(rows)), 2 * num_digits
    in_paper, in_digit = reached[each, :, end], reached[each, :, end - 1]
    return np.asarray(in_paper + np.where(num_digits[:, None] > 0, in_digit, 0))


def _steps(states: NDArray[np.intp]) -> NDArray[np.float64]:
    """From which state of a row a frame may lead to which: 0 or 1, ``(rows, states, states)``.

    To the same, to the next, and from a digit to another across the paper between them.
    """
    size = states.shape[1]
    steps = np.zeros((*states.shape, size))
    place = np.arange(size)
    steps[:, place, place] = 1
    steps[:, place[:-1], place[1:]] = 1
    digits = place[1:-2:2]
    steps[:, digits, digits + 2] = states[:, digits] != states[:, digits + 2]
    return steps


def _runs(answers: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    """Runs of frames that see the same digit: the digit, the first frame, the frame after."""
    borders = (np.flatnonzero(answers[1:] != answers[:-1]) + 1).tolist()
    digits = answers.tolist()
    return [
        (digits[first], first, end)
        for first, end in itertools.pairwise([0, *borders, len(digits)])
        if digits[first] != NOTHING
    ]
