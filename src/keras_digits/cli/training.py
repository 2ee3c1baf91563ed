"""The commands about training a network and testing what was trained."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keras_digits.cli.answers import emit_table
from keras_digits.cli.datasets import load_on_screen
from keras_digits.errors import DigitsError, ModelFileError, RecipeError
from keras_digits.training.recipe import AUTO_PRECISION, Recipe, setting_help

if TYPE_CHECKING:
    from keras_digits.data.datasets import Dataset
    from keras_digits.evaluation.scoring import Evaluation
    from keras_digits.progress import ReportProgress
    from keras_digits.training.run import Run


_METAVARS = {
    "learning_rate": "RATE",
    "validation_split": "SHARE",
    "non_digits": "SHARE",
    "start": "RUN",
    "data": "PATH",
}
"""What the help calls a setting's value, where that is no name and no count."""


def _flag(name: str) -> Any:
    """The option that mirrors a recipe's field; unset it leaves the recipe's default."""
    default = Recipe.__dataclass_fields__[name].default
    shown = "" if default is None else f"  [default: {default}]"
    flag = f"--{name.replace('_', '-')}"
    if name == "optimizer":
        shown = f" Give it several times to compare.{shown}"
    metavar = _METAVARS.get(name, "N" if isinstance(default, int) else "NAME")
    return typer.Option(flag, help=setting_help(name) + shown, metavar=metavar)


def train(
    network: Annotated[str | None, _flag("network")] = None,
    optimizer: Annotated[list[str] | None, _flag("optimizer")] = None,
    learning_rate: Annotated[float | None, _flag("learning_rate")] = None,
    batch_size: Annotated[int | None, _flag("batch_size")] = None,
    epochs: Annotated[int | None, _flag("epochs")] = None,
    validation_split: Annotated[float | None, _flag("validation_split")] = None,
    seed: Annotated[int | None, _flag("seed")] = None,
    precision: Annotated[str | None, _flag("precision")] = None,
    schedule: Annotated[str | None, _flag("schedule")] = None,
    augmentation: Annotated[str | None, _flag("augmentation")] = None,
    plain_epochs: Annotated[int | None, _flag("plain_epochs")] = None,
    non_digits: Annotated[float | None, _flag("non_digits")] = None,
    start: Annotated[str | None, _flag("start")] = None,
    averaging: Annotated[str | None, _flag("averaging")] = None,
    dataset: Annotated[str | None, _flag("dataset")] = None,
    data: Annotated[str | None, _flag("data")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The run folder, new or empty; by default a dated one under runs/."
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with an interrupted run; it has its own recipe."),
    ] = None,
) -> None:
    """Train a network, test it and write a report; with no flags, the tutorial's.

    Several --optimizer train one run each and compare them.
    """
    settings = dict(locals())  # the flags, which bear the names of a recipe's fields
    others = ("optimizer", "out", "resume")
    given: dict[str, Any] = {
        name: value for name, value in settings.items() if value is not None and name not in others
    }
    if resume is not None:
        if given or optimizer or out:
            also = [name for name, value in (("optimizer", optimizer), ("out", out)) if value]
            extra = ", ".join(f"--{name.replace('_', '-')}" for name in [*given, *also])
            raise RecipeError(f"--resume takes its recipe from {resume}; drop {extra}.")
        _resume(resume)
        return
    optimizers = optimizer or [Recipe.optimizer]
    recipes = [Recipe(optimizer=name, **given) for name in dict.fromkeys(optimizers)]
    if precision == AUTO_PRECISION:
        chosen = recipes[0].precision
        has_units = chosen == "mixed_bfloat16"
        why = "the processor has units for it" if has_units else "no units for bfloat16 are known"
        print(f"Precision: {chosen}; {why}.")
    _train_all(recipes, out)


def _train_all(recipes: Sequence[Recipe], out: Path | None) -> None:
    """Train, test and export each recipe on the same digits; compare where there are several."""
    from keras_digits.training.run import (
        begin_comparison,
        claim_folder,
        forget_comparison,
        new_folder,
    )

    digits = load_on_screen(recipes[0].dataset, recipes[0].data)
    if len(recipes) > 1:
        folder = out or new_folder(recipes[0], suffix="comparison")
        begin_comparison(folder, recipes)
        try:
            _run_comparison(folder, recipes, digits)
        except (DigitsError, ModuleNotFoundError):
            forget_comparison(folder)
            raise
        return
    folder = out or new_folder(recipes[0])
    claim_folder(folder)
    with _resumable(folder):
        _train_one(recipes[0], folder, digits)


def _train_one(recipe: Recipe, folder: Path, digits: "Dataset") -> None:
    """Train one recipe as the tutorial does, on screen too."""
    start_keras()
    from keras_digits.training.fit import train

    run = train(recipe, out=folder, dataset=digits, callbacks=[_introduction()], verbose=_verbose())
    _finish(run, digits)


