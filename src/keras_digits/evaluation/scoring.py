"""A run and labelled digits in; predictions, figures, pictures and a report out."""

import io
import json
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_digits.data.datasets import Dataset, dataset_of_parts
from keras_digits.data.formats import Digits, read_parts
from keras_digits.data.idx import idx_sha256
from keras_digits.data.mnist import MNIST_SHA256, reviewed_test_labels
from keras_digits.digits import NUM_CLASSES, Images, Probabilities
from keras_digits.errors import ModelFileError, OutputError, RunError
from keras_digits.evaluation.metrics import score, worst_mistakes
from keras_digits.evaluation.plots import corruption_errors, corruption_sheet, save_png
from keras_digits.evaluation.report import (
    UnderCorruption,
    render_card,
    render_report,
    report_figures,
)
from keras_digits.evaluation.robustness import corruption_examples, score_corruptions
from keras_digits.export import export_run
from keras_digits.export.contract import DEFAULT_ARITHMETIC, is_card
from keras_digits.files import make_folder, write_json, write_text
from keras_digits.networks import NETWORKS, backend
from keras_digits.progress import ReportProgress
from keras_digits.reading.network import Network as ExportedNetwork
from keras_digits.training.environment import describe_environment
from keras_digits.training.fit import diverged, load_model, run_dataset
from keras_digits.training.run import Run, open_run

NUM_MISTAKES_SHOWN = 24

_SUBMISSION_HEADER = "ImageId,Label"

_LEARNED_FROM = "The network learned from these very digits, which flatters its figures."


@dataclass(frozen=True)
class TestSet:
    """Labelled digits that a run is tested on.

    Attributes:
        name: What the report calls them.
        source: Where they lie.
        digits: Images and labels.
        reviewed_labels: See :func:`keras_digits.data.mnist.reviewed_test_labels`; None for all
            but MNIST's test set.
        note: What a reader should know of them; may be empty.
        is_own: Whether they are the test digits of the run's own data set.
    """

    __test__ = False  # pytest: this is no test

    name: str
    source: str
    digits: Digits
    reviewed_labels: NDArray[np.int16] | None
    note: str
    is_own: bool

    @cached_property
    def sha256(self) -> list[str]:
        """The digests of its images and of its labels."""
        return [idx_sha256(self.digits.images), idx_sha256(self.digits.known_labels())]


@dataclass(frozen=True)
class Evaluation:
    """What a run is worth on a test set.

    Attributes:
        run: The run.
        test_set: The digits.
        probabilities: float32 ``(n, 10)``, what the network believes of each.
        metrics: What ``metrics.json`` holds.
        corruptions: What ``corruptions.json`` holds; None where that was not asked for, now or
            before.
        folder: Where the files went.
    """

    run: Run
    test_set: TestSet
    probabilities: Probabilities
    metrics: dict[str, Any]
    corruptions: dict[str, Any] | None
    folder: Path

    @property
    def report_path(self) -> Path:
        """The report for people."""
        return self.folder / "report.html"

    def summary(self) -> str:
        """The final score as the tutorial prints it, then what it leaves out; for a terminal."""
        metrics, reviewed = self.metrics, self.metrics["accuracy_reviewed"]
        accuracy = metrics["accuracy"]
        lines = [
            f"\nTest score: {metrics['loss']:.4f}",
            f"Test accuracy: {accuracy['value']:.4f}",
            _in_words(accuracy, "official labels" if reviewed else "labels"),
        ]
        if reviewed:
            lines.append(_in_words(reviewed, "labels as reviewers would have them"))
        if self.test_set.note and not self.test_set.is_own:  # else it was told with the digits
            lines.append(self.test_set.note)
        if self.test_set.is_own and not self.run.recipe.validation_split and not self.run.callbacks:
            lines += [
                "The tutorial watches the test digits while training, and so did this run; that is",
                "watching, not choosing: no setting, epoch or weight was picked by them.",
            ]
        return "\n".join([*lines, f"Report: {self.report_path}"])


def _in_words(accuracy: dict[str, Any], on: str) -> str:
    """An accuracy with its interval."""
    return (
        f"{accuracy['correct']:,} of {accuracy['count']:,} right on {on}: "
        f"{accuracy['value']:.2%}, 95 % interval {accuracy['low']:.2%} to {accuracy['high']:.2%}"
    )


