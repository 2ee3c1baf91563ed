"""Solid patches on paper: shadows, coins."""

import cv2
import numpy as np
import pytest

from keras_digits import Reader
from keras_digits.digits import INK
from keras_digits.reading.blots import blots_among
from keras_digits.reading.components import Part, components
from pen import write

SIDE = 400


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def blots(mask: np.ndarray) -> list[Part]:
    """Those of a mask."""
    _, labels, parts = components(mask)
    return blots_among(parts, labels)


def ellipse(long: int, short: int, angle: int = 0, thickness: int = -1) -> np.ndarray:
    """A mask with an ellipse of these half axes in its middle."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    return cv2.ellipse(mask, (200, 200), (long, short), angle, 0, 360, 1, thickness)


@pytest.mark.parametrize("angle", [0, 45, 90])
@pytest.mark.parametrize(("long", "short"), [(40, 40), (150, 80), (90, 40)])
def test_a_filled_ellipse_is_a_blot(long: int, short: int, angle: int) -> None:
    assert len(blots(ellipse(long, short, angle))) == 1


@pytest.mark.parametrize(
    "mask",
    [
        ellipse(100, 70, thickness=30),
        ellipse(120, 26, 80),
        ellipse(20, 15),
        ellipse(40, 40)[150:245, 150:245],
        (write("8", height=300, thickness=60, ink=1, paper=0, margin=50) > 0).astype(np.uint8),
        (write("7", height=300, thickness=70, ink=1, paper=0, margin=50) > 0).astype(np.uint8),
        (write("1", height=300, thickness=70, ink=1, paper=0, margin=50) > 0).astype(np.uint8),
    ],
    ids=["a zero", "a one", "a stop", "a small picture", "broad 8", "broad 7", "broad 1"],
)
def test_what_a_pen_leaves_is_none(mask: np.ndarray) -> None:
    assert not blots(mask)


@pytest.mark.parametrize("dark", [0.25, 0.5, 0.9], ids=["faint shadow", "shadow", "coin"])
@pytest.mark.parametrize("soft", [1, 10], ids=["sharp", "soft"])
def test_patches_on_paper_are_no_digits(reader: Reader, dark: float, soft: float) -> None:
    patches = np.zeros((900, 1200), np.float32)
    cv2.ellipse(patches, (850, 250), (190, 130), 20, 0, 360, 1.0, -1)
    cv2.circle(patches, (250, 700), 90, 1.0, -1)
    sheet = 235 * (1 - dark * cv2.GaussianBlur(patches, (0, 0), soft))
    assert reader.read(sheet.astype(np.uint8)).text == ""
    number = write("2846", height=90, thickness=7, ink=INK, paper=0, margin=8) > 0
    sheet[480 : 480 + number.shape[0], 380 : 380 + number.shape[1]][number] = 35
    assert reader.read(sheet.astype(np.uint8)).text == "2846"
