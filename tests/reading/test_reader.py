"""The reader reads what people write, however they write, draw, scan or photograph it."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_digits.digits import Reading
from keras_digits.errors import DigitsError, ModelFileError, PictureError
from keras_digits.reading import looking
from keras_digits.reading.ink import Ink, find_ink
from keras_digits.reading.reader import LAYOUTS, Reader
from keras_digits.training.run import Run
from pen import climbing, write

DIGITS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def coloured(
    page: np.ndarray, pen: tuple[int, int, int], paper: tuple[int, int, int]
) -> np.ndarray:
    """The page in another pen and on other paper, uint8 ``(height, width, 3)``."""
    share = ((page.astype(float) - 30) / 215)[..., None].clip(0, 1)
    return (share * np.array(paper) + (1 - share) * np.array(pen)).astype(np.uint8)


def shaded(page: np.ndarray, seed: int = 0) -> np.ndarray:
    """The page under a lamp at one side, with a hand's shadow and a camera's noise."""
    height, width = page.shape
    light = np.linspace(1.0, 0.45, width)[None, :] * np.linspace(1.0, 0.8, height)[:, None]
    shadow = np.zeros((height, width), np.float32)
    cv2.circle(shadow, (width, height), width // 2, 1, -1)
    light = light * (1 - 0.3 * cv2.GaussianBlur(shadow, (0, 0), 6))
    noise = np.random.default_rng(seed).normal(0, 3, page.shape)
    return (page * light + noise).clip(0, 255).astype(np.uint8)


def ruled(page: np.ndarray, step: int) -> np.ndarray:
    """The page on paper with lines."""
    page = page.copy()
    for row in range(step // 2, len(page), step):
        page[row] = np.minimum(page[row], 150)
    return page


def test_a_1_that_towers_over_zeros_is_no_border(reader: Reader) -> None:
    zeros = write("000", height=60, thickness=5, margin=0)
    page = np.full((124, zeros.shape[1] + 80), 245, np.uint8)
    cv2.line(page, (30, 24), (26, 100), 30, 5)
    page[32 : 32 + zeros.shape[0], 50 : 50 + zeros.shape[1]] = zeros
    assert reader.read(page, "number").text == "1000"


def test_a_number_may_touch_the_border_though_something_small_does_not(reader: Reader) -> None:
    joined = write("40000", height=60, thickness=5, margin=0, spacing=0.0)
    page = np.full((joined.shape[0], joined.shape[1] + 60), 245, np.uint8)
    page[:, : joined.shape[1]] = joined
    small = write("2", height=14, thickness=2, margin=0)
    page[40 : 40 + small.shape[0], -30 : -30 + small.shape[1]] = small
    assert reader.read(page, "number").text == "40000"


def test_a_reading_can_be_printed(reader: Reader) -> None:
    shown = repr(reader.read(write("38")))
    assert "text='38'" in shown
    assert len(shown) < 700, "images and probabilities would fill the screen"


@pytest.mark.parametrize("digit", DIGITS)
def test_each_digit_is_read_alone(reader: Reader, digit: str) -> None:
    for layout in LAYOUTS:
        assert reader.read(write(digit), layout).text == digit


@pytest.mark.parametrize(
    "picture",
    [
        write("2846"),
        255 - write("2846"),
        coloured(write("2846"), (220, 40, 60), (250, 225, 235)),
        coloured(write("2846"), (250, 220, 0), (255, 255, 255)),
        coloured(write("2846"), (240, 240, 255), (20, 40, 90)),
        write("2846", ink=190, paper=225),
        shaded(write("2846")),
        ruled(write("2846", height=80, thickness=6), 40),
        write("2846", height=22, thickness=1),
        write("2846", height=300, thickness=3),
        write("2846", height=70, thickness=14),
        write("2846", height=60, margin=900),
        write("2846", margin=0),
        write("2846", lean=0.5),
        write("2846", lean=-0.2),
        write("2846", spacing=0.0),
    ],
    ids=[
        "plain",
        "light on dark",
        "red on pink",
        "yellow on white",
        "white on blue",
        "faint",
        "shaded",
        "ruled",
        "tiny",
        "hairlines",
        "marker",
        "huge canvas",
        "to the edge",
        "leaning right",
        "leaning left",
        "touching",
    ],
)
def test_number_is_read_however_it_is_written(reader: Reader, picture: np.ndarray) -> None:
    assert reader.read(picture, "number").text == "2846"


@pytest.mark.parametrize("quality", [15, 95])
def test_jpeg_blocks_leave_the_number(reader: Reader, tmp_path: Path, quality: int) -> None:
    Image.fromarray(write("30275")).save(tmp_path / "n.jpg", quality=quality)
    assert reader.read(tmp_path / "n.jpg").text == "30275"


@pytest.mark.parametrize("digit", "0234578")
def test_digit_drawn_at_28x28_without_anti_aliasing_is_read(reader: Reader, digit: str) -> None:
    small = write(digit, height=17, thickness=1, margin=5)
    hard = np.where(small > 140, 255, 0).astype(np.uint8)
    assert reader.read(hard, "digit").text == digit


@pytest.mark.parametrize(
    "text",
    ["12.345", "2 480", "67-", "3,50", "1.000,-", "(25)", "(8)", "(1)", "(9041)", "25%", "8%"],
)
def test_separators_and_signs_are_no_digits(reader: Reader, text: str) -> None:
    expected = "".join(character for character in text if character.isdigit())
    assert reader.read(write(text, thickness=6), "number").text == expected


def test_cell_border_is_no_digit(reader: Reader) -> None:
    cell = cv2.copyMakeBorder(write("5", margin=14), 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=60)
    assert reader.read(cell, "digit").text == "5"


def test_broken_five_is_one_digit(reader: Reader) -> None:
    five = write("5", height=80, thickness=6)
    five[28:33, 20:40] = 245  # the pen skipped between bar and stem
    assert reader.read(five, "digit").text == "5"


def test_page_is_read_line_by_line(reader: Reader) -> None:
    lines = [write("407", thickness=6), write("92", thickness=6), write("13586", thickness=6)]
    width = max(line.shape[1] for line in lines)
    page = np.vstack(
        [
            np.pad(line, ((10, 20), (30, width - line.shape[1])), constant_values=245)
            for line in lines
        ]
    )
    assert reader.read(page, "page").text == "407\n92\n13586"
    assert reader.read(page).text == "407\n92\n13586"


def test_tight_crop_with_a_dot_inside_is_read(reader: Reader) -> None:
    page = write("41.767", thickness=6, margin=0)
    assert reader.read(page, "number").text == "41767"


def test_broken_seven_of_hairlines_on_a_large_sheet_is_read(reader: Reader) -> None:
    assert reader.read(write("7", height=316, thickness=4, margin=110), "digit").text == "7"


def test_more_marks_than_a_page_has_are_no_writing(reader: Reader) -> None:
    wall = np.full((1000, 1000), 230, np.uint8)
    generator = np.random.default_rng(0)
    for x, y in np.stack(np.meshgrid(np.arange(4, 990, 15), np.arange(4, 990, 15)), 2).reshape(
        -1, 2
    ):
        wall[y : y + generator.integers(4, 11), x : x + generator.integers(2, 9)] = 120
    assert reader.read(wall).numbers == ()


def test_ruled_sheet_without_writing_is_blank(reader: Reader) -> None:
    sheet = np.full((600, 500), 245, np.uint8)
    for row in range(20, 600, 12):
        sheet[row : row + 2, 40:460] = 90
    assert reader.read(sheet).numbers == ()


def test_own_network_tells_digits_apart_that_the_packages_finds(
    trained_run: Run,
) -> None:
    reader = Reader(trained_run.onnx_path)
    (number,) = reader.read(write("20648"), "number").numbers
    assert len(number.digits) == 5
    for one in number.digits:
        (expected,) = reader.classify(one.image[None])
        np.testing.assert_allclose(one.probabilities, expected, atol=1e-6)
        assert one.digit == expected.argmax()


@pytest.mark.parametrize("text", ["1", "11", "310", "2011", "61"])
@pytest.mark.parametrize("thickness", [5, 10])
@pytest.mark.parametrize("lean", [0.0, 0.05])
def test_ones_that_are_upright_strokes_are_read(
    reader: Reader, text: str, thickness: int, lean: float
) -> None:
    page = np.full((230, 110 * len(text) + 60), 245, np.uint8)
    for place, digit in enumerate(text):
        left = 40 + 110 * place
        if digit == "1":
            top, foot = (left + 30 + round(110 * lean), 60), (left + 30, 170)
            cv2.line(page, top, foot, 30, thickness, cv2.LINE_AA)
        else:
            other = write(digit, height=110, thickness=thickness, margin=5)
            page[55 : 55 + len(other), left : left + other.shape[1]] = other
    reading = reader.read(page)
    assert reading.text == text


@pytest.mark.parametrize("text", ["7", "9", "36"])
@pytest.mark.parametrize("end", [375, 350], ids=["closed", "almost closed"])
@pytest.mark.parametrize("layout", ["auto", "number"])
def test_circled_number_is_read(reader: Reader, text: str, end: int, layout: str) -> None:
    page = write(text, margin=70)
    height, width = page.shape
    middle, axes = (width // 2, height // 2), (width // 2 - 25, height // 2 - 22)
    cv2.ellipse(page, middle, axes, 0, 0, end, 40, 4, cv2.LINE_AA)
    assert reader.read(page, layout).text == text


@pytest.mark.parametrize("text", ["36", "2480"])
@pytest.mark.parametrize("slope", [0.0, 0.02])
@pytest.mark.parametrize("aside", [0, 12], ids=["inside", "touching"])
def test_digits_in_printed_boxes_are_read(
    reader: Reader, text: str, slope: float, aside: int
) -> None:
    page = np.full((260, 110 * len(text) + 120), 245, np.uint8)
    for place, digit in enumerate(text):
        part = write(digit, height=80, thickness=8, margin=0)
        left = 70 + 110 * place + (100 - part.shape[1]) // 2
        left += (100 - part.shape[1]) // 2 if aside else 0  # up to the right border
        window = page[90 : 90 + len(part), left : left + part.shape[1]]
        np.minimum(window, part, out=window)
    corners = [60 + 110 * place for place in range(len(text) + 1)]
    for x in corners:
        cv2.line(page, (x, 70), (x, 190), 60, 2)
    for y in (70, 190):
        cv2.line(page, (corners[0], y), (corners[-1], y), 60, 2)
    turn = np.array([[1, 0, 0], [slope, 1, 0]])
    turned = cv2.warpAffine(page, turn, page.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    assert reader.read(turned).text == text


def test_a_square_zero_is_no_box(reader: Reader) -> None:
    page = np.full((200, 160), 245, np.uint8)
    cv2.rectangle(page, (50, 50), (110, 150), 30, 8)
    assert reader.read(page, "digit").text == "0"


@pytest.mark.parametrize("digit", "0689")
def test_loop_of_a_digit_in_outline_is_no_ring(reader: Reader, digit: str) -> None:
    thick = write(digit, height=150, thickness=24, margin=40)
    page = 255 - cv2.Canny(thick, 50, 150)
    assert reader.read(page, layout="digit").text == digit


def test_a_page_full_of_digits_is_read_whole(reader: Reader) -> None:
    rows = ["888 1 869 1 88 938 1 8", "41 7 1 203 1 19 1 655"] * 20
    lines = [write(row, height=24, thickness=3, spacing=0.35) for row in rows]
    width = max(line.shape[1] for line in lines)
    page = np.vstack(
        [np.pad(one, ((0, 0), (0, width - one.shape[1])), constant_values=245) for one in lines]
    )
    found = reader.read(page, "page").text.replace("\n", "")
    assert len(found) == sum(len(row.replace(" ", "")) for row in rows)


def test_boxes_in_boxes_in_boxes_take_no_long_time(reader: Reader) -> None:
    page = np.full((1200, 1200), 245, np.uint8)
    for inset in range(8, 580, 8):
        cv2.rectangle(page, (inset, inset), (1199 - inset, 1199 - inset), 30, 1)
    started = time.process_time()
    reader.read(page)
    assert time.process_time() - started < 4


def test_table_is_read_cell_by_cell(reader: Reader) -> None:
    rows = [("1935", "2846"), ("402", "7719")]
    cells = [[write(text, spacing=0.3) for text in row] for row in rows]
    height, width = (max(cell.shape[axis] for row in cells for cell in row) for axis in (0, 1))
    page = np.full((len(rows) * height, 2 * (width + 60)), 245, np.uint8)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            top, left = y * height, x * (width + 60)
            page[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    assert reader.read(page).text.split() == ["1935", "2846", "402", "7719"]


def test_numbers_far_apart_on_a_line_are_two(reader: Reader) -> None:
    page = np.hstack([write("38"), np.full((107, 300), 245, np.uint8)[: write("38").shape[0]]])
    other = write("642")
    height = max(page.shape[0], other.shape[0])
    page, other = (
        np.pad(part, ((0, height - part.shape[0]), (0, 0)), constant_values=245)
        for part in (page, other)
    )
    assert reader.read(np.hstack([page, other])).text == "38\n642"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "paper",
    [
        np.full((200, 300), 255, np.uint8),
        np.zeros((28, 28), np.uint8),
        np.full((1, 1), 90, np.uint8),
        shaded(np.full((200, 300), 230, np.uint8)),
    ],
    ids=["white", "black", "one pixel", "photographed"],
)
def test_blank_picture_gives_an_empty_reading(
    reader: Reader, paper: np.ndarray, layout: str
) -> None:
    reading = reader.read(paper, layout)
    assert reading.numbers == ()
    assert not reading.text


def test_boxes_lie_on_the_ink(reader: Reader) -> None:
    page = write("471", lean=0.4, height=120, thickness=9, margin=40)
    (number,) = reader.read(page, "number").numbers
    assert abs(number.box.x - 40) <= 6
    assert abs(number.box.y - 40) <= 6
    assert abs(number.box.x + number.box.width - (page.shape[1] - 40)) <= 6
    for one in number.digits:
        x, y, width, height = one.box
        assert page[y : y + height, x : x + width].min() < 100
        assert 90 < height < 150


@pytest.mark.parametrize("slope", [-0.3, -0.15, 0.25])
def test_line_that_climbs_or_falls_is_read(reader: Reader, slope: float) -> None:
    page = climbing(write("123269", spacing=0.5), slope)
    (number,) = reader.read(page, "number").numbers
    assert number.text == "123269"
    for one in number.digits:
        x, y, width, height = one.box
        assert page[y : y + height, x : x + width].min() < 100
        assert 50 < height < 80
    (on_a_page,) = reader.read(page, "page").numbers
    assert on_a_page.text == "123269"


def test_boxes_are_in_the_pixels_of_the_original(reader: Reader) -> None:
    page = write("6", height=1500, thickness=150, margin=1000)
    (number,) = reader.read(page, "digit").numbers
    assert abs(number.box.y - 1000) < 40
    assert abs(number.box.height - 1650) < 80


def test_reading_says_what_it_saw_and_believes(reader: Reader) -> None:
    (number,) = reader.read(write("25"), "number").numbers
    assert 0 < number.confidence <= min(one.confidence for one in number.digits)
    for one in number.digits:
        assert one.image.shape == (28, 28)
        assert one.image.dtype == np.uint8
        assert one.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert one.probabilities.argmax() == one.digit
    assert [one.digit for one in number.digits] == [2, 5]
    seen = np.stack([one.image for one in number.digits])
    assert reader.classify(seen).argmax(axis=1).tolist() == [2, 5]


@pytest.mark.parametrize(
    ("text", "lean"), [("09", -0.1), ("08", 0.2), ("80", 0.0), ("00", 0.2), ("50", -0.1)]
)
def test_crops_without_a_margin_are_dark_on_light(reader: Reader, text: str, lean: float) -> None:
    crop = write(text, height=105, thickness=7, margin=0, lean=lean)
    assert reader.read(crop).text == text


@pytest.mark.parametrize("margin", [0, 1, 2])
@pytest.mark.parametrize("text", ["71", "141", "701", "51"])
def test_a_one_at_the_edge_of_a_crop_is_no_rule(reader: Reader, text: str, margin: int) -> None:
    crop = write(text, height=80, thickness=6, margin=margin)
    assert [one.text for one in reader.read(crop).numbers] == [text]


@pytest.mark.parametrize("shape", [(110, 20_000), (20_000, 110), (100, 100)])
def test_long_strips_are_read(reader: Reader, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(180, 256, (*shape, 3), np.uint8)
    assert isinstance(reader.read(noise), Reading)


def test_many_pictures_are_read_in_order_and_bad_ones_don_t_stop_the_rest(reader: Reader) -> None:
    pictures = [write(str(n)) for n in range(20, 60)]
    results = list(reader.read_many([*pictures[:7], b"no picture", *pictures[7:]], "number"))
    assert isinstance(results.pop(7), PictureError)
    texts = [one.text if isinstance(one, Reading) else "" for one in results]
    assert texts == [reader.read(picture, "number").text for picture in pictures]


def test_pictures_are_taken_up_as_they_are_needed(reader: Reader) -> None:
    def endless() -> object:
        while True:
            yield write("7")

    assert next(reader.read_many(endless())).text == "7"


@settings(max_examples=25, deadline=None)
@given(
    number=st.integers(0, 9999).map(str),
    height=st.integers(24, 160),
    margin=st.integers(4, 80),
    angle=st.floats(-4, 4),
    is_light=st.booleans(),
)
def test_size_place_rotation_and_polarity_leave_the_answer(
    reader: Reader, number: str, height: int, margin: int, angle: float, is_light: bool
) -> None:
    page = write(number, height, max(2, height * 0.09), margin=margin)
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), angle, 1)
    page = cv2.warpAffine(page, turn, page.shape[::-1], borderValue=245)
    assert reader.read(255 - page if is_light else page, "number").text == number


@pytest.mark.parametrize(
    ("failure", "message"), [(MemoryError(), "more memory"), (cv2.error("no"), "looked at")]
)
def test_a_picture_that_fails_midway_doesn_t_stop_the_rest(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, failure: Exception, message: str
) -> None:
    def fail_on_large_ones(pixels: np.ndarray) -> Ink:
        if len(pixels) > 500:
            raise failure
        return find_ink(pixels)

    monkeypatch.setattr(looking, "find_ink", fail_on_large_ones)
    small, large = write("7"), np.full((600, 600), 255, np.uint8)
    before, failed, after = reader.read_many([small, large, small])
    assert isinstance(failed, PictureError)
    assert message in str(failed)
    for one in (before, after):
        assert isinstance(one, Reading)
        assert one.text == "7"


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=300), layout=st.sampled_from(LAYOUTS))
def test_any_bytes_give_a_reading_or_an_error(reader: Reader, raw: bytes, layout: str) -> None:
    for result in reader.read_many([raw], layout):
        assert isinstance(result, Reading | DigitsError)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    layout=st.sampled_from(LAYOUTS),
    levels=st.integers(2, 256),
)
def test_any_pixels_give_a_reading(
    reader: Reader, seed: int, shape: tuple[int, int], layout: str, levels: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, levels, shape).astype(np.uint8)
    for number in reader.read(pixels, layout).numbers:
        assert number.text.isdigit()
        assert number.box.width > 0
        assert number.box.height > 0


def test_unknown_layout_is_refused(reader: Reader) -> None:
    with pytest.raises(ValueError, match="expected one of auto, digit, number, page"):
        reader.read(write("1"), "line")


def test_many_images_are_told_in_their_order_as_a_few_are(reader: Reader) -> None:
    images = np.random.default_rng(1).integers(0, 256, (200, 28, 28), np.uint8)
    few = [reader.classify(images[start : start + 10]) for start in range(0, 200, 10)]
    assert reader.classify(images) == pytest.approx(np.concatenate(few), abs=1e-6)
    on_one_thread = Reader(num_threads=1)
    assert on_one_thread.classify(images[:10]) == pytest.approx(few[0], abs=1e-6)
    assert len(list(on_one_thread.read_many([write("7")] * 3))) == 3


def test_no_threads_are_refused() -> None:
    with pytest.raises(ValueError, match="num_threads is 0; expected 1 or more"):
        Reader(num_threads=0)


def test_images_of_another_shape_are_refused(reader: Reader) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        reader.classify(np.zeros((3, 20, 20), np.uint8))
    assert reader.classify(np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)


def test_network_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        Reader(tmp_path / "nowhere.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match="no network that ONNX Runtime can load"):
        Reader(tmp_path / "broken.onnx")


@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((255, 255, 0), (200, 200, 0)),
        ((120, 255, 40), (60, 180, 30)),
        ((40, 60, 200), (90, 110, 230)),
    ],
    ids=["yellow", "green", "light on blue"],
)
def test_ink_of_nearly_the_colour_of_its_paper_is_seen(
    reader: Reader, paper: tuple[int, int, int], ink: tuple[int, int, int]
) -> None:
    is_ink = write("407", height=90, thickness=7, ink=1, paper=0, margin=200)[..., None]
    picture = np.where(is_ink > 0, np.array(ink, np.uint8), np.array(paper, np.uint8))
    assert reader.read(picture).text == "407"


@pytest.mark.parametrize("thickness", [1, 5, 10])
def test_number_in_a_drawn_frame_is_read(reader: Reader, thickness: int) -> None:
    picture = np.full((600, 900), 255, np.uint8)
    number = write("407", height=90, thickness=7, ink=0, paper=255, margin=2)
    picture[200 : 200 + len(number), 225 : 225 + number.shape[1]] = number
    cv2.rectangle(picture, (0, 0), (899, 599), 0, thickness)
    picture[:, 112:117] = 0
    assert reader.read(picture).text == "407"


def test_a_speck_does_not_tell_what_is_paper(reader: Reader) -> None:
    picture = write("407", height=90, thickness=7, ink=50, paper=120, margin=200)
    picture[20:34, 20:34] = 255
    assert reader.read(picture).text == "407"
