"""Images to classify, as a request holds them: numbers in JSON, or a NumPy file."""

import io
import math
from itertools import chain

import numpy as np

from keras_digits.digits import INK, SIDE, Images
from keras_digits.serving.bodies import json_of
from keras_digits.serving.options import JsonImages, RequestError, validated

NPY_TYPES = ("application/octet-stream", "application/x-npy")

_MAX_JSON_VALUES = 1_020_000
"""JSON is slow to parse, and holds everybody up meanwhile: 1,250 images at most, each of them 784
numbers and 29 lists."""

_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""By version of the NPY format."""

_EXPECTED = f"expected uint8, 0 paper, {INK} ink, ({SIDE}, {SIDE}) or (n, {SIDE}, {SIDE})"


def images_of(kind: str, body: bytes, max_images: int) -> Images:
    """The images of a request.

    Args:
        kind: The body's media type.
        body: The body.
        max_images: So many are allowed.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink, at least one.

    Raises:
        RequestError: It holds none, too many, or something else.
    """
    if kind == "application/json":
        images = _from_json(body)
    elif kind in NPY_TYPES:
        images = _from_npy(body)
    else:
        expected = f"application/json or {NPY_TYPES[1]}"
        raise RequestError(415, f"the body is {kind[:60]!r}; expected {expected}.")
    if images.ndim == 2:
        images = images[None]
    if images.shape[1:] != (SIDE, SIDE) or not len(images):
        raise RequestError(422, f"images has the shape {images.shape}; {_EXPECTED}.")
    if len(images) > max_images:
        raise RequestError(
            413, f"there are {len(images)} images; expected {max_images} at most. Send fewer."
        )
    return images


def _from_json(body: bytes) -> Images:
    """From rows of numbers, each looked at: NumPy would make an array of anything."""
    images = validated(JsonImages, json_of(body, _MAX_JSON_VALUES), is_strict=True).images
    first = images[0] if images else None
    if isinstance(first, list) and first and not isinstance(first[0], list):
        images = [images]
    are_square = all(
        isinstance(image, list)
        and len(image) == SIDE
        and all(isinstance(row, list) and len(row) == SIDE for row in image)
        for image in images
    )
    if not are_square:
        raise RequestError(422, f"images holds rows or columns too many or few; {_EXPECTED}.")
    try:
        pixels = bytes(chain.from_iterable(chain.from_iterable(images)))
    except (TypeError, ValueError) as error:  # no whole number, or none from 0 to 255
        raise RequestError(422, f"images holds what is no pixel; {_EXPECTED}.") from error
    return np.frombuffer(pixels, np.uint8).reshape(len(images), SIDE, SIDE)


def _from_npy(body: bytes) -> Images:
    """From a file that ``numpy.save`` wrote; nothing in it is run, and no size in it believed."""
    file = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(file)
        shape, is_fortran, dtype = _HEADER_READERS[version](file)
    except Exception as error:  # NumPy's reader of headers raises nearly anything
        raise RequestError(400, f"the body is no NPY file; {_EXPECTED}.") from error
    pixels = body[file.tell() :]
    if dtype != np.uint8:
        raise RequestError(422, f"images holds {str(dtype)[:100]}; {_EXPECTED}. Convert it.")
    if len(shape) not in (2, 3):
        raise RequestError(422, f"images has {len(shape)} axes; {_EXPECTED}.")
    if not all(type(one) is int and 0 <= one <= len(body) for one in shape):  # or hard to print
        raise RequestError(422, f"images has an axis of no possible length; {_EXPECTED}.")
    if shape[-2:] != (SIDE, SIDE):
        raise RequestError(422, f"images has the shape {shape}; {_EXPECTED}.")
    if math.prod(shape) != len(pixels):
        raise RequestError(400, "the NPY file has other bytes than its header says; save it again.")
    images: Images = np.ndarray(shape, np.uint8, pixels, order="F" if is_fortran else "C")
    return images
