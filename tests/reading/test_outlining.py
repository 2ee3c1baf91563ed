"""Each digit's ink is found where the network saw the digit, and nothing else with it."""

import itertools

import numpy as np
import pytest

from keras_digits.digits import NUM_CLASSES, SIDE, Box, Digit
from keras_digits.reading.decoding import Spot
from keras_digits.reading.finding import find_lines
from keras_digits.reading.ink import find_ink
from keras_digits.reading.outlining import Outline, brackets, outline, slashes
from keras_digits.reading.parts import Pieces
from keras_digits.reading.reader import Reader
from pen import write


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def digits_of(reader: Reader, page: np.ndarray) -> tuple[Digit, ...]:
    (number,) = reader.read(page, "number").numbers
    return number.digits


@pytest.mark.parametrize("lean", [0.0, 0.5])
def test_boxes_stand_beside_each_other(reader: Reader, lean: float) -> None:
    boxes = [one.box for one in digits_of(reader, write("20648", lean=lean))]
    assert len(boxes) == 5
    centres = [box.x + box.width / 2 for box in boxes]
    assert centres == sorted(centres)
    assert min(b - a for a, b in itertools.pairwise(centres)) > 20
    assert all(50 < box.height < 75 for box in boxes)  # the pen is 60 tall


def test_box_leaves_out_the_full_stop(reader: Reader) -> None:
    page = write("6.5", thickness=6)
    for one in digits_of(reader, page):
        assert one.box.height > 50
        assert one.box.width < 55


def test_touching_digits_share_out_the_ink(reader: Reader) -> None:
    left, right = (one.box for one in digits_of(reader, write("38", spacing=0.0)))
    assert abs(left.x + left.width - right.x) <= 6


def test_box_spans_a_digit_in_two_pieces(reader: Reader) -> None:
    five = write("5", height=80, thickness=6)
    whole = reader.read(five, "digit").numbers[0].box
    five[28:33, 20:40] = 245  # the pen skipped between bar and stem
    broken = reader.read(five, "digit").numbers[0].box
    assert abs(broken.y - whole.y) <= 3
    assert abs(broken.height - whole.height) <= 4


def test_image_is_the_line_around_the_digit(reader: Reader) -> None:
    for one in digits_of(reader, write("471")):
        assert one.image.shape == (SIDE, SIDE)
        columns = one.image.astype(float).sum(axis=0)
        middle = float(np.average(np.arange(SIDE), weights=columns))
        assert abs(middle - SIDE / 2) < 5


