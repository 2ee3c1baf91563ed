"""Augmented digits are still digits, decided by the generator alone; non-digits are something."""

from collections.abc import Callable

import numpy as np
import pytest

from keras_digits.data.augmentation import handwriting, sway
from keras_digits.data.datasets import Dataset
from keras_digits.data.drawing import draw, draw_symbols
from keras_digits.data.marks import non_digits
from keras_digits.data.strokes import FORMS
from keras_digits.data.warping import distort
from keras_digits.digits import INK, Images
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


@pytest.mark.parametrize("digit", sorted(FORMS))
def test_drawn_digits_are_mostly_read_as_what_they_are(digit: int) -> None:
    labels = np.full(300, digit, np.uint8)
    images = draw(labels, np.random.default_rng(0))
    assert images.shape == (300, 28, 28)
    assert images.dtype == np.float32
    assert (images.max(axis=(1, 2)) > 0.8 * INK).all()
    read = Reader().classify(images.astype(np.uint8)).argmax(axis=1)
    assert (read == digit).mean() > 0.75


def test_digits_sway_a_little_and_stay_what_they_are(optdigits: Dataset) -> None:
    images, labels = optdigits.train.images[:400], optdigits.train.known_labels()[:400]
    before = images.copy()
    swayed = sway(images, np.random.default_rng(0))
    np.testing.assert_array_equal(images, before)
    assert (swayed.shape, swayed.dtype) == (images.shape, np.uint8)
    assert (swayed != images).any(axis=(1, 2)).mean() > 0.95
    read = Reader().classify(swayed).argmax(axis=1)
    assert (read == labels).mean() > (
        Reader().classify(images).argmax(axis=1) == labels
    ).mean() - 0.05
    np.testing.assert_array_equal(swayed, sway(images, np.random.default_rng(0)))


def test_drawn_symbols_are_upright_ink_on_paper() -> None:
    images = draw_symbols(200, np.random.default_rng(0))
    assert images.shape == (200, 28, 28)
    assert (images.max(axis=(1, 2)) > 0.8 * INK).all()
    assert len({image.tobytes() for image in images}) == 200


def test_sevens_are_not_leaned_to_the_left() -> None:
    stems = np.zeros((400, 28, 28), np.float32)
    stems[:, 4:24, 13:15] = INK
    lean = {}
    for label in (1, 7):
        labels = np.full(len(stems), label, np.uint8)
        made = distort(stems, np.random.default_rng(0), labels)
        columns = np.arange(28)
        above, below = made[:, 5:11].sum(axis=1), made[:, 17:23].sum(axis=1)
        lean[label] = (above @ columns) / above.sum(axis=1) - (below @ columns) / below.sum(axis=1)
    assert np.percentile(lean[7], 10) > np.percentile(lean[1], 10) + 1
