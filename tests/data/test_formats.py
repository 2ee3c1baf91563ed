"""Digits of one's own: CSV, NPZ, IDX and folders of pictures, whole or broken."""

import gzip
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import write_idx_folder
from keras_digits.data.datasets import Dataset
from keras_digits.data.formats import read_csv, read_npz, read_parts
from keras_digits.data.mnist import IDX_FILES
from keras_digits.errors import DatasetError

HEADER = ",".join(["label", *(f"pixel{index}" for index in range(784))])
ROW = ",".join(["7", *["0"] * 783, "255"])


def write_csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_idx_folder_is_read_gzipped_plain_and_mixed(tmp_path: Path, optdigits: Dataset) -> None:
    plain = write_idx_folder(tmp_path / "plain", optdigits, gzipped=False)
    mixed = write_idx_folder(tmp_path / "mixed", optdigits)
    labels = mixed / IDX_FILES[1]
    labels.with_suffix("").write_bytes(gzip.decompress(labels.read_bytes()))
    labels.unlink()
    for folder in (plain, mixed):
        parts = read_parts(folder)
        np.testing.assert_array_equal(parts.train.images, optdigits.train.images)
        assert parts.test is not None
        np.testing.assert_array_equal(parts.test.known_labels(), optdigits.test.known_labels())


def test_folders_named_as_idx_files_are_none(tmp_path: Path, optdigits: Dataset) -> None:
    folder = write_idx_folder(tmp_path / "kaggle", optdigits, gzipped=False)
    for name in IDX_FILES:  # as the archive of Kaggle's users has each once more
        plain = name.removesuffix(".gz")
        (folder / plain).rename(folder / plain.replace("-idx", ".idx"))
        (folder / plain).mkdir()
        shutil.copyfile(folder / plain.replace("-idx", ".idx"), folder / plain / plain)
    parts = read_parts(folder)
    np.testing.assert_array_equal(parts.train.images, optdigits.train.images)
    assert parts.test is not None
    np.testing.assert_array_equal(parts.test.known_labels(), optdigits.test.known_labels())


def test_single_idx_file_brings_its_labels(idx_folder: Path, optdigits: Dataset) -> None:
    digits = read_parts(idx_folder / IDX_FILES[2]).train
    np.testing.assert_array_equal(digits.known_labels(), optdigits.test.known_labels())


def test_images_and_labels_of_different_counts_are_refused(
    tmp_path: Path, idx_folder: Path
) -> None:
    shutil.copytree(idx_folder, tmp_path / "odd")
    shutil.copyfile(idx_folder / IDX_FILES[3], tmp_path / "odd" / IDX_FILES[1])
    with pytest.raises(DatasetError, match="1,540 images and 257 labels"):
        read_parts(tmp_path / "odd")


def test_gzipped_idx_files_beside_themselves_unpacked_are_one_set(
    tmp_path: Path, optdigits: Dataset
) -> None:
    for gzipped in (True, False):
        write_idx_folder(tmp_path, optdigits, gzipped=gzipped)
    (tmp_path / f"._{IDX_FILES[0]}").write_bytes(b"what some systems leave beside a file")
    parts = read_parts(tmp_path)
    np.testing.assert_array_equal(parts.train.images, optdigits.train.images)
    assert parts.test is not None
    np.testing.assert_array_equal(parts.test.images, optdigits.test.images)


