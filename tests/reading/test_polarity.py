"""Writing is told from its paper in any pen, on any ground, in any two colours."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keras_digits import Reader
from keras_digits.reading.polarity import dark_on_light
from pen import write

Colour = tuple[int, int, int]

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
PURPLE, PINK, BLUE, GREEN = (133, 19, 105), (240, 192, 206), (34, 74, 139), (87, 234, 0)
ORANGE, TEAL, RED = (243, 186, 38), (58, 113, 129), (187, 6, 10)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def strokes(thickness: int = 30, side: int = 300) -> NDArray[np.bool_]:
    """Where the strokes of a 4 are in a square picture that is 300 pixels wide, or shrunk."""
    ink = write("4", height=200, thickness=thickness, ink=255, paper=0, margin=0)
    mask = np.zeros((300, 300), np.uint8)
    top, left = ((300 - length) // 2 for length in ink.shape)
    mask[top : top + len(ink), left : left + ink.shape[1]] = ink
    return np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA) > 100)


def painted(mask: NDArray[np.bool_], pen: Colour, paper: Colour) -> NDArray[np.float32]:
    return np.where(mask[..., None], np.float32(pen), np.float32(paper))


def noisy(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return picture + np.random.default_rng(0).normal(0, 8, picture.shape).astype(np.float32)


def on_a_grid(picture: NDArray[np.float32], pen: Colour) -> NDArray[np.float32]:
    """Faint lines behind the strokes."""
    paper = picture[0, 0].copy()
    is_line = np.zeros(picture.shape[:2], bool)
    is_line[::30] = is_line[:, ::30] = True
    is_line &= (picture == paper).all(axis=2)
    return np.where(is_line[..., None], 0.85 * paper + 0.15 * np.float32(pen), picture)


def shaded(picture: NDArray[np.float32], pen: Colour) -> NDArray[np.float32]:
    """Paper that grows more like the pen to one side."""
    share = np.linspace(0, 0.3, picture.shape[1], dtype=np.float32)[None, :, None]
    return picture * (1 - share) + np.float32(pen) * share


def framed(picture: NDArray[np.float32], colour: Colour = (34, 139, 80)) -> NDArray[np.float32]:
    picture = picture.copy()
    cv2.rectangle(picture, (0, 0), (picture.shape[1] - 1, len(picture) - 1), colour, 3)
    return picture


PICTURES = {
    "broad light pen, grainy": noisy(painted(strokes(), PINK, PURPLE)),
    "light pen on dark colour": painted(strokes(thickness=14), GREEN, BLUE),
    "light pen on red, grainy": noisy(painted(strokes(thickness=14), PINK, RED)),
    "pen as bright as its paper": painted(strokes(thickness=13), TEAL, ORANGE),
    "broad pen on a grid": on_a_grid(painted(strokes(), BLACK, WHITE), BLACK),
    "broad chalk on a grid": on_a_grid(painted(strokes(), WHITE, BLACK), WHITE),
    "pen on shaded paper": shaded(painted(strokes(thickness=12), BLACK, WHITE), BLACK),
    "broad pen on shaded paper": shaded(painted(strokes(thickness=40), BLACK, WHITE), BLACK),
    "broad chalk on a shaded board": shaded(painted(strokes(), WHITE, BLACK), WHITE),
    "chalk in a frame": framed(painted(strokes(thickness=15), WHITE, BLACK)),
    "small": noisy(painted(strokes(thickness=12, side=28), (129, 204, 244), (248, 13, 74))),
}


@pytest.mark.parametrize("name", PICTURES)
def test_digit_is_read_in_any_pen_on_any_ground(reader: Reader, name: str) -> None:
    picture = PICTURES[name].clip(0, 255).astype(np.uint8)
    assert reader.read(picture, "digit").text == "4"
    assert reader.read(picture).text == "4"


@pytest.mark.parametrize("name", PICTURES)
def test_strokes_become_darker_than_their_paper_in_every_channel(name: str) -> None:
    picture = PICTURES[name].clip(0, 255).astype(np.uint8)
    side = len(picture)
    mask, reach = strokes(thickness=12, side=side), side // 5 | 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8))
    turned = dark_on_light(picture).astype(np.float32)
    assert turned.shape == picture.shape
    assert (turned[mask].mean(axis=0) < turned[near == 0].mean(axis=0)).all()


@pytest.mark.parametrize(
    "shape", [(60, 2400), (2400, 60), (40, 40), (1, 500), (41, 1), (45, 30000)]
)
def test_narrow_pictures_are_judged_too(shape: tuple[int, int]) -> None:
    board = np.random.default_rng(0).integers(10, 60, (*shape, 3)).astype(np.uint8)
    rows, columns = (slice(4 * side // 10, 6 * side // 10 + 1) for side in shape)
    board[rows, columns] = 230  # a little chalk
    np.testing.assert_array_equal(dark_on_light(board), 255 - board)
    np.testing.assert_array_equal(dark_on_light(255 - board), 255 - board)


def test_grey_picture_of_one_channel_is_turned_too() -> None:
    page = write("4")[..., None]
    np.testing.assert_array_equal(dark_on_light(page), page)
    np.testing.assert_array_equal(dark_on_light(255 - page), page)
