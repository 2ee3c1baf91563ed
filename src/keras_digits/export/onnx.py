"""``digits.onnx``, the one file in which the two wings meet: written by a run, read by a Reader.

Its input and outputs are as :mod:`keras_digits.export.contract` says, and its metadata says the
rest. ONNX Runtime holds it against Keras; one in integers agrees in its answers.
"""

import tempfile
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from keras_digits.calibrating import measure_promises, measure_temperature
from keras_digits.data.datasets import Dataset
from keras_digits.data.lines import Case, make_batch
from keras_digits.digits import Images
from keras_digits.errors import ModelFileError
from keras_digits.export.contract import (
    ARITHMETICS,
    IN_INTEGERS,
    INPUT_NAME,
    NUM_CHECKED,
    OUTPUT_NAMES,
    check_agreement,
    convert_on_tensorflow,
    metadata,
    reading_model,
    replacing_with_card,
)
from keras_digits.networks import NETWORKS
from keras_digits.progress import ReportProgress
from keras_digits.quantisation import quantise
from keras_digits.training.fit import run_dataset, split_for_watching
from keras_digits.training.run import Run, open_run

_FREE_SIZES = {
    "images": {0: "n", 2: "width"},
    "logits": {0: "n"},
    "frames": {0: "n", 1: "frames"},
}
"""What the dimensions of each port are called that are of any size, by their place."""

MOST_CHANGED = 2
"""Of ``NUM_CHECKED`` answers a network may change so many in integers, to ship so."""

_NUM_CALIBRATION_BATCHES, _CALIBRATION_BATCH_SIZE = 12, 64
"""Of digits or lines, from which a network in integers learns how large its activations are."""


def export_run(
    run: Run | str | Path,
    dataset: Dataset | None = None,
    path: str | Path | None = None,
    *,
    arithmetic: str | None = None,
    report_progress: ReportProgress | None = None,
) -> Path:
    """Write a run's ``digits.onnx``, once ONNX Runtime agrees with Keras on test digits.

    Args:
        run: A run or its folder.
        dataset: The run's digits, where they are loaded already. The first 1,000 test digits are
            compared on, and a network in integers learns the ranges of its activations from
            training digits. On those that the run held out it is measured how far its confidence
            can be trusted, which takes about a minute for 5,000; without any, a reader can promise
            nothing.
        path: The file, ``NAME.onnx``, with the model card as ``NAME.md`` beside it; by default
            ``digits.onnx`` in the run folder, where the card is already.
        arithmetic: One of ``ARITHMETICS``: integers of eight bits make a file a quarter as large
            and several times as fast where most of a network's work is in wide layers, and change
            at most two answers in a thousand. By default the network's own, where integers leave
            its answers what they are; else float32.
        report_progress: Told how many of the pictures are read on which that is measured.

    Returns:
        The file's path.

    Raises:
        ModelFileError: The run has no trained network, or conversion fails or disagrees, or
            integers were asked for and change more answers.
        DatasetError: The digits are missing, or not those of the run.
        RunError: The run has no model card, and another folder wants it.
        OutputError: `path` can't be written.
        ValueError: There is no such arithmetic.
    """
    if arithmetic not in (None, *ARITHMETICS):
        raise ValueError(f"arithmetic is {arithmetic!r}; expected {' or '.join(ARITHMETICS)}.")
    run = run if isinstance(run, Run) else open_run(run)
    dataset = run_dataset(run, dataset)
    path = run.onnx_path if path is None else Path(path)
    with replacing_with_card(run, path, ".onnx") as partial:
        convert_on_tensorflow(convert, "onnx", run, partial)
        check_parity(run, partial, dataset.test.images[:NUM_CHECKED])
        ships_so = arithmetic is None and NETWORKS[run.recipe.network].in_integers
        if ships_so or arithmetic == IN_INTEGERS:
            _quantise(run, partial, dataset, is_asked_for=arithmetic is not None)
        if run.recipe.validation_split > 0:
            _calibrate(run, partial, dataset, report_progress)
    return path


def convert(run: Run, path: Path) -> None:
    """Write the run's network to `path` as ONNX with its metadata; TensorFlow backend only."""
    model = reading_model(run)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx asks NumPy for np.object
        model.export(path, format="onnx", verbose=False)
    graph_file = onnx.load(path)
    _name_ports(graph_file.graph)
    _describe(graph_file, metadata(run), path)


