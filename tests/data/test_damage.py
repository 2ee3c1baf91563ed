"""Damage befalls some images, each of its kinds, and leaves the others as they are."""

import numpy as np

from keras_digits.data.damage import damage
from keras_digits.data.datasets import Dataset
from keras_digits.digits import INK, SIDE


def test_a_quarter_is_damaged_and_the_rest_stays(optdigits: Dataset) -> None:
    images = optdigits.train.images
    spoilt = damage(images, np.random.default_rng(1))
    assert (spoilt.shape, spoilt.dtype) == (images.shape, np.uint8)
    changed = (spoilt != images).any(axis=(1, 2)).mean()
    assert 0.2 < changed < 0.28
    np.testing.assert_array_equal(spoilt, damage(images, np.random.default_rng(1)))
    assert (spoilt != damage(images, np.random.default_rng(2))).any()


def test_damage_reaches_every_part_of_bare_paper() -> None:
    paper = np.zeros((3000, SIDE, SIDE), np.uint8)
    spoilt = damage(paper, np.random.default_rng(3))
    inked = (spoilt > INK / 2).mean(axis=0)
    assert inked.min() > 0.005
    assert inked.max() < 0.1  # and no part far more often than others


def test_digits_stay_digits(optdigits: Dataset) -> None:
    images = optdigits.train.images.astype(np.float32)
    spoilt = damage(optdigits.train.images, np.random.default_rng(4)).astype(np.float32)
    damaged = [
        np.abs(np.corrcoef(one.ravel(), other.ravel())[0, 1])
        for one, other in zip(images, spoilt, strict=True)
        if (one != other).any()
    ]
    assert np.median(damaged) > 0.5
