"""From a run's Keras model to ``digits.onnx``, the one file in which the two wings meet.

The file takes ``images``, uint8 ``(n, 28, 28)``, 0 paper, 255 ink, and gives ``logits``, float32
``(n, 10)``; a network that reads lines takes ``(n, 28, width)`` and gives its ``frames`` besides.
Scaling is inside the graph, and the metadata says the rest. The file is written only after
ONNX Runtime has agreed with Keras on real digits; one in integers agrees in its answers.
Conversion goes through TensorFlow whatever backend trained, so that there is one way to convert
and one to test.
"""

import os
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from keras_digits.data.datasets import Dataset
from keras_digits.data.lines import Case, make_batch
from keras_digits.digits import SIDE, Images
from keras_digits.errors import ModelFileError
from keras_digits.files import replacing
from keras_digits.networks import NETWORKS, backend
from keras_digits.quantisation import quantise
from keras_digits.training.fit import diverged, load_model, split_for_watching
from keras_digits.training.run import Run, open_run

INPUT_NAME, OUTPUT_NAMES = "images", ("logits", "frames")

_FREE_SIZES = {
    "images": {0: "n", 2: "width"},
    "logits": {0: "n"},
    "frames": {0: "n", 1: "frames"},
}
"""What the dimensions of each port are called that are of any size, by their place."""

TOLERANCE = 1e-4
"""The largest difference of two logits that still counts as agreement, as a share of the largest
logit; the two runtimes sum products in different orders, which costs float32 about 1e-6.
"""

LEAST_AGREEMENT = 0.998
"""The share of digits to which a network must give the same answer in integers, to ship so."""

_NUM_CALIBRATION_BATCHES, _CALIBRATION_BATCH_SIZE = 12, 64
"""Of lines, from which a network in integers learns how large its activations are."""

_BATCH_SIZES = (1, 7)
_NUM_CHECKED = 1000


def export_run(run: Run | str | Path, dataset: Dataset) -> Path:
    """Write a run's ``digits.onnx``, once ONNX Runtime agrees with Keras on test digits.

    Args:
        run: A run or its folder.
        dataset: The run's digits: the first 1,000 test digits are compared on, and a network in
            integers learns the ranges of its activations from training digits.

    Returns:
        The file's path.

    Raises:
        ModelFileError: The run has no trained network, or conversion fails or disagrees.
        OutputError: The run folder can't be written.
    """
    run = run if isinstance(run, Run) else open_run(run)
    with replacing(run.onnx_path) as partial:
        if backend.NAME == "tensorflow":
            convert(run, partial)
        else:
            _convert_elsewhere(run, partial)
        check_parity(run, partial, dataset.test.images[:_NUM_CHECKED])
        if NETWORKS[run.recipe.network].in_integers:
            _quantise(run, partial, dataset)
    return run.onnx_path


def convert(run: Run, path: Path) -> None:
    """Write the run's network to `path` as ONNX with its metadata; TensorFlow backend only."""
    reading_model = NETWORKS[run.recipe.network].reading_model(load_model(run))
    reading_model(np.zeros((1, SIDE, SIDE), np.uint8))  # export wants a model that has been called
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx asks NumPy for np.object
        reading_model.export(path, format="onnx", verbose=False)
    graph_file = onnx.load(path)
    _name_ports(graph_file.graph)
    _describe(graph_file, _metadata(run), path)


def _quantise(run: Run, path: Path, dataset: Dataset) -> None:
    """Bring a file that agrees with Keras to integers, where its answers stay what they are.

    A network that has hardly learned is so unsure that rounding changes its answers; it stays.
    """
    images = dataset.test.images[:_NUM_CHECKED]
    learned, _ = split_for_watching(dataset, run.recipe)
    seed = run.recipe.seed
    case = Case(learned.images, learned.known_labels(), np.random.default_rng(seed))
    batches = (
        make_batch(case, _CALIBRATION_BATCH_SIZE, np.random.default_rng((seed, index))).images
        for index in range(_NUM_CALIBRATION_BATCHES)
    )
    with tempfile.TemporaryDirectory() as scratch:
        integers = Path(scratch) / "integers.onnx"
        quantise(path, integers, INPUT_NAME, batches)
        agreement = float((_answers(integers, images) == _answers(path, images)).mean())
        if agreement >= LEAST_AGREEMENT:
            _describe(
                onnx.load(integers), _metadata(run) | {"keras_digits.arithmetic": "int8"}, path
            )


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


def _metadata(run: Run) -> dict[str, str]:
    """What a Reader must know beside the graph."""
    return {
        "keras_digits.version": version("keras-digits"),
        "keras_digits.run": run.name,
        "keras_digits.network": run.recipe.network,
        "keras_digits.dataset": str(run.dataset["name"]),
        "keras_digits.arithmetic": "float32",
        "keras_digits.temperature": "1.0",
        "keras_digits.rejects": "true"
        if run.recipe.non_digits > 0 or NETWORKS[run.recipe.network].reads_lines
        else "false",
    }


def _convert_elsewhere(run: Run, path: Path) -> None:
    """Convert in a process of its own, where Keras runs on TensorFlow."""
    done = subprocess.run(
        [sys.executable, "-m", "keras_digits.export", str(run.folder), str(path)],
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModelFileError(
            f"{run.folder} can't be exported: {reason}. Export needs TensorFlow: "
            "pip install 'keras-digits[train]'"
        )


def check_parity(run: Run, path: Path, images: Images) -> None:
    """Hold the ONNX file at `path` against the run's Keras model.

    Args:
        run: The run.
        path: The file.
        images: Digits to compare on, uint8 ``(n, 28, 28)``; in batches of 1 and of 7.

    Raises:
        ModelFileError: Two logits differ by more than ``TOLERANCE``, or aren't finite.
    """
    reading_model = NETWORKS[run.recipe.network].reading_model(load_model(run))
    outputs = reading_model.predict(images, batch_size=500, verbose=0)
    expected = outputs if isinstance(outputs, list) else [outputs]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch_size in _BATCH_SIZES:
        starts = range(0, len(images), batch_size)
        batches = [{INPUT_NAME: images[start : start + batch_size]} for start in starts]
        answers = [session.run(OUTPUT_NAMES[: len(expected)], batch) for batch in batches]
        for name, wanted, *parts in zip(OUTPUT_NAMES, expected, *answers, strict=False):
            difference = float(np.abs(np.concatenate(parts) - wanted).max())
            if not np.isfinite(difference):
                raise diverged(run)
            tolerance = TOLERANCE * max(1.0, float(np.abs(wanted).max()))
            if difference > tolerance:
                raise ModelFileError(
                    f"{run.onnx_path} would differ from Keras by {difference:.2g} in {name}; "
                    f"expected at most {tolerance:.2g}. Nothing was written."
                )


if __name__ == "__main__":
    convert(open_run(sys.argv[1]), Path(sys.argv[2]))
