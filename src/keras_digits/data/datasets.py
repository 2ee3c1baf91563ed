"""One call from what a recipe names to digits ready to train on and to test with.

The named sets are ``mnist`` and ``optdigits`` (the 1,797 digits that scikit-learn carries: the
test part of E. Alpaydin and C. Kaynak's set at UCI); any path to labelled digits does as well.
Knows where digits come from and how they were split, nothing of networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from keras_digits.data import DATASETS
from keras_digits.data.formats import Digits, Parts, read_parts
from keras_digits.data.mnist import (
    MNIST_SHA256,
    fetch_mnist,
    find_mnist,
    part_digests,
    read_mnist,
    reviewed_test_labels,
)
from keras_digits.digits import NUM_CLASSES
from keras_digits.errors import DatasetError, DatasetMissingError
from keras_digits.progress import ReportProgress
from keras_digits.reading.normalising import normalise

TEST_FRACTION = 1 / 7
"""How much is held out as test digits where a set has no test part: MNIST's own proportion."""

_SPLIT_SEED = 0
"""Fixed, not the recipe's: every recipe must be tested on the same digits."""


@dataclass(frozen=True)
class Dataset:
    """Digits to train on and digits to test with, and where they came from.

    Attributes:
        name: ``mnist``, ``optdigits`` or the name of the file or folder.
        source: Where it was found, for people.
        train: Labelled digits.
        test: Labelled digits that no training sees.
        digests: SHA-256 of train images, train labels, test images, test labels.
        note: What the reader of a result should know of this set; may be empty.
    """

    name: str
    source: str
    train: Digits
    test: Digits
    digests: tuple[str, ...]
    note: str = ""

    @property
    def is_mnist(self) -> bool:
        """Whether this is MNIST to the byte."""
        return self.digests == MNIST_SHA256

    def summary(self) -> str:
        """What there is and where from, in the tutorial's words; a few lines for people."""
        kind = "MNIST, verified" if self.is_mnist else self.name
        lines = [f"{kind}, from {self.source}"]
        if self.note:
            lines.append(self.note)
        for name, part in (("train", self.train), ("test", self.test)):
            shapes = f"x_{name} {part.images.shape}, y_{name} {part.known_labels().shape}"
            lines.append(f"{shapes}: {len(part)} {name} samples")
        return "\n".join(lines)

    def reviewed_labels(self) -> NDArray[np.int16] | None:
        """The test labels as reviewers would have them, for MNIST only.

        See :func:`keras_digits.data.mnist.reviewed_test_labels`.
        """
        return reviewed_test_labels(self.test.known_labels()) if self.is_mnist else None


def load_dataset(
    name: str = "auto",
    path: str | Path | None = None,
    *,
    report_progress: ReportProgress | None = None,
) -> Dataset:
    """Load the digits that a recipe names.

    Args:
        name: ``mnist`` (from the nearest place, else downloaded), ``optdigits``, or ``auto``:
            what `path` holds; without a path MNIST, and where that can't be had ``optdigits``,
            which the dataset's note then says.
        path: A file or folder of labelled digits; with ``mnist`` it must hold MNIST.
        report_progress: See :func:`keras_digits.data.mnist.load_mnist`.

    Raises:
        DatasetMissingError: MNIST is asked for by name, is not here and can't be downloaded.
        DatasetError: A file is broken or not what it should be.
    """
    if name not in DATASETS:
        raise DatasetError(
            f"name is {name!r}; expected one of {', '.join(DATASETS)}. A file or folder of your "
            "own is the second argument, path."
        )
    path = None if path is None else Path(path)
    if name == "optdigits":
        return _optdigits()
    if name == "mnist":
        return _mnist(path, report_progress)
    if path is not None:
        return dataset_of_parts(read_parts(path), path)
    try:
        return _mnist(None, report_progress)
    except DatasetMissingError as error:
        reason = str(error).split(". ")[0]
        return _optdigits(f"{reason}; going on with optdigits, 1,797 digits from scikit-learn.")


def _mnist(path: Path | None, report_progress: ReportProgress | None) -> Dataset:
    """MNIST, proven."""
    folder = find_mnist(path) or fetch_mnist(report_progress=report_progress)
    return _dataset("mnist", str(folder), read_mnist(folder), MNIST_SHA256)


def dataset_of_parts(parts: Parts, path: Path) -> Dataset:
    """The digits read from `path`, split where they are one set; MNIST is known by its bytes.

    Raises:
        DatasetError: They have no labels, or are too few to split.
    """
    parts.train.known_labels()
    note = ""
    if not parts.has_labelled_test:
        parts = _hold_out(parts.train, str(path))
        note = f"{path} has no test part: a seventh of it, drawn once and for all, is the test set."
    digests = part_digests(parts)
    name = "mnist" if digests == MNIST_SHA256 else path.resolve().name
    return _dataset(name, str(path), parts, digests, note)


def _dataset(
    name: str, source: str, parts: Parts, digests: tuple[str, ...], note: str = ""
) -> Dataset:
    """Put the parts together; both must be labelled."""
    return Dataset(name, source, parts.labelled_train(), parts.labelled_test(), digests, note)


def _optdigits(note: str = "") -> Dataset:
    """The 8x8 digits that scikit-learn carries, brought to 28x28 as MNIST's were."""
    bundle = load_digits()
    images = np.stack([normalise(ink) for ink in (bundle.images / 16).astype(np.float32)])
    digits = Digits(images, bundle.target.astype(np.uint8))
    caveat = "Optdigits' writers stand on both sides of its split, so its scores flatter."
    parts = _hold_out(digits, "optdigits")
    digests = part_digests(parts)
    return _dataset("optdigits", "scikit-learn", parts, digests, f"{note} {caveat}".strip())


def _hold_out(digits: Digits, name: str) -> Parts:
    """Draw a test part, each class in proportion where it has enough digits for that."""
    labels = digits.known_labels()
    if len(labels) < NUM_CLASSES:
        raise DatasetError(
            f"{name} holds {len(labels)} digits; expected at least {NUM_CLASSES} to train and test."
        )
    counts = np.bincount(labels)
    can_stratify = counts[counts > 0].min() >= 2 and len(labels) * TEST_FRACTION >= len(counts)
    train, test = train_test_split(
        np.arange(len(labels)),
        test_size=TEST_FRACTION,
        random_state=_SPLIT_SEED,
        stratify=labels if can_stratify else None,
    )
    return Parts(_take(digits, np.sort(train)), _take(digits, np.sort(test)))


def _take(digits: Digits, indices: Sequence[int] | NDArray[np.intp]) -> Digits:
    """The digits at `indices`."""
    labels = digits.known_labels()
    return Digits(digits.images[indices], labels[indices])
