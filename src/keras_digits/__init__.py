"""keras-digits: the MNIST tutorial's job in one command, and the way beyond it.

What a user imports stands here and is loaded when first touched, because Keras takes seconds to
import and much of this package does without it.

>>> from keras_digits import Recipe, evaluate, train
>>> run = train(Recipe(epochs=1))  # doctest: +SKIP
>>> evaluate(run).metrics["accuracy"]["value"]  # doctest: +SKIP
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from keras_digits.errors import DigitsError, MissingExtraError

if TYPE_CHECKING:
    from keras_digits.data.datasets import load_dataset
    from keras_digits.data.mnist import load_mnist
    from keras_digits.digits import Digit, Number, Reading
    from keras_digits.evaluation.scoring import evaluate
    from keras_digits.export import export_run
    from keras_digits.export.litert import export_litert
    from keras_digits.export.saved_model import export_saved_model
    from keras_digits.reading.reader import Reader
    from keras_digits.training.fit import resume, train
    from keras_digits.training.recipe import Recipe
    from keras_digits.training.run import Run, open_run

    __version__: str

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
"""Else ONNX Runtime tells its makers of each network that it opens, and keeps a file of that in the
user's cache. It looks when it is loaded, so this comes before."""

_HOMES = {
    "Digit": "digits",
    "Number": "digits",
    "Reader": "reading.reader",
    "Reading": "digits",
    "Recipe": "training.recipe",
    "Run": "training.run",
    "evaluate": "evaluation.scoring",
    "export_litert": "export.litert",
    "export_run": "export",
    "export_saved_model": "export.saved_model",
    "load_dataset": "data.datasets",
    "load_mnist": "data.mnist",
    "open_run": "training.run",
    "resume": "training.fit",
    "train": "training.fit",
}

__all__ = [
    "Digit",
    "DigitsError",
    "Number",
    "Reader",
    "Reading",
    "Recipe",
    "Run",
    "__version__",
    "evaluate",
    "export_litert",
    "export_run",
    "export_saved_model",
    "load_dataset",
    "load_mnist",
    "open_run",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version  # it loads an e-mail parser

        return version("keras-digits")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(__name__):
            raise
        raise MissingExtraError.from_import_error(error) from error


def __dir__() -> list[str]:
    return __all__