def _run_comparison(folder: Path, recipes: Sequence[Recipe], digits: "Dataset") -> None:
    """Train what is not trained yet, and compare; a network that diverged is left out.

    Raises:
        DatasetError: What was begun before was begun with other digits; then nothing is trained.
    """
    from keras_digits.training.run import open_run

    begun = _begun(folder, recipes)
    for run in begun.values():
        run.check_dataset(digits)
    runs = []
    with _resumable(folder):
        for recipe in recipes:
            place = folder / recipe.optimizer
            try:
                if recipe.optimizer in begun:
                    _go_on(begun[recipe.optimizer], digits)
                else:
                    _train_one(recipe, place, digits)
            except ModelFileError as error:
                print(f"{recipe.optimizer} is left out: {error}")
            else:
                runs.append(open_run(place))
    if len(runs) < 2:
        left = f"{runs[0].folder} is left" if runs else "none is left"
        raise ModelFileError(
            f"of {len(recipes)} networks {left}, which is nothing to compare. Train again with a "
            "smaller --learning-rate."
        )
    _print_comparison(runs, folder / "comparison.png")


def _begun(folder: Path, recipes: Sequence[Recipe]) -> "dict[str, Run]":
    """The runs of a comparison that were begun, by their optimizers' names."""
    from keras_digits.training.run import open_run

    names = [recipe.optimizer for recipe in recipes]
    return {
        name: open_run(folder / name) for name in names if (folder / name / "recipe.json").is_file()
    }


def _resume(folder: Path) -> None:
    """Go on with a run or a comparison, or with what comes after its training."""
    from keras_digits.training.run import open_run, read_comparison

    if recipes := read_comparison(folder):
        first = recipes[0]
        sources = [run.dataset_source for run in _begun(folder, recipes).values()]
        source = sources[0] if sources else (first.dataset, first.data)
        _run_comparison(folder, recipes, load_on_screen(*source))
        return
    run = open_run(folder)
    with _resumable(folder):
        _go_on(run, None)


def _go_on(run: "Run", digits: "Dataset | None") -> None:
    """Bring one run to its end from wherever it is."""
    if run.is_finished:
        print(f"{run.folder} is complete: {run.report_path}")
        return
    start_keras()
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

    say_what_is_measured(run)
    with progress_bar() as report_progress:
        export_run(run, digits, report_progress=report_progress)
    evaluation = evaluate(run, dataset=digits)
    print(evaluation.summary())


def say_what_is_measured(run: "Run") -> None:
    """Say why an export takes time, where it does."""
    if run.recipe.validation_split > 0:
        print(
            "Reading pictures made of held-out digits, to learn how far it can be trusted; "
            "this takes a minute or two ...",
            flush=True,
        )


@contextmanager
def _resumable(folder: Path) -> Iterator[None]:
    """Turn Ctrl-C into a word on what is kept and how to go on; leave no empty folder behind."""
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
        raise
    finally:
        with suppress(OSError):  # as of the folder that one stands in
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()  # nothing was begun


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


def start_keras() -> None:
    """Import Keras, which takes seconds, and say on what it runs."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its notes are not for the reader
    from keras_digits.networks import backend

    print(f"Using Keras {backend.VERSION} on {backend.NAME}")


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Labelled digits of your own; by default the run's test digits."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the report goes; by default into RUN."),
    ] = None,
    submission: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write ImageId,Label for unlabelled --data here, and no report."
        ),
    ] = None,
    corruptions: Annotated[
        bool,
        typer.Option(
            "--corruptions", help="Test it under noise, blur, fog, lines, shifts and more, too."
        ),
    ] = False,
) -> None:
    """Test a run's network and write predictions, figures, pictures and a report."""
    if submission is not None and (data is None or out is not None or corruptions):
        raise RecipeError(
            "--submission wants the digits in --data, and neither --out nor --corruptions."
        )
    from keras_digits.training.run import open_run

    opened = open_run(run)
    start_keras()
    from keras_digits.evaluation import scoring

    if submission is not None and data is not None:
        count = scoring.write_submission(opened, data, submission)
        print(f"{count:,} predictions: {submission}")
        return
    with progress_bar() as report_progress:
        evaluation = scoring.evaluate(
            opened, data, out=out, corruptions=corruptions, report_progress=report_progress
        )
    if corruptions:
        _print_corruptions(evaluation)
    print(evaluation.summary())


@contextmanager
def progress_bar() -> Iterator["ReportProgress | None"]:
    """A progress bar on stderr, if that is a terminal, from the first report on."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    task = progress.add_task("")

    def report(name: str, done: int, total: int) -> None:
        progress.start()
        progress.update(task, description=name, completed=done, total=total)

    try:
        yield report if progress.console.is_terminal else None
    finally:
        if progress.live.is_started:
            progress.stop()


def _print_corruptions(evaluation: "Evaluation") -> None:
    """Wrong answers by corruption and severity, and their mean."""
    from keras_digits.evaluation.robustness import corruption_table

    found = evaluation.corruptions
    assert found is not None
    emit_table(corruption_table(found))
    clean = 1 - found["clean"]["value"]
    print(f"Mean corruption error: {found['mean_corruption_error']:.2%}; without any {clean:.2%}")


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Two run folders or more.")],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The picture of their learning curves, a PNG file.")
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
    emit_table(table)
    print(f"Learning curves: {picture}")
