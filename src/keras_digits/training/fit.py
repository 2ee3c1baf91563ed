"""Training: ``fit`` as the tutorial calls it, made to survive a kill at any instant.

An epoch's order of digits depends on the seed and the epoch's number alone, and a checkpoint
holds weights and optimizer alike; so a resumed run walks the very path of an uninterrupted one.
Knows Keras through its public face only, and so runs on each of its backends.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.datasets import Dataset, load_dataset
from keras_digits.data.formats import Digits
from keras_digits.digits import Labels
from keras_digits.errors import DatasetError, ModelFileError, RunError
from keras_digits.files import replacing
from keras_digits.networks import NETWORKS, backend
from keras_digits.networks.rejection import RejectingCrossentropy, rejecting_accuracy
from keras_digits.training.batches import batches_of, targets_of
from keras_digits.training.muon import Muon
from keras_digits.training.recipe import Recipe
from keras_digits.training.run import (
    EpochRow,
    Run,
    Split,
    create_run,
    new_folder,
    open_run,
    resume_command,
)
from keras_digits.training.starting import Start, average, check_layers, find_start, load_file
from keras_digits.training.stepping import Stock, hasten

_WARM_UP_SHARE = 0.05
"""The share of a cosine schedule's steps over which the learning rate rises."""

_WATCHING_BATCH_SIZE = 500
"""Digits a step where nothing is learned; decides speed, not results. MNIST's 10,000 test digits
make whole batches, so that one shape is compiled."""


def train(
    recipe: Recipe,
    *,
    out: str | Path | None = None,
    dataset: Dataset | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int | str = 0,
) -> Run:
    """Train a network as `recipe` says and keep it in a run folder.

    Args:
        recipe: What to train, on what, how.
        out: The run folder, new or empty; by default a dated one under ``runs/``.
        dataset: The digits, where they are loaded already; by default what the recipe names.
        callbacks: Passed to ``keras.Model.fit`` after our own, so that they find the epoch saved.
        verbose: Passed to ``keras.Model.fit``: 0 silent, 1 progress bar, 2 a line an epoch.

    Returns:
        The run, with ``recipe.json``, ``history.csv``, ``checkpoint/`` and ``model.keras``.

    Raises:
        DatasetError: The digits are missing or wrong.
        RunError: `out` holds something already, or what to start from is missing, broken or none
            of this network, or learned from what this run would hold out.
        OutputError: The run folder can't be written.
    """
    recipe = recipe.with_absolute_paths()
    dataset = dataset or load_dataset(recipe.dataset, recipe.data)
    split_for_watching(dataset, recipe)  # refuses before a folder is begun
    start = find_start(recipe)
    if start is not None:
        start.check_split(Split(dataset.digests, recipe.validation_split, recipe.seed))
    folder = new_folder(recipe) if out is None else Path(out)
    began = (start.sha256, start.split) if start else (None, None)
    run = create_run(folder, recipe, dataset, backend.NAME, *began)
    return _fit(run, dataset, start, callbacks, verbose)


def resume(
    folder: str | Path,
    *,
    dataset: Dataset | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int | str = 0,
) -> Run:
    """Go on with an interrupted run from its latest whole epoch.

    Ends with the very weights of an uninterrupted run of the same recipe on the same machine. A
    run whose training is done comes back as it is.

    Args:
        folder: The run folder.
        dataset: The run's digits, where they are loaded already or were handed in from Python.
        callbacks: As for :func:`train`.
        verbose: As for :func:`train`.

    Raises:
        RunError: `folder` is no run folder, was begun on another backend, held out other digits
            than this version does, or what it started from is asked for again and is gone or
            another since.
        DatasetError: The digits are not those that the run was begun with.
    """
    run = open_run(folder)
    if run.is_trained:
        return run
    run.check_split()
    begun_on = run.environment["backend"]
    if begun_on != backend.NAME:
        raise RunError(
            f"{run.folder} was begun on {begun_on}, and this is {backend.NAME}. "
            f"Set KERAS_BACKEND={begun_on} to go on with it."
        )
    dataset = run_dataset(run, dataset)
    is_asked_for = run.latest_checkpoint() is None or run.recipe.averaging == "start"
    start = find_start(run.recipe, run.start_sha256) if is_asked_for else None
    return _fit(run, dataset, start, callbacks, verbose)


