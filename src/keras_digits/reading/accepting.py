"""Which answers are given, and which are declined because they might break a promise."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

from keras_digits.declining import DEFAULT_MAX_ERROR, Promises, rounded_up
from keras_digits.digits import Number
from keras_digits.errors import ModelFileError

PROMISES = ("single", "number", "digit")
"""What is promised of: the one digit of a picture, a number, and each digit of a number."""


class Acceptance:
    """Keeps a promise about errors, for a network that came with what that needs.

    Of what it can't promise, nothing is accepted if the promise was asked for, and nothing is said
    if it was not.

    Args:
        promises: What was measured of the network's answers, by ``PROMISES``; may be empty.
        max_error: The share of the answers given that may be wrong; None for the usual, or for
            no promise where the network came without one.

    Attributes:
        thresholds: The confidence that an answer must have to be accepted, by ``PROMISES``;
            infinity where none is accepted; without those of which nothing is promised.

    Raises:
        ModelFileError: A promise is asked for, and the network came without, or can promise that
            of nothing.
        ValueError: `max_error` is no share.
    """

    def __init__(self, promises: Mapping[str, Promises], max_error: float | None) -> None:
        if max_error is not None and not promises:
            raise ModelFileError(
                "this network came without what a promise about errors needs; expected one trained "
                "with --validation-split. Train it so, or leave the promise out."
            )
        self._promises = promises
        wanted = DEFAULT_MAX_ERROR if max_error is None else max_error
        self.thresholds = {name: one.threshold(wanted) for name, one in promises.items()}
        if max_error is None:
            self.thresholds = {k: one for k, one in self.thresholds.items() if one < inf}
        elif all(one == inf for one in self.thresholds.values()):
            least = " or ".join(
                f"at least {rounded_up(promises[name].least_error()):g} of {words}"
                for name, words in (("number", "numbers"), ("single", "single digits"))
                if name in promises
            )
            raise ModelFileError(
                f"this network can't promise that at most {max_error:g} of its answers are wrong; "
                f"expected {least}."
            )

    def judge(self, number: Number, layout: str) -> Number:
        """The number, it and its digits accepted or not.

        Args:
            number: What was read.
            layout: ``digit`` where it is the one digit of a picture.
        """
        whole, each = promises_of(layout)
        digits = tuple(
            replace(one, accepted=self._is_accepted(one.confidence, each)) for one in number.digits
        )
        accepted = self._is_accepted(number.confidence, whole)
        return replace(number, digits=digits, accepted=accepted)

    def least_error(self, layout: str) -> float | None:
        """The smallest share of wrong answers that can be promised of numbers read so.

        None where nothing is promised.
        """
        whole, _ = promises_of(layout)
        return self._promises[whole].least_error() if whole in self._promises else None

    def _is_accepted(self, confidence: float, kind: str) -> bool | None:
        """Whether an answer is given; None where nothing is promised of its kind."""
        return confidence >= self.thresholds[kind] if kind in self.thresholds else None


def promises_of(layout: str) -> tuple[str, str]:
    """By which of ``PROMISES`` a number is judged, and by which its digits."""
    return ("single", "single") if layout == "digit" else ("number", "digit")
