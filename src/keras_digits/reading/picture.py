"""From whatever people have to an upright colour picture. Knows nothing of digits.

Takes paths, bytes, Pillow's images and arrays; turns photographs upright as their EXIF says, lays
transparent parts on paper, brings palettes, CMYK, 16-bit and floating-point pixels to RGB.
"""

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base

from keras_digits.digits import INK
from keras_digits.errors import PictureError
from keras_digits.reading.limits import MAX_BYTES, MAX_PIXELS, UNREADABLE
from keras_digits.reading.sharing import Shared

WORKING_SIDE = 2400
"""Larger pictures are shrunk to this, in pixels: a page's digits are still tall enough."""

_PAGED = ("TIFF", "GIF", "WEBP")
"""Formats whose files may hold several pages; what phones add to a JPEG is no page."""

_NOT_RESIZED = ("P", "PA", "1", "CMYK", "YCbCr", "LAB", "HSV")
"""Modes whose numbers can't be averaged, or not as light is."""

_SIDE_TO_JUDGE = 400
"""The shorter side of a layer on which it is judged whether what is drawn on it is light."""

_ICON = b"\0\0\1\0"
"""How ICO files begin, which Pillow decodes before it tells how large they are."""

_STRIP = 64
"""Rows of a strip of a large picture, once it is small."""

_LEAST_CONTRAST = 64
"""What is opaque and differs at least so much in brightness brings its own paper."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF's orientation."""

_MOST_OF_16 = 16
"""The brightest of sixteen steps, and darker than any picture's brightest of 255."""

_WHITE, _BLACK = (255, 255, 255, 255), (0, 0, 0, 255)


@dataclass(frozen=True, eq=False)
class Picture:
    """An upright picture, ready to be looked at.

    Attributes:
        pixels: uint8 ``(height, width, 3)``, red, green, blue, 0 dark, 255 bright.
        scale: How many pixels of the upright original one pixel here stands for; 1.0 unless the
            original's longer side is above ``WORKING_SIDE``.
    """

    pixels: NDArray[np.uint8]
    scale: float = 1.0


@contextmanager
def _warnings_ignored() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_silence = Shared(_warnings_ignored)
"""Python's filters belong to the whole process, and so does this."""


def silenced_decoders() -> Shared:
    """Keep odd EXIF, palettes and sizes from being warned of: no news to the user.

    Where threads decode, this stands around all of them, and they call :func:`decode`.
    """
    return _silence


def load_picture(source: Any, name: str | None = None) -> Picture:
    """Make an upright colour picture of what somebody has; :func:`decode` without warnings.

    Args:
        source: As for :func:`decode`.
        name: As for :func:`decode`.

    Raises:
        PictureError: As for :func:`decode`.
    """
    with silenced_decoders():
        return decode(source, name)


def decode(source: Any, name: str | None = None, max_pixels: int = MAX_PIXELS) -> Picture:
    """Make an upright colour picture of what somebody has.

    Args:
        source: A path (str or Path), a file's bytes, a Pillow image, or an array: bool, uint8,
            uint16 or floating point (0..1, 0..16 or 0..255; NaN is paper), ``(height, width)``, or
            with a last axis of 1 grey, 2 grey and alpha, 3 RGB or 4 RGBA. An array that is nowhere
            brighter than 1 is a mask. Of several pages or frames the first.
        name: What to call it in an error; by default the path, or "this".
        max_pixels: How large it may be, at most ``MAX_PIXELS``.

    Raises:
        PictureError: It is missing, empty, no picture, broken, or larger than `max_pixels` or
            ``MAX_BYTES``.
    """
    if isinstance(source, str | Path):
        name = name or str(source)
        source = _read_file(Path(source), name)
    name = name or "this"
    if isinstance(source, bytes | bytearray | memoryview):
        return _decode(bytes(source), name, max_pixels)
    if isinstance(source, Image.Image):
        return _with_errors(source, name, max_pixels, is_ours=False)
    if isinstance(source, np.ndarray):
        return _with_errors(_from_array(source, name), name, max_pixels)
    raise PictureError(
        f"{name} is a {type(source).__name__}; expected a path, bytes, a Pillow image or an array."
    )


def count_pages(source: str | Path | bytes) -> int:
    """How many pages or frames a TIFF, GIF or WebP file holds, of which the first is read.

    Args:
        source: Its path, or its bytes.

    Returns:
        1 for other files, and where it can't be told.
    """
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    with suppress(Exception), silenced_decoders(), Image.open(opened, formats=_PAGED) as picture:
        return int(getattr(picture, "n_frames", 1))
    return 1