def _quantise(run: Run, path: Path, dataset: Dataset, *, is_asked_for: bool) -> None:
    """Bring a file that agrees with Keras to integers, where its answers stay what they are.

    A network that has hardly learned is so unsure that rounding changes its answers; it stays.

    Raises:
        ModelFileError: They don't, and integers are asked for.
    """
    images = dataset.test.images[:NUM_CHECKED]
    with tempfile.TemporaryDirectory() as scratch:
        integers = Path(scratch) / "integers.onnx"
        quantise(path, integers, INPUT_NAME, _calibration_batches(run, dataset))
        changed = np.count_nonzero(_answers(integers, images) != _answers(path, images))
        if changed * NUM_CHECKED <= MOST_CHANGED * len(images):
            described = metadata(run) | {"keras_digits.arithmetic": IN_INTEGERS}
            _describe(onnx.load(integers), described, path)
        elif is_asked_for:
            raise ModelFileError(
                f"in integers the network of {run.folder} answers {changed} of {len(images)} test "
                f"digits otherwise; expected at most {MOST_CHANGED} of {NUM_CHECKED:,}. Leave "
                "--arithmetic away, or train for longer."
            )


def _calibration_batches(run: Run, dataset: Dataset) -> Iterator[Images]:
    """What a network learned from, so far as is needed to see how large its activations are."""
    learned, _ = split_for_watching(dataset, run.recipe)
    seed, size = run.recipe.seed, _CALIBRATION_BATCH_SIZE
    if not NETWORKS[run.recipe.network].reads_lines:
        order = np.random.default_rng(seed).permutation(len(learned))
        chosen = learned.images[order[: _NUM_CALIBRATION_BATCHES * size]]
        yield from (chosen[start : start + size] for start in range(0, len(chosen), size))
        return
    case = Case(learned.images, learned.known_labels(), np.random.default_rng(seed))
    for index in range(_NUM_CALIBRATION_BATCHES):
        yield make_batch(case, size, np.random.default_rng((seed, index))).images


def _calibrate(
    run: Run, path: Path, dataset: Dataset, report_progress: ReportProgress | None
) -> None:
    """Add to a file's metadata how far its confidence can be trusted."""
    run.check_split()
    _, held_out = split_for_watching(dataset, run.recipe)
    temperature = measure_temperature(path, held_out, run.recipe.seed)
    _add_metadata(path, {"keras_digits.temperature": f"{temperature:.4f}"})
    promises = measure_promises(path, held_out, run.recipe.seed, report_progress)
    _add_metadata(
        path, {f"keras_digits.promises.{name}": one.to_json() for name, one in promises.items()}
    )


def _add_metadata(path: Path, more: dict[str, str]) -> None:
    """Say more in a file's metadata."""
    graph_file = onnx.load(path)
    known = {entry.key: entry.value for entry in graph_file.metadata_props}
    _describe(graph_file, known | more, path)


def _describe(graph_file: onnx.ModelProto, metadata: dict[str, str], path: Path) -> None:
    """Write a graph to `path` with what a Reader must know."""
    graph_file.producer_name, graph_file.producer_version = "keras-digits", version("keras-digits")
    onnx.helper.set_model_props(graph_file, metadata)
    onnx.checker.check_model(graph_file)
    onnx.save(graph_file, path)


def _answers(path: Path, images: Images) -> NDArray[np.intp]:
    """The digit that a file sees in each image."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(OUTPUT_NAMES[:1], {INPUT_NAME: images})[0].argmax(axis=1))


def _name_ports(graph: onnx.GraphProto) -> None:
    """Give the input, the outputs and the free dimensions the contract's names."""
    ports = {INPUT_NAME: graph.input[0]} | dict(zip(OUTPUT_NAMES, graph.output, strict=False))
    new_names = {port.name: name for name, port in ports.items()}
    for node in graph.node:
        node.input[:] = [new_names.get(name, name) for name in node.input]
        node.output[:] = [new_names.get(name, name) for name in node.output]
    for name, port in ports.items():
        port.name = name
        for place, size in enumerate(port.type.tensor_type.shape.dim):
            if not size.HasField("dim_value"):
                size.dim_param = _FREE_SIZES[name][place]


def check_parity(run: Run, path: Path, images: Images) -> None:
    """Hold the ONNX file at `path` against the run's Keras model.

    Args:
        run: The run.
        path: The file.
        images: Digits to compare on, uint8 ``(n, 28, 28)``; in batches of 1 and of 7.

    Raises:
        ModelFileError: Two logits differ by more than ``TOLERANCE``, or aren't finite.
    """
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_outputs()]
    ordered = [name for name in OUTPUT_NAMES if name in names]
    check_agreement(run, "onnx", lambda batch: session.run(ordered, {INPUT_NAME: batch}), images)