def test_digit_seen_beyond_the_border_still_has_a_box_in_the_picture() -> None:
    page = np.full((40, 30, 3), 245, np.uint8)
    page[5:35, 20:30] = 30
    (found,) = find_lines(Pieces.of(find_ink(page)))
    view = found.line.view()
    even = np.full(NUM_CLASSES, 0.1, np.float32)
    frames = range(view.strip.shape[1] // 4)
    spots = [Spot(1, float(frame), 0.9, even) for frame in frames]
    for one in outline(spots, view, found.parts, found.group):
        assert one.box.width > 0
        assert one.box.height > 0
        assert one.box.x + one.box.width <= 30
        assert one.box.y + one.box.height <= 40


def stroke(bulge: float, height: int = 60) -> Outline:
    """An upright stroke whose middle stands so far right of its ends, in its height."""
    down = np.linspace(0, 1, height)
    columns = np.round(bulge * height * (1 - (2 * down - 1) ** 2)).astype(int)
    columns -= columns.min()
    mask = np.zeros((height, columns.max() + 5), np.uint8)
    for offset in range(5):
        mask[np.arange(height), columns + offset] = 1
    return Outline(Box(0, 0, *mask.shape[::-1]), mask.astype(np.float32), mask)


LEFT, RIGHT, UPRIGHT = stroke(-0.16), stroke(0.16), stroke(0.03)


@pytest.mark.parametrize("bulge", [-0.2, -0.1, 0.0, 0.1])
def test_bow_is_how_far_the_middle_bulges(bulge: float) -> None:
    assert stroke(bulge).bow == pytest.approx(0.86 * bulge, abs=0.02)  # ends have a height too
    leaning = stroke(bulge)
    rows = np.arange(60)
    wide = np.zeros((60, 80), np.uint8)
    for row, ink in zip(rows, leaning.mask, strict=True):
        wide[row, row // 2 : row // 2 + len(ink)] = ink
    assert Outline(Box(0, 0, 80, 60), wide.astype(np.float32), wide).bow == pytest.approx(
        leaning.bow, abs=0.02
    )


@pytest.mark.parametrize(
    ("digits", "outlines", "signs"),
    [
        ([1, 5, 1], [LEFT, UPRIGHT, RIGHT], [0, 2]),
        ([1, 5, 1], [RIGHT, UPRIGHT, LEFT], []),  # not the way brackets stand
        ([5, 1], [UPRIGHT, RIGHT], [1]),  # the other wasn't taken for a digit
        ([1, 5], [LEFT, UPRIGHT], [0]),
        ([1, 1], [UPRIGHT, UPRIGHT], []),
        ([2, 1, 5, 1, 3], [UPRIGHT, LEFT, UPRIGHT, RIGHT, UPRIGHT], [1, 3]),
        ([2, 1, 5], [UPRIGHT, LEFT, UPRIGHT], []),  # a one that is bent
        ([7, 2], [LEFT, RIGHT], []),
        ([1], [LEFT], []),
    ],
)
def test_bent_ones_around_digits_are_brackets(
    digits: list[int], outlines: list[Outline], signs: list[int]
) -> None:
    assert sorted(brackets(digits, outlines)) == signs


def straight(lean: float, top: int = 0, height: int = 60) -> Outline:
    """A straight stroke that leans to the right so far, in its height."""
    rows = np.arange(height)
    columns = np.round(lean * (height - 1 - rows)).astype(int)
    columns -= columns.min()
    mask = np.zeros((height, columns.max() + 5), np.uint8)
    for offset in range(5):
        mask[rows, columns + offset] = 1
    return Outline(Box(0, top, *mask.shape[::-1]), mask.astype(np.float32), mask)


@pytest.mark.parametrize("lean", [-0.3, 0.0, 0.2, 0.5])
def test_lean_is_how_far_the_head_is_beside_the_foot(lean: float) -> None:
    assert straight(lean).lean == pytest.approx(0.88 * lean, abs=0.02)  # ends have a height too


ONE, SLASH = straight(0.1), straight(0.35, top=-12, height=84)


@pytest.mark.parametrize(
    ("digits", "outlines", "signs"),
    [
        ([2, 1, 5], [ONE, SLASH, ONE], [1]),
        ([2, 1, 1, 1, 5], [ONE, SLASH, ONE, SLASH, ONE], [1, 3]),
        ([2, 7, 5], [ONE, SLASH, ONE], []),
        ([1, 2, 5], [SLASH, ONE, ONE], []),  # nothing stands before it
        ([2, 5, 1], [ONE, ONE, SLASH], []),
        ([2, 1, 5], [ONE, straight(0.35), ONE], []),  # no taller than the digits
        ([2, 1, 5], [ONE, straight(0.35, top=-24, height=84), ONE], []),  # stands on the line
        ([2, 1, 5], [ONE, straight(0.1, top=-12, height=84), ONE], []),  # leans too little
        ([2, 1, 5], [ONE, stroke(0.16, height=84), ONE], []),
        ([2, 1, 1], [ONE, SLASH, ONE], []),  # one digit alone doesn't tell how tall they are
        ([1], [SLASH], []),
    ],
)
def test_long_ones_that_lean_between_digits_are_slashes(
    digits: list[int], outlines: list[Outline], signs: list[int]
) -> None:
    assert slashes(digits, outlines) == signs