def to_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 ``(height, width, 3)`` RGB to uint8 ``(height, width)``, 0 black, 255 white."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def _read_file(path: Path, name: str) -> bytes:
    """A file's bytes."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise PictureError(f"{name} does not exist; expected a picture.") from error
    except IsADirectoryError as error:
        raise PictureError(f"{name} is a folder; expected a picture.") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"{name} can't be read ({reason}); expected a picture.") from error
    if len(raw) > MAX_BYTES:
        raise PictureError(
            f"{name} has more than {MAX_BYTES // 1_000_000} million bytes; expected a picture. "
            "Shrink it."
        )
    return raw


def _decode(raw: bytes, name: str, max_pixels: int) -> Picture:
    """A picture from a file's bytes."""
    if not raw:
        raise PictureError(f"{name} is empty; expected a picture.")
    if raw.startswith(_ICON):
        raise PictureError(f"{name} is an icon; expected PNG, JPEG, GIF, TIFF or the like.")
    try:
        picture = Image.open(io.BytesIO(raw))
    except UnidentifiedImageError as error:
        if raw[4:8] == b"ftyp":
            return _decode_heif(raw, name, max_pixels)
        if raw.startswith(b"%PDF"):
            raise PictureError(
                f"{name} is a PDF; expected a picture. Make one of each page: pdftoppm -r 200 -png"
            ) from error
        raise PictureError(
            f"{name} is not a picture that can be read; expected PNG, JPEG, GIF, TIFF or the like."
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"{name} has too many pixels ({error}); {_allowed(max_pixels)}"
        ) from error
    except Exception as error:  # Pillow's decoders raise nearly anything at broken contents
        raise _broken(name, error) from error
    if picture.format in UNREADABLE:
        raise PictureError(
            f"{name} is {picture.format}; expected PNG, JPEG, GIF, TIFF or the like. Save it so."
        )
    return _with_errors(picture, name, max_pixels)


def _decode_heif(raw: bytes, name: str, max_pixels: int) -> Picture:
    """A picture as phones save them, through Pillow's plugin where it is installed."""
    try:
        plugin = import_module("pillow_heif")
    except ModuleNotFoundError as error:
        raise PictureError(
            f"{name} is a HEIC or AVIF picture, which Pillow can't read here. Save it as JPEG, "
            "or: pip install pillow-heif"
        ) from error
    plugin.register_heif_opener()
    try:
        picture = Image.open(io.BytesIO(raw))
    except Exception as error:
        raise _broken(name, error) from error
    return _with_errors(picture, name, max_pixels)


def _with_errors(picture: Image.Image, name: str, max_pixels: int, is_ours: bool = True) -> Picture:
    """A Pillow image, decoded only now, as a Picture; or one clear error."""
    width, height = picture.size
    if width * height > max_pixels:
        raise PictureError(f"{name} is {width}x{height} pixels; {_allowed(max_pixels)}")
    if width * height == 0:
        raise PictureError(f"{name} has no pixels; expected a picture.")
    try:
        return _upright(picture, is_ours)
    except Exception as error:
        raise _broken(name, error) from error


def _allowed(max_pixels: int) -> str:
    """What an error says of sizes."""
    return f"pictures may have up to {max_pixels / 1_000_000:g} million. Shrink it."


def _broken(name: str, error: Exception) -> PictureError:
    if isinstance(error, MemoryError):
        return PictureError(f"{name} needs more memory than there is. Shrink it.")
    reason = " ".join(str(error).split()) or type(error).__name__
    return PictureError(f"{name} is a broken picture ({reason}). Save it again.")


def _upright(picture: Image.Image, is_ours: bool) -> Picture:
    """Shrink, turn, flatten; what isn't ours stays as it is."""
    turn, side = _turn(picture), max(picture.size)
    if side > WORKING_SIDE:
        picture = _shrunk(picture, is_ours)
    scale = side / max(picture.size)  # the longer side's, which rounding moves least
    if turn is not None:
        picture = picture.transpose(turn)
    return Picture(np.asarray(_flat(picture)), scale)


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """How a picture is turned upright, as its EXIF says; None where it is, or that is odd."""
    if picture.format == "TIFF":
        return None  # Pillow has done it
    with suppress(Exception):  # whatever else the EXIF says, right or wrong, is nothing to us
        return _TURNS.get(picture.getexif().get(Base.Orientation, 1))
    return None


