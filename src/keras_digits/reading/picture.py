"""From a file's bytes to an upright grey picture. Knows nothing of digits."""

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from keras_digits.errors import PictureError

MAX_PIXELS = 100_000_000
"""The largest picture that is decoded: more would cost memory that nobody's digit is worth."""


_DECODER_ERRORS = (OSError, ValueError, SyntaxError, EOFError, RuntimeError, NotImplementedError)
"""What Pillow's decoders raise at broken or unheard-of contents."""


def decode_picture(raw: bytes, name: str) -> NDArray[np.uint8]:
    """Decode a picture, turn it upright (EXIF), lay transparent parts on white, make it grey.

    Args:
        raw: The bytes of any format that Pillow reads; of an animation the first frame counts.
        name: What to call the picture in an error.

    Returns:
        uint8 ``(height, width)``, 0 black, 255 white.

    Raises:
        PictureError: `raw` is empty, no picture, broken, or larger than ``MAX_PIXELS``.
    """
    if not raw:
        raise PictureError(f"{name} is empty; expected a picture.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(raw))
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise PictureError(
                f"{name} is {width}x{height} pixels; pictures may have up to "
                f"{MAX_PIXELS // 1_000_000} million. Shrink it."
            )
        upright = ImageOps.exif_transpose(picture)
        return np.asarray(_on_white(upright).convert("L"))
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{name} is not a picture that can be read; expected PNG, JPEG, GIF, TIFF or the like."
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"{name} is too large a picture ({error}). Shrink it.") from error
    except _DECODER_ERRORS as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"{name} is a broken picture ({error}). Save it again.") from error


def _on_white(picture: Image.Image) -> Image.Image:
    """Lay a picture with transparency on white paper; bring 16-bit grey to 8 bits."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if "A" in picture.getbands() or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return picture
