"""Augmented digits are still digits, decided by the generator alone; non-digits are something."""

from collections.abc import Callable

import numpy as np
import pytest

from keras_digits.data.augmentation import handwriting
from keras_digits.data.datasets import Dataset
from keras_digits.data.marks import non_digits
from keras_digits.digits import Images
from keras_digits.reading.reader import Reader


def augmented(dataset: Dataset, count: int, seed: int) -> Images:
    images, labels = dataset.train.images[:count], dataset.train.known_labels()[:count]
    return handwriting(images, labels, np.random.default_rng(seed))


def made(dataset: Dataset, count: int, seed: int) -> Images:
    return non_digits(dataset.train.images[:count], np.random.default_rng(seed))


@pytest.mark.parametrize("make", [augmented, made])
@pytest.mark.parametrize("count", [0, 1, 2, 600])
def test_images_come_out_as_many_as_went_in(
    make: Callable[[Dataset, int, int], Images], count: int, optdigits: Dataset
) -> None:
    before = optdigits.train.images[:count].copy()
    images = make(optdigits, count, 0)
    assert images.shape == (count, 28, 28)
    assert images.dtype == np.uint8
    assert (optdigits.train.images[:count] == before).all()


@pytest.mark.parametrize("make", [augmented, made])
def test_generator_decides_everything(
    make: Callable[[Dataset, int, int], Images], optdigits: Dataset
) -> None:
    assert (make(optdigits, 200, 3) == make(optdigits, 200, 3)).all()
    different = (make(optdigits, 200, 3) != make(optdigits, 200, 4)).any(axis=(1, 2))
    assert different.mean() > 0.99


def test_hardly_any_digit_is_lost(optdigits: Dataset) -> None:
    contrast = np.ptp(augmented(optdigits, 600, 1).reshape(600, -1), axis=1)
    assert (contrast > 60).mean() > 0.99


def test_most_are_still_read_and_most_non_digits_are_not(optdigits: Dataset) -> None:
    labels = optdigits.train.known_labels()[:600]
    reader = Reader()
    assert (reader.classify(augmented(optdigits, 600, 2)).argmax(axis=1) == labels).mean() > 0.75
    whole = reader.classify(optdigits.train.images[:600]).max(axis=1)
    assert reader.classify(made(optdigits, 600, 2)).max(axis=1).mean() < whole.mean() - 0.1
