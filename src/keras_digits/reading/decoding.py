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
    views: Sequence[NDArray[np.float32]], asked: Sequence[tuple[int, Sequence[int]]]
) -> NDArray[np.float64]:
    """The beliefs of views of lines that they hold just these digits, in this order.

    Each is the sum over all ways in which the frames can tell them, equal neighbours merged and
    frames of nothing left out: the forward algorithm of Graves, Fernández, Gomez, Schmidhuber 2006,
    eq. 6. All are reckoned together, because each step is short.

    Args:
        views: Of each view its frames.
        asked: Of which of the views, by its index, which digits from left to right, none for an
            empty line.

    Returns:
        float64 ``(asked,)``.
    """
    view_of = np.array([view for view, _ in asked])
    num_digits = np.array([len(row) for _, row in asked])
    states = np.full((len(asked), 2 * int(num_digits.max()) + 1), NOTHING)
    for of_row, (_, row) in zip(states, asked, strict=True):
        of_row[1 : 2 * len(row) : 2] = row
    may_skip = np.zeros(states.shape)
    may_skip[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    frames = np.zeros((max(len(beliefs) for beliefs in views), len(views), NOTHING + 1))
    frames[:, :, NOTHING] = 1  # what a shorter view lacks is paper
    for index, beliefs in enumerate(views):
        frames[: len(beliefs), index] = beliefs
    places = view_of[:, None] * (NOTHING + 1) + states
    reached = np.zeros((len(asked), states.shape[1] + 2))  # nothing reaches the two before
    now = reached[:, 2:]
    now[:, :2] = frames[0].ravel()[places[:, :2]]
    for frame in frames[1:]:
        now += reached[:, 1:-1] + may_skip * reached[:, :-2]
        now *= frame.ravel()[places]
    each, end = np.arange(len(asked)), 2 * num_digits
    return np.asarray(now[each, end] + np.where(num_digits > 0, now[each, end - 1], 0))


def _runs(answers: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    """Runs of frames that see the same digit: the digit, the first frame, the frame after."""
    borders = (np.flatnonzero(answers[1:] != answers[:-1]) + 1).tolist()
    digits = answers.tolist()
    return [
        (digits[first], first, end)
        for first, end in itertools.pairwise([0, *borders, len(digits)])
        if digits[first] != NOTHING
    ]
