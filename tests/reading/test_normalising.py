"""Pictures become images as MNIST has them, whatever their size, place and colours."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from keras_digits.errors import PictureError
from keras_digits.reading.normalising import centre, normalise
from keras_digits.reading.picture import decode_picture


def draw_seven(side: int = 200, shift: int = 0, thickness: int = 12) -> np.ndarray:
    """A dark 7 on white paper."""
    paper = np.full((side, side), 255, np.uint8)
    corners = np.array([[60, 50], [130, 50], [90, 150]]) + shift
    cv2.polylines(paper, [corners], isClosed=False, color=20, thickness=thickness)
    return paper


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_digit_fills_the_box_and_its_mass_lies_in_the_middle() -> None:
    image = normalise(draw_seven())
    _, _, width, height = cv2.boundingRect((image > 127).astype(np.uint8))
    assert max(width, height) in {19, 20, 21}
    moments = cv2.moments(image)
    assert moments["m10"] / moments["m00"] == pytest.approx(13.5, abs=0.1)
    assert moments["m01"] / moments["m00"] == pytest.approx(13.5, abs=0.1)


@pytest.mark.parametrize(
    "changed",
    [
        draw_seven(shift=37),
        255 - draw_seven(),
        (draw_seven() // 3 + 90).astype(np.uint8),
        cv2.resize(draw_seven(), (800, 800)),
        cv2.resize(draw_seven(), (70, 70), interpolation=cv2.INTER_AREA),
    ],
    ids=["shifted", "inverted", "faint", "large", "small"],
)
def test_same_digit_gives_the_same_image(changed: np.ndarray) -> None:
    assert difference(normalise(changed), normalise(draw_seven())) < 6


def test_blank_picture_is_refused() -> None:
    with pytest.raises(PictureError, match="blank"):
        normalise(np.full((40, 40), 200, np.uint8))


@given(st.integers(0, 10_000))
@example(0)
def test_any_ink_gives_an_image(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(1, 40, 2))
    ink = np.zeros(shape, np.uint8)
    ink[tuple(generator.integers(0, shape))] = generator.integers(1, 256)
    image = centre(ink)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8


@pytest.mark.parametrize("size", [(10, 1500), (1500, 10), (2, 400), (3, 2000)])
def test_long_thin_strokes_keep_a_width(size: tuple[int, int]) -> None:
    paper = np.full((2100, 2100), 255, np.uint8)
    paper[50 : 50 + size[1], 50 : 50 + size[0]] = 0
    assert normalise(paper).max() > 0


def encode(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "CMYK"])
def test_every_colour_mode_decodes_to_the_same_grey(mode: str) -> None:
    seven = Image.fromarray(draw_seven())
    if mode == "I;16":
        picture = Image.fromarray(draw_seven().astype(np.uint16) * 257)
    else:
        picture = seven.convert(mode)
    kind = "TIFF" if mode in {"CMYK", "I;16"} else "PNG"
    grey = decode_picture(encode(picture, kind), "seven")
    assert grey.shape == (200, 200)
    assert difference(grey, draw_seven()) < 3


def test_transparent_paper_is_white() -> None:
    layer = np.zeros((200, 200, 4), np.uint8)
    layer[..., 3] = 255 - draw_seven()
    grey = decode_picture(encode(Image.fromarray(layer, "RGBA")), "layer")
    assert grey[0, 0] == 255
    assert grey.min() < 30


def test_exif_rotation_is_undone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    sideways = Image.fromarray(np.rot90(draw_seven()[:150]))
    grey = decode_picture(encode(sideways, "JPEG", exif=exif, quality=95), "photo")
    assert grey.shape == (150, 200)
    assert difference(grey, draw_seven()[:150]) < 3


def test_picture_of_too_many_pixels_is_refused_unread() -> None:
    raw = encode(Image.new("1", (20_000, 6_000)))
    with pytest.raises(PictureError, match="20000x6000 pixels; pictures may have up to 100"):
        decode_picture(raw, "scan.png")


@given(
    st.binary(max_size=200)
    | st.integers(0, 2000).map(lambda n: encode(Image.fromarray(draw_seven()))[:n])
)
def test_any_bytes_give_a_picture_or_a_picture_error(raw: bytes) -> None:
    try:
        assert decode_picture(raw, "x").ndim == 2
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017
