"""The IDX format, in which MNIST and its relatives are published.

An IDX file is a big-endian header (two zero bytes, a type byte, the number of dimensions, one
uint32 a dimension) and then the values, row by row; often the whole is gzipped. Source: the
MNIST page of LeCun, Cortes and Burges. Knows only what digits need of it: uint8, as images
``(n, 28, 28)`` or labels ``(n,)``.
"""

import gzip
import hashlib
import struct
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import NUM_CLASSES, SIDE, Images, Labels
from keras_digits.errors import DatasetError

_MAGIC = {b"\x00\x00\x08\x03": "images", b"\x00\x00\x08\x01": "labels"}
_GZIP_MAGIC = b"\x1f\x8b"

_GZIP_WBITS = 31
"""What tells zlib to expect a gzip file."""

_MOST_DEFLATED = 1032
"""Deflate packs at most so many bytes into one; a file that claims more is broken."""

_PIECE = 1 << 16
"""Bytes that are inflated at a time: what comes of them is still in the processor's cache."""


def read_idx_images(path: Path) -> Images:
    """Read an IDX file of images, gzipped or not.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink, n ≥ 1.

    Raises:
        DatasetError: The file is missing, unreadable, truncated, of another kind or shape.
    """
    return decode_idx(_read(path), str(path), "images")


def read_idx_labels(path: Path) -> Labels:
    """Read an IDX file of labels, gzipped or not.

    Returns:
        uint8 ``(n,)``, 0 to 9, n ≥ 1.

    Raises:
        DatasetError: The file is missing, unreadable, truncated, of another kind, or holds a
            label above 9.
    """
    labels = decode_idx(_read(path), str(path), "labels")
    wrong = np.flatnonzero(labels >= NUM_CLASSES)
    if wrong.size:
        raise DatasetError(
            f"{path}: label {labels[wrong[0]]} at position {wrong[0]}; expected 0 to 9. "
            "Check that this file belongs to a set of ten classes."
        )
    return labels


def decode_idx(
    raw: bytes | bytearray, name: str, kind: Literal["images", "labels"]
) -> NDArray[np.uint8]:
    """Turn the bytes of an IDX file into an array, checking every claim of its header.

    Args:
        raw: The file's bytes, already gunzipped; a bytearray becomes the array's own memory.
        name: What to call the file in an error.
        kind: What the file must hold.

    Returns:
        uint8 ``(n, 28, 28)`` for images, ``(n,)`` for labels.

    Raises:
        DatasetError: `raw` is not a whole IDX file of that kind.
    """
    if not raw:
        raise DatasetError(f"{name} is empty; expected an IDX file of {kind}. Copy it again.")
    found = _MAGIC.get(bytes(raw[:4]))
    if found is None:
        raise DatasetError(
            f"{name} starts with {raw[:4].hex()}, which is not IDX; expected {kind}. "
            "Check the file, or give --data another one."
        )
    if found != kind:
        raise DatasetError(
            f"{name} holds {found}, expected {kind}. The two files seem swapped: rename them."
        )
    return _decode_body(raw, name, kind)


def _decode_body(raw: bytes | bytearray, name: str, kind: str) -> NDArray[np.uint8]:
    """Read the dimensions and the values that they promise."""
    num_dimensions = raw[3]
    header_bytes = 4 + 4 * num_dimensions
    if len(raw) < header_bytes:
        raise DatasetError(f"{name} ends inside its header. Copy or download it again.")
    shape = struct.unpack(f">{num_dimensions}I", raw[4:header_bytes])
    if kind == "images" and shape[1:] != (SIDE, SIDE):
        raise DatasetError(
            f"{name} holds images of {shape[1]}x{shape[2]} pixels; expected {SIDE}x{SIDE}."
        )
    if shape[0] == 0:
        raise DatasetError(f"{name} holds no {kind}. Check that this is the file you meant.")
    expected = header_bytes + int(np.prod(shape, dtype=np.int64))
    if len(raw) != expected:
        what = "is truncated" if len(raw) < expected else "is too long"
        raise DatasetError(
            f"{name} {what}: {len(raw):,} bytes where its header promises {expected:,}. "
            "Copy or download it again."
        )
    values = np.frombuffer(raw, np.uint8, offset=header_bytes).reshape(shape)
    return values if values.flags.writeable else values.copy()  # people scale in place


def encode_idx(array: NDArray[np.uint8]) -> bytes:
    """Write `array` (uint8, any shape) as the bytes of an IDX file."""
    return _header(array) + array.tobytes()


def idx_sha256(array: NDArray[np.uint8]) -> str:
    """SHA-256 of `array` (uint8, any shape) as an IDX file: the same for any container of it."""
    digest = hashlib.sha256(_header(array))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _header(array: NDArray[np.uint8]) -> bytes:
    """The header of an IDX file that holds `array`."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)


def _read(path: Path) -> bytes | bytearray:
    """The bytes of `path`, gunzipped when they are gzipped, whatever its name says."""
    try:
        raw = path.read_bytes()
        return _gunzipped(raw) if raw.startswith(_GZIP_MAGIC) else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(
            f"{path} is a broken gzip file ({error}). Copy or download it again."
        ) from error
    except OSError as error:
        raise cannot_read(path, error) from error


def _gunzipped(raw: bytes) -> bytes | bytearray:
    """What a gzip file holds.

    Its last four bytes tell how much that is. Written to its place piece by piece, as MNIST's 47 MB
    of images are, it takes two thirds of the time of ``gzip.decompress`` and a copy.
    """
    size = int.from_bytes(raw[-4:], "little")
    if size > _MOST_DEFLATED * len(raw):
        return gzip.decompress(raw)
    held, end, inflating = bytearray(size), 0, zlib.decompressobj(_GZIP_WBITS)
    for start in range(0, len(raw), _PIECE):
        piece = inflating.decompress(raw[start : start + _PIECE])
        if end + len(piece) > size:
            break
        held[end : end + len(piece)] = piece
        end += len(piece)
    is_whole = inflating.eof and not inflating.unused_data and end == size
    return held if is_whole else gzip.decompress(raw)  # of several parts, or broken, which it says


def cannot_read(path: Path, error: OSError) -> DatasetError:
    """Turn the system's refusal to read `path` into one line."""
    reason = error.strerror or str(error)
    return DatasetError(f"{path} can't be read: {reason}. Check the path and its permissions.")
