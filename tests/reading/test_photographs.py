"""Numbers on paper that was photographed: ruled, squared, bent, in shadow, in dim light."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keras_digits import Reader
from keras_digits.reading.ruling import ruling
from pen import write

HEIGHT, WIDTH = 900, 1200


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def page(text: str, *, height: int = 80, thickness: int = 6, pen: int = 40) -> NDArray[np.uint8]:
    """A number on a large sheet."""
    sheet = np.full((HEIGHT, WIDTH), 235, np.uint8)
    if text:
        number = write(text, height=height, thickness=thickness, ink=pen, paper=235, margin=8)
        sheet[500 : 500 + len(number), 300 : 300 + number.shape[1]] = number
    return sheet


def ruled(
    sheet: NDArray[np.uint8], level: int, step: int = 90, *, squared: bool = False
) -> NDArray[np.uint8]:
    """The sheet with printed rules of some brightness."""
    rules = np.full_like(sheet, 255)
    for row in range(40, HEIGHT, step):
        cv2.line(rules, (0, row), (WIDTH, row), level, 2)
    for column in range(40, WIDTH if squared else 0, step):
        cv2.line(rules, (column, 0), (column, HEIGHT), level, 2)
    return np.minimum(sheet, rules)


def photographed(
    sheet: NDArray[np.uint8], *, tilt: float = 2.0, noise: float = 3.0
) -> NDArray[np.uint8]:
    """The sheet a little turned, under uneven light, with a camera's blur and noise."""
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), tilt, 1.0)
    seen = cv2.warpAffine(sheet, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    light = np.array([[1.0, 0.7, 0.95], [0.8, 1.0, 0.75], [1.0, 0.85, 0.7]], np.float32)
    light = cv2.resize(light, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).normal(0, noise, seen.shape)
    lit = cv2.GaussianBlur(seen * light, (0, 0), 0.8) + grain
    return lit.clip(0, 255).astype(np.uint8)


def bent(sheet: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The sheet as it lies in a thick book."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    rows += 10 * np.sin(columns / 400).astype(np.float32)
    return np.asarray(
        cv2.remap(sheet, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def in_shadow(sheet: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The sheet with a hand's shadow beside the number."""
    shadow = np.zeros(sheet.shape, np.float32)
    cv2.ellipse(shadow, (750, 250), (350, 150), 20, 0, 360, 1.0, -1)
    return (sheet * (1 - 0.4 * cv2.GaussianBlur(shadow, (0, 0), 8))).astype(np.uint8)


def under_a_shadow(sheet: NDArray[np.uint8], corners: list[tuple[int, int]]) -> NDArray[np.uint8]:
    """The sheet with a shadow whose corners are sharp, as a phone's or a card's."""
    shadow = np.zeros(sheet.shape, np.float32)
    cv2.fillConvexPoly(shadow, np.array(corners, np.int32), 1.0)
    return (sheet * (1 - 0.4 * cv2.GaussianBlur(shadow, (0, 0), 8))).astype(np.uint8)


def with_margin(sheet: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The sheet with a margin's line that is as dark as a pen, beside pale rules."""
    marked = ruled(sheet, 135)
    cv2.line(marked, (180, 0), (180, HEIGHT), 80, 3)
    return marked


SHADOWS = (
    [(987, 853), (906, 855), (41, 129), (299, 280), (567, 460)],  # across the number
    [(352, 567), (412, 80), (559, 638), (361, 703)],
    [(1172, 451), (957, 521), (278, 485), (365, 275), (921, 122)],  # above it
)
"""Corners of shadows."""


@pytest.mark.parametrize(
    "picture",
    [
        photographed(page("2846")),
        photographed(page("2846", height=40, thickness=3)),
        photographed(under_a_shadow(page("2846"), SHADOWS[0])),
        photographed(under_a_shadow(page("2846"), SHADOWS[1])),
        photographed(under_a_shadow(page("2846"), SHADOWS[2])),
        photographed(under_a_shadow(page("2846", pen=120), [(250, 430), (820, 470), (300, 700)])),
        photographed(with_margin(page("2846")), noise=6),
        photographed(ruled(page("2846"), 170)),
        photographed(ruled(page("2846"), 170), tilt=-4),
        photographed(ruled(page("2846"), 60)),
        photographed(ruled(page("2846", pen=120), 130)),
        photographed(bent(ruled(page("2846"), 70))),
        photographed(ruled(page("2846"), 190, 36, squared=True)),
        photographed(ruled(page("2846"), 140, 45, squared=True)),
        photographed(in_shadow(page("2846"))),
        photographed((page("2846") * 0.45).astype(np.uint8), noise=9),
    ],
    ids=[
        "plain",
        "small",
        "half in a shadow",
        "beside a shadow's corners",
        "beside other corners",
        "pencil in a shadow",
        "a margin",
        "lined",
        "tilted more",
        "black lines",
        "pencil on lines",
        "bent lines",
        "squared",
        "dark squares",
        "beside a shadow",
        "dim and grainy",
    ],
)
def test_number_is_found_on_photographed_paper(reader: Reader, picture: NDArray[np.uint8]) -> None:
    assert reader.read(picture).text == "2846"


@pytest.mark.parametrize(
    "picture",
    [
        photographed(page("")),
        photographed(ruled(page(""), 170)),
        photographed(ruled(page(""), 60)),
        photographed(bent(ruled(page(""), 70))),
        photographed(ruled(page(""), 190, 36, squared=True)),
        photographed(in_shadow(page(""))),
    ],
    ids=["plain", "lined", "black lines", "bent lines", "squared", "a shadow"],
)
def test_paper_without_writing_is_blank(reader: Reader, picture: NDArray[np.uint8]) -> None:
    assert reader.read(picture).text == ""


@pytest.mark.parametrize(
    ("text", "height", "noise"),
    [("75", 26, 2), ("75", 30, 4), ("75", 40, 4), ("3", 34, 2), ("3", 40, 6), ("2846", 34, 4)],
)
def test_little_writing_on_a_large_sheet_in_uneven_light_is_read(
    reader: Reader, text: str, height: int, noise: float
) -> None:
    sheet = page("")
    thickness = max(2, height // 12)
    number = write(text, height=height, thickness=thickness, ink=60, paper=235, margin=2)
    sheet[640 : 640 + len(number), 480 : 480 + number.shape[1]] = number
    across, down = np.linspace(0, 5, WIDTH)[None, :], np.linspace(0.2, 1, HEIGHT)[:, None]
    lit = cv2.GaussianBlur(sheet * (0.4 + 0.6 * np.sin(across) ** 2 * down), (0, 0), 0.8)
    grain = np.random.default_rng(0).normal(0, noise, sheet.shape)
    assert reader.read((lit + grain).clip(0, 255).astype(np.uint8)).text == text


@pytest.mark.parametrize(("thickness", "pen"), [(30, 30), (30, 110), (46, 30)])
def test_broad_pen_close_up_is_no_shadow(reader: Reader, thickness: int, pen: int) -> None:
    sheet = ruled(np.full((300, 640), 235, np.uint8), 170, 60)
    strokes = write("25", height=200, thickness=thickness, ink=255, paper=0, margin=0) > 127
    left = (640 - strokes.shape[1]) // 2
    sheet[40 : 40 + len(strokes), left : left + strokes.shape[1]][strokes] = pen
    light = np.linspace(1, 0.7, 640)[None, :]
    grain = np.random.default_rng(0).normal(0, 4, sheet.shape)
    picture = cv2.GaussianBlur(sheet * light, (0, 0), 1.5) + grain
    assert reader.read(picture.clip(0, 255).astype(np.uint8)).text == "25"


@pytest.mark.parametrize("text", ["1", "75"])
def test_chalk_on_a_board_of_one_colour_is_seen(reader: Reader, text: str) -> None:
    board = np.full((HEIGHT, WIDTH), 36, np.uint8)
    number = write(text, height=90, thickness=7, ink=230, paper=36, margin=4)
    board[200 : 200 + len(number), 300 : 300 + number.shape[1]] = number
    grain = np.random.default_rng(0).normal(0, 2, board.shape)
    picture = (cv2.GaussianBlur(board, (0, 0), 1) + grain).clip(0, 255).astype(np.uint8)
    assert reader.read(picture).text == text


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((210, 190, 60), (176, 174, 168)),  # yellow, as bright as its paper
        ((225, 135, 150), (176, 174, 168)),  # pink
        ((40, 60, 170), (235, 215, 70)),  # blue on a yellow note
        ((250, 235, 120), (40, 60, 140)),  # a light pen on blue card
    ],
    ids=["yellow", "pink", "note", "card"],
)
def test_ink_of_another_colour_is_seen(
    reader: Reader, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    is_ink = write("5283", height=120, thickness=9, ink=1, paper=0, margin=90)[..., None]
    written = np.where(is_ink, np.array(ink, np.float32), np.array(paper, np.float32))
    light = np.linspace(0.75, 1.05, written.shape[1])[None, :, None]
    noise = np.random.default_rng(0).normal(0, 2, written.shape[:2])[..., None]
    picture = cv2.GaussianBlur(written * light + noise, (0, 0), 0.8).clip(0, 255)
    assert [one.text for one in reader.read(picture.astype(np.uint8)).numbers] == ["5283"]


@pytest.mark.parametrize("tilt", [-5.0, 0.0, 1.0, 5.0])
def test_rules_are_followed_to_a_pixel(tilt: float) -> None:
    sheet = ruled(np.full((HEIGHT, WIDTH), 255, np.uint8), 0)
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), tilt, 1.0)
    turned = cv2.warpAffine(sheet, turn, (WIDTH, HEIGHT), borderValue=255)
    middles = np.array([[WIDTH / 2, row + 0.0] for row in range(40, HEIGHT, 90)])
    at_middle = (middles - (WIDTH / 2, HEIGHT / 2)) @ turn[:, :2].T + (WIDTH / 2, HEIGHT / 2)
    slope = turn[1, 0] / turn[0, 0]
    expected = at_middle[:, 1] + slope * (WIDTH / 2 - at_middle[:, 0])
    found = sorted(rule.rows[WIDTH // 2] for rule in ruling((turned < 128).astype(np.uint8)))
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, sorted(expected), atol=1)


def test_writing_is_no_rule() -> None:
    text = write("1114777", height=150, thickness=4, margin=0)
    assert ruling((text < 128).astype(np.uint8)) == []


def test_strokes_stay_whole_where_a_rule_crosses_them(reader: Reader) -> None:
    sheet = page("8")
    cv2.line(sheet, (0, 548), (WIDTH, 552), 40, 5)
    for row in (200, 350, 750):
        cv2.line(sheet, (0, row), (WIDTH, row + 4), 40, 5)
    (number,) = reader.read(sheet).numbers
    assert number.text == "8"
    assert number.box.height == pytest.approx(86, abs=8)