def _shrunk(picture: Image.Image, is_ours: bool) -> Image.Image:
    """A large picture at ``WORKING_SIDE``; a JPEG is decoded small, to save time and memory."""
    factor = WORKING_SIDE / max(picture.size)
    size = (max(1, round(picture.size[0] * factor)), max(1, round(picture.size[1] * factor)))
    if is_ours:
        picture.draft(None, size)  # which makes the picture itself smaller
    is_numbers = picture.mode.startswith(("I", "F"))
    is_transparent = not is_numbers and (
        "A" in picture.getbands() or "transparency" in picture.info
    )
    if is_transparent or picture.mode in _NOT_RESIZED:
        small = _shrunk_in_strips(picture, size, "RGBA" if is_transparent else "RGB")
    else:
        is_reducible = not picture.mode.startswith("I;16")
        gap = 2.0 if is_reducible else None
        small = picture.resize(size, Image.Resampling.BOX, reducing_gap=gap)
    return small


def _shrunk_in_strips(picture: Image.Image, size: tuple[int, int], mode: str) -> Image.Image:
    """A picture in another mode and smaller, a strip at a time: whole, it would fill memory."""
    small = Image.new(mode, size)
    width, height = picture.size
    scale = height / size[1]
    for top in range(0, size[1], _STRIP):
        bottom = min(top + _STRIP, size[1])
        first, last = math.floor(top * scale), min(math.ceil(bottom * scale), height)
        strip = picture.crop((0, first, width, last)).convert(mode)
        box = (0, top * scale - first, width, min(bottom * scale - first, last - first))
        shrunk = strip.resize((size[0], bottom - top), Image.Resampling.BOX, box)
        small.paste(shrunk, (0, top))
    return small


def _flat(picture: Image.Image) -> Image.Image:
    """RGB, 8 bits a channel, nothing transparent."""
    if picture.mode.startswith(("I", "F")):
        return _from_numbers(np.asarray(picture, np.float64)).convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        layer = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        paper = Image.new("RGBA", layer.size, _paper(layer))
        paper.alpha_composite(layer)
        return paper.convert("RGB")
    return picture.convert("RGB")


def _paper(rgba: Image.Image) -> tuple[int, int, int, int]:
    """The paper to lay a transparent layer on: white, unless what was drawn on it is light.

    A card with something on it, cut out, brings its own paper, and lies on more of that.
    """
    layer = np.asarray(rgba.reduce(max(1, min(rgba.size) // _SIDE_TO_JUDGE)), np.float32)
    seen = layer[..., 3]
    if seen.min() > 127 or seen.max() == 0:
        return _WHITE
    grey, is_opaque = layer[..., :3].mean(axis=2), seen > 127
    rows, columns = np.flatnonzero(is_opaque.any(axis=1)), np.flatnonzero(is_opaque.any(axis=0))
    if len(rows):
        box = is_opaque[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        darkest, middle, brightest = np.percentile(grey[is_opaque], (2, 50, 98))
        if box.mean() > 0.5 and brightest - darkest > _LEAST_CONTRAST:
            return _BLACK if middle < INK / 2 else _WHITE
    brightness = float((grey * seen).sum() / seen.sum())
    return _BLACK if brightness > 160 else _WHITE


def _from_array(array: NDArray[Any], name: str) -> Image.Image:
    """A Pillow image from an array of any kind that people have."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    channels = array.shape[2] if array.ndim == 3 else 1
    is_number = array.dtype.kind in "bui" or array.dtype.kind == "f"
    if array.ndim not in (2, 3) or channels > 4 or not is_number:
        raise PictureError(
            f"{name} is an array {array.dtype} {array.shape}; expected uint8 (height, width) or "
            "(height, width, 3)."
        )
    if array.size == 0 or array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise PictureError(
            f"{name} is {array.shape[1]}x{array.shape[0]} pixels; pictures may have 1 to "
            f"{MAX_PIXELS // 1_000_000} million."
        )
    if array.dtype == np.uint8 and array.max() > 1:
        return Image.fromarray(np.ascontiguousarray(array))
    if array.dtype == np.bool_:
        return Image.fromarray((array * 255).astype(np.uint8))
    return _from_numbers(array.astype(np.float64))


def _from_numbers(values: NDArray[np.float64]) -> Image.Image:
    """8 bits from numbers of some other range: 0 stays black, the brightest becomes white.

    What reaches up to 1 or 16 reaches white there, as probabilities and scikit-learn's digits do;
    what is brighter, up to 255. What is no number is as bright as most are.
    """
    is_known = np.isfinite(values)
    if not is_known.all():
        known = values[is_known] if is_known.any() else np.zeros(1)
        usual, least, most = (float(one) for one in (np.median(known), known.min(), known.max()))
        values = np.nan_to_num(values, nan=usual, posinf=most, neginf=least)
    low, high = min(float(values.min()), 0.0), float(values.max())
    if high > low:
        is_byte_range = low == 0 and _MOST_OF_16 < high <= 255
        values = (values - low) * (1.0 if is_byte_range else 255 / (high - low))
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
