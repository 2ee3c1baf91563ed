"""Claim: augmentation is never the bottleneck: it takes at most a tenth of a training step.

How long ``sway`` and ``handwriting`` take for a batch, beside a step of training without any; and
beside Keras's own layers (RandomRotation, RandomTranslation, RandomZoom) in ``tf.data``, which have
all cores and read ahead. Steps are those of ``keras_digits.train``: a second epoch of a hundred
batches, the first traces and compiles. Writes ``benchmarks/results/augment.json``.

    python benchmarks/augment.py    # about two minutes
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from claims import Claim, clocked, in_turn, show
from tutorial import console, write_result

from keras_digits import DigitsError, Recipe, train
from keras_digits.data.augmentation import handwriting, sway
from keras_digits.data.datasets import Dataset, load_dataset
from keras_digits.data.formats import Digits
from keras_digits.networks import backend
from keras_digits.training.environment import describe_environment

NAMES = ("article", "convnet")
BATCH_SIZE = 128
NUM_BATCHES = 100
NUM_ROUNDS = 5
MOST_OF_A_STEP = 0.1

_WHY = {
    "sway": "",
    "handwriting": "It draws digits stroke by stroke and does more than a dozen things to each "
    "batch, many of them an image at a time, on one core.",
}
_WHY_ARTICLE = "A step of so small a network takes hardly longer than warping its batch once."

_WORDS = {"article": "the tutorial's network", "convnet": "a convolutional network"}


def main() -> None:
    """Time augmentations, steps and Keras's layers in turn."""
    try:
        dataset = load_dataset("mnist")
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    count = NUM_BATCHES * BATCH_SIZE
    images, labels = dataset.train.images[:count], dataset.train.known_labels()[:count]
    few = replace(dataset, train=Digits(images, labels), test=Digits(images[:10], labels[:10]))
    sides: dict[str, Callable[[], float]] = {
        f"step {name}": partial(step_seconds, name, few) for name in NAMES
    }
    generator = np.random.default_rng(1337)
    parts = [slice(start, start + BATCH_SIZE) for start in range(0, count, BATCH_SIZE)]

    def sway_all() -> None:
        for part in parts:
            sway(images[part], generator)

    def handwrite_all() -> None:
        for part in parts:
            handwriting(images[part], labels[part], generator)

    sides |= {
        name: per_batch(work)
        for name, work in (
            ("sway", sway_all),
            ("handwriting", handwrite_all),
            ("layers", keras_layers(images)),
        )
    }
    found = in_turn(sides, NUM_ROUNDS, "augmentation and steps")
    claims = _claims({name: side["median"] for name, side in found.items()})
    show(claims)
    rows = [claim.to_dict() for claim in claims]
    environment = describe_environment(backend.NAME)
    write_result("augment", {**found, "claims": rows, "environment": environment})


def step_seconds(name: str, dataset: Dataset) -> float:
    """Seconds that a step of training takes without augmentation."""
    clock = _EpochClock()
    recipe = Recipe(network=name, epochs=2, batch_size=BATCH_SIZE)
    with tempfile.TemporaryDirectory() as folder:
        train(recipe, out=f"{folder}/run", dataset=dataset, callbacks=[clock])
    return clock.seconds[-1] / NUM_BATCHES


class _EpochClock(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """How long each epoch took."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.seconds.append(time.perf_counter() - self._started)


def per_batch(work: Callable[[], object]) -> Callable[[], float]:
    """What measures the seconds a batch, where `work` makes all."""
    measure = clocked(work)
    return lambda: measure() / NUM_BATCHES


def keras_layers(images: np.ndarray) -> Callable[[], None]:
    """Keras's layers over all batches, as its guides put them into ``tf.data``."""
    layers = keras.Sequential(
        [
            keras.layers.RandomRotation(0.02, fill_mode="constant"),
            keras.layers.RandomTranslation(0.04, 0.04, fill_mode="constant"),
            keras.layers.RandomZoom(0.08, fill_mode="constant"),
        ]
    )
    batches = tf.data.Dataset.from_tensor_slices(images[..., np.newaxis]).batch(BATCH_SIZE)
    changed = batches.map(
        lambda batch: layers(tf.cast(batch, tf.float32), training=True), tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)

    def go_through() -> None:
        for _ in changed:
            pass

    return go_through


def _claims(seconds: dict[str, float]) -> list[Claim]:
    shares = [
        Claim(
            claim=f"{augmentation}, a batch's share of a step",
            ours=f"`{augmentation}`",
            peer=f"a step of {_WORDS[name]}",
            unit="ms",
            our_value=1000 * seconds[augmentation],
            peer_value=1000 * seconds[f"step {name}"],
            target=MOST_OF_A_STEP,
            bound="at most",
            num_rounds=NUM_ROUNDS,
            why=_WHY[augmentation] if name == "convnet" else _WHY_ARTICLE,
        )
        for augmentation in ("sway", "handwriting")
        for name in NAMES
    ]
    beside = [
        Claim(
            claim=f"{augmentation}, batches a second",
            ours=f"`{augmentation}`",
            peer="Keras's layers in `tf.data`",
            unit="1/s",
            our_value=1 / seconds[augmentation],
            peer_value=1 / seconds["layers"],
            target=None,
            num_rounds=NUM_ROUNDS,
        )
        for augmentation in ("sway", "handwriting")
    ]
    return shares + beside


if __name__ == "__main__":
    main()
