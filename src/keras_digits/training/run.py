"""The run folder: what lies where, written whole or not at all, and read back.

::

    recipe.json      what decides the run: recipe, data, versions, machine
    history.csv      a line an epoch: loss and accuracy, watched loss and accuracy, seconds
    checkpoint/      the network and its optimizer after the latest whole epoch
    model.keras      the trained network; its presence says that training is done
    predictions.csv  index,label,prediction,p0,…,p9 for every test digit
    metrics.json     all figures
    report.html      the same for people, with its pictures as PNG beside it
    digits.onnx      the network as a Reader takes it
    README.md        the model card

Knows files, not Keras: looking at runs costs no Keras import.
"""

import csv
import io
import json
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

from keras_digits.data.datasets import Dataset
from keras_digits.errors import DatasetError, RecipeError, RunError
from keras_digits.files import cannot_write, make_folder, write_json, write_text
from keras_digits.training.environment import describe_environment
from keras_digits.training.recipe import Recipe

_COMPARISON = "comparison.json"

RUNS_FOLDER = Path("runs")
"""Where runs go when nobody says where."""

_HELD_OUT_BY = "five stretches"
"""How digits are held out; what says something else, or nothing, held out others."""

EpochRow: TypeAlias = dict[str, float]
"""One line of history.csv: ``epoch`` (from 1), ``seconds``, and Keras's logs of that epoch."""


@dataclass(frozen=True)
class Split:
    """Which digits a network learned from, and which of the same set it held out.

    Attributes:
        sha256: The digests of the data set's parts, the training images' and labels' first.
        validation_split: The share of its training digits that was held out.
        seed: Decided which.
        before: The same of what training began with, where that is known.
        held_out_by: In what way; None in files from before there were several.
    """

    sha256: tuple[str, ...]
    validation_split: float
    seed: int
    before: "Split | None" = None
    held_out_by: str | None = _HELD_OUT_BY

    @property
    def lineage(self) -> Iterator["Split"]:
        """This, and all before it."""
        split: Split | None = self
        while split:
            yield split
            split = split.before

    def is_of_the_same(self, other: "Split") -> bool:
        """Whether the training digits are the same, whatever is tested on."""
        return self.sha256[:2] == other.sha256[:2]

    def holds_out_the_same(self, other: "Split") -> bool:
        """Whether of the same training digits the same are held out."""
        return (self.validation_split, self.seed, self.held_out_by) == (
            other.validation_split,
            other.seed,
            other.held_out_by,
        )

    @property
    def is_known(self) -> bool:
        """Whether what was held out can be told: nothing, or digits chosen as they are now."""
        return self.validation_split == 0 or self.held_out_by == _HELD_OUT_BY

    def to_json(self) -> str:
        """The same in one line, as a network's metadata holds it."""
        return json.dumps(
            [[one.sha256, one.validation_split, one.seed, one.held_out_by] for one in self.lineage]
        )

    @classmethod
    def from_json(cls, text: str) -> "Split | None":
        """What :meth:`to_json` wrote, or None where it is something else."""
        try:
            split = None
            for sha256, validation_split, seed, *more in reversed(json.loads(text)):
                (held_out_by,) = more or (None,)
                share = float(validation_split)
                if not 0 <= share < 1:
                    return None
                split = cls(tuple(sha256), share, int(seed), split, held_out_by)
            return split
        except (TypeError, ValueError, LookupError, OverflowError):
            return None


