"""Claim: MNIST is loaded, decoded and checked no slower than Keras loads it from its cache.

``load_mnist`` of the four gzipped IDX files beside ``keras.datasets.mnist.load_data`` of an npz
with the same arrays in a cache of its own, in turn in one process; writes
``benchmarks/results/load.json``. Keras knows the SHA-256 of its own npz alone; here it is given
that of this one, so that it checks and decodes as ever and never downloads.

    python benchmarks/load.py    # ten seconds
"""

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from claims import Claim, clocked, in_turn, show
from keras.src.datasets import mnist as keras_mnist
from tutorial import console, write_result

from keras_digits import DigitsError, load_mnist
from keras_digits.networks import backend
from keras_digits.training.environment import describe_environment

NUM_ROUNDS = 9


def main() -> None:
    """Load in turn."""
    try:
        (x_train, y_train), (x_test, y_test) = load_mnist()
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    with tempfile.TemporaryDirectory() as folder:
        cached = Path(folder) / "datasets" / "mnist.npz"
        cached.parent.mkdir()
        arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
        np.savez_compressed(cached, allow_pickle=False, **arrays)
        own = {"cache_dir": folder, "file_hash": hashlib.sha256(cached.read_bytes()).hexdigest()}

        def get_file(**arguments: Any) -> str:
            found: str = keras.utils.get_file(**(arguments | own))
            return found

        with mock.patch.object(keras_mnist, "get_file", get_file):
            found = in_turn(
                {
                    "ours": clocked(load_mnist),
                    "keras": clocked(keras.datasets.mnist.load_data),
                },
                NUM_ROUNDS,
                "MNIST",
            )
    claim = Claim(
        claim="MNIST loaded, decoded and checked",
        ours="`load_mnist`",
        peer="`keras.datasets.mnist.load_data` from its cache",
        unit="s",
        our_value=found["ours"]["median"],
        peer_value=found["keras"]["median"],
        target=1.0,
        num_rounds=NUM_ROUNDS,
    )
    show([claim])
    environment = describe_environment(backend.NAME)
    write_result("load", {**found, "claims": [claim.to_dict()], "environment": environment})


if __name__ == "__main__":
    main()
