"""When not to answer: the confidence from which on answers keep a promise about their errors.

The promise is "of the answers given, at most this share is wrong". It holds for answers that are
drawn as those were that it was measured on, independently, save with a probability of ``DELTA``,
for a share that was chosen before it was measured; to try many and take one is to try one's luck.
Where several answers were measured in one picture, as digits of a number are, independence is not
given, and that probability is somewhat larger than ``DELTA``; by how much is not computed here.
Knows no network and no file.
"""

import json
import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

DELTA = 0.05
"""The probability that a promise is broken by chance in the choice of what it was measured on."""

DEFAULT_MAX_ERROR = 0.05
"""The share of wrong answers that is promised where nobody asks for another."""

LEAST_CONFIDENCE = 0.5
"""What is believed less is more likely wrong than right, and is not given whatever is promised: a
promise of all answers together would let a few such pass."""

THRESHOLDS = (
    *(0.5, 0.52, 0.54, 0.56, 0.58, 0.6, 0.62, 0.64, 0.66, 0.68),
    *(0.7, 0.72, 0.74, 0.76, 0.78, 0.8, 0.82, 0.84, 0.86, 0.88),
    *(0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98),
    *(0.99, 0.991, 0.992, 0.993, 0.994, 0.995, 0.996, 0.997, 0.998),
    *(0.999, 0.9991, 0.9992, 0.9993, 0.9994, 0.9995, 0.9996, 0.9997, 0.9998, 0.9999),
)
"""The confidences that can be promised from, fixed before anything is measured."""

STARTS = (0.9, 0.99, 0.999, 0.9999)
"""From each of these on the thresholds are tested, one below the other, until one fails."""

_DELTA_OF_A_START = DELTA / len(STARTS)

_Row: TypeAlias = tuple[float, int, int]
"""A confidence, how many answers that are at least so confident are wrong, and of how many."""


@dataclass(frozen=True)
class Promises:
    """What was measured of answers that are at least so confident.

    Attributes:
        thresholds: Confidences in [0, 1], rising.
        num_given: The answers that are at least so confident, one count a threshold.
        num_wrong: How many of them are wrong.
    """

    thresholds: tuple[float, ...]
    num_given: tuple[int, ...]
    num_wrong: tuple[int, ...]

    @classmethod
    def measure(cls, confidences: NDArray[np.floating], are_right: NDArray[np.bool_]) -> "Promises":
        """Count answers.

        Args:
            confidences: ``(n,)``, 0 to 1.
            are_right: bool ``(n,)``.
        """
        given = [confidences >= threshold for threshold in THRESHOLDS]
        return cls(
            THRESHOLDS,
            tuple(int(chosen.sum()) for chosen in given),
            tuple(int((chosen & ~are_right).sum()) for chosen in given),
        )

    def threshold(self, max_error: float) -> float:
        """The lowest confidence from which on at most `max_error` of the answers are wrong.

        From each of ``STARTS`` the thresholds are tested downwards, by the exact binomial bound of
        Clopper and Pearson (1934), until one fails; each start may err with the probability
        ``DELTA / len(STARTS)``. So, for a share chosen before looking at what passes, the promise
        holds with probability ``1 - DELTA``, whichever threshold it is. This is fixed sequence
        testing from several starts, Angelopoulos, Bates, Candès, Jordan, Lei, "Learn then Test:
        Calibrating Predictive Algorithms to Achieve Risk Control" (2021).

        Args:
            max_error: A share, 0 < share < 1.

        Returns:
            A confidence, at least ``LEAST_CONFIDENCE``; infinity where so few errors can't be
            promised, so that nothing is given.

        Raises:
            ValueError: `max_error` is no such share.
        """
        if not 0 < max_error < 1:
            raise ValueError(f"max_error is {max_error}; expected a share, 0 < share < 1.")
        lowest, goes_on, starts = math.inf, False, self._starts()
        for row in self._rows_from_the_surest():
            if goes_on or row in starts:
                threshold, wrong, given = row
                goes_on = _probability_of_at_most(wrong, given, max_error) <= _DELTA_OF_A_START
                lowest = threshold if goes_on else lowest
        return lowest

    def least_error(self) -> float:
        """The smallest share of wrong answers that can be promised."""
        return min(upper_bound(*row[1:], _DELTA_OF_A_START) for row in self._starts())

    def _starts(self) -> set[_Row]:
        """Where tests begin: at ``STARTS``, or at what is next below them."""
        rows = self._rows_from_the_surest()
        return {next(row for row in rows if row[0] <= start) for start in STARTS}

    def _rows_from_the_surest(self) -> list[_Row]:
        """What was counted for each confidence that may be promised from."""
        rows = zip(self.thresholds, self.num_wrong, self.num_given, strict=True)
        return [row for row in rows if row[0] >= LEAST_CONFIDENCE][::-1]

    def to_json(self) -> str:
        """The counts in one line, as a network's metadata holds them."""
        return json.dumps([self.thresholds, self.num_given, self.num_wrong])

    @classmethod
    def from_json(cls, text: str) -> "Promises":
        """What :meth:`to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            thresholds, given, wrong = json.loads(text)
            rows = [
                (float(one), int(count), int(errors))
                for one, count, errors in zip(thresholds, given, wrong, strict=True)
            ]
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ValueError(f"{text[:40]!r} is no measured promise") from error
        is_counted = all(0 <= errors <= count < 2**53 for _, count, errors in rows)
        confidences = [one for one, _, _ in rows]
        is_usable = any(LEAST_CONFIDENCE <= one <= STARTS[0] for one in confidences)
        if not (is_counted and is_usable and confidences == sorted(confidences)):
            raise ValueError(f"{text[:40]!r} is no measured promise")
        return cls(*zip(*rows, strict=True))


def rounded_up(share: float) -> float:
    """A share above 0 with two digits that count, not below what it was: what people may type."""
    places = 1 - math.floor(math.log10(share))
    shown = math.ceil(share * 10**places) / 10**places
    return float(shown if shown >= share else shown + 10.0**-places)


def upper_bound(num_wrong: int, num_given: int, delta: float) -> float:
    """The largest share of errors that is compatible with what was counted.

    The upper end of Clopper and Pearson's one-sided interval, "The use of confidence or fiducial
    limits illustrated in the case of the binomial" (1934): the share at which so few errors, or
    fewer, have the probability `delta`.

    Args:
        num_wrong: Errors counted, at least 0.
        num_given: Among so many answers, at least `num_wrong`.
        delta: 0 < delta < 1.

    Returns:
        A share; 1 where there was no answer or none was right.
    """
    if num_wrong >= num_given:
        return 1.0
    low, high = num_wrong / num_given, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if _probability_of_at_most(num_wrong, num_given, middle) > delta:
            low = middle
        else:
            high = middle
    return high


def _probability_of_at_most(num_wrong: int, num_given: int, share: float) -> float:
    """The binomial distribution's lower tail: so few errors or fewer, each with this chance."""
    counts = np.arange(1, num_wrong + 1)
    steps = np.log((num_given - counts + 1) / counts) + math.log(share) - math.log1p(-share)
    logs = num_given * math.log1p(-share) + np.concatenate([[0.0], np.cumsum(steps)])
    highest = float(logs.max())
    return float(np.exp(highest + math.log(float(np.exp(logs - highest).sum()))))
