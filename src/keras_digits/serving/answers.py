"""What goes back to a client: the same names and numbers as ``digits read --json`` gives."""

import base64
import math
from typing import Any

import cv2
import numpy as np

from keras_digits.digits import Images, Number, Probabilities, Reading
from keras_digits.errors import PictureError
from keras_digits.reading.accepting import Acceptance, promises_of
from keras_digits.serving.options import ReadOptions


def answer(
    name: str, outcome: Reading | PictureError, acceptance: Acceptance, options: ReadOptions
) -> dict[str, Any]:
    """One picture's answer.

    Args:
        name: What the client called it.
        outcome: What came of it.
        acceptance: Judges it.
        options: Whether it is to be explained, and by what layout it was read.

    Returns:
        ``{"file": ..., "numbers": [...], "error": ...}``.
    """
    if isinstance(outcome, PictureError):
        return {"file": name, "numbers": [], "error": str(outcome)}
    judged = judge(outcome, acceptance, options.layout)
    answered = judged.to_dict()
    if options.explain:
        thresholds = _thresholds(acceptance, options.layout)
        for number, told in zip(judged.numbers, answered["numbers"], strict=True):
            _explain(number, told, *thresholds)
    return {"file": name, **answered, "error": None}


def judge(reading: Reading, acceptance: Acceptance, layout: str) -> Reading:
    """The reading, its answers accepted or not."""
    return Reading(tuple(acceptance.judge(number, layout) for number in reading.numbers))


def classified(probabilities: Probabilities) -> dict[str, Any]:
    """The answer to images: each one's likeliest digit, and what is believed of all ten."""
    return {
        "digits": probabilities.argmax(axis=1).tolist(),
        "probabilities": _rounded(probabilities),
    }


def _explain(
    number: Number, told: dict[str, Any], threshold: float | None, of_digits: float | None
) -> None:
    """Add why, in place."""
    told["threshold"] = threshold
    for digit, one in zip(number.digits, told["digits"], strict=True):
        one["threshold"] = of_digits
        one["probabilities"] = _rounded(digit.probabilities)
        one["image"] = _as_png(digit.image)


def _thresholds(acceptance: Acceptance, layout: str) -> list[float | None]:
    """The confidence that a number needs, and that its digits do; 1 is more than there is."""
    found = [acceptance.thresholds.get(kind) for kind in promises_of(layout)]
    return [1.0 if one == math.inf else one for one in found]


def _rounded(probabilities: Probabilities) -> Any:
    """Numbers as JSON holds them, to a millionth."""
    return np.round(probabilities.astype(np.float64), 6).tolist()


def _as_png(image: Images) -> str:
    """An image as a file in base64."""
    _, encoded = cv2.imencode(".png", image)
    return base64.b64encode(encoded.tobytes()).decode("ascii")
