"""Paper that lies on something darker or lighter is read as paper."""

import cv2
import numpy as np
import pytest

from keras_digits.reading.reader import Reader
from keras_digits.reading.sheets import spread_paper
from pen import write


def laid(
    sheet: np.ndarray, turned: float = 0.0, desk: tuple[int, int, int] = (64, 40, 24)
) -> np.ndarray:
    """A sheet that lies on a desk of one colour, uint8 ``(height, width, 3)``."""
    height, width = sheet.shape
    shape = (height + 160, width + 240)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), turned, 1.0)
    turn[:, 2] += (120, 80)
    paper = cv2.warpAffine(sheet, turn, shape[::-1])
    covers = cv2.warpAffine(np.ones_like(sheet), turn, shape[::-1])
    return np.where(covers[..., None] > 0, paper[..., None], np.array(desk, np.uint8))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize("turned", [0, 8, -12])
@pytest.mark.parametrize("desk", [(64, 40, 24), (16, 16, 16), (128, 96, 64)])
def test_sheet_on_a_dark_desk_is_read(
    reader: Reader, turned: float, desk: tuple[int, int, int]
) -> None:
    picture = laid(write("3905", height=80, thickness=7, margin=60), turned, desk)
    (number,) = reader.read(picture).numbers
    assert number.text == "3905"
    assert number.box.x >= 120
    assert number.box.y >= 80


@pytest.mark.parametrize("turned", [0, 8])
@pytest.mark.parametrize("desk", [(230, 225, 215), (180, 150, 120)])
def test_slate_on_a_light_desk_is_read(
    reader: Reader, turned: float, desk: tuple[int, int, int]
) -> None:
    slate = write("3905", height=80, thickness=7, ink=230, paper=40, margin=60)
    (number,) = reader.read(laid(slate, turned, desk)).numbers
    assert number.text == "3905"


@pytest.mark.parametrize("share", [0.08, 0.26])
@pytest.mark.parametrize("desk", [(64, 40, 24), (90, 100, 110)])
def test_sheet_seen_aslant_is_read(
    reader: Reader, share: float, desk: tuple[int, int, int]
) -> None:
    picture = laid(write("3905", height=80, thickness=7, margin=60), 0, desk)
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + np.array([[share * width, 0], [-share * width, 0], [0, 0], [0, 0]], np.float32)
    aslant = cv2.warpPerspective(
        picture,
        cv2.getPerspectiveTransform(corners, seen),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE,
    )
    assert [number.text for number in reader.read(aslant).numbers] == ["3905"]
    assert spread_paper(aslant)[0, 0].min() > 200  # paper has taken the desk's place


@pytest.mark.parametrize("pen", [(30, 40, 160), (250, 120, 20)], ids=["blue", "orange"])
def test_sheet_as_bright_as_the_desk_is_told_by_its_colour(
    reader: Reader, pen: tuple[int, int, int]
) -> None:
    picture = np.full((560, 800, 3), (110, 125, 140), np.uint8)
    picture[110:430, 150:640] = (185, 120, 75)
    ink = write("3905", height=110, thickness=12, ink=1, paper=0, margin=0) > 0
    picture[200 : 200 + len(ink), 210 : 210 + ink.shape[1]][ink] = pen
    grain = np.random.default_rng(0).normal(0, 3, picture.shape[:2])[..., None]
    pixels = (cv2.GaussianBlur(picture, (0, 0), 1) + grain).clip(0, 255).astype(np.uint8)
    assert [number.text for number in reader.read(pixels).numbers] == ["3905"]


def test_shadow_with_hard_edges_is_no_slate(reader: Reader) -> None:
    page = write("4075", height=90, thickness=7, margin=200).astype(np.float32)
    shadow = np.zeros(page.shape, np.float32)
    corners = np.array([[60, 60], [520, 90], [330, 260], [90, 240]], np.int32)
    cv2.fillConvexPoly(shadow, corners, 1.0)
    picture = (page * (1 - 0.4 * cv2.GaussianBlur(shadow, (0, 0), 2))).astype(np.uint8)
    assert [number.text for number in reader.read(picture).numbers] == ["4075"]


