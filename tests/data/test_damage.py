"""What befalls images leaves a digit that can be read, and most images as they were."""

import cv2
import numpy as np
import pytest

from keras_digits.data import damage as rooms
from keras_digits.data.damage import damage
from keras_digits.digits import Images
from pen import write


@pytest.fixture
def images() -> Images:
    page = 255 - write("7", height=20, thickness=3, margin=0)
    image = np.zeros((28, 28), np.uint8)
    height, width = page.shape
    image[4 : 4 + height, 8 : 8 + width] = page
    return np.repeat(image[None], 1000, axis=0)


def test_a_fifth_is_spoilt_and_the_rest_stays(images: Images) -> None:
    before = images.copy()
    spoilt = damage(images, np.random.default_rng(1))
    np.testing.assert_array_equal(images, before)
    assert (spoilt.shape, spoilt.dtype) == (images.shape, np.uint8)
    assert 0.15 < (spoilt != images).any(axis=(1, 2)).mean() < 0.25


def test_the_generator_decides(images: Images) -> None:
    first, again, other = (damage(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def made(kind: str, images: Images) -> np.ndarray:
    """What one kind of damage makes of two hundred images."""
    changed: np.ndarray = getattr(rooms, kind)(
        images[:200].astype(np.float32), np.random.default_rng(1)
    )
    assert (np.abs(changed - images[:200]).max(axis=(1, 2)) > 60).mean() > 0.9
    return changed


def test_a_band_exchanges_ink_and_paper(images: Images) -> None:
    changed, before = made("_bands", images), images[:200].astype(np.float32)
    assert ((changed == before) | (changed == 255 - before)).all()
    assert (changed == before).mean() > 0.5


def test_outlines_lie_around_the_ink(images: Images) -> None:
    changed = made("_hollow", images)
    near = cv2.dilate(images[0], np.ones((5, 5), np.uint8)) > 0
    assert changed.max(axis=(1, 2)).min() == 255
    assert not changed[:, ~near].any()


@pytest.mark.parametrize("kind", ["_clouds", "_scratched", "_blotted"])
def test_most_ink_is_still_darker_than_most_paper(kind: str, images: Images) -> None:
    changed = made(kind, images)
    ink, paper = images[0] > 200, images[0] == 0
    is_clear = np.median(changed[:, ink], axis=1) > np.median(changed[:, paper], axis=1) + 30
    assert is_clear.mean() > 0.9
