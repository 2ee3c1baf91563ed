"""IDX files: what is whole is read, what isn't is named."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_digits.data.idx import (
    decode_idx,
    encode_idx,
    idx_sha256,
    read_idx_images,
    read_idx_labels,
)
from keras_digits.errors import DatasetError

IMAGES = encode_idx(np.arange(3 * 784, dtype=np.uint8).reshape(3, 28, 28))
LABELS = encode_idx(np.array([3, 1, 4], np.uint8))


@given(st.integers(1, 5), st.randoms())
def test_what_is_encoded_is_decoded(count: int, random: object) -> None:
    images = np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)
    np.testing.assert_array_equal(decode_idx(encode_idx(images), "x", "images"), images)


@given(st.binary(max_size=64) | st.builds(lambda tail: IMAGES[:16] + tail, st.binary()))
def test_any_bytes_give_an_array_or_a_dataset_error(raw: bytes) -> None:
    try:
        assert decode_idx(raw, "x", "images").shape[1:] == (28, 28)
    except DatasetError as error:
        assert "\n" not in str(error)  # noqa: PT017


def in_two_parts(raw: bytes) -> bytes:
    return gzip.compress(raw[:1000]) + gzip.compress(raw[1000:])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, in_two_parts])
def test_gzip_is_known_by_its_bytes_not_its_name(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "images"
    path.write_bytes(pack(IMAGES))
    images = read_idx_images(path)
    assert encode_idx(images) == IMAGES
    assert images.flags.writeable


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is empty"),
        (IMAGES[:10], "ends inside its header"),
        (IMAGES[:-1], "is truncated: 2,367 bytes where its header promises 2,368"),
        (IMAGES + b"x", "is too long"),
        (LABELS, "holds labels, expected images. The two files seem swapped"),
        (b"\x89PNG" + IMAGES, "is not IDX"),
        (b"\x08\x03", "starts with 0803, which is not IDX; expected images"),
        (IMAGES[1:4], "starts with 000803, which is not IDX; expected images"),
        (struct.pack(">4I", 0x803, 0, 28, 28), "holds no images"),
        (encode_idx(np.zeros((2, 32, 32), np.uint8)), "images of 32x32 pixels; expected 28x28"),
        (gzip.compress(IMAGES)[:-30], "broken gzip"),
        (gzip.compress(IMAGES)[:-4] + b"\xff\xff\xff\xff", "broken gzip"),
        (gzip.compress(IMAGES)[:-4] + b"\x01\x00\x00\x00", "broken gzip"),
        (gzip.compress(IMAGES)[:-8] + b"\x00" * 4 + gzip.compress(IMAGES)[-4:], "broken gzip"),
        (gzip.compress(IMAGES) + b"more", "broken gzip"),
        (b"\x1f\x8bnot really", "broken gzip"),
        (struct.pack(">4I", 0x803, 2**32 - 1, 28, 28), "is truncated"),
    ],
)
def test_broken_images_file_gets_its_own_line(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "train-images"
    path.write_bytes(raw)
    with pytest.raises(DatasetError, match=message) as caught:
        read_idx_images(path)
    assert str(path) in str(caught.value)


def test_label_above_nine_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(encode_idx(np.array([1, 42, 3], np.uint8)))
    with pytest.raises(DatasetError, match="label 42 at position 1; expected 0 to 9"):
        read_idx_labels(path)


def test_missing_file_and_folder_in_its_place_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(DatasetError, match="can't be read"):
            read_idx_images(path)


def test_digest_does_not_depend_on_memory_layout() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    assert idx_sha256(np.asfortranarray(images)) == idx_sha256(images)
