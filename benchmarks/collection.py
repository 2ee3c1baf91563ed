"""The pictures that people made, set by set, with their labels.

They lie in ``../shared/pictures``, or where ``KERAS_DIGITS_PICTURES`` says. Most state no licence:
they are read where they lie, and never copied into this repository.
"""

import csv
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tutorial import ROOT

from keras_digits.errors import DatasetError

ENVIRONMENT_VARIABLE = "KERAS_DIGITS_PICTURES"

LAYOUTS = {
    "drawn": "digit",
    "photo": "digit",
    "pen": "digit",
    "historic": "digit",
    "semeion": "digit",
    "cheque": "number",
    "number_drawn": "number",
    "number_drawn_28x28": "number",
    "number_photo": "number",
    "number_webcam": "number",
    "number_photo_page": "page",
    "blank_paper": "auto",
}
"""What each set's pictures hold. Blank paper holds nothing, and nobody is told so."""

ALL_NUMBERS = "number_*"
"""All sets of whole numbers together; they are small."""

_SEMEION_CELL, _SEMEION_MARGIN = 4, 16


@dataclass(frozen=True)
class Picture:
    """A picture and its truth.

    Attributes:
        set: The set's name, a key of ``LAYOUTS``.
        file: Its name in the collection.
        path: Where it lies.
        label: The digits; lines parted by a line feed; empty for blank paper.
        source: Who made it.
    """

    set: str
    file: str
    path: Path
    label: str
    source: str

    @property
    def layout(self) -> str:
        """What it is read as."""
        return LAYOUTS[self.set]


def find_collection(folder: Path | None) -> Path:
    """The collection's folder.

    Args:
        folder: Where the user says it is; else the environment variable's, or else
            ``../shared/pictures``.

    Raises:
        DatasetError: It isn't there.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    place = folder or Path(named or ROOT.parent / "shared" / "pictures")
    if not (place / "labels.csv").is_file():
        raise DatasetError(
            f"{place} has no labels.csv; expected the collection of people's pictures. Name its "
            f"folder with --pictures or in {ENVIRONMENT_VARIABLE}."
        )
    return place


def read_collection(folder: Path, scratch: Path, limit: int | None = None) -> list[Picture]:
    """The pictures of every set in ``LAYOUTS``, set by set.

    Args:
        folder: Of the collection.
        scratch: Where Semeion's arrays may be written as picture files.
        limit: The most pictures of a set, spread over it; None for all.
    """
    pictures = [*_rows(folder), *_semeion(folder, scratch)]
    kept = []
    for name in LAYOUTS:
        of_set = [picture for picture in pictures if picture.set == name]
        step = max(1, -(-len(of_set) // limit)) if limit else 1
        kept += of_set[::step]
    return kept


def other_things(folder: Path) -> list[Path]:
    """Pictures of what is no digit and what nobody takes for one."""
    rows = [row for row in _listed(folder) if row["set"] == "not_digits"]
    return [folder / row["file"] for row in rows if row["label"] != "lookalike"]


def _rows(folder: Path) -> Iterator[Picture]:
    """What ``labels.csv`` lists, without the pictures that are neither digits nor blank."""
    for row in _listed(folder):
        name, label = row["set"], row["label"].replace("|", "\n")
        if row["kind"] == "blank_paper":
            name, label = "blank_paper", ""
        if name in LAYOUTS:
            path = folder / row["file"]
            yield Picture(name, row["file"], path, label, row["source"])


def _listed(folder: Path) -> Iterator[dict[str, str]]:
    """The rows of ``labels.csv``."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _semeion(folder: Path, scratch: Path) -> Iterator[Picture]:
    """The UCI's 16 x 16 digits as dark ink on white paper, four pixels a cell and with a margin."""
    path = folder / "semeion.npz"
    if not path.is_file():
        return
    try:
        with np.load(path) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path} is damaged: {error}. Copy it anew.") from error
    cell = np.ones((_SEMEION_CELL, _SEMEION_CELL), np.uint8)
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        paper = np.pad(255 - np.kron(image, cell), _SEMEION_MARGIN, constant_values=255)
        file = f"semeion/{index:04}.png"
        target = scratch / file
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(paper).save(target)
        yield Picture("semeion", file, target, str(label), "UCI Semeion")