@pytest.mark.parametrize(
    "names",
    [
        ("more-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"),
        ("letters-train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"),
        ("a-images-idx3-ubyte.gz", "b-images-idx3-ubyte.gz"),
    ],
)
def test_several_idx_sets_want_a_name(
    tmp_path: Path, idx_folder: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        shutil.copy(idx_folder / IDX_FILES[0], tmp_path / name)
        labels = name.replace("images-idx3", "labels-idx1")
        shutil.copy(idx_folder / IDX_FILES[1], tmp_path / labels)
    listed = re.escape(", ".join(sorted(names)))
    with pytest.raises(DatasetError, match=rf"several IDX files of images \({listed}\)\. Name one"):
        read_parts(tmp_path)


def test_csv_gives_images_and_labels_in_order(tmp_path: Path) -> None:
    digits = read_csv(write_csv(tmp_path / "train.csv", HEADER, ROW, ROW.replace("7", "1", 1)))
    assert digits.known_labels().tolist() == [7, 1]
    assert digits.images.shape == (2, 28, 28)
    assert digits.images[0, 27, 27] == 255
    assert digits.images.sum() == 510


def test_csv_without_header_or_labels_is_read_too(tmp_path: Path) -> None:
    assert read_csv(write_csv(tmp_path / "a.csv", ROW)).known_labels().tolist() == [7]
    header = HEADER.removeprefix("label,")
    unlabelled = read_csv(write_csv(tmp_path / "b.csv", header, ROW.removeprefix("7,")))
    assert unlabelled.labels is None
    with pytest.raises(DatasetError, match="no labels"):
        unlabelled.known_labels()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "is empty"),
        ([HEADER], "holds no digits"),
        ([HEADER, ROW.replace("7", "42", 1)], "line 2: label 42; expected 0 to 9"),
        ([HEADER, ROW.replace("255", "256")], "line 2: pixel 256; expected 0 to 255"),
        ([HEADER, ROW.replace("255", "-1")], "line 2: pixel -1; expected 0 to 255"),
        ([HEADER, "", "", ROW, "", ROW.replace("255", "256")], "line 6: pixel 256; expected 0 to"),
        (["", ROW, ROW.replace("7", "42", 1)], "line 3: label 42; expected 0 to 9"),
        ([HEADER, ROW, "# mine", ROW], "line 3 has 1 columns between commas"),
        ([HEADER, ROW, "#" + ROW], "line 3 holds '#7'; expected whole"),
        ([HEADER, ROW + " # mine"], "line 2 holds '255 # mine'; expected whole"),
        ([HEADER, ROW, ROW + ",0"], "line 3 has 786 columns between commas"),
        ([HEADER, ROW, ROW.replace("255", "dark")], "line 3 holds 'dark'; expected whole"),
        (["label,pixel0", "7,0"], "line 2 has 2 columns between commas; expected 785"),
        ([HEADER.replace(",", ";"), ROW.replace(",", ";")], "line 2 has 1 columns"),
    ],
)
def test_broken_csv_gets_its_own_line(tmp_path: Path, lines: list[str], message: str) -> None:
    path = tmp_path / "train.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(DatasetError, match=message) as caught:
        read_csv(path)
    assert "\n" not in str(caught.value)


def test_csv_whose_label_comes_last_is_refused(tmp_path: Path) -> None:
    header = ",".join([*(f"pixel{index}" for index in range(784)), "class"])
    path = write_csv(tmp_path / "openml.csv", header, ROW)
    with pytest.raises(DatasetError, match="begins with the column 'pixel0'; expected label"):
        read_csv(path)


def test_csv_of_spreadsheets_and_long_lines_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "TRAIN.CSV"
    path.write_text("\ufeff" + ROW + "\n" + ROW + "\n", "utf-8")
    assert read_parts(path).train.known_labels().tolist() == [7, 7]
    path.write_text("0" * 300_000)
    with pytest.raises(DatasetError):
        read_csv(path)


def test_binary_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(b"\xff\xfe\x00\x01" * 100)
    with pytest.raises(DatasetError, match="is not text"):
        read_csv(tmp_path / "train.csv")


def test_kaggle_folder_has_test_digits_for_a_submission_and_none_for_a_score(
    tmp_path: Path,
) -> None:
    write_csv(tmp_path / "train.csv", HEADER, ROW)
    write_csv(tmp_path / "test.csv", HEADER.removeprefix("label,"), ROW.removeprefix("7,"))
    parts = read_parts(tmp_path)
    assert parts.test is not None
    assert not parts.has_labelled_test
    assert parts.labelled_test() is parts.train


@pytest.mark.parametrize("shape", [(6, 28, 28), (6, 28, 28, 1), (6, 784)])
def test_npz_is_read_in_every_common_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    images = np.arange(6 * 784).reshape(shape) % 256
    np.savez(tmp_path / "mine.npz", images=images, labels=np.arange(6))
    digits = read_npz(tmp_path / "mine.npz").train
    np.testing.assert_array_equal(digits.images.ravel(), images.ravel())
    assert digits.known_labels().dtype == np.uint8


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": np.zeros(3)}, "holds the arrays pictures; expected x_train"),
        ({"images": np.zeros((2, 32, 32), np.uint8), "labels": np.zeros(2, int)}, r"\(2, 32, 32\)"),
        ({"images": np.zeros((2, 28, 28)), "labels": np.zeros(2, int)}, "images are float64"),
        ({"images": np.zeros((2, 784), int), "labels": np.zeros(2)}, "labels are float64"),
        ({"images": np.zeros((2, 784), int), "labels": np.array([1, 42])}, "label 42"),
        ({"images": np.zeros((2, 784), int), "labels": np.zeros(3, int)}, "2 images and 3 labels"),
        ({"images": np.zeros((0, 784), int), "labels": np.zeros(0, int)}, "n at least 1"),
    ],
)
def test_wrong_npz_gets_its_own_line(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(DatasetError, match=message):
        read_npz(tmp_path / "mine.npz")


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 no zip", b"text"])
def test_npz_that_is_no_archive_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "mine.npz").write_bytes(raw)
    with pytest.raises(DatasetError, match=r"mine\.npz"):
        read_npz(tmp_path / "mine.npz")


