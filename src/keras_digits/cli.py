"""The shell's face: parse, call, print. Everything else stands in the rooms that it calls.

Each command imports what it needs when it runs, so that ``digits --help`` is instant. An error
that keras-digits raises on purpose becomes one line on stderr and exit code 2.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from keras_digits import __version__
from keras_digits.errors import DigitsError, MissingExtraError, ModelFileError, RecipeError
from keras_digits.training.recipe import Recipe, setting_help

if TYPE_CHECKING:
    from keras_digits.data.datasets import Dataset
    from keras_digits.data.mnist import ReportProgress
    from keras_digits.training.run import Run

app = typer.Typer(
    name="digits",
    help="Train, test and compare networks that read handwritten digits.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


_STOPPED = 130
"""The exit code after Ctrl-C, as shells have it."""


def _flag(name: str) -> Any:
    """The option that mirrors a recipe's field; unset it leaves the recipe's default."""
    default = Recipe.__dataclass_fields__[name].default
    shown = "" if default is None else f"  [default: {default}]"
    flag = f"--{name.replace('_', '-')}"
    if name == "optimizer":
        shown = f" Give it several times to compare.{shown}"
    return typer.Option(flag, help=setting_help(name) + shown, metavar=name.upper())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after ``digits``; by default those of the shell.

    Returns:
        The exit code: 0, 2 for bad input, 130 after Ctrl-C.
    """
    try:
        words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
        code = app(words, prog_name="digits", standalone_mode=False)
    except DigitsError as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(f"{error.format_message().rstrip('.?')}; see digits --help.")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("keras_digits"):
            raise
        return _refuse(str(MissingExtraError.from_import_error(error)))
    except UnicodeEncodeError:
        return _refuse("a name given here is not valid text (UTF-8). Rename the file or folder.")
    except (typer.Abort, KeyboardInterrupt):
        code = _STOPPED
    if code == _STOPPED:
        print("Stopped.", file=sys.stderr)
    return code if isinstance(code, int) else 0


