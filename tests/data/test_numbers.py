"""Pictures of numbers say what they are said to say."""

import numpy as np
import pytest

from keras_digits import Reader
from keras_digits.data.datasets import Dataset
from keras_digits.data.lines import Case
from keras_digits.data.numbers import draw_digit, draw_number, draw_other


@pytest.fixture(scope="module")
def case(optdigits: Dataset) -> Case:
    train = optdigits.train
    return Case(train.images, train.known_labels(), np.random.default_rng(0))


def test_most_are_read_as_what_they_say(case: Case) -> None:
    generator, reader = np.random.default_rng(1), Reader()
    digits = [draw_digit(case, generator) for _ in range(60)]
    numbers = [draw_number(case, 3, generator) for _ in range(60)]
    for layout, drawn, least in (("digit", digits, 45), ("number", numbers, 24)):
        readings = reader.read_many([picture for picture, _ in drawn], layout)
        right = [one.text == text for one, (_, text) in zip(readings, drawn, strict=True)]
        assert sum(right) >= least, layout


def test_pictures_are_dark_on_light_and_as_long_as_they_say(case: Case) -> None:
    generator = np.random.default_rng(2)
    for length in (1, 2, 7):
        picture, text = draw_number(case, length, generator)
        assert picture.dtype == np.uint8
        assert len(text) == length
        assert picture[:, 0].mean() > picture.min() + 40  # paper before the first digit
        assert 28 <= len(picture) <= 112


def test_same_seed_draws_the_same(case: Case) -> None:
    one, other = (draw_number(case, 4, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1] == other[1]


def test_other_things_are_seldom_read_as_digits() -> None:
    generator = np.random.default_rng(4)
    readings = Reader().read_many([draw_other(generator) for _ in range(100)], "digit")
    sure = [one for one in readings if one.numbers and one.numbers[0].confidence > 0.9]
    assert len(sure) < 20
