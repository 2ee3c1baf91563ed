"""A run's network as a TensorFlow SavedModel: a folder that TensorFlow loads without this package.

Beside TensorFlow's own files lie ``keras_digits.json``, what a Reader would find in the metadata of
``digits.onnx``, and ``README.md``, the model card. It computes in float32.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow
from numpy.typing import NDArray

from keras_digits.data.datasets import Dataset
from keras_digits.digits import Images
from keras_digits.export.contract import (
    METADATA_NAME,
    NUM_CHECKED,
    OUTPUT_NAMES,
    check_agreement,
    convert_on_tensorflow,
    metadata_in_float32,
    named_model,
    read_card,
)
from keras_digits.files import replacing_folder
from keras_digits.training.fit import run_dataset
from keras_digits.training.run import Run, open_run

FOLDER_NAME = "saved_model"
"""What the folder is called in a run folder."""

_OTHER_FILES = ("saved_model.pb", "fingerprint.pb", "variables", "assets", "README.md")
"""What TensorFlow and we write beside the metadata."""


def export_saved_model(
    run: Run | str | Path, dataset: Dataset | None = None, path: str | Path | None = None
) -> Path:
    """Write a run's network as a SavedModel, once TensorFlow agrees with Keras on test digits.

    Its function ``serve``, which is ``serving_default`` too, takes ``images`` and gives ``logits``
    and perhaps ``frames`` by name; lines may be of any width.

    Args:
        run: A run or its folder.
        dataset: The run's digits, where they are loaded already. The first 1,000 test digits are
            compared on.
        path: The folder, new, empty or of an earlier export and nothing else; by default
            ``saved_model`` in the run folder.

    Returns:
        The folder's path.

    Raises:
        ModelFileError: The run has no trained network, or conversion fails or disagrees.
        DatasetError: The digits are missing, or not those of the run.
        RunError: The run has no model card.
        OutputError: `path` holds something else, or can't be written.
    """
    run = run if isinstance(run, Run) else open_run(run)
    dataset = run_dataset(run, dataset)
    folder = run.folder / FOLDER_NAME if path is None else Path(path)
    card = read_card(run)
    with replacing_folder(folder, METADATA_NAME, *_OTHER_FILES) as partial:
        convert_on_tensorflow(convert, "saved_model", run, partial)
        check_agreement(run, "saved_model", _answer(partial), dataset.test.images[:NUM_CHECKED])
        facts = json.dumps(metadata_in_float32(run), indent=2) + "\n"
        (partial / METADATA_NAME).write_text(facts, encoding="utf-8")
        (partial / "README.md").write_text(card, encoding="utf-8")
    return folder


def convert(run: Run, folder: Path) -> None:
    """Write the run's network into `folder`; TensorFlow backend only."""
    named_model(run).export(folder, format="tf_saved_model", verbose=False)


def _answer(folder: Path) -> Callable[[Images], list[NDArray[Any]]]:
    """What TensorFlow answers from the folder."""
    network = tensorflow.saved_model.load(str(folder))

    def answer(images: Images) -> list[NDArray[Any]]:
        outputs = network.serve(images)
        return [np.asarray(outputs[name]) for name in OUTPUT_NAMES if name in outputs]

    return answer
