"""Which answers are given, and which are declined because they might break a promise."""

from collections.abc import Mapping
from dataclasses import replace

from keras_digits.declining import DEFAULT_MAX_ERROR, Promises
from keras_digits.digits import Number
from keras_digits.errors import ModelFileError

PROMISES = ("single", "number", "digit")
"""What is promised of: the one digit of a picture, a number, and each digit of a number."""


class Acceptance:
    """Keeps a promise about errors, for a network that came with what that needs.

    Args:
        promises: What was measured of the network's answers, by ``PROMISES``; may be empty.
        max_error: The share of the answers given that may be wrong; None for the usual, or for
            no promise where the network came without one.

    Raises:
        ModelFileError: A promise is asked for, and the network came without.
        ValueError: `max_error` is no share.
    """

    def __init__(self, promises: Mapping[str, Promises], max_error: float | None) -> None:
        if max_error is not None and not promises:
            raise ModelFileError(
                "this network came without what a promise about errors needs; expected one trained "
                "with --validation-split. Train it so, or leave the promise out."
            )
        wanted = DEFAULT_MAX_ERROR if max_error is None else max_error
        self._thresholds = {name: one.threshold(wanted) for name, one in promises.items()}

    def judge(self, number: Number, layout: str) -> Number:
        """The number, it and its digits accepted or not.

        Args:
            number: What was read.
            layout: ``digit`` where it is the one digit of a picture.
        """
        if not self._thresholds:
            return number
        whole, each = ("single", "single") if layout == "digit" else ("number", "digit")
        digits = tuple(
            replace(one, accepted=one.confidence >= self._thresholds[each]) for one in number.digits
        )
        is_accepted = number.confidence >= self._thresholds[whole]
        return replace(number, digits=digits, accepted=is_accepted)