def test_damaged_npz_is_refused_wherever_the_damage_is(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 784))
    np.savez_compressed(tmp_path / "mine.npz", images=images, labels=np.zeros(20, int))
    whole = (tmp_path / "mine.npz").read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        damaged = bytearray(whole)
        damaged[place : place + 20] = bytes(20)
        (tmp_path / "mine.npz").write_bytes(bytes(damaged))
        try:
            read_npz(tmp_path / "mine.npz")
        except DatasetError as error:
            assert "mine.npz" in str(error)  # noqa: PT017
    np.save(tmp_path / "mine.npy", images)
    (tmp_path / "mine.npy").rename(tmp_path / "mine.npz")
    with pytest.raises(DatasetError, match="not a readable"):
        read_npz(tmp_path / "mine.npz")


def test_several_npz_files_want_a_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        np.savez(tmp_path / f"{name}.npz", images=np.zeros((1, 784), int), labels=[1])
    with pytest.raises(DatasetError, match=r"several \.npz files \(a\.npz, b\.npz\)"):
        read_parts(tmp_path)


def test_npz_with_pickled_objects_is_not_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", images=np.array([{"a": 1}], object), labels=np.zeros(1, int))
    with pytest.raises(DatasetError, match="not a readable"):
        read_npz(tmp_path / "mine.npz")


def test_npz_is_read_whatever_else_it_holds(tmp_path: Path) -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    classes = np.array(["zero", None], object)
    np.savez(tmp_path / "mine.npz", images=images, labels=[3, 1], classes=classes)
    assert read_npz(tmp_path / "mine.npz").train.known_labels().tolist() == [3, 1]


def draw_class_folders(folder: Path, optdigits: Dataset, count: int = 40) -> Path:
    """Pictures as people keep them: large, dark ink on white paper."""
    for index in range(count):
        label = optdigits.train.known_labels()[index]
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(255 - optdigits.train.images[index]).resize((120, 120))
        picture.save(folder / str(label) / f"{index}.png")
    return folder


def test_class_folders_become_images_as_mnist_has_them(tmp_path: Path, optdigits: Dataset) -> None:
    digits = read_parts(draw_class_folders(tmp_path, optdigits)).train
    assert len(digits) == 40
    assert (digits.images[:, 0, 0] == 0).all()
    assert digits.images.max(axis=(1, 2)).min() > 128


def test_28x28_pictures_on_dark_paper_are_kept_to_the_pixel(
    tmp_path: Path, optdigits: Dataset
) -> None:
    (tmp_path / "4").mkdir()
    Image.fromarray(optdigits.train.images[0]).save(tmp_path / "4" / "a.png")
    digits = read_parts(tmp_path).train
    np.testing.assert_array_equal(digits.images[0], optdigits.train.images[0])
    assert digits.known_labels().tolist() == [4]


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store"])
def test_what_systems_leave_in_folders_is_no_picture(tmp_path: Path, name: str) -> None:
    (tmp_path / "4").mkdir()
    Image.new("L", (28, 28), 0).save(tmp_path / "4" / "a.png")
    (tmp_path / "4" / name).write_bytes(b"no picture")
    assert len(read_parts(tmp_path)) == 1


@pytest.mark.parametrize(
    ("raw", "message"), [(b"", r"bad\.png is empty"), (b"no picture", r"is not a picture")]
)
def test_broken_picture_in_a_class_folder_is_named(
    tmp_path: Path, optdigits: Dataset, raw: bytes, message: str
) -> None:
    draw_class_folders(tmp_path, optdigits, 5)
    bad = tmp_path / str(optdigits.train.known_labels()[0]) / "bad.png"
    bad.write_bytes(raw)
    with pytest.raises(DatasetError, match=message) as caught:
        read_parts(tmp_path)
    assert str(bad) in str(caught.value)


def test_class_folder_that_is_no_digit_is_refused(tmp_path: Path, optdigits: Dataset) -> None:
    draw_class_folders(tmp_path, optdigits, 5)
    (tmp_path / "42").mkdir()
    with pytest.raises(DatasetError, match=r"class folders .*42.*; expected only 0 to 9"):
        read_parts(tmp_path)


def test_blank_picture_in_a_class_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    Image.new("L", (50, 50), 255).save(tmp_path / "0" / "blank.png")
    with pytest.raises(DatasetError, match=r"blank\.png: The picture is blank"):
        read_parts(tmp_path)


def test_idx_files_want_each_other(tmp_path: Path, idx_folder: Path) -> None:
    with pytest.raises(DatasetError, match="name the file of their images"):
        read_parts(idx_folder / IDX_FILES[1])
    shutil.copy(idx_folder / IDX_FILES[0], tmp_path)
    with pytest.raises(DatasetError, match=r"no labels beside it; expected train-labels"):
        read_parts(tmp_path)


def test_paths_that_hold_no_digits_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none here")
    for path, message in (
        (tmp_path / "absent", "does not exist"),
        (tmp_path / "notes.txt", "none of the known kinds"),
        (tmp_path, "holds no digits"),
    ):
        with pytest.raises(DatasetError, match=message):
            read_parts(path)
