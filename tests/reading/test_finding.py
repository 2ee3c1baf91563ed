"""Writing is found beside what is larger than it, and in order."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keras_digits import Reader
from pen import write

INK, PAPER = 30, 245

_BELIEVED = 0.86
"""The confidence that one answer in twenty wrong asked for when these tests were written; what
ships asks for more now, because numbers that it is measured by have words beside them."""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def page(*numbers: tuple[str, int, int, int], size: tuple[int, int] = (700, 1000)) -> NDArray:
    """Paper with numbers on it, each its text, height, left and top."""
    paper = np.full(size, PAPER, np.uint8)
    for text, height, left, top in numbers:
        ink = write(text, height=height, thickness=round(height / 13), paper=PAPER, margin=8)
        paper[top : top + len(ink), left : left + ink.shape[1]] = ink
    return paper


def texts(reader: Reader, paper: NDArray) -> list[str]:
    """What is read and mostly believed."""
    return [one.text for one in reader.read(paper).numbers if one.confidence > _BELIEVED]


@pytest.mark.parametrize("height", [90, 130, 180, 220])
def test_rows_under_a_heading_are_read(reader: Reader, height: int) -> None:
    rows = [("385", 55, 60, 320), ("6209", 55, 60, 470), ("57", 55, 60, 620)]
    paper = page(("2024", height, 40, 20), *rows, size=(800, 1000))
    assert texts(reader, paper) == ["2024", "385", "6209", "57"]


def test_sides_of_a_triangle_are_read(reader: Reader) -> None:
    paper = page(("3", 60, 110, 280), ("4", 60, 450, 565), ("5", 60, 520, 220))
    cv2.polylines(paper, [np.array([[200, 550], [800, 550], [200, 100]])], True, INK, 5)
    assert sorted(texts(reader, paper)) == ["3", "4", "5"]


def test_labels_of_an_axis_are_read(reader: Reader) -> None:
    paper = page(*((str(i + 2), 45, 200 + 130 * i, 615) for i in range(5)))
    cv2.line(paper, (150, 50), (150, 600), INK, 5)
    cv2.line(paper, (150, 600), (900, 600), INK, 5)
    assert "".join(texts(reader, paper)) == "23456"


@pytest.mark.parametrize("thickness", [2, 3, 5])
@pytest.mark.parametrize("num_rows", [2, 3, 4])
def test_cells_of_a_closed_table_are_read(reader: Reader, num_rows: int, thickness: int) -> None:
    cells = ["72", "385", "7", "46", "90", "5", "83", "64"][: 2 * num_rows]
    places = [(150 + 200 * (i % 2), 80 + 120 * (i // 2)) for i in range(2 * num_rows)]
    numbers = [(text, 60, *place) for text, place in zip(cells, places, strict=True)]
    paper = page(*numbers, size=(120 * num_rows + 140, 700))
    bottom = 60 + 120 * num_rows
    for column in (100, 300, 500):
        cv2.line(paper, (column, 60), (column, bottom), INK, thickness)
    for row in range(60, bottom + 1, 120):
        cv2.line(paper, (100, row), (500, row), INK, thickness)
    assert texts(reader, paper) == cells


@pytest.mark.parametrize("height", [100, 150, 180, 220])
def test_bar_beside_two_rows_belongs_to_neither(reader: Reader, height: int) -> None:
    paper = page(("385", 60, 60, 80), ("62", 60, 60, 200))
    cv2.line(paper, (260, 170 - height // 2), (260, 170 + height // 2), INK, 5)
    assert texts(reader, paper) == ["385", "62"]


def test_dots_and_pieces_of_digits_are_no_further_numbers(reader: Reader) -> None:
    paper = page(("38506", 150, 60, 200))
    paper[:, 350:354] = PAPER  # a fold that parts a digit
    cv2.circle(paper, (900, 330), 9, INK, -1)
    assert [one.text for one in reader.read(paper).numbers] == ["38506"]


@pytest.mark.parametrize("length", [20, 30, 45, 60])
def test_comma_of_any_length_is_no_further_number(reader: Reader, length: int) -> None:
    paper = page(("38", 150, 60, 200), ("506", 150, 370, 200))
    cv2.line(paper, (328, 340), (328 - length // 4, 340 + length), INK, 12)
    assert texts(reader, paper) == ["38506"]


@pytest.mark.parametrize("small", ["71", "7", "9", "2"])
@pytest.mark.parametrize("height", [50, 70])
def test_small_number_under_a_large_one_is_read(reader: Reader, small: str, height: int) -> None:
    paper = page(("38", 150, 60, 100), (small, height, 90, 270))
    assert texts(reader, paper) == ["38", small]
