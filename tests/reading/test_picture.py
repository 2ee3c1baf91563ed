"""Whatever people have becomes an upright colour picture, or one clear line says why not."""

import io
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from keras_digits.errors import PictureError
from keras_digits.reading.picture import WORKING_SIDE, load_picture, silenced_decoders, to_grey
from pen import write

SEVEN = write("7", height=90, thickness=9, ink=0, paper=255)


def encode(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "GIF"),
        ("RGB", "BMP"),
        ("RGBA", "WEBP"),
        ("CMYK", "TIFF"),
        ("CMYK", "JPEG"),
        ("YCbCr", "JPEG"),
        ("I;16", "PNG"),
        ("I;16", "TIFF"),
        ("I", "TIFF"),
        ("F", "TIFF"),
    ],
)
def test_every_colour_mode_decodes_to_the_same_grey(mode: str, kind: str) -> None:
    seven = Image.fromarray(SEVEN)
    if mode in {"I;16", "I"}:
        wide = SEVEN.astype(np.uint16 if mode == "I;16" else np.int32) * 257
        picture = Image.fromarray(wide)
    else:
        picture = seven.convert(mode, dither=Image.Dither.NONE)
    grey = to_grey(load_picture(encode(picture, kind)).pixels)
    assert grey.shape == SEVEN.shape
    assert difference(grey, SEVEN) < 4


@pytest.mark.parametrize("pen", [(0, 0, 0), (250, 250, 250)], ids=["dark pen", "light pen"])
def test_transparent_layer_is_laid_on_paper_that_shows_it(pen: tuple[int, int, int]) -> None:
    layer = np.zeros((*SEVEN.shape, 4), np.uint8)
    layer[..., :3] = pen
    layer[..., 3] = 255 - SEVEN
    grey = to_grey(load_picture(encode(Image.fromarray(layer))).pixels)
    assert abs(int(grey[SEVEN < 60].mean()) - int(grey[0, 0])) > 180


@pytest.mark.parametrize("margin", [2, 60])
@pytest.mark.parametrize("is_light", [True, False])
def test_card_that_was_cut_out_lies_on_its_own_paper(margin: int, is_light: bool) -> None:
    card = SEVEN if is_light else 255 - SEVEN
    layer = np.zeros((*(side + 2 * margin for side in SEVEN.shape), 4), np.uint8)
    inside = (slice(margin, -margin), slice(margin, -margin))
    layer[inside] = np.dstack([card, card, card, np.full_like(card, 255)])
    grey = to_grey(load_picture(encode(Image.fromarray(layer))).pixels)
    assert abs(int(grey[0, 0]) - int(np.median(card))) < 10


def test_picture_that_is_handed_in_stays_as_it_is() -> None:
    large = Image.fromarray(np.kron(SEVEN, np.ones((30, 30), np.uint8)))
    theirs = Image.open(io.BytesIO(encode(large, "JPEG")))
    picture = load_picture(theirs)
    assert theirs.size == large.size
    assert picture.scale == pytest.approx(max(large.size) / WORKING_SIDE, rel=0.01)


@pytest.mark.parametrize("brightest", [1.0000001, 1.02, 1.5])
def test_numbers_that_go_a_little_beyond_1_reach_from_0_to_1(brightest: float) -> None:
    grey = to_grey(load_picture(SEVEN / 255 * brightest).pixels)
    assert difference(grey, SEVEN) < 4


@pytest.mark.parametrize("side", [1, 30], ids=["as it is", "shrunk"])
def test_16_bits_with_a_transparent_value_are_not_clipped(side: int) -> None:
    values = np.kron(SEVEN, np.ones((side, side), np.uint8)).astype(np.uint16) * 257
    raw = encode(Image.fromarray(values), transparency=1)
    grey = to_grey(load_picture(raw).pixels)
    assert grey.min() < 60
    assert np.median(grey) > 200


