"""A run's network as a LiteRT file (TensorFlow Lite), for telephones and other small machines.

The file is a ZIP archive too, as TensorFlow Lite's metadata has it: behind the network lies
``keras_digits.json``, what a Reader would find in the metadata of ``digits.onnx``. It computes in
float32.
"""

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow
from numpy.typing import NDArray

from keras_digits.data.datasets import Dataset
from keras_digits.digits import Images
from keras_digits.export.contract import (
    INPUT_NAME,
    METADATA_NAME,
    NUM_CHECKED,
    OUTPUT_NAMES,
    check_agreement,
    convert_on_tensorflow,
    metadata_in_float32,
    named_model,
    replacing_with_card,
)
from keras_digits.training.fit import run_dataset
from keras_digits.training.run import Run, open_run

FILE_NAME = "digits.tflite"
"""What the file is called in a run folder."""


def export_litert(
    run: Run | str | Path, dataset: Dataset | None = None, path: str | Path | None = None
) -> Path:
    """Write a run's network for LiteRT, once its interpreter agrees with Keras on test digits.

    Its signature ``serving_default`` takes ``images`` and gives ``logits`` and perhaps ``frames``
    by name, for any number of images and lines of any width.

    Args:
        run: A run or its folder.
        dataset: The run's digits, where they are loaded already. The first 1,000 test digits are
            compared on.
        path: The file, ``NAME.tflite``, with the model card as ``NAME.md`` beside it; by default
            ``digits.tflite`` in the run folder, where the card is already.

    Returns:
        The file's path.

    Raises:
        ModelFileError: The run has no trained network, or conversion fails or disagrees.
        DatasetError: The digits are missing, or not those of the run.
        RunError: The run has no model card, and another folder wants it.
        OutputError: `path` can't be written.
    """
    run = run if isinstance(run, Run) else open_run(run)
    dataset = run_dataset(run, dataset)
    path = run.folder / FILE_NAME if path is None else Path(path)
    with replacing_with_card(run, path, ".tflite") as partial:
        convert_on_tensorflow(convert, "litert", run, partial)
        check_agreement(run, "litert", _answer(partial), dataset.test.images[:NUM_CHECKED])
    return path


def convert(run: Run, path: Path) -> None:
    """Write the run's network to `path` with its metadata; TensorFlow backend only."""
    named_model(run).export(path, format="litert", verbose=False)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(METADATA_NAME, json.dumps(metadata_in_float32(run), indent=2))


def _answer(path: Path) -> Callable[[Images], list[NDArray[Any]]]:
    """What LiteRT's interpreter answers from the file, with the kernels that run everywhere."""
    kernels = tensorflow.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter is deprecated")
        interpreter = tensorflow.lite.Interpreter(str(path), experimental_op_resolver_type=kernels)
    runner = interpreter.get_signature_runner()

    def answer(images: Images) -> list[NDArray[Any]]:
        outputs = runner(**{INPUT_NAME: images})
        return [np.array(outputs[name]) for name in OUTPUT_NAMES if name in outputs]

    return answer
