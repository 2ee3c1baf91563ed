"""Images to classify, as a request holds them: numbers in JSON, or a NumPy file."""

import io

import numpy as np

from keras_digits.digits import INK, SIDE, Images
from keras_digits.serving.bodies import json_of
from keras_digits.serving.options import JsonImages, RequestError, validated

NPY_TYPES = ("application/octet-stream", "application/x-npy")

_EXPECTED = f"expected whole numbers, 0 paper, {INK} ink, ({SIDE}, {SIDE}) or (n, {SIDE}, {SIDE})"


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
    """From rows of numbers."""
    asked = validated(JsonImages, json_of(body), is_strict=True)
    try:
        values = np.array(asked.images)
    except (ValueError, OverflowError) as error:
        raise RequestError(422, f"images is uneven; {_EXPECTED}.") from error
    if values.dtype.kind not in "iuf" or not values.size:
        raise RequestError(422, f"images holds no numbers; {_EXPECTED}.")
    if values.min() < 0 or values.max() > INK or (values != np.floor(values)).any():
        raise RequestError(422, f"images holds numbers that are no pixels; {_EXPECTED}.")
    return values.astype(np.uint8)


def _from_npy(body: bytes) -> Images:
    """From a file that ``numpy.save`` wrote; nothing in it is run, and no size in it believed."""
    file = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(file)
    except ValueError as error:
        raise RequestError(400, f"the body is no NPY file ({error}); {_EXPECTED}.") from error
    pixels = body[file.tell() :]
    if dtype != np.uint8:
        raise RequestError(422, f"images is {dtype}; expected uint8, 0 paper, {INK} ink.")
    if int(np.prod(shape, dtype=np.float64)) != len(pixels):
        raise RequestError(400, f"the NPY file has {len(pixels)} bytes for {shape}; save it again.")
    images: Images = np.ndarray(shape, np.uint8, pixels, order="F" if is_fortran else "C")
    return images