def evaluate(
    run: Run | str | Path,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    dataset: Dataset | None = None,
    corruptions: bool = False,
    report_progress: ReportProgress | None = None,
) -> Evaluation:
    """Test a run's network and write predictions, figures, pictures and the report.

    Args:
        run: A run or its folder.
        data: Labelled digits of your own, in any form that training takes; of a set with a test
            part that part counts, else all of it. By default the run's own test digits.
        out: Where the files go; by default the run folder, and for other `data` a folder
            ``evaluation-NAME`` in it, with a number where that holds a report on other digits of
            that name.
        dataset: The run's own data set, where it is loaded already.
        corruptions: Whether to test it under corruptions too, which takes 45 times as long.
        report_progress: See :func:`keras_digits.evaluation.robustness.score_corruptions`.

    Returns:
        The figures, with the files written: ``predictions.csv``, ``metrics.json``,
        ``report.html``, PNG pictures, for the run's own digits the model card, and with
        `corruptions` ``corruptions.json`` and two pictures more.

    Raises:
        RunError: `run` is no run folder, or `out` is another.
        ModelFileError: It has no trained network that can be read.
        DatasetError: The digits are missing, wrong or without labels.
        OutputError: The folder can't be written, or the model card would replace something else.
    """
    run = run if isinstance(run, Run) else open_run(run)
    test_set = _own_test_set(run, dataset) if data is None else _read_test_set(run, Path(data))
    classify, arithmetic = _classifier(run, dataset)
    folder = _folder_for(run, test_set, out)
    probabilities, seconds = _timed(classify, test_set.digits)
    metrics = {
        **score(test_set.digits.known_labels(), probabilities, test_set.reviewed_labels),
        **_facts(run, test_set, seconds),
        "arithmetic": arithmetic,
    }
    if corruptions:
        _write_corruptions(folder, metrics, test_set.digits, classify, report_progress)
    found = _corruptions_in(folder, metrics)
    evaluation = Evaluation(run, test_set, probabilities, metrics, found, folder)
    _write(evaluation)
    return evaluation


def write_submission(run: Run | str | Path, data: str | Path, path: str | Path) -> int:
    """Write predictions for unlabelled digits in Kaggle's form, ``ImageId,Label`` from 1.

    Args:
        run: A run or its folder.
        data: Digits in any form that training takes; those of a CSV file need no labels.
        path: The CSV file to write; of what is there already only a submission gives way.

    Returns:
        How many digits were predicted.

    Raises:
        RunError, ModelFileError, DatasetError: As for :func:`evaluate`.
        OutputError: `path` holds something else, or can't be written.
    """
    run = run if isinstance(run, Run) else open_run(run)
    if not _may_hold_submission(Path(path)):
        raise OutputError(
            f"{path} is there already and is no submission; it would be lost. Name another file."
        )
    parts = read_parts(Path(data))
    classify, _ = _classifier(run)
    probabilities = classify((parts.test or parts.train).images)
    rows = (f"{index},{label}" for index, label in enumerate(probabilities.argmax(axis=1), start=1))
    write_text(Path(path), "\n".join([_SUBMISSION_HEADER, *rows]) + "\n")
    return len(probabilities)


def _may_hold_submission(path: Path) -> bool:
    """Whether nothing is lost where one is written: nothing is there, or an earlier one."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_SUBMISSION_HEADER))
    except OSError:
        return True  # writing tells what is wrong
    return head in (b"", _SUBMISSION_HEADER.encode())


def _own_test_set(run: Run, dataset: Dataset | None) -> TestSet:
    """The test digits of the run's own data set."""
    dataset = run_dataset(run, dataset)
    return TestSet(
        dataset.name, dataset.source, dataset.test, dataset.reviewed_labels(), dataset.note, True
    )


