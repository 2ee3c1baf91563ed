"""What training goes on from, instead of random weights: a run, or a network that was exported."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.errors import ModelFileError, RunError
from keras_digits.networks import NETWORKS
from keras_digits.networks.convolutions import renormalise, unfold
from keras_digits.networks.restoring import exported_network
from keras_digits.reading.catalogue import shipped_networks
from keras_digits.training.batches import Batches
from keras_digits.training.recipe import Recipe
from keras_digits.training.run import Split, open_run

_NUM_BATCHES = 8
"""Batches that tell an exported network how its channels are to be normalised."""

_NUM_BATCHES_OF_MEAN = 60
"""Batches that tell how the channels of a mean of networks are to be normalised."""


@dataclass(frozen=True, eq=False)
class Start:
    """What training goes on from.

    Attributes:
        network: The network's name in the registry.
        file: The file with its weights.
        sha256: Its digest.
        split: Which digits they were learned from; None where nobody wrote it down.
        found: The weights that the file has.
        is_folded: Whether normalisation is worked into them; else they are as they learn.
    """

    network: str
    file: Path
    sha256: str
    split: Split | None
    found: list[NDArray[np.float32]]
    is_folded: bool

    def check_split(self, split: Split) -> None:
        """Refuse to hold out digits that the start learned from: on them nothing can be measured.

        Args:
            split: That of the run which is to begin.

        Raises:
            RunError: It did, or may have.
        """
        if split.validation_split == 0:
            return
        if self.split is None:
            raise RunError(
                f"{self.file} doesn't say which digits it learned from, and so none can be held "
                "out. Leave --validation-split away, or start from its run."
            )
        for one in self.split.lineage:
            if one.is_of_the_same(split) and not one.holds_out_the_same(split):
                raise RunError(
                    f"{self.file} learned from digits that this run would hold out. {_remedy(one)}"
                )

    def weights(self, batches: Batches) -> list[NDArray[np.float32]]:
        """The weights as they learn on, in the order of the Keras model.

        Where normalisation is worked in, it is lost; it becomes that of an epoch's first batches.

        Args:
            batches: What it will learn from; left at their first epoch.
        """
        if not self.is_folded:
            return self.found
        model = NETWORKS[self.network].build("float32")
        batches.start_epoch(0)
        seen = [batches[index][0] for index in range(min(len(batches), _NUM_BATCHES))]
        unfold(self.found, model, np.concatenate(seen))
        weights: list[NDArray[np.float32]] = model.get_weights()
        return weights


def average(
    network: str,
    first: Sequence[NDArray[np.float32]],
    last: Sequence[NDArray[np.float32]],
    batches: Batches,
    epoch: int,
) -> keras.Model:
    """The network with the mean of the weights that training began and ended with, in float32.

    Normalisation is reckoned anew: kernels grow while Muon trains them, and then what both had is
    far from what their mean wants.

    Args:
        network: Its name in the registry.
        first: The weights that it began with.
        last: Those it ended with.
        batches: What it learned from; left at `epoch`.
        epoch: The one whose first batches are taken, counted from 0.
    """
    model = NETWORKS[network].build("float32")
    model.set_weights([(one + other) / 2 for one, other in zip(first, last, strict=True)])
    batches.start_epoch(epoch)
    count = min(len(batches), _NUM_BATCHES_OF_MEAN)
    renormalise(model, (batches[index][0] for index in range(count)))
    return model


def _remedy(split: Split) -> str:
    """What to do where others were held out by what a run is to begin with."""
    if split.validation_split == 0:
        return "It held out none; leave --validation-split away."
    if not split.is_known:
        return "It held out others than this version does; leave --validation-split away."
    return f"Hold out the same: --validation-split {split.validation_split!r} --seed {split.seed}."


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
    start_of = _start_of_file if path.suffix == ".onnx" else _start_of_run
    try:
        return start_of(path, recipe, expected_sha256)
    except ModelFileError as error:  # that of a network which diverged leaves others be
        raise RunError(str(error)) from error


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


def check_layers(file: Path, weights: Sequence[NDArray[np.float32]], model: keras.Model) -> None:
    """Refuse the weights of a network as it was before its layers were changed.

    Args:
        file: Where they come from.
        weights: Those.
        model: The network as it is today.

    Raises:
        ModelFileError: They don't fit it.
    """
    if [one.shape for one in weights] != [one.shape for one in model.get_weights()]:
        raise ModelFileError(f"{file} has other layers than {model.name} has today. Train it anew.")


def _start_of_run(folder: Path, recipe: Recipe, expected_sha256: str | None) -> Start:
    """The weights that a run ended with, or so far has.

    Where training ended as it went, the last checkpoint has them, normalisation and all; a mean,
    or what a callback chose, only the trained network has.
    """
    run = open_run(folder)
    _check_network(folder, run.recipe.network, recipe)
    if (checkpoint := run.latest_checkpoint()) is None:
        raise RunError(
            f"{folder} has no whole epoch; expected a trained {recipe.network} to start from."
        )
    ended_as_it_went = run.recipe.averaging == "none" and not run.callbacks
    is_as_it_learns = ended_as_it_went or not run.is_trained
    file = checkpoint[1] if is_as_it_learns else run.model_path
    sha256 = _digest(file, recipe, expected_sha256)
    weights = load_file(file).get_weights()
    network = NETWORKS[recipe.network]
    model, finish = network.build("float32"), None if is_as_it_learns else network.finish
    check_layers(file, weights, finish(model) if finish else model)
    is_whole = run.start_split is not None or run.start_sha256 is None
    split = run.split if is_whole else None
    return Start(recipe.network, file, sha256, split, weights, is_folded=finish is not None)


def _start_of_file(path: Path, recipe: Recipe, expected_sha256: str | None) -> Start:
    """An exported network."""
    network = NETWORKS[recipe.network]
    if network.finish is None:
        *most, last = (one.name for one in NETWORKS.values() if one.finish)
        raise RunError(
            f"{recipe.network} can't go on from a file; expected a run of it. "
            f"{', '.join(most)} and {last} can."
        )
    sha256 = _digest(path, recipe, expected_sha256)
    metadata, weights = exported_network(path)
    found = metadata["keras_digits.network"]
    _check_network(path, found, recipe)
    check_layers(path, weights, network.finish(network.build("float32")))
    split = Split.from_json(metadata.get("keras_digits.split", ""))
    return Start(found, path, sha256, split, weights, is_folded=True)


def _check_network(path: Path, found: str, recipe: Recipe) -> None:
    """Refuse weights of another network."""
    if found != recipe.network:
        raise RunError(
            f"{path} has network {found}; expected a trained {recipe.network} to start from."
        )


def _digest(file: Path, recipe: Recipe, expected: str | None) -> str:
    """A file's SHA-256, which is to be the one expected, where one is."""
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise RunError(
            f"{file} can't be read: {error.strerror}; expected the network to start from."
        ) from error
    if expected not in (None, found):
        raise RunError(
            f"{recipe.start} is another network since the run was begun from it. Bring the old one "
            "back, or train anew."
        )
    return found
