"""What training goes on from, instead of random weights: a run, or a network that was exported."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.errors import ModelFileError, RunError
from keras_digits.networks import NETWORKS
from keras_digits.networks.convolutions import unfold
from keras_digits.networks.restoring import exported_network
from keras_digits.reading.catalogue import shipped_networks
from keras_digits.training.batches import Batches
from keras_digits.training.recipe import Recipe
from keras_digits.training.run import open_run

_NUM_BATCHES = 8
"""Batches that tell an exported network how its channels are to be normalised."""


@dataclass(frozen=True, eq=False)
class Start:
    """What training goes on from.

    Attributes:
        network: The network's name in the registry.
        file: The file with its weights: a run's last checkpoint, or an export.
        sha256: Its digest.
        folded: The weights of an export, normalisation worked into them; None for a run.
    """

    network: str
    file: Path
    sha256: str
    folded: list[NDArray[np.float32]] | None

    def weights(self, batches: Batches) -> list[NDArray[np.float32]]:
        """The weights as they learn on, in the order of the Keras model.

        What was exported has lost its normalisation; it gets that of an epoch's first batches.

        Args:
            batches: What it will learn from; left at their first epoch.

        Raises:
            ModelFileError: The run's checkpoint is broken.
        """
        if self.folded is None:
            model = load_file(self.file)
        else:
            model = NETWORKS[self.network].build("float32")
            batches.start_epoch(0)
            seen = [batches[index][0] for index in range(min(len(batches), _NUM_BATCHES))]
            unfold(self.folded, model, np.concatenate(seen))
        weights: list[NDArray[np.float32]] = model.get_weights()
        return weights


def find_start(recipe: Recipe, expected_sha256: str | None = None) -> Start | None:
    """What `recipe` goes on from, or None where it begins anew.

    Args:
        recipe: Its ``start`` names a run, a network that ships or an exported file.
        expected_sha256: The digest that the file had when the run was begun, if it is known.

    Raises:
        RunError: There is no such run or file, it is broken, no epoch of the run is whole, it has
            another network or other layers, or it is another file since.
    """
    if recipe.start is None:
        return None
    shipped = shipped_networks().get(recipe.start)
    path = shipped.path if shipped else Path(recipe.start)
    start = _start_of_file(path, recipe) if path.suffix == ".onnx" else _start_of_run(path, recipe)
    if expected_sha256 not in (None, start.sha256):
        raise RunError(
            f"{recipe.start} is another network since the run was begun from it. Bring the old one "
            "back, or train anew."
        )
    return start


def load_file(path: Path) -> keras.Model:
    """A model from a Keras file of ours.

    Raises:
        ModelFileError: It is missing or broken.
    """
    try:
        return keras.models.load_model(path)
    except Exception as error:  # Keras names no error for a broken file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelFileError(
            f"{path} is no Keras model that can be read ({reason}). Train anew."
        ) from error


def _start_of_run(folder: Path, recipe: Recipe) -> Start:
    """A run's last checkpoint."""
    run = open_run(folder)
    _check_network(folder, run.recipe.network, recipe)
    if (checkpoint := run.latest_checkpoint()) is None:
        raise RunError(
            f"{folder} has no whole epoch; expected a trained {recipe.network} to start from."
        )
    file = checkpoint[1]
    return Start(recipe.network, file, _digest(file), None)


def _start_of_file(path: Path, recipe: Recipe) -> Start:
    """An exported network."""
    network = NETWORKS[recipe.network]
    if network.finish is None:
        able = " and ".join(one.name for one in NETWORKS.values() if one.finish)
        raise RunError(
            f"{recipe.network} can't go on from a file; expected a run of it. {able} can."
        )
    try:
        found, weights = exported_network(path)
    except ModelFileError as error:  # that of a network which diverged leaves others be
        raise RunError(str(error)) from error
    _check_network(path, found, recipe)
    folded = network.finish(network.build("float32")).get_weights()
    if [one.shape for one in weights] != [one.shape for one in folded]:
        raise RunError(f"{path} has other layers than {found} has today. Train it anew.")
    return Start(found, path, _digest(path), weights)


def _check_network(path: Path, found: str, recipe: Recipe) -> None:
    """Refuse weights of another network."""
    if found != recipe.network:
        raise RunError(
            f"{path} has network {found}; expected a trained {recipe.network} to start from."
        )


def _digest(file: Path) -> str:
    """A file's SHA-256."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise RunError(
            f"{file} can't be read: {error.strerror}; expected the network to start from."
        ) from error
