"""What every exported file promises, and how it is held to that before anybody sees it.

A file takes ``images``, uint8 ``(n, 28, 28)``, 0 paper, 255 ink, and gives ``logits``, float32
``(n, 10)``; a network that reads lines takes ``(n, 28, width)`` and gives its ``frames`` besides.
Scaling is inside the graph. The file is written only after it has agreed with Keras on real digits.
Conversion goes through TensorFlow whatever backend trained, so that there is one way to convert
and one to test. Knows no file format.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import SIDE, Images
from keras_digits.errors import DigitsError, ModelFileError, OutputError, RunError
from keras_digits.files import replacing, write_text
from keras_digits.networks import NETWORKS, backend
from keras_digits.reading.network import Network
from keras_digits.training.fit import diverged, load_model
from keras_digits.training.run import Run

INPUT_NAME, OUTPUT_NAMES = "images", ("logits", "frames")

TOLERANCE = 1e-4
"""The largest difference of two logits that still counts as agreement, as a share of the largest
logit; two runtimes sum products in different orders, which costs float32 about 1e-6.
"""

DEFAULT_ARITHMETIC, IN_INTEGERS = ARITHMETICS = ("float32", "int8")
"""What a file may compute in."""

METADATA_NAME = "keras_digits.json"
"""What the metadata is called where a format keeps it as a file."""

NUM_CHECKED = 1000
"""Test digits on which a file is compared with Keras."""

_BATCH_SIZES = (1, 7)

_NOTES_OFF = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}


def reading_model(run: Run) -> keras.Model:
    """The run's network behind the contract, its outputs in the order of ``OUTPUT_NAMES``.

    Raises:
        ModelFileError: The run has no trained network, or a broken one.
    """
    behind_contract = NETWORKS[run.recipe.network].reading_model(load_model(run))
    behind_contract(np.zeros((1, SIDE, SIDE), np.uint8))  # export wants one that has been called
    return behind_contract


def named_model(run: Run) -> keras.Model:
    """The same, its outputs by their names."""
    model = reading_model(run)
    outputs = dict(zip(OUTPUT_NAMES, model.outputs, strict=False))
    named = keras.Model(model.inputs[0], outputs, name=model.name)
    named(np.zeros((1, SIDE, SIDE), np.uint8))
    return named


def metadata(run: Run) -> dict[str, str]:
    """What a Reader must know beside the graph."""
    return {
        "keras_digits.version": version("keras-digits"),
        "keras_digits.run": run.name,
        "keras_digits.network": run.recipe.network,
        "keras_digits.dataset": str(run.dataset["name"]),
        "keras_digits.split": run.split.to_json(),
        "keras_digits.arithmetic": DEFAULT_ARITHMETIC,
        "keras_digits.temperature": "1.0",
        "keras_digits.rejects": "true"
        if run.recipe.non_digits > 0 or NETWORKS[run.recipe.network].reads_lines
        else "false",
    }


def metadata_in_float32(run: Run) -> dict[str, str]:
    """The same for a file of another format, with the temperature of the run's ``digits.onnx``.

    What that file's metadata promise besides was measured of a Reader's answers with it, and isn't
    repeated.

    Raises:
        ModelFileError: The run has a ``digits.onnx``, and it is broken.
    """
    facts = metadata(run)
    if run.onnx_path.is_file():
        found = Network(run.onnx_path).metadata
        name = "keras_digits.temperature"
        facts[name] = found.get(name, facts[name])
    return facts


def read_card(run: Run) -> str:
    """The run's model card, Markdown.

    Raises:
        RunError: There is none.
    """
    path = run.folder / "README.md"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"{path} can't be read: {error.strerror}; an exported network goes with its model "
            f"card. Write it: digits evaluate {shlex.quote(str(run.folder))}"
        ) from error


@contextmanager
def replacing_with_card(run: Run, path: Path, suffix: str) -> Iterator[Path]:
    """As :func:`keras_digits.files.replacing`, with the model card as ``NAME.md`` beside `path`.

    In the run folder the card lies already.

    Raises:
        RunError: The run has no card.
        OutputError: `path` has another suffix than `suffix`, its card would replace something
            else, or it can't be written.
    """
    if path.suffix != suffix:
        raise OutputError(f"{path} is no name for this; expected one that ends in {suffix}.")
    is_at_home = path.absolute().parent.resolve() == run.folder.resolve()
    card, place = None if is_at_home else read_card(run), path.with_suffix(".md")
    if card is not None and place.exists() and not is_card(place):
        raise OutputError(
            f"{place} is there already and is no model card; the network's would take its place. "
            "Name another file."
        )
    with replacing(path) as partial:
        yield partial
    if card is not None:
        write_text(place, card)


def is_card(path: Path) -> bool:
    """Whether a file is a model card of ours, as far as its head tells; one unread is none."""
    try:
        return b"library_name: keras" in path.read_bytes()[:300]
    except OSError:
        return False


def convert_on_tensorflow(
    convert: Callable[[Run, Path], None], file_format: str, run: Run, path: Path
) -> None:
    """Have `convert` write the run's network to `path`, in a process of its own if need be.

    Raises:
        ModelFileError: It can't.
    """
    if backend.NAME != "tensorflow":
        _convert_elsewhere(file_format, run, path)
        return
    try:
        convert(run, path)
    except (DigitsError, OSError):
        raise
    except Exception as error:  # TensorFlow's and tf2onnx's errors have no common name
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelFileError(
            f"{run.folder} can't be exported to {file_format}: {reason}"
        ) from error


def _convert_elsewhere(file_format: str, run: Run, path: Path) -> None:
    """Convert in a process of its own, where Keras runs on TensorFlow."""
    done = subprocess.run(
        [sys.executable, "-m", "keras_digits.export", str(run.folder), str(path), file_format],
        env={**os.environ, **_NOTES_OFF},
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


def check_agreement(
    run: Run,
    file_format: str,
    answer: Callable[[Images], Sequence[NDArray[Any]]],
    images: Images,
) -> None:
    """Hold an exported file against the run's Keras model.

    Args:
        run: The run.
        file_format: What the file is called in the error.
        answer: Gives the file's outputs for a batch of images, in the order of ``OUTPUT_NAMES``.
        images: Digits to compare on, uint8 ``(n, 28, 28)``; in batches of 1 and of 7.

    Raises:
        ModelFileError: Two logits differ by more than ``TOLERANCE``, or aren't finite.
    """
    outputs = reading_model(run).predict(images, batch_size=500, verbose=0)
    expected = outputs if isinstance(outputs, list) else [outputs]
    for batch_size in _BATCH_SIZES:
        starts = range(0, len(images), batch_size)
        answers = [answer(images[start : start + batch_size]) for start in starts]
        if any(len(parts) != len(expected) for parts in answers):
            raise ModelFileError(
                f"{run.folder} in {file_format} would lack an output; expected "
                f"{', '.join(OUTPUT_NAMES[: len(expected)])}. Nothing was written."
            )
        for name, wanted, *parts in zip(OUTPUT_NAMES, expected, *answers, strict=False):
            difference = float(np.abs(np.concatenate(parts) - wanted).max())
            if not np.isfinite(difference):
                raise diverged(run)
            tolerance = TOLERANCE * max(1.0, float(np.abs(wanted).max()))
            if difference > tolerance:
                raise ModelFileError(
                    f"{run.folder} in {file_format} would differ from Keras by {difference:.2g} in "
                    f"{name}; expected at most {tolerance:.2g}. Nothing was written."
                )