def run_dataset(run: Run, dataset: Dataset | None = None) -> Dataset:
    """The digits that `run` was begun with.

    Args:
        run: The run.
        dataset: These, where they are at hand; by default they are loaded as the recipe says.

    Raises:
        DatasetError: They are gone, or others have taken their place.
    """
    dataset = dataset or load_dataset(*run.dataset_source)
    run.check_dataset(dataset)
    return dataset


def load_model(run: Run) -> keras.Model:
    """The trained network of `run` as it is to be used: in float32 whatever precision trained it.

    Weights are float32 under every dtype policy, so nothing is lost; and what is tested is then
    what is exported, because ONNX Runtime has no bfloat16 on most machines.

    Raises:
        ModelFileError: It is missing or broken.
    """
    if not run.is_trained:
        raise ModelFileError(
            f"{run.folder} has no trained network yet. Finish it: {resume_command(run.folder)}"
        )
    trained = load_file(run.model_path)
    network = NETWORKS[run.recipe.network]
    if run.recipe.precision == "float32" or network.finish:
        return trained
    model, weights = network.build("float32"), trained.get_weights()
    check_layers(run.model_path, weights, model)
    model.set_weights(weights)
    return model


def diverged(run: Run) -> ModelFileError:
    """The error of a network whose outputs are no longer finite numbers."""
    return ModelFileError(
        f"the network of {run.folder} gives no finite numbers: its training diverged. "
        "Train again with a smaller --learning-rate."
    )


def _fit(
    run: Run,
    dataset: Dataset,
    start: Start | None,
    callbacks: Sequence[keras.callbacks.Callback],
    verbose: int | str,
) -> Run:
    """Fit from the latest checkpoint, or from `start`, to the end of the recipe."""
    choosers = [type(one).__name__ for one in callbacks if not getattr(one, "only_watches", False)]
    if choosers:
        run = run.with_callbacks(choosers)
    recipe, network = run.recipe, NETWORKS[run.recipe.network]
    training, watched = split_for_watching(dataset, recipe)
    keras.utils.set_random_seed(recipe.seed)
    checkpoint = run.latest_checkpoint()
    num_done = checkpoint[0] if checkpoint else 0
    batches = batches_of(network, training, recipe)
    first = start.weights(batches) if start else None
    model = load_file(checkpoint[1]) if checkpoint else compiled_model(recipe, len(batches), first)
    watching = Stock(
        network.prepare(watched.images),
        targets_of(network, watched.known_labels()),
        _WATCHING_BATCH_SIZE,
    )
    supply = batches.supply()
    if batches.are_at_hand:
        hasten(model, len(batches) * recipe.epochs, callbacks)
    model.fit(
        supply,
        initial_epoch=num_done,
        epochs=recipe.epochs,
        validation_data=watching.supply(),
        callbacks=[batches.follow_epochs(), _Recorder(run, num_done), *callbacks],
        verbose=verbose,
        shuffle=False,  # the batches come shuffled
    )
    if recipe.averaging == "start":
        model = average(
            recipe.network, first or (), model.get_weights(), batches, recipe.epochs - 1
        )
    if network.finish:
        model = network.finish(model)
    with replacing(run.model_path) as partial:
        model.save(partial)
    return run


def compiled_model(
    recipe: Recipe, steps_per_epoch: int, start: Sequence[NDArray[np.float32]] | None = None
) -> keras.Model:
    """The network of `recipe` before its first step, with its optimizer, loss and accuracy.

    Args:
        recipe: Names them.
        steps_per_epoch: Batches of an epoch.
        start: The weights to begin with, by default random ones.
    """
    network = NETWORKS[recipe.network]
    model = network.build(recipe.precision)
    if start is not None:
        model.set_weights(start)
    optimizer = build_optimizer(recipe, steps_per_epoch * recipe.epochs)
    if recipe.non_digits > 0:
        model.compile(optimizer, loss=RejectingCrossentropy(), metrics=[rejecting_accuracy()])
    else:
        model.compile(optimizer, loss=network.loss(), metrics=[network.accuracy()])
    return model