def _read_test_set(run: Run, path: Path) -> TestSet:
    """Labelled digits from a path; the run's own set and MNIST's are recognised by their bytes.

    Of the run's own set only its test digits count: it was trained on the others. Kaggle's test
    digits have no labels, and so no part in that.
    """
    parts = read_parts(path)
    digits = parts.labelled_test()
    num_labelled = len(parts) if parts.has_labelled_test else len(parts.train)
    if num_labelled == run.dataset["num_train"] + run.dataset["num_test"]:
        dataset = dataset_of_parts(parts, path)
        if list(dataset.digests) == run.dataset["sha256"]:
            return _own_test_set(run, dataset)
    test_set = TestSet(path.resolve().name, str(path), digits, None, "", False)
    if test_set.sha256 == list(run.dataset["sha256"][:2]):
        return replace(test_set, note=_LEARNED_FROM)
    if tuple(test_set.sha256) == MNIST_SHA256[2:]:
        return replace(test_set, reviewed_labels=reviewed_test_labels(digits.known_labels()))
    return test_set


def _folder_for(run: Run, test_set: TestSet, out: str | Path | None) -> Path:
    """The folder for an evaluation's files, made where it isn't there."""
    default = run.folder if test_set.is_own else _folder_by_name(run, test_set)
    folder = default if out is None else Path(out)
    is_at_home = test_set.is_own and folder.resolve() == run.folder.resolve()
    if not is_at_home and (folder / "recipe.json").is_file():
        raise RunError(
            f"{folder} holds a run and its figures on its own test digits. Name another --out."
        )
    card = folder / "README.md"
    if test_set.is_own and card.exists() and not is_card(card):
        raise OutputError(
            f"{card} is there already and is no model card; the run's would take its place. Move "
            "it away, or name another --out."
        )
    make_folder(folder)
    return folder


def _folder_by_name(run: Run, test_set: TestSet) -> Path:
    """The folder in the run folder for other digits; those of one name have one each."""
    place = run.folder / f"evaluation-{test_set.name}"
    numbered = (place.with_name(f"{place.name}-{number}") for number in count(2))
    folders = chain([place], numbered)
    return next(one for one in folders if _sha256_in(one) in (None, test_set.sha256))