@dataclass(frozen=True)
class Run:
    """A run folder.

    Attributes:
        folder: Where it lies.
        recipe: What decided it.
        dataset: Name, source, digests, counts and note of its digits.
        environment: Versions and machine that it was begun on.
        callbacks: Class names of the callbacks that were given from Python and may have chosen.
        start_sha256: Digest of the file that training began with, or None where it began anew.
        start_split: Which digits that was learned from, where it is known.
        held_out_by: As for :class:`Split`.
    """

    folder: Path
    recipe: Recipe
    dataset: dict[str, Any]
    environment: dict[str, Any]
    callbacks: tuple[str, ...]
    start_sha256: str | None = None
    start_split: Split | None = None
    held_out_by: str | None = _HELD_OUT_BY

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    @property
    def split(self) -> Split:
        """Which digits it learns from."""
        sha256 = tuple(self.dataset["sha256"])
        share, seed = self.recipe.validation_split, self.recipe.seed
        return Split(sha256, share, seed, self.start_split, self.held_out_by)

    @property
    def model_path(self) -> Path:
        """The trained network, a Keras file."""
        return self.folder / "model.keras"

    @property
    def onnx_path(self) -> Path:
        """The network as a Reader takes it."""
        return self.folder / "digits.onnx"

    @property
    def report_path(self) -> Path:
        """The report for people."""
        return self.folder / "report.html"

    @property
    def is_trained(self) -> bool:
        """Whether training came to its end."""
        return self.model_path.is_file()

    @property
    def is_finished(self) -> bool:
        """Whether it is trained, tested and exported."""
        return self.is_trained and self.onnx_path.is_file() and self.report_path.is_file()

    @property
    def dataset_source(self) -> tuple[str, str | None]:
        """By what name, and from what path, its digits are loaded again."""
        name = str(self.dataset["name"])
        in_source = self.recipe.data is None and name in ("mnist", "optdigits")
        return name if in_source else self.recipe.dataset, self.recipe.data

    def check_dataset(self, dataset: Dataset) -> None:
        """Refuse other digits than those that the run was begun with.

        Raises:
            DatasetError: They are others.
        """
        if list(dataset.digests) != self.dataset["sha256"]:
            raise DatasetError(
                f"{self.folder} was trained on {self.dataset['name']} from "
                f"{self.dataset['source']}, and these digits are others. Bring the old ones back, "
                "or from Python hand them in as dataset=."
            )

    def check_split(self) -> None:
        """Refuse to hold out other digits than it did so far, because it learned from them.

        Raises:
            RunError: It held out others.
        """
        if not self.split.is_known:
            raise RunError(
                f"{self.folder} held out other digits than this version does, and learned from "
                "those. Train it anew."
            )

    def with_callbacks(self, names: Sequence[str]) -> "Run":
        """The same run, with these callbacks on record too."""
        path = self.folder / "recipe.json"
        facts = _read_json(path, "Train anew.")
        write_json(path, {**facts, "callbacks": sorted({*self.callbacks, *names})})
        return open_run(self.folder)

    def history(self) -> list[EpochRow]:
        """The epochs so far, oldest first; empty before the first has ended.

        Raises:
            RunError: ``history.csv`` is broken.
        """
        path = self.folder / "history.csv"
        if not path.is_file():
            return []
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return [
                    {name: _number(name, cell) for name, cell in row.items()}
                    for row in csv.DictReader(file)
                ]
        except (OSError, ValueError, TypeError, OverflowError, csv.Error) as error:
            raise RunError(f"{path} is broken ({error}); expected numbers under names.") from error

    def write_history(self, rows: Sequence[EpochRow]) -> None:
        """Write ``history.csv``; columns are those of the first row."""
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), restval="nan", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.folder / "history.csv", text.getvalue())

    def metrics(self) -> dict[str, Any]:
        """What ``metrics.json`` holds.

        Raises:
            RunError: There is none yet, or it is broken.
        """
        remedy = "digits evaluate writes it." if self.is_trained else "Train it to its end: "
        remedy += "" if self.is_trained else resume_command(self.folder)
        return _read_json(self.folder / "metrics.json", remedy)

    def latest_checkpoint(self) -> tuple[int, Path] | None:
        """The number of whole epochs behind the newest checkpoint, and its file."""
        paths = (self.folder / "checkpoint").glob("epoch-*.keras")
        numbers = [(path.stem.removeprefix("epoch-"), path) for path in paths]
        found = [(int(number), path) for number, path in numbers if number.isdecimal()]
        return max(found, default=None)

    def checkpoint_path(self, num_epochs: int) -> Path:
        """Where the checkpoint after `num_epochs` whole epochs belongs."""
        return self.folder / "checkpoint" / f"epoch-{num_epochs:04d}.keras"


def _number(name: str, cell: str) -> float:
    """A cell of ``history.csv``; an epoch is whole, and is written so again."""
    value = float(cell)
    return int(value) if name == "epoch" else value


def claim_folder(folder: Path) -> None:
    """Make sure that a run can be begun in `folder`, which is made where it isn't there.

    Raises:
        RunError: The folder holds something already.
        OutputError: It can't be made.
    """
    make_folder(folder)
    if (folder / "recipe.json").is_file():
        raise RunError(
            f"{folder} holds a run already. Go on with it: {resume_command(folder)}; or name "
            "another folder with --out."
        )
    scraps = ".*.partial*"  # what a run that was killed at its very start leaves
    if any(not path.match(scraps) for path in folder.iterdir()):
        raise RunError(f"{folder} is not empty; expected a new folder. Name another with --out.")