def _refuse(message: str) -> int:
    """Print one line on stderr; the exit code of bad input."""
    print(f"digits: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _print_version(value: bool) -> None:
    if value:
        print(f"keras-digits {__version__}")
        raise typer.Exit


@app.callback()
def _digits(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command(short_help="Train a network, test it, write a report.")
def train(
    network: Annotated[str | None, _flag("network")] = None,
    optimizer: Annotated[list[str] | None, _flag("optimizer")] = None,
    learning_rate: Annotated[float | None, _flag("learning_rate")] = None,
    batch_size: Annotated[int | None, _flag("batch_size")] = None,
    epochs: Annotated[int | None, _flag("epochs")] = None,
    validation_split: Annotated[float | None, _flag("validation_split")] = None,
    seed: Annotated[int | None, _flag("seed")] = None,
    precision: Annotated[str | None, _flag("precision")] = None,
    dataset: Annotated[str | None, _flag("dataset")] = None,
    data: Annotated[str | None, _flag("data")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The run folder, new or empty; by default a dated one under runs/."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with an interrupted run; it has its own recipe."),
    ] = None,
) -> None:
    """Train a network, test it and write a report; with no flags, the tutorial's.

    Several --optimizer train one run each and compare them.
    """
    settings = {
        "network": network,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "epochs": epochs,
        "validation_split": validation_split,
        "seed": seed,
        "precision": precision,
        "dataset": dataset,
        "data": data,
    }
    given: dict[str, Any] = {name: value for name, value in settings.items() if value is not None}
    if resume is not None:
        if given or optimizer or out:
            also = [name for name, value in (("optimizer", optimizer), ("out", out)) if value]
            extra = ", ".join(f"--{name.replace('_', '-')}" for name in [*given, *also])
            raise RecipeError(f"--resume takes its recipe from {resume}; drop {extra}.")
        _resume(resume)
        return
    optimizers = optimizer or [Recipe.optimizer]
    recipes = [Recipe(optimizer=name, **given) for name in dict.fromkeys(optimizers)]
    _train_all(recipes, out)


def _train_all(recipes: Sequence[Recipe], out: Path | None) -> None:
    """Train, test and export each recipe on the same digits; compare where there are several."""
    from keras_digits.training.run import begin_comparison, claim_folder, new_folder

    digits = _load(recipes[0].dataset, recipes[0].data)
    if len(recipes) > 1:
        folder = out or new_folder(recipes[0], suffix="comparison")
        begin_comparison(folder, recipes)
        _run_comparison(folder, recipes, digits)
        return
    folder = out or new_folder(recipes[0])
    claim_folder(folder)
    with _resumable(folder):
        _train_one(recipes[0], folder, digits)


def _train_one(recipe: Recipe, folder: Path, digits: "Dataset") -> None:
    """Train one recipe as the tutorial does, on screen too."""
    _start_keras()
    from keras_digits.training.fit import train

    run = train(recipe, out=folder, dataset=digits, callbacks=[_introduction()], verbose=_verbose())
    _finish(run, digits)


def _run_comparison(folder: Path, recipes: Sequence[Recipe], digits: "Dataset") -> None:
    """Train what is not trained yet, and compare; a network that diverged is left out."""
    from keras_digits.training.run import open_run

    runs = []
    with _resumable(folder):
        for recipe in recipes:
            place = folder / recipe.optimizer
            try:
                if (place / "recipe.json").is_file():
                    _go_on(open_run(place), digits)
                else:
                    _train_one(recipe, place, digits)
            except ModelFileError as error:
                print(f"{recipe.optimizer} is left out: {error}")
            else:
                runs.append(open_run(place))
    _print_comparison(runs, folder / "comparison.png")


def _resume(folder: Path) -> None:
    """Go on with a run or a comparison, or with what comes after its training."""
    from keras_digits.training.run import open_run, read_comparison

    if recipes := read_comparison(folder):
        digits = _load(recipes[0].dataset, recipes[0].data)
        _run_comparison(folder, recipes, digits)
        return
    with _resumable(folder):
        _go_on(open_run(folder), None)


def _go_on(run: "Run", digits: "Dataset | None") -> None:
    """Bring one run to its end from wherever it is."""
    if run.is_finished:
        print(f"{run.folder} is complete: {run.report_path}")
        return
    _start_keras()
    from keras_digits.training.fit import resume, run_dataset

    done = run.latest_checkpoint()
    print(f"{run.folder}: {done[0] if done else 0} of {run.recipe.epochs} epochs are done.")
    digits = run_dataset(run, digits)
    callbacks = [_introduction()]
    _finish(resume(run.folder, dataset=digits, callbacks=callbacks, verbose=_verbose()), digits)


def _finish(run: "Run", digits: "Dataset") -> None:
    """What follows training: test it, export it, tell."""
    from keras_digits.evaluation.scoring import evaluate
    from keras_digits.export import export_run

    evaluation = evaluate(run, dataset=digits)
    export_run(run, digits.test.images)
    print(evaluation.summary())


@contextmanager
def _resumable(folder: Path) -> Iterator[None]:
    """Turn Ctrl-C into a word on what is kept and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        from keras_digits.training.run import open_run, resume_command

        if (folder / "recipe.json").is_file():
            run = open_run(folder)
            done = run.latest_checkpoint()
            kept = f"{done[0] if done else 0} of {run.recipe.epochs} epochs are kept"
            print(f"\n{kept}. Go on with: {resume_command(folder)}", file=sys.stderr)
        elif (folder / "comparison.json").is_file():
            print(f"\nGo on with: {resume_command(folder)}", file=sys.stderr)
        elif folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()  # nothing was begun
        raise typer.Exit(_STOPPED) from None


def _introduction() -> Any:
    """A Keras callback that prints ``model.summary()`` before the first epoch."""
    import keras

    callback: Any = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: callback.model.summary()
    )
    callback.only_watches = True
    return callback


def _verbose() -> int:
    """Keras's progress bar on a terminal, a line an epoch in a file or pipe."""
    return 1 if sys.stdout.isatty() else 2


def _start_keras() -> None:
    """Import Keras, which takes seconds, and say on what it runs."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its notes are not for the reader
    from keras_digits.networks import backend

    print(f"Using Keras {backend.VERSION} on {backend.NAME}")


def _load(name: str, path: str | None) -> "Dataset":
    """Load digits, with a bar while they are fetched, and say which they are."""
    from keras_digits.data.datasets import load_dataset

    with _fetching() as report_progress:
        digits = load_dataset(name, path, report_progress=report_progress)
    print(digits.summary())
    return digits


@contextmanager
def _fetching() -> Iterator["ReportProgress"]:
    """A progress bar a file, shown once something is being fetched."""
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


@app.command(short_help="Test a run on its own or other digits.")
def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Labelled digits of your own; by default the run's test digits."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where the report goes; by default into RUN."),
    ] = None,
    submission: Annotated[
        Path | None,
        typer.Option(help="Write ImageId,Label for unlabelled --data here, and no report."),
    ] = None,
) -> None:
    """Test a run's network and write predictions, figures, pictures and a report."""
    if submission is not None and (data is None or out is not None):
        raise RecipeError("--submission wants the digits in --data, and no --out.")
    from keras_digits.training.run import open_run

    opened = open_run(run)
    _start_keras()
    from keras_digits.evaluation import scoring

    if submission is not None and data is not None:
        count = scoring.write_submission(opened, data, submission)
        print(f"{count:,} predictions: {submission}")
        return
    print(scoring.evaluate(opened, data, out=out).summary())


@app.command(short_help="Put runs in one table and one picture.")
def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Two run folders or more.")],
    out: Annotated[
        Path, typer.Option(help="The picture of their learning curves, a PNG file.")
    ] = Path("comparison.png"),
) -> None:
    """Put runs in one table and one picture of learning curves."""
    from keras_digits.training.run import open_run

    _print_comparison([open_run(folder) for folder in runs], out)


def _print_comparison(runs: "Sequence[Run]", picture: Path) -> None:
    """The table on screen, the learning curves in `picture`."""
    from keras_digits.evaluation.comparison import compare, comparison_figure, comparison_table
    from keras_digits.evaluation.plots import save_png

    table = comparison_table(compare(runs))
    save_png(comparison_figure(runs), picture)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    print(f"Learning curves: {picture}")


@app.command(short_help="Show which digits are here; draw samples.")
def data(
    data: Annotated[Path | None, typer.Option(help=setting_help("data"))] = None,
    dataset: Annotated[str, typer.Option(help=setting_help("dataset"))] = "auto",
    sheet: Annotated[Path, typer.Option(help="The picture of samples, a PNG file.")] = Path(
        "samples.png"
    ),
) -> None:
    """Show which digits are here, from where, whether verified; draw a sheet of samples."""
    Recipe(dataset=dataset, data=None if data is None else str(data))
    import numpy as np

    from keras_digits.data.mnist import mnist_places
    from keras_digits.evaluation.plots import sample_sheet, save_png

    for place in mnist_places():
        state = _verify(place.path) if place.found else "not there"
        print(f"MNIST in {place.name}: {state} ({place.path})")
    digits = _load(dataset, None if data is None else str(data))
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


if __name__ == "__main__":
    sys.exit(main())