@pytest.mark.parametrize("side", [1, 30], ids=["as it is", "shrunk"])
def test_exif_rotation_is_undone(side: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    upright = np.kron(SEVEN, np.ones((side, side), np.uint8))
    raw = encode(Image.fromarray(np.rot90(upright)), "JPEG", exif=exif, quality=95)
    picture = load_picture(raw)
    height, width = picture.pixels.shape[:2]
    assert max(height, width) <= WORKING_SIDE
    assert height / width == pytest.approx(upright.shape[0] / upright.shape[1], rel=0.01)
    assert picture.scale == pytest.approx(upright.shape[0] / height, rel=0.01)
    assert to_grey(picture.pixels)[: height // 3].min() < 100  # a 7 has its bar on top
    assert to_grey(picture.pixels)[-height // 3 :, -width // 3 :].min() > 200


def test_a_narrow_picture_is_measured_along_its_longer_side() -> None:
    picture = load_picture(np.full((20_011, 61), 255, np.uint8))
    assert picture.scale * picture.pixels.shape[0] == pytest.approx(20_011, abs=1)


@pytest.mark.parametrize("kind", ["array", "file"])
def test_a_long_picture_of_16_bits_is_read(kind: str) -> None:
    values = np.full((100, 9700), 50_000, np.uint16)
    values[40:60, 3000:4000] = 1000
    source = values if kind == "array" else encode(Image.fromarray(values))
    assert to_grey(load_picture(source).pixels).min() < 20


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_odd_exif_is_passed_over(kind: str) -> None:
    raw = encode(Image.fromarray(SEVEN), kind, exif=b"Exif\0\0garbage")
    assert load_picture(raw).pixels.shape == (*SEVEN.shape, 3)


def test_exif_whose_other_entries_are_broken_still_turns() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x8298], exif[0x9286] = 6, "somebody", b"note"
    raw = encode(Image.fromarray(np.rot90(SEVEN)[:, :20]), "JPEG", exif=exif, quality=95)
    for place in range(30, 120):
        odd = bytearray(raw)
        odd[place] ^= 0xFF
        with suppress(PictureError):  # of the JPEG's own bytes some matter
            picture = load_picture(bytes(odd))
            assert min(picture.pixels.shape[:2]) == 20


def test_warnings_are_heard_again_once_the_last_has_decoded() -> None:
    before = list(warnings.filters)
    first, second = silenced_decoders(), silenced_decoders()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert warnings.filters[0][0] == "ignore"
    second.__exit__(None, None, None)
    assert list(warnings.filters) == before


def test_an_icon_is_refused_before_it_is_decoded() -> None:
    raw = encode(Image.fromarray(SEVEN), "ICO")
    with pytest.raises(PictureError, match="is an icon"):
        load_picture(raw)


def test_first_frame_of_an_animation_counts() -> None:
    frames = [Image.fromarray(SEVEN), Image.fromarray(255 - SEVEN)]
    raw = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert difference(to_grey(load_picture(raw).pixels), SEVEN) < 3


@pytest.mark.parametrize(
    "array",
    [
        SEVEN,
        SEVEN[..., None],
        np.repeat(SEVEN[..., None], 3, axis=2),
        SEVEN.astype(np.uint16) * 257,
        SEVEN / 255,
        SEVEN.astype(np.float32),
        SEVEN > 128,
    ],
    ids=["grey", "one channel", "RGB", "uint16", "0 to 1", "0 to 255", "bool"],
)
def test_arrays_of_every_kind_are_pictures(array: np.ndarray) -> None:
    assert difference(to_grey(load_picture(array).pixels), SEVEN) < 4


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "is empty"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n", "is EPS"),
        (b"%PDF-1.7", "is a PDF; expected a picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "pip install pillow-heif"),
        (encode(Image.fromarray(SEVEN))[:300], "is a broken picture"),
        (encode(Image.new("1", (40_000, 30_000))), "pictures may have up to 100 million"),
        (encode(Image.new("1", (20_000, 6_000))), "20000x6000 pixels; pictures may have up to"),
        (np.zeros((4, 4, 7)), "expected uint8"),
        (np.zeros((0, 4)), "pictures may have 1 to"),
        (np.array([["a"]]), "expected uint8"),
        (7, "is a int; expected a path"),
        ("nowhere.png", "nowhere.png does not exist"),
        (".", "is a folder"),
        ("a\0b", "can't be read"),
    ],
    ids=str,
)
def test_what_is_no_picture_gets_one_clear_line(source: object, message: str) -> None:
    with pytest.raises(PictureError, match=message) as caught:
        load_picture(source)
    assert "\n" not in str(caught.value)


def test_decompression_bomb_is_refused_at_once() -> None:
    raw = b"P5 40000 30000 255\n" + bytes(1000)  # and no more, whatever it says
    started = time.perf_counter()
    with pytest.raises(PictureError, match="too many pixels"):
        load_picture(raw)
    assert time.perf_counter() - started < 1


def test_name_in_an_error_is_the_path(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(b"no")
    with pytest.raises(PictureError, match=r"scan\.tif is not a picture"):
        load_picture(path)


@given(
    st.binary(max_size=200) | st.integers(0, 2000).map(lambda n: encode(Image.fromarray(SEVEN))[:n])
)
def test_any_bytes_give_a_picture_or_a_picture_error(raw: bytes) -> None:
    try:
        assert load_picture(raw, "x").pixels.shape[2] == 3
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("kind", "brightest"),
    [(np.uint8, 1), (np.int64, 1), (np.uint16, 16), (np.int64, 16), (np.float32, 16)],
)
def test_masks_and_sixteen_steps_reach_white(kind: type, brightest: int) -> None:
    steps = np.round(SEVEN / 255 * brightest).astype(kind)
    pixels = load_picture(steps).pixels[..., 0]
    assert difference(pixels, np.round(SEVEN / 255 * brightest) / brightest * 255) < 1


def test_a_bright_pixel_that_overflowed_is_white_and_a_missing_one_paper() -> None:
    values = SEVEN / 255
    values[3, 3], values[5, 5] = np.inf, np.nan
    pixels = load_picture(values).pixels
    assert (pixels[3, 3] == 255).all()
    assert (pixels[5, 5] == 255).all()
