"""The ink of one digit becomes an image as MNIST has them, whatever its size and stroke."""

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keras_digits.errors import PictureError
from keras_digits.reading.normalising import normalise, normalise_picture
from pen import write


def seven(height: float = 90, thickness: float = 9, **options: int) -> np.ndarray:
    """A picture of a 7 in colours, uint8 ``(height, width, 3)``."""
    return np.repeat(write("7", height, thickness, **options)[..., None], 3, axis=2)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_digit_fills_the_box_and_its_mass_lies_in_the_middle() -> None:
    image = normalise_picture(seven())
    _, _, width, height = cv2.boundingRect((image > 127).astype(np.uint8))
    assert max(width, height) in {19, 20, 21}
    moments = cv2.moments(image)
    assert moments["m10"] / moments["m00"] == pytest.approx(13.5, abs=0.1)
    assert moments["m01"] / moments["m00"] == pytest.approx(13.5, abs=0.1)


@pytest.mark.parametrize(
    "changed",
    [
        seven(margin=70),
        255 - seven(),
        (seven() // 3 + 90).astype(np.uint8),
        seven(360, 36),
        seven(30, 3),
    ],
    ids=["shifted", "inverted", "faint", "large", "small"],
)
def test_same_digit_gives_the_same_image(changed: np.ndarray) -> None:
    assert difference(normalise_picture(changed), normalise_picture(seven())) < 10


@pytest.mark.parametrize("side", [200, 400, 3000])
def test_hairlines_become_strokes_as_wide_as_a_pen_leaves(side: int) -> None:
    thin = normalise_picture(seven(side, 2))
    wide = normalise_picture(seven(side, side // 9))
    assert difference(thin, wide) < 15
    assert (thin > 127).sum() > 0.6 * (wide > 127).sum()


def test_blank_picture_is_refused() -> None:
    with pytest.raises(PictureError, match="blank"):
        normalise_picture(np.full((40, 40, 3), 200, np.uint8))


@given(st.integers(0, 10_000))
@example(0)
def test_any_ink_gives_an_image(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(1, 40, 2))
    ink = np.zeros(shape, np.float32)
    ink[tuple(generator.integers(0, shape))] = generator.uniform(0.01, 1)
    image = normalise(ink)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8


@pytest.mark.parametrize("size", [(10, 1500), (1500, 10), (2, 400), (3, 2000)])
def test_long_thin_strokes_keep_a_width(size: tuple[int, int]) -> None:
    paper = np.full((2100, 2100, 3), 255, np.uint8)
    paper[50 : 50 + size[1], 50 : 50 + size[0]] = 0
    assert normalise_picture(paper).max() > 0
