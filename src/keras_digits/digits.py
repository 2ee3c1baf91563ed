"""The contract that both wings share: what an image, a label and a probability are.

*   ``images``: uint8 ``(n, 28, 28)``, 0 is paper and 255 is ink, as MNIST has them.
*   ``labels``: uint8 ``(n,)``, 0 to 9, the truth.
*   ``probabilities``: float32 ``(n, 10)``, column ``d`` the belief in digit ``d``; rows sum to 1.
*   ``lines``: uint8 ``(n, 28, width)``, lines of writing whose digits are about 20 pixels tall.
*   ``frames``: float32 ``(n, width / 4, 11)``, for every four columns of a line the logits of each
    digit standing around their middle, and last of no digit doing so.

And what a reading of somebody's picture is: :class:`Reading`, :class:`Number`, :class:`Digit`.
Knows no file format and no network.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

SIDE = 28
"""Height and width of an image in pixels."""

NUM_CLASSES = 10
"""The digits 0 to 9."""

NOTHING = NUM_CLASSES
"""The answer of a frame around whose middle no digit stands."""

FRAME_WIDTH = 4
"""Columns of a line for which a network answers once."""

PAPER, INK = 0, 255
"""The values of a pixel without any ink and of one full of it."""

Images: TypeAlias = NDArray[np.uint8]
"""uint8 ``(n, 28, 28)``, 0 paper, 255 ink."""

Labels: TypeAlias = NDArray[np.uint8]
"""uint8 ``(n,)``, 0 to 9."""

Probabilities: TypeAlias = NDArray[np.float32]
"""float32 ``(n, 10)``, rows sum to 1."""


class Box(NamedTuple):
    """An upright rectangle in a picture, in pixels of the upright picture from its top left."""

    x: int
    y: int
    width: int
    height: int

    def scaled(self, factor: float) -> "Box":
        """The same place in a picture that is `factor` times as large; never without area."""
        left, top = round(self.x * factor), round(self.y * factor)
        right = round((self.x + self.width) * factor)
        bottom = round((self.y + self.height) * factor)
        return Box(left, top, max(1, right - left), max(1, bottom - top))


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit that was read.

    Attributes:
        digit: 0 to 9.
        confidence: The belief that this is a digit and this one, 0 to 1.
        box: Where its ink is.
        probabilities: float32 ``(10,)``, the belief in each digit, given that it is one; sums to 1.
        image: uint8 ``(28, 28)``, 0 paper, 255 ink: what the network saw, which is the line around
            the digit, or the digit alone where the network reads single digits.
        accepted: Whether it is believed enough to keep what the reader promises of its errors;
            None where nothing can be promised.
    """

    digit: int
    confidence: float
    box: Box
    probabilities: Probabilities = field(repr=False)
    image: NDArray[np.uint8] = field(repr=False)
    accepted: bool | None = None


@dataclass(frozen=True, eq=False)
class Number:
    """Digits in a row, read together.

    Attributes:
        text: The digits, without separators.
        confidence: The belief that all of them are right, 0 to 1.
        box: Around all the digits' boxes.
        digits: From left to right, at least one.
        accepted: As for a digit, of the number as a whole.
    """

    text: str
    confidence: float
    box: Box
    digits: tuple[Digit, ...]
    accepted: bool | None = None

    @property
    def marked_text(self) -> str:
        """The digits, with a question mark where the number is not accepted."""
        return f"{self.text}?" if self.accepted is False else self.text


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read in a picture.

    Attributes:
        numbers: In reading order, from the top line to the bottom one; none in a blank picture.
    """

    numbers: tuple[Number, ...]

    @property
    def text(self) -> str:
        """The numbers, one a line."""
        return "\n".join(number.text for number in self.numbers)

    def to_dict(self) -> dict[str, Any]:
        """The reading as JSON can hold it; without images and probabilities."""
        return {"numbers": [_number_to_dict(number) for number in self.numbers]}


def _number_to_dict(number: Number) -> dict[str, Any]:
    return {
        "text": number.text,
        **_belief_to_dict(number),
        "digits": [{"digit": one.digit, **_belief_to_dict(one)} for one in number.digits],
    }


def _belief_to_dict(read: Digit | Number) -> dict[str, Any]:
    return {
        "confidence": round(read.confidence, 4),
        "accepted": read.accepted,
        "box": list(read.box),
    }
