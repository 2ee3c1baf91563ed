"""The command about digits to learn from, and how commands load them on screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keras_digits.errors import DigitsError
from keras_digits.training.recipe import Recipe, setting_help

if TYPE_CHECKING:
    from keras_digits.data.datasets import Dataset
    from keras_digits.progress import ReportProgress


def load_on_screen(name: str, path: str | None) -> "Dataset":
    """Load digits, with a bar while they are fetched, and say which they are."""
    from keras_digits.data.datasets import load_dataset

    with _fetching() as report_progress:
        digits = load_dataset(name, path, report_progress=report_progress)
    print(digits.summary())
    return digits


@contextmanager
def _fetching() -> Iterator["ReportProgress"]:
    """A progress bar a file, shown once something is being fetched."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    progress = Progress(*columns, console=Console(stderr=True))
    tasks: dict[str, Any] = {}

    def report(name: str, done: int, total: int) -> None:
        progress.start()
        if name not in tasks:
            tasks[name] = progress.add_task(f"Fetching {name}", total=total)
        progress.update(tasks[name], completed=done, total=total)

    try:
        yield report
    finally:
        if tasks:
            progress.stop()


def data(
    data: Annotated[Path | None, typer.Option(metavar="PATH", help=setting_help("data"))] = None,
    dataset: Annotated[str, typer.Option(metavar="NAME", help=setting_help("dataset"))] = "auto",
    sheet: Annotated[
        Path, typer.Option(metavar="FILE", help="The picture of samples, a PNG file.")
    ] = Path("samples.png"),
) -> None:
    """Show which digits are here, from where, whether verified; draw a sheet of samples."""
    Recipe(dataset=dataset, data=None if data is None else str(data))
    import numpy as np

    from keras_digits.data.mnist import mnist_places
    from keras_digits.evaluation.plots import sample_sheet, save_png

    for place in mnist_places() if data is None else ():
        state = _verify(place.path) if place.found else "not there"
        print(f"MNIST in {place.name}: {state} ({place.path})")
    digits = load_on_screen(dataset, None if data is None else str(data))
    for part, name in ((digits.train, "train"), (digits.test, "test")):
        counts = np.bincount(part.known_labels(), minlength=10)
        print(f"{name} by digit: " + "  ".join(f"{digit}:{n}" for digit, n in enumerate(counts)))
    save_png(sample_sheet(digits.train.images, digits.train.known_labels()), sheet)
    print(f"Samples: {sheet}")


def _verify(path: Path) -> str:
    """Whether MNIST's files at `path` are MNIST's, in words."""
    from keras_digits.data.mnist import read_mnist

    try:
        read_mnist(path)
    except DigitsError as error:
        return f"broken, {error}"
    return "verified"
