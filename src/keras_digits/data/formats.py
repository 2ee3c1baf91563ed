"""The forms in which people keep labelled digits: IDX, NPZ, CSV and folders of pictures.

:func:`read_parts` looks at a path and reads whatever of these it is. Knows no data set by name.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from keras_digits.data.idx import cannot_read, read_idx_images, read_idx_labels
from keras_digits.digits import INK, NUM_CLASSES, SIDE, Images, Labels
from keras_digits.errors import DatasetError, PictureError
from keras_digits.reading.normalising import normalise_picture
from keras_digits.reading.picture import load_picture, to_grey

_SYSTEMS = ("thumbs.db", "desktop.ini")
"""What Windows puts into folders of pictures."""

_NUM_PIXELS = SIDE * SIDE
_ACCEPTED = (
    "a folder with IDX files, an .npz or .csv file, or folders 0 to 9 of pictures; "
    "or such an .npz, .csv or IDX file itself"
)


@dataclass(frozen=True)
class Digits:
    """Images with their labels, where there are any.

    Attributes:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        labels: uint8 ``(n,)``, 0 to 9, or None where nobody knows them.
        source: What to call them where their labels are missed.
    """

    images: Images
    labels: Labels | None
    source: str = "this set"

    def __len__(self) -> int:
        return len(self.images)

    def known_labels(self) -> Labels:
        """The labels.

        Raises:
            DatasetError: There are none.
        """
        if self.labels is None:
            raise DatasetError(
                f"{self.source} has no labels; expected labelled digits. For predictions alone: "
                "digits evaluate RUN --data … --submission FILE"
            )
        return self.labels


@dataclass(frozen=True)
class Parts:
    """What a path holds: digits to train on, and test digits where they are kept apart.

    Attributes:
        train: Labelled or not.
        test: Labelled or not: Kaggle's are there for a submission, not for a score.
    """

    train: Digits
    test: Digits | None = None

    def __len__(self) -> int:
        return len(self.train) + (len(self.test) if self.test else 0)

    def labelled_train(self) -> Digits:
        """The training digits, whose labels must be there."""
        self.train.known_labels()
        return self.train

    def labelled_test(self) -> Digits:
        """The test digits; where no labelled ones are kept apart, all that are labelled."""
        digits = self.test if self.has_labelled_test else self.train
        assert digits is not None
        digits.known_labels()
        return digits

    @property
    def has_labelled_test(self) -> bool:
        """Whether there are test digits that a score can be had on."""
        return self.test is not None and self.test.labels is not None


def read_parts(path: Path) -> Parts:
    """Read the digits at `path`, whatever form of those that this module knows they have.

    Raises:
        DatasetError: There are none, or a file is broken; the message names the file and place.
    """
    try:
        if not path.exists():
            raise DatasetError(f"{path} does not exist; expected {_ACCEPTED}.")
        if path.is_file():
            return _read_file(path)
        for read in (_read_idx_folder, _read_file_folder, _read_picture_folders):
            if (parts := read(path)) is not None:
                return parts
    except OSError as error:
        raise cannot_read(path, error) from error
    raise DatasetError(f"{path} holds no digits; expected {_ACCEPTED}.")


def _read_file(path: Path) -> Parts:
    """Read one NPZ, CSV or IDX file."""
    if path.suffix.lower() == ".npz":
        return read_npz(path)
    if path.suffix.lower() == ".csv":
        return Parts(read_csv(path))
    if "images" in path.name:
        return Parts(_read_idx_pair(path))
    if "labels" in path.name:
        raise DatasetError(f"{path} holds labels; name the file of their images, which finds them.")
    raise DatasetError(f"{path} is none of the known kinds; expected {_ACCEPTED}.")


# IDX


def _read_idx_folder(folder: Path) -> Parts | None:
    """Read ``*images*idx3*`` files, each with its labels; None when there are none.

    Two may be the training and test digits of one set; a gzipped one beside itself unpacked is one.
    """
    found = sorted(folder.glob("*images*idx3*ubyte*"), reverse=True)
    files = (path for path in found if path.name[0] != "." and path.is_file())
    unpacked_first = {path.name.removesuffix(".gz"): path for path in files}
    pairs = sorted(unpacked_first.values())
    train = [path for path in pairs if "train" in path.name]
    test = [path for path in pairs if "t10k" in path.name or "test" in path.name]
    if len(pairs) == 2 and len(train) == len(test) == 1 and train != test:
        with ThreadPoolExecutor() as threads:  # inflating lets go of Python's lock
            return Parts(*threads.map(_read_idx_pair, (train[0], test[0])))
    if len(pairs) > 1:
        names = ", ".join(path.name for path in pairs)
        raise DatasetError(
            f"{folder} holds several IDX files of images ({names}). Name one of them, or a folder "
            "of one set."
        )
    return Parts(_read_idx_pair(pairs[0])) if pairs else None


def _read_idx_pair(images_path: Path) -> Digits:
    """Read an IDX file of images and the file of labels that its name implies."""
    labels_name = images_path.name.replace("images", "labels").replace("idx3", "idx1")
    labels_path = images_path.with_name(labels_name)
    if not labels_path.exists():  # one of the two may be gzipped and the other not
        toggled = labels_name.removesuffix(".gz")
        labels_path = images_path.with_name(
            toggled if labels_name.endswith(".gz") else f"{toggled}.gz"
        )
    if not labels_path.exists():
        raise DatasetError(f"{images_path} has no labels beside it; expected {labels_name} there.")
    images, labels = read_idx_images(images_path), read_idx_labels(labels_path)
    _check_lengths(images, labels, f"{images_path} and {labels_path.name}")
    return Digits(images, labels)


def _check_lengths(images: Images, labels: Labels, name: str) -> None:
    if len(images) != len(labels):
        raise DatasetError(
            f"{name} hold {len(images):,} images and {len(labels):,} labels; expected as many of "
            "one as of the other. Check that they belong together."
        )


# NPZ and CSV


def _read_file_folder(folder: Path) -> Parts | None:
    """Read the folder's ``.npz`` file, or its ``train.csv`` and ``test.csv``."""
    archives = sorted(folder.glob("*.npz"))
    if len(archives) > 1:
        names = ", ".join(path.name for path in archives)
        raise DatasetError(f"{folder} holds several .npz files ({names}). Name one of them.")
    if archives:
        return read_npz(archives[0])
    train = folder / "train.csv"
    if not train.is_file():
        return None
    test = folder / "test.csv"
    return Parts(read_csv(train), read_csv(test) if test.is_file() else None)


