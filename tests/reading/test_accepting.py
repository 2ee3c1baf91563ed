"""Answers are accepted as a promise allows."""

import numpy as np
import pytest

from keras_digits.declining import Promises
from keras_digits.digits import SIDE, Box, Digit, Number
from keras_digits.errors import ModelFileError
from keras_digits.reading.accepting import PROMISES, Acceptance
from keras_digits.reading.choosing import join_digits

SURE_ENOUGH = {"single": 0.5, "number": 0.9, "digit": 0.7}


def number(*confidences: float) -> Number:
    image, beliefs = np.zeros((SIDE, SIDE), np.uint8), np.full(10, 0.1, np.float32)
    return join_digits([Digit(7, one, Box(0, 0, 9, 9), beliefs, image) for one in confidences])


@pytest.fixture
def promises() -> dict[str, Promises]:
    """Answers that are right from a confidence on, another one for each kind."""
    confidences = np.linspace(0, 1, 20_001)
    return {
        name: Promises.measure(confidences, confidences >= SURE_ENOUGH[name]) for name in PROMISES
    }


def test_number_and_digits_have_thresholds_of_their_own(promises: dict[str, Promises]) -> None:
    acceptance = Acceptance(promises, 0.01)
    judged = acceptance.judge(number(0.99, 0.95, 0.65), "number")
    assert [one.accepted for one in judged.digits] == [True, True, False]
    assert judged.accepted is False
    assert judged.marked_text == "777?"
    assert acceptance.judge(number(0.99, 0.98), "number").marked_text == "77"


def test_single_digit_has_its_own_threshold(promises: dict[str, Promises]) -> None:
    judged = Acceptance(promises, None).judge(number(0.65), "digit")
    assert judged.accepted is True
    assert judged.digits[0].accepted is True
    assert Acceptance(promises, None).judge(number(0.65), "number").accepted is False


def test_without_measured_answers_nothing_is_said() -> None:
    read = number(0.99)
    judged = Acceptance({}, None).judge(read, "digit")
    assert judged.accepted is None
    assert judged.digits[0].accepted is None
    assert judged.marked_text == "7"


def test_promise_of_a_network_without_is_refused() -> None:
    with pytest.raises(ModelFileError, match="--validation-split"):
        Acceptance({}, 0.01)


def test_of_what_cannot_be_promised_nothing_is_given_if_asked_and_else_nothing_said(
    promises: dict[str, Promises],
) -> None:
    few = Promises.measure(np.ones(9), np.ones(9, np.bool_))
    mixed = {**promises, "number": few}
    asked, unasked = Acceptance(mixed, 0.01), Acceptance(mixed, None)
    assert asked.judge(number(1.0), "number").accepted is False
    assert unasked.judge(number(1.0), "number").accepted is None
    for acceptance in (asked, unasked):
        assert acceptance.judge(number(1.0), "number").digits[0].accepted is True
        assert acceptance.judge(number(1.0), "digit").accepted is True


def test_promise_that_no_answer_can_keep_is_refused() -> None:
    few = {name: Promises.measure(np.ones(9), np.ones(9, np.bool_)) for name in PROMISES}
    with pytest.raises(ModelFileError, match=r"expected at least 0\.39 of numbers or at"):
        Acceptance(few, 0.0001)