def build_optimizer(recipe: Recipe, num_steps: int) -> keras.optimizers.Optimizer:
    """Keras's optimizer of that name, with the recipe's learning rate where it gives one.

    Muon is Keras's too, but takes convolutions' kernels as well.

    Args:
        recipe: Names it, its learning rate and its schedule.
        num_steps: Batches of the whole training; decides the course of a cosine schedule.
    """
    classes = {name.lower(): value for name, value in vars(keras.optimizers).items()}
    optimizer_class = (classes | {"muon": Muon})[recipe.optimizer]
    rate = {} if recipe.learning_rate is None else {"learning_rate": recipe.learning_rate}
    if recipe.schedule == "constant":
        return optimizer_class(**rate)
    highest = recipe.learning_rate or float(optimizer_class().learning_rate)
    warm_up = max(1, round(_WARM_UP_SHARE * num_steps))
    return optimizer_class(
        learning_rate=keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=highest / 100,
            decay_steps=max(1, num_steps - warm_up),
            warmup_target=highest,
            warmup_steps=warm_up,
        )
    )


_NUM_STRETCHES = 5
"""At so many places, some of which may meet, digits are held out: more would cut through more
writers, and fewer be luck."""


def split_for_watching(dataset: Dataset, recipe: Recipe) -> tuple[Digits, Digits]:
    """The digits to learn from and those to watch.

    With a validation split the latter are, of each digit's training examples, some that lie beside
    each other, at places that the recipe's seed decides. MNIST's lie writer by writer, as their
    lean and their strokes' weight show, and no writer of its test digits wrote any of them: what is
    held out is mostly by other hands than what is learned from too, or it would promise too much.
    Without a validation split they are the test digits, for watching, never for choosing.

    Raises:
        DatasetError: The share leaves no digits on one side.
    """
    if recipe.validation_split == 0:
        return dataset.train, dataset.test
    images, labels = dataset.train.images, dataset.train.known_labels()
    num_watched = round(len(images) * recipe.validation_split)
    if not 0 < num_watched < len(images):
        raise DatasetError(
            f"validation_split {recipe.validation_split} of {len(images)} digits leaves none on "
            "one side. Choose another share."
        )
    order = np.argsort(_ranks(labels), kind="stable")
    generator, is_watched = np.random.default_rng(recipe.seed), np.zeros(len(images), np.bool_)
    parts = np.array_split(order, _NUM_STRETCHES)
    counts = [len(part) for part in np.array_split(np.arange(num_watched), _NUM_STRETCHES)]
    for part, count in zip(parts, counts, strict=True):
        first = int(generator.integers(len(part) - count + 1))
        is_watched[part[first : first + count]] = True
    learned, watched = np.flatnonzero(~is_watched), np.flatnonzero(is_watched)
    return Digits(images[learned], labels[learned]), Digits(images[watched], labels[watched])


def _ranks(labels: Labels) -> NDArray[np.float64]:
    """Where each label stands among its like, from 0 for the first to 1 behind the last."""
    ranks = np.empty(len(labels))
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        ranks[places] = np.arange(len(places)) / len(places)
    return ranks


class _Recorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Writes history and checkpoint after each epoch.

    History goes first: a kill between the two leaves a line too many, which resuming cuts off,
    and never a checkpoint without its line.
    """

    def __init__(self, run: Run, num_done: int) -> None:
        super().__init__()
        self._run = run
        self._rows: list[EpochRow] = run.history()[:num_done]
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        seconds = round(time.perf_counter() - self._started, 3)
        figures = {name: float(value) for name, value in (logs or {}).items()}
        self._rows.append({"epoch": epoch + 1, "seconds": seconds, **figures})
        self._run.write_history(self._rows)
        previous = self._run.latest_checkpoint()
        with replacing(self._run.checkpoint_path(epoch + 1)) as partial:
            self.model.save(partial)
        if previous:
            previous[1].unlink(missing_ok=True)