@pytest.mark.parametrize("height", [24, 80])
@pytest.mark.parametrize("is_lit", [False, True], ids=["off", "on"])
def test_phone_beside_a_number_is_no_slate(reader: Reader, is_lit: bool, height: int) -> None:
    page = np.full((600, 900), 235, np.uint8)
    number = write("407", height=height, thickness=height // 12, paper=235, margin=0)
    page[100 : 100 + len(number), 80 : 80 + number.shape[1]] = number
    page[150:500, 560:760] = 30
    if is_lit:
        page[200:210, 600:700] = 220
        page[260:270, 600:680] = 220
    assert "407" in [number.text for number in reader.read(page).numbers]
    pixels = np.repeat(page[..., None], 3, axis=2)
    assert spread_paper(pixels) is pixels


@pytest.mark.parametrize("shade", [0.5, 0.8])
def test_sheet_on_a_desk_may_be_lit_unevenly(reader: Reader, shade: float) -> None:
    sheet = write("3905", height=60, thickness=5, margin=120)
    picture = laid(sheet) * np.linspace(1, shade, sheet.shape[1] + 240)[None, :, None]
    grain = np.random.default_rng(0).normal(0, 5, picture.shape[:2])[..., None]
    pixels = (picture + grain).clip(0, 255).astype(np.uint8)
    assert [number.text for number in reader.read(pixels).numbers] == ["3905"]
    spread = spread_paper(pixels)
    rim, beside = spread[300, 40:60], spread[300, 130:150]  # outside the sheet, and just inside
    np.testing.assert_allclose(rim.mean(axis=0), beside.mean(axis=0), atol=6)
    assert rim.std() == pytest.approx(beside.std(), rel=0.5)


def test_large_sheet_with_little_writing_is_one(reader: Reader) -> None:
    sheet = np.full((500, 700), 245, np.uint8)
    number = write("6", height=36, thickness=3, margin=2)
    sheet[220 : 220 + len(number), 150 : 150 + number.shape[1]] = number
    assert [number.text for number in reader.read(laid(sheet)).numbers] == ["6"]


def test_bar_of_chalk_is_a_one_and_no_sheet(reader: Reader) -> None:
    board = np.full((200, 120), 30, np.uint8)
    cv2.line(board, (62, 40), (58, 160), 235, 28)
    small = np.zeros((28, 28), np.uint8)
    small[5:23, 11:16] = 255
    for picture in (board, 255 - board, small):
        assert reader.read(picture).text == "1"


def test_blank_card_beside_chalk_is_no_sheet(reader: Reader) -> None:
    board = np.full((900, 1200), 30, np.uint8)
    number = write("407", height=80, thickness=6, ink=230, paper=30, margin=2)
    board[200 : 200 + len(number), 300 : 300 + number.shape[1]] = number
    board[200:500, 700:1000] = 235
    assert reader.read(board).text == "407"


@pytest.mark.parametrize("strip", [slice(0, 3), slice(-8, None)], ids=["above", "below"])
def test_paper_half_in_the_shade_is_no_sheet(reader: Reader, strip: slice) -> None:
    grey = cv2.copyMakeBorder(
        write("4778", height=100, thickness=7), 60, 60, 0, 200, cv2.BORDER_REPLICATE
    )
    noise = np.random.default_rng(0).normal(0, 4, grey.shape)
    picture = (grey * np.linspace(0.42, 0.84, grey.shape[1]) + noise).clip(0, 255)
    picture[strip] /= 3  # a dark desk, that the paper ends on
    picture = cv2.GaussianBlur(picture, (0, 0), 1).astype(np.uint8)
    pixels = np.repeat(picture[..., None], 3, axis=2)
    assert spread_paper(pixels) is pixels
    assert [number.text for number in reader.read(pixels).numbers] == ["4778"]


@pytest.mark.parametrize("softness", [0, 5])
@pytest.mark.parametrize("shade", [0.4, 0.7])
def test_straight_shadow_over_a_page_leaves_its_digits(
    reader: Reader, shade: float, softness: int
) -> None:
    page = write("4075", height=90, thickness=7, margin=200)
    light = np.ones(page.shape, np.float32)
    light[:, page.shape[1] // 2 :] = shade
    if softness:
        light = cv2.GaussianBlur(light, (0, 0), softness)
    picture = (page * light).astype(np.uint8)
    assert [number.text for number in reader.read(picture).numbers] == ["4075"]


@pytest.mark.parametrize("desk", [20, 80, 140])
@pytest.mark.parametrize("size", [(200, 260), (400, 400)], ids=["small", "large"])
def test_two_notes_on_a_desk_are_read(reader: Reader, size: tuple[int, int], desk: int) -> None:
    picture = np.full((900, 1200), desk, np.uint8)
    for left, text in ((100, "407"), (650, "192")):
        note = np.full(size, 235, np.uint8)
        ink = write(text, height=60, thickness=5, paper=235)
        note[70 : 70 + len(ink), 20 : 20 + ink.shape[1]] = ink
        picture[200 : 200 + size[0], left : left + size[1]] = note
    assert [number.text for number in reader.read(picture).numbers] == ["407", "192"]


def test_paper_takes_the_place_of_what_it_lies_on() -> None:
    picture = laid(write("3905", margin=60))
    spread = spread_paper(picture)
    assert (spread[:20] == 245).all()
    inner = (slice(90, -90), slice(130, -130))
    np.testing.assert_array_equal(spread[inner], picture[inner])


@pytest.mark.parametrize(
    "picture",
    [
        255 - write("0", height=150, thickness=30, ink=0, paper=255),  # light on dark
        255 - write("8", height=150, thickness=35, ink=0, paper=255, margin=5),
        write("3905"),  # paper up to the border
        laid(np.full((30, 500), 245, np.uint8))[..., 0],  # it may be a stroke of chalk
        np.zeros((28, 28), np.uint8),
        np.full((1, 1), 200, np.uint8),
        np.full((3, 400), 30, np.uint8),
    ],
    ids=["0", "8", "paper", "stroke", "black", "one pixel", "strip"],
)
def test_other_pictures_stay_as_they_are(picture: np.ndarray) -> None:
    pixels = np.repeat(picture[..., None], 3, axis=2)
    assert spread_paper(pixels) is pixels