def create_run(
    folder: Path,
    recipe: Recipe,
    dataset: Dataset,
    backend: str,
    start_sha256: str | None = None,
    start_split: Split | None = None,
) -> Run:
    """Begin a run in a new or empty folder.

    Args:
        folder: Where it will lie.
        recipe: What decides it.
        dataset: Its digits; their names and digests are kept, not they.
        backend: The name of Keras's backend in this process.
        start_sha256: As for :class:`Run`.
        start_split: As for :class:`Run`.

    Raises:
        RunError: The folder holds something already.
        OutputError: It can't be written.
    """
    claim_folder(folder)
    facts: dict[str, Any] = {
        "keras_digits": version("keras-digits"),
        "recipe": recipe.to_dict(),
        "dataset": {
            "name": dataset.name,
            "source": dataset.source,
            "is_mnist": dataset.is_mnist,
            "num_train": len(dataset.train),
            "num_test": len(dataset.test),
            "sha256": list(dataset.digests),
            "note": dataset.note,
        },
        "start_sha256": start_sha256,
        "start_split": start_split.to_json() if start_split else None,
        "held_out_by": _HELD_OUT_BY,
        "environment": describe_environment(backend),
        "callbacks": [],
    }
    write_json(folder / "recipe.json", facts)
    return open_run(folder)


def open_run(folder: str | Path) -> Run:
    """Open an existing run folder.

    Raises:
        RunError: It is not a run folder, or its recipe is broken.
    """
    folder = Path(folder)
    if recipes := read_comparison(folder):
        names = ", ".join(recipe.optimizer for recipe in recipes)
        raise RunError(f"{folder} is a comparison of runs; name one of those in it: {names}.")
    facts = _read_json(folder / "recipe.json", "Name a folder that digits train made.")
    try:
        recipe = Recipe.from_dict(facts["recipe"])
        dataset, environment = dict(facts["dataset"]), dict(facts["environment"])
        callbacks, start = tuple(facts["callbacks"]), facts.get("start_sha256")
        split = Split.from_json(facts.get("start_split") or "")
        for known, needed in ((dataset, "name source sha256"), (environment, "backend")):
            if missing := set(needed.split()) - set(known):
                raise KeyError(*sorted(missing))
        held_out_by = facts.get("held_out_by")
        return Run(folder, recipe, dataset, environment, callbacks, start, split, held_out_by)
    except (KeyError, TypeError, ValueError, RecipeError) as error:
        raise RunError(f"{folder / 'recipe.json'} is no recipe ({error}).") from error


def new_folder(recipe: Recipe, suffix: str = "") -> Path:
    """Make a new dated folder under ``runs/``; no two processes get the same.

    Args:
        recipe: Names the network and, without `suffix`, the optimizer.
        suffix: What the name ends in instead of the optimizer.

    Raises:
        OutputError: It can't be made.
    """
    make_folder(RUNS_FOLDER)
    stamp = f"{datetime.now():%Y%m%d-%H%M%S}-{recipe.network}-{suffix or recipe.optimizer}"
    for number in count(1):
        folder = RUNS_FOLDER / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise cannot_write(folder, error) from error
        return folder
    raise AssertionError("count never ends")


def resume_command(folder: Path) -> str:
    """What to type to go on with what was begun in `folder`."""
    return f"digits train --resume {shlex.quote(str(folder))}"


def begin_comparison(folder: Path, recipes: Sequence[Recipe]) -> None:
    """Note in a new or empty folder that these recipes are to be run in it and compared.

    Raises:
        RunError: The folder holds something already.
        OutputError: It can't be written.
    """
    claim_folder(folder)
    settings = [recipe.with_absolute_paths().to_dict() for recipe in recipes]
    write_json(folder / _COMPARISON, {"recipes": settings})


def forget_comparison(folder: Path) -> None:
    """Remove what :func:`begin_comparison` wrote, where no run was begun in `folder` since."""
    if [path.name for path in folder.iterdir()] == [_COMPARISON]:
        shutil.rmtree(folder, ignore_errors=True)


def read_comparison(folder: Path) -> list[Recipe]:
    """The recipes that :func:`begin_comparison` noted in `folder`; none where it noted none.

    Raises:
        RunError: The note is broken.
    """
    path = folder / _COMPARISON
    if not path.is_file():
        return []
    try:
        noted = _read_json(path, "Begin the comparison anew.")["recipes"]
        return [Recipe.from_dict(settings) for settings in noted]
    except (KeyError, TypeError, RecipeError) as error:
        raise RunError(f"{path} is no list of recipes ({error}).") from error


def _read_json(path: Path, remedy: str) -> dict[str, Any]:
    """A JSON object from a run folder."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        is_there = path.parent.is_dir()
        what = f"{path.parent} holds no {path.name}" if is_there else f"{path.parent} is no folder"
        raise RunError(f"{what}. {remedy}") from error
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror}. {remedy}") from error
    except ValueError as error:
        raise RunError(f"{path} is broken ({error}). {remedy}") from error
    if not isinstance(value, dict):
        raise RunError(f"{path} holds no JSON object. {remedy}")
    return value