_ARRAYS = (("x_train", "y_train", "x_test", "y_test"), ("images", "labels"))
"""What the arrays of an ``.npz`` file are called: images and labels, by turns."""

_ARCHIVE_ERRORS = (
    *(ValueError, TypeError, EOFError, AttributeError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What NumPy and its zip reader raise at a file that is no archive, or a damaged one."""


def read_npz(path: Path) -> Parts:
    """Read ``x_train, y_train, x_test, y_test`` (as Keras stores MNIST) or ``images, labels``.

    Raises:
        DatasetError: The file is broken, lacks those arrays, or one has a wrong shape or value.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = archive.files
            keys: tuple[str, ...] = next((one for one in _ARRAYS if set(one) <= set(names)), ())
            arrays = [archive[key] for key in keys]  # whatever else there is stays unread
    except OSError as error:
        raise cannot_read(path, error) from error
    except _ARCHIVE_ERRORS as error:
        raise DatasetError(
            f"{path} is not a readable .npz file ({error}). Save it again with numpy.savez."
        ) from error
    if not arrays:
        raise DatasetError(
            f"{path} holds the arrays {', '.join(names) or 'none'}; expected x_train, y_train, "
            "x_test and y_test, or images and labels."
        )
    return Parts(
        *(
            _digits_from_arrays(images, labels, f"{path} ({key})")
            for key, images, labels in zip(keys[::2], arrays[::2], arrays[1::2], strict=True)
        )
    )


def read_csv(path: Path) -> Digits:
    """Read Kaggle's form: a header line, then ``label,pixel0,…,pixel783`` a line.

    A file without the label column (784 columns) gives digits without labels.

    Raises:
        DatasetError: A line has another number of columns or a value out of range.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first_line = file.readline()
            if not first_line:
                raise DatasetError(f"{path} is empty; expected lines of label,pixel0,…,pixel783.")
            has_header = any(character.isalpha() for character in first_line)
            if has_header:
                _check_header(first_line.split(","), path)
            file.seek(0)
            first = 2 if has_header else 1
            table = _read_numbers(file, path, first)
    except OSError as error:
        raise cannot_read(path, error) from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not text; expected comma-separated numbers.") from error
    labels, pixels = table[:, :-_NUM_PIXELS], table[:, -_NUM_PIXELS:]
    for values, high, what in ((labels, NUM_CLASSES - 1, "label"), (pixels, INK, "pixel")):
        wrong = np.argwhere((values < 0) | (values > high))
        if wrong.size:
            row, column = wrong[0]
            number, _ = next(islice(_lines(path, first), row, None))
            raise DatasetError(
                f"{path}, line {number}: {what} {values[row, column]}; expected 0 to {high}."
            )
    images = pixels.astype(np.uint8).reshape(-1, SIDE, SIDE)
    return Digits(images, labels[:, 0].astype(np.uint8) if labels.size else None, str(path))


def _check_header(names: list[str], path: Path) -> None:
    """Refuse a file whose label stands elsewhere: it would be read as a pixel."""
    first = names[0].strip().strip('"').lower()
    if len(names) == _NUM_PIXELS + 1 and first != "label":
        raise DatasetError(
            f"{path} begins with the column {first[:40]!r}; expected label, then pixel0 to "
            "pixel783. Bring its columns into that order."
        )


def _read_numbers(file: TextIO, path: Path, first: int) -> NDArray[np.int32]:
    """The whole numbers of an open CSV file from its line `first` on, int32 ``(lines, columns)``.

    There is at least one line, and there are 784 or 785 columns.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of no lines; the check below says more
            table: NDArray[np.int32] = np.loadtxt(
                file, np.int32, comments=None, delimiter=",", skiprows=first - 1, ndmin=2
            )
    except ValueError as error:
        raise _wrong_line(path, first) from error
    if table.size == 0:
        raise DatasetError(f"{path} holds no digits after its header.")
    if table.shape[1] not in {_NUM_PIXELS, _NUM_PIXELS + 1}:
        raise _wrong_line(path, first)
    return table


def _wrong_line(path: Path, first: int) -> DatasetError:
    """The error of the first line that is no row of whole numbers."""
    expected = {_NUM_PIXELS, _NUM_PIXELS + 1}
    for number, cells in _lines(path, first):
        if len(cells) not in expected:
            return DatasetError(
                f"{path}, line {number} has {len(cells)} columns between commas; expected "
                f"{_NUM_PIXELS + 1} (label,pixel0,…,pixel783), or {_NUM_PIXELS} without labels."
            )
        expected = {len(cells)}
        wrong = [cell for cell in cells if not cell.strip().lstrip("-").isdecimal()]
        if wrong:
            return DatasetError(
                f"{path}, line {number} holds {wrong[0][:20]!r}; expected whole numbers."
            )
    return DatasetError(f"{path} is not a table of whole numbers between commas.")


def _lines(path: Path, first: int) -> Iterator[tuple[int, list[str]]]:
    """The number, as editors count, and the cells of each line from `first` on that isn't blank."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            cells = line.strip().split(",")
            if number >= first and cells != [""]:
                yield number, cells


def _digits_from_arrays(
    images: NDArray[np.generic], labels: NDArray[np.generic], name: str
) -> Digits:
    """Check arrays of any integer type and bring them to the contract's types and shapes."""
    checked = _checked_images(images, name)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DatasetError(
            f"{name}: labels are {labels.dtype} {labels.shape}; expected whole numbers (n,)."
        )
    values = labels.astype(np.int64)
    wrong = np.flatnonzero((values < 0) | (values >= NUM_CLASSES))
    if wrong.size:
        raise DatasetError(
            f"{name}: label {values[wrong[0]]} at position {wrong[0]}; expected 0 to 9."
        )
    checked_labels = values.astype(np.uint8)
    _check_lengths(checked, checked_labels, name)
    return Digits(checked, checked_labels)


def _checked_images(images: NDArray[np.generic], name: str) -> Images:
    """Whole numbers ``(n, 28, 28)``, ``(n, 28, 28, 1)`` or ``(n, 784)`` as images."""
    right_shape = images.shape[1:] in {(SIDE, SIDE), (SIDE, SIDE, 1), (_NUM_PIXELS,)}
    if not right_shape or not len(images) or not np.issubdtype(images.dtype, np.integer):
        raise DatasetError(
            f"{name}: images are {images.dtype} {images.shape}; expected whole numbers 0 to 255, "
            f"(n, {SIDE}, {SIDE}) or (n, {_NUM_PIXELS}), n at least 1."
        )
    if images.dtype != np.uint8 and (images.min() < 0 or images.max() > INK):
        raise DatasetError(
            f"{name}: pixels range from {images.min()} to {images.max()}; expected 0 to 255."
        )
    return np.ascontiguousarray(images.astype(np.uint8).reshape(-1, SIDE, SIDE))


# Folders of pictures


def _read_picture_folders(folder: Path) -> Parts | None:
    """Read ``0/ … 9/`` below `folder`, or below its ``train/`` and ``test/``."""
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        train = _read_class_folders(folder / "train")
        test = _read_class_folders(folder / "test")
        return Parts(train, test) if train and test else None
    digits = _read_class_folders(folder)
    return Parts(digits) if digits else None


def _read_class_folders(folder: Path) -> Digits | None:
    """Read the pictures of each class folder; None when there is none."""
    names = {str(label) for label in range(NUM_CLASSES)}
    found = {path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."}
    if not found & names:
        return None
    if found - names:
        raise DatasetError(
            f"{folder} holds the class folders {', '.join(sorted(found))}; expected only 0 to 9. "
            "Move the others away."
        )
    images, labels = [], []
    for name in sorted(found):
        for path in sorted((folder / name).iterdir()):
            is_a_systems = path.name.startswith(".") or path.name.lower() in _SYSTEMS
            if path.is_file() and not is_a_systems:
                images.append(_read_picture(path))
                labels.append(int(name))
    return Digits(np.stack(images), np.array(labels, np.uint8)) if images else None


def _read_picture(path: Path) -> NDArray[np.uint8]:
    """One picture as an image: kept where it is one already, normalised where it isn't."""
    try:
        pixels = load_picture(path.read_bytes(), path.name).pixels
        is_image = pixels.shape[:2] == (SIDE, SIDE) and np.median(pixels) < INK / 2
        return to_grey(pixels) if is_image else normalise_picture(pixels)
    except PictureError as error:
        raise DatasetError(f"{path}: {error}") from error
    except OSError as error:
        raise cannot_read(path, error) from error