def _sha256_in(folder: Path) -> object:
    """The digests of the digits that a folder's figures are of; None where nothing says so."""
    try:
        return json.loads((folder / "metrics.json").read_text("utf-8"))["test_set"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _classifier(
    run: Run, dataset: Dataset | None = None
) -> tuple[Callable[[Images], Probabilities], str]:
    """The run's network, to be asked what it believes of images, and what it computes in.

    A network that ships in integers or with a temperature is asked as it ships.

    Raises:
        ModelFileError: It can't be read, or the run's ``digits.onnx`` is broken or another's.
    """
    network = NETWORKS[run.recipe.network]
    ships_otherwise = network.in_integers or run.recipe.validation_split > 0
    if ships_otherwise and not run.onnx_path.is_file():
        export_run(run, dataset)
    if run.onnx_path.is_file():
        exported = _exported(run)
        arithmetic = exported.metadata.get("keras_digits.arithmetic", DEFAULT_ARITHMETIC)
        if ships_otherwise or arithmetic != DEFAULT_ARITHMETIC:
            return lambda images: exported.classify(images)[0], arithmetic
    model = load_model(run)

    def classify(images: Images) -> Probabilities:
        probabilities = network.probabilities(model, images)
        if not np.isfinite(probabilities).all():
            raise diverged(run)
        return probabilities

    return classify, DEFAULT_ARITHMETIC


def _exported(run: Run) -> ExportedNetwork:
    """The run's ``digits.onnx``, if it is the run's."""
    exported = ExportedNetwork(run.onnx_path)
    found = exported.metadata.get("keras_digits.network")
    if found != run.recipe.network:
        raise ModelFileError(
            f"{run.onnx_path} has network {found}, and the run {run.recipe.network}. Export it "
            f"again: digits export {shlex.quote(str(run.folder))}"
        )
    return exported


def _timed(
    classify: Callable[[Images], Probabilities], digits: Digits
) -> tuple[Probabilities, float]:
    """What a network believes of each digit, and the seconds that it took."""
    started = time.perf_counter()
    probabilities = classify(digits.images)
    return probabilities, time.perf_counter() - started


def _facts(run: Run, test_set: TestSet, predict_seconds: float) -> dict[str, Any]:
    """What the figures depend on: run, digits, recipe, time, machine."""
    history = run.history()
    if not history:
        raise RunError(f"{run.folder} has no history.csv. Train anew.")
    return {
        "run": run.name,
        "test_set": {
            "name": test_set.name,
            "source": test_set.source,
            "count": len(test_set.digits),
            "sha256": test_set.sha256,
            "note": test_set.note,
            "is_own": test_set.is_own,
        },
        "recipe": run.recipe.to_dict(),
        "dataset": run.dataset,
        "training": {
            "epochs": len(history),
            "seconds": round(sum(row["seconds"] for row in history), 3),
            "seconds_per_epoch": round(float(np.median([row["seconds"] for row in history])), 3),
        },
        "predict_seconds": round(predict_seconds, 3),
        "environment": run.environment,
        "callbacks": list(run.callbacks),
        "evaluated_on": describe_environment(backend.NAME),
    }


def _write_corruptions(
    folder: Path,
    metrics: dict[str, Any],
    digits: Digits,
    classify: Callable[[Images], Probabilities],
    report_progress: ReportProgress | None,
) -> None:
    """Test the network under corruptions and write what came out, with its pictures."""
    found = score_corruptions(digits.images, digits.known_labels(), classify, report_progress)
    save_png(corruption_errors(found), folder / "corruptions.png")
    save_png(corruption_sheet(corruption_examples(digits.images)), folder / "corrupted.png")
    facts = {name: metrics[name] for name in ("run", "test_set")}
    write_json(folder / "corruptions.json", {**facts, **found})


def _corruptions_in(folder: Path, metrics: dict[str, Any]) -> dict[str, Any] | None:
    """What ``corruptions.json`` holds, if it is whole and of this network on these digits."""
    path = folder / "corruptions.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        of_these = (metrics["run"], metrics["test_set"]["sha256"], metrics["accuracy"])
        is_of_these = (found["run"], found["test_set"]["sha256"], found["clean"]) == of_these
        is_whole = {"corruptions", "mean_corruption_error"} <= found.keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # another --corruptions writes it anew
    return found if is_of_these and is_whole else None


def _write(evaluation: Evaluation) -> None:
    """Write every file of an evaluation; the report last, as the sign that all are there."""
    folder, test_set = evaluation.folder, evaluation.test_set
    labels = test_set.digits.known_labels()
    write_text(folder / "predictions.csv", _predictions_csv(labels, evaluation.probabilities))
    write_json(folder / "metrics.json", evaluation.metrics)
    worst = worst_mistakes(labels, evaluation.probabilities, NUM_MISTAKES_SHOWN)
    chosen = (test_set.digits.images[worst], labels[worst], evaluation.probabilities[worst])
    history = evaluation.run.history() if test_set.is_own else []
    figures = report_figures(evaluation.metrics, history, *chosen)
    for name, figure in figures.items():
        save_png(figure, folder / f"{name}.png")
    if test_set.is_own:
        write_text(folder / "README.md", render_card(evaluation.metrics))
    else:
        _discard_own_figures(folder)
    corruptions = None
    if evaluation.corruptions:
        examples = corruption_examples(test_set.digits.images)
        corruptions = UnderCorruption(evaluation.corruptions, examples)
    write_text(
        folder / "report.html",
        render_report(evaluation.metrics, figures, worst, *chosen, corruptions),
    )


def _discard_own_figures(folder: Path) -> None:
    """Remove what an earlier evaluation on a run's own digits wrote, and one on others doesn't."""
    stale = [folder / f"{name}.png" for name in ("accuracy", "loss")]
    if is_card(card := folder / "README.md"):
        stale.append(card)
    for path in stale:
        path.unlink(missing_ok=True)


def _predictions_csv(labels: NDArray[np.uint8], probabilities: Probabilities) -> str:
    """``index,label,prediction,p0,…,p9`` for every digit."""
    table = np.column_stack(
        [np.arange(len(labels)), labels, probabilities.argmax(axis=1), probabilities]
    )
    text = io.StringIO()
    header = ",".join(["index", "label", "prediction", *(f"p{d}" for d in range(NUM_CLASSES))])
    formats = ["%d"] * 3 + ["%.7g"] * NUM_CLASSES
    np.savetxt(text, table, formats, delimiter=",", header=header, comments="")
    return text.getvalue()
