"""Several runs side by side: a table and a picture of how they learned."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from rich.markup import escape
from rich.table import Table

from keras_digits.errors import RunError
from keras_digits.evaluation.plots import learning_curves
from keras_digits.training.run import Run

_SHOWN_ANYWAY = ("epochs", "dataset", "data")
"""Settings that columns of their own tell of."""


@dataclass(frozen=True)
class ComparisonRow:
    """One run's line in a comparison.

    Attributes:
        run: The run's name.
        settings: The recipe's settings that differ between the runs, by name, but for those that
            other columns show.
        dataset: The name of its digits, and a number where runs have other digits of that name.
        epochs: Whole epochs trained.
        accuracy: On test digits, in [0, 1], with its 95 % interval.
        low: Lower end of the interval.
        high: Upper end.
        loss: Mean cross-entropy on test digits, nats.
        seconds_per_epoch: Median, validation included.
    """

    run: str
    settings: dict[str, Any]
    dataset: str
    epochs: int
    accuracy: float
    low: float
    high: float
    loss: float
    seconds_per_epoch: float


def compare(runs: Sequence[Run]) -> list[ComparisonRow]:
    """One row a run, the most accurate first.

    Raises:
        RunError: There are fewer than two runs, one is named twice, or one has no
            ``metrics.json`` yet.
    """
    if len(runs) < 2:
        raise RunError(f"{len(runs)} run to compare; expected at least two. Name another folder.")
    if len({run.folder.resolve() for run in runs}) < len(runs):
        raise RunError("A run is named twice; expected different ones. Drop one of the two.")
    recipes = [run.recipe.to_dict() for run in runs]
    differing = [
        name
        for name in recipes[0]
        if name not in _SHOWN_ANYWAY and len({str(recipe[name]) for recipe in recipes}) > 1
    ]
    names, datasets = _distinct_names(runs), _distinct_datasets(runs)
    rows = [
        _row(run, name, {setting: recipe[setting] for setting in differing}, dataset)
        for run, name, recipe, dataset in zip(runs, names, recipes, datasets, strict=True)
    ]
    return sorted(rows, key=lambda row: -row.accuracy)


def comparison_table(rows: Sequence[ComparisonRow]) -> Table:
    """The rows as a table for a terminal."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("run", overflow="fold")
    for name in rows[0].settings:
        table.add_column(name.replace("_", " "), overflow="fold")
    table.add_column("digits", overflow="fold")
    for name in ("epochs", "test accuracy", "95 % interval", "loss", "s/epoch"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            escape(row.run),
            *(escape(str(value)) for value in row.settings.values()),
            escape(row.dataset),
            str(row.epochs),
            f"{row.accuracy:.2%}",
            f"{row.low:.2%} to {row.high:.2%}",
            f"{row.loss:.4f}",
            f"{row.seconds_per_epoch:.2f}",
        )
    return table


def comparison_figure(runs: Sequence[Run]) -> Figure:
    """Watched accuracy and loss by epoch, a colour a run."""
    histories = dict(zip(_distinct_names(runs), (run.history() for run in runs), strict=True))
    splits = {bool(run.recipe.validation_split) for run in runs}
    watched = {frozenset({True}): "validation", frozenset({False}): "test"}
    return learning_curves(histories, watched.get(frozenset(splits), "watched"))


def _row(run: Run, name: str, settings: dict[str, Any], dataset: str) -> ComparisonRow:
    """The line of one run."""
    metrics = run.metrics()
    try:
        accuracy, training = metrics["accuracy"], metrics["training"]
        return ComparisonRow(
            name,
            settings,
            dataset,
            training["epochs"],
            accuracy["value"],
            accuracy["low"],
            accuracy["high"],
            metrics["loss"],
            training["seconds_per_epoch"],
        )
    except KeyError as error:
        raise RunError(
            f"{run.folder / 'metrics.json'} lacks {error}. Write it anew: digits evaluate "
            f"{shlex.quote(str(run.folder))}"
        ) from error


def _distinct_names(runs: Sequence[Run]) -> list[str]:
    """Folder names, or paths as given where names alone would clash."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.folder) for run in runs]


def _distinct_datasets(runs: Sequence[Run]) -> list[str]:
    """The names of the runs' digits, numbered where digits of one name are not the same."""
    sets: dict[str, list[list[str]]] = {}
    for run in runs:
        known = sets.setdefault(run.dataset["name"], [])
        if run.dataset["sha256"] not in known:
            known.append(run.dataset["sha256"])
    labels = []
    for run in runs:
        name = run.dataset["name"]
        number = sets[name].index(run.dataset["sha256"]) + 1
        labels.append(f"{name}, set {number}" if len(sets[name]) > 1 else name)
    return labels
