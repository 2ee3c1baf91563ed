"""Annotated copies and explanations: the picture is whole, and what is drawn is in its place."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from keras_digits.digits import SIDE, Box, Digit, Number, Reading
from keras_digits.reading import explaining
from keras_digits.reading.annotating import FRAME, annotate
from keras_digits.reading.explaining import explain
from keras_digits.reading.picture import Picture

FRAME_COLOUR = tuple(bytes.fromhex(FRAME[1:]))


def number(*boxes: Box, confidence: float = 0.95) -> Number:
    """A number with a 7 in each box; what the network saw is random."""
    generator = np.random.default_rng(len(boxes))
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[7] = 0.91
    digits = []
    for box in boxes:
        image = generator.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
        digits.append(Digit(7, confidence, box, probabilities, image))
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = (
        max(box.x + box.width for box in boxes),
        max(box.y + box.height for box in boxes),
    )
    around = Box(left, top, right - left, bottom - top)
    return Number("7" * len(boxes), confidence, around, tuple(digits))


def reading(*numbers: Number) -> Reading:
    return Reading(numbers)


def paper(height: int, width: int) -> Picture:
    return Picture(np.full((height, width, 3), 255, np.uint8))


def drawn_on(picture: Picture, what: Reading, zoom: int = 1) -> NDArray[np.uint8]:
    """The annotated picture without its frame."""
    drawing = np.asarray(annotate(picture, what))
    height, width = picture.pixels.shape[:2]
    frame = (drawing.shape[0] - zoom * height) // 2
    assert drawing.shape == (zoom * height + 2 * frame, zoom * width + 2 * frame, 3)
    return drawing[frame:-frame, frame:-frame]


@pytest.mark.parametrize(
    ("height", "width", "zoom"), [(28, 28, 18), (600, 500, 1), (300, 40, 2), (30, 2300, 1)]
)
def test_copy_holds_every_pixel_of_the_picture_and_enlarges_a_small_one(
    height: int, width: int, zoom: int, generator: np.random.Generator
) -> None:
    pixels = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    drawing = drawn_on(Picture(pixels), reading(), zoom)
    assert np.array_equal(drawing, np.kron(pixels, np.ones((zoom, zoom, 1), np.uint8)))


def test_picture_without_digits_says_so_beside_it() -> None:
    drawing = annotate(paper(600, 500), reading())
    assert {(255, 255, 255), FRAME_COLOUR} < {colour for _, colour in drawing.getcolors(9999) or []}
    assert drawing == explain(paper(600, 500), reading())


def test_box_stands_around_its_digit_and_leaves_it_free() -> None:
    box = Box(200, 300, 60, 90)
    drawing = drawn_on(paper(600, 500), reading(number(box)))
    rows, columns = np.nonzero((drawing != 255).any(axis=2))
    assert box.x - 12 < columns.min() < box.x
    assert box.y - 40 < rows.min() < box.y
    assert box.y + box.height <= rows.max() < box.y + box.height + 12
    inside = drawing[box.y : box.y + box.height, box.x : box.x + box.width]
    assert (inside == 255).all()


def test_answers_keep_off_the_digits_of_other_lines() -> None:
    lines = [
        number(*(Box(60 + 50 * column, 30 + 48 * row, 36, 40) for column in range(4)))
        for row in range(11)
    ]
    drawing = drawn_on(paper(600, 500), reading(*lines))
    for line in lines:
        for digit in line.digits:
            x, y, width, height = digit.box
            inside = drawing[y + 3 : y + height - 3, x + 3 : x + width - 3]
            assert (inside == 255).mean() > 0.95


def test_boxes_of_a_shrunk_picture_count_the_originals_pixels() -> None:
    shrunk = replace(paper(600, 500), scale=4.0)
    small, large = Box(100, 200, 60, 80), Box(400, 800, 240, 320)
    expected = annotate(paper(600, 500), reading(number(small)))
    assert annotate(shrunk, reading(number(large))) == expected


def test_doubtful_answers_look_different_from_sure_ones() -> None:
    drawings = [
        annotate(paper(600, 500), reading(number(Box(200, 300, 60, 90), confidence=confidence)))
        for confidence in (0.97, 0.7, 0.2)
    ]
    used = [{colour for _, colour in drawing.getcolors(9999) or []} for drawing in drawings]
    assert len(set.union(*used) - set.intersection(*used)) >= 3


def test_explanation_shows_the_very_images_that_the_network_saw() -> None:
    boxes = [Box(50 + 90 * index, 200, 60, 90) for index in range(4)]
    what = reading(number(*boxes[:1]), number(*boxes[1:]))
    explained = np.asarray(explain(paper(600, 500), what))
    copy = np.asarray(annotate(paper(600, 500), what))
    assert np.array_equal(explained[: copy.shape[0], : copy.shape[1]], copy)
    cells = explained[:, copy.shape[1] :, 0]
    for one in what.numbers:
        for digit in one.digits:
            image = np.kron(digit.image, np.ones((4, 4), np.uint8))
            differences = cv2.matchTemplate(cells, image, cv2.TM_SQDIFF)  # rounded
            _, _, (left, top), _ = cv2.minMaxLoc(differences)
            assert np.array_equal(cells[top : top + 112, left : left + 112], image)


def test_explanation_of_a_wide_picture_stands_below_it() -> None:
    boxes = [Box(10 + 60 * index, 20, 40, 60) for index in range(8)]
    explained = explain(paper(100, 900), reading(number(*boxes)))
    assert explained.width < 1200
    assert explained.height > 300


def test_bars_grow_with_probabilities() -> None:
    one = number(Box(200, 300, 60, 90))
    sure = replace(one.digits[0], probabilities=np.eye(10, dtype=np.float32)[7])
    unsure = replace(sure, probabilities=np.full(10, 0.1, np.float32))
    drawings = [
        np.asarray(explain(paper(600, 500), reading(replace(one, digits=(digit,)))), np.int16)
        for digit in (sure, unsure)
    ]
    rows, columns = np.nonzero((drawings[0] != drawings[1]).any(axis=2))
    assert columns.min() > 556 + 4 * SIDE  # beside what the network saw
    assert 60 < np.ptp(rows) < 4 * SIDE


def test_no_end_of_digits_is_not_explained_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    what = reading(*(number(Box(30 + 50 * index, 200, 30, 40)) for index in range(9)))
    whole = explain(paper(600, 500), what)
    monkeypatch.setattr(explaining, "_MOST_CELLS", 2)
    part = explain(paper(600, 500), what)
    assert part.width < whole.width
    assert part.height == 656 + 30  # a line says how many are missing


@pytest.mark.parametrize("size", [(1, 1), (1, 2400), (2400, 1), (28, 28)])
def test_any_shape_of_picture_can_be_drawn_on(size: tuple[int, int]) -> None:
    height, width = size
    what = reading(number(Box(0, 0, width, height)), number(Box(width - 1, height - 1, 1, 1)))
    drawing = explain(paper(height, width), what)
    assert isinstance(drawing, Image.Image)
    assert max(drawing.size) < 6000
