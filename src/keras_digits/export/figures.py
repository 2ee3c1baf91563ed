"""What ``digits weights`` tells of a network that ships: the command that writes it from its run.

``python -m keras_digits.export.figures RUN NAME.json``; ``make weights`` does so.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

import onnxruntime

from keras_digits.errors import RunError
from keras_digits.files import write_json
from keras_digits.training.fit import load_model
from keras_digits.training.run import Run, open_run, resume_command


def figures(run: Run) -> dict[str, Any]:
    """The figures of a run's ``digits.onnx``.

    Args:
        run: A finished run.

    Returns:
        ``network``, ``num_weights``, ``arithmetic`` (``float32`` or ``int8``), ``test_set``,
        ``accuracy`` and ``accuracy_reviewed`` as ``metrics.json`` has them, the latter None but
        for MNIST, and ``sha256`` of the file that they are of.

    Raises:
        RunError: The run is not finished.
    """
    if not run.is_finished:
        raise RunError(f"{run.folder} is not finished. Go on: {resume_command(run.folder)}")
    metrics = run.metrics()
    session = onnxruntime.InferenceSession(run.onnx_path, providers=["CPUExecutionProvider"])
    described = session.get_modelmeta().custom_metadata_map
    return {
        "network": run.recipe.network,
        "num_weights": int(load_model(run).count_params()),
        "arithmetic": described["keras_digits.arithmetic"],
        "test_set": metrics["test_set"]["name"],
        "accuracy": metrics["accuracy"],
        "accuracy_reviewed": metrics["accuracy_reviewed"],
        "sha256": hashlib.sha256(run.onnx_path.read_bytes()).hexdigest(),
    }


if __name__ == "__main__":
    write_json(Path(sys.argv[2]), figures(open_run(sys.argv[1])))
