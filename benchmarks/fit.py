"""Claim: the tutorial's network is fitted faster than by Keras's defaults, to the same accuracy.

The tutorial's ``fit`` as its script calls it, and ours in both precisions, in turn, an epoch each
with the test digits watched, compiling aside; and the floor: the matrix products of as many steps,
alone. What each side had learned by then stands beside it. ``convnet`` likewise, on part of the
digits and without floor. Writes ``benchmarks/results/fit.json``.

    python benchmarks/fit.py    # two minutes
"""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from claims import Claim, in_turn, show
from tutorial import write_result

from keras_digits.data.datasets import Dataset, load_dataset
from keras_digits.data.formats import Digits
from keras_digits.networks import NETWORKS, backend
from keras_digits.training.batches import batches_of, targets_of
from keras_digits.training.environment import describe_environment
from keras_digits.training.fit import compiled_model
from keras_digits.training.recipe import Recipe
from keras_digits.training.stepping import Stock, hasten

ROUNDS = 5
NUM_FOR_CONVNET = 12_800
EPOCHS = 20
BATCH_SIZE = 128
_LAYERS = ((784, 512), (512, 512), (512, 10))
"""Inputs and outputs of the tutorial's layers."""

Fit = Callable[[int], list[float]]
"""Fits so many epochs more; what was watched: accuracy on test digits, an epoch each."""


def main() -> None:
    """Measure, show, write."""
    dataset = load_dataset("mnist")
    result: dict[str, Any] = {"claims": []}
    for network, optimizer, digits in (
        ("article", "sgd", dataset),
        ("convnet", "adam", _part(dataset, NUM_FOR_CONVNET)),
    ):
        sides: dict[str, Fit] = {"keras": _keras(digits, network, optimizer)}
        for precision in ("float32", "mixed_bfloat16"):
            sides[precision] = _ours(digits, network, optimizer, precision)
        clocks = {name: _Clock(fit) for name, fit in sides.items()}
        times = in_turn(clocks, ROUNDS, f"epochs of {network}")
        for name, clock in clocks.items():
            times[name]["accuracies"] = clock.accuracies
        result[network] = times
        result["claims"] += _claims(network, times)
    floors = {name: _floor(name) for name in ("float32", "bfloat16")}
    result["floor"] = in_turn(floors, ROUNDS, "matrix products alone")
    result["claims"] += _floor_claims(result["article"], result["floor"])
    show(result["claims"])
    rows = [claim.to_dict() for claim in result["claims"]]
    environment = describe_environment(backend.NAME)
    write_result("fit", {**result, "claims": rows, "environment": environment})


def _part(dataset: Dataset, count: int) -> Dataset:
    """The first training digits, and as many test digits as watching takes a sixth of."""
    train, test = (
        Digits(one.images[:most], one.known_labels()[:most])
        for one, most in ((dataset.train, count), (dataset.test, count // 6))
    )
    return dataclasses.replace(dataset, train=train, test=test)


def _keras(dataset: Dataset, name: str, optimizer: str) -> Fit:
    """``fit`` with Keras's defaults, as tutorials call it."""
    network = NETWORKS[name]
    keras.utils.set_random_seed(1337)
    model = network.build("float32")
    model.compile(optimizer, network.loss(), metrics=["accuracy"])
    inputs, watched = (network.prepare(one.images) for one in (dataset.train, dataset.test))
    targets, known = (
        keras.utils.to_categorical(one.known_labels(), 10) for one in (dataset.train, dataset.test)
    )

    def fit(epochs: int) -> list[float]:
        done = model.fit(
            inputs,
            targets,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            verbose=0,
            validation_data=(watched, known),
        )
        found: list[float] = done.history["val_accuracy"]
        return found

    return fit


def _ours(dataset: Dataset, name: str, optimizer: str, precision: str) -> Fit:
    """``fit`` as ``digits train`` calls it."""
    network = NETWORKS[name]
    recipe = Recipe(network=name, optimizer=optimizer, precision=precision, epochs=EPOCHS)
    keras.utils.set_random_seed(recipe.seed)
    batches = batches_of(network, dataset.train, recipe)
    model = compiled_model(recipe, len(batches))
    supply = batches.supply()
    hasten(model, len(batches) * EPOCHS, [])
    watched = network.prepare(dataset.test.images)
    known = targets_of(network, dataset.test.known_labels())
    watching = Stock(watched, known, 500).supply()

    def fit(epochs: int) -> list[float]:
        done = model.fit(
            supply,
            epochs=epochs,
            verbose=0,
            validation_data=watching,
            callbacks=[batches.follow_epochs()],
            shuffle=False,
        )
        found: list[float] = done.history["val_accuracy"]
        return found

    return fit


class _Clock:
    """Seconds an epoch; keeps the accuracies that were watched."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        self.accuracies: list[float] = []

    def __call__(self) -> float:
        started = time.perf_counter()
        self.accuracies += self._fit(1)
        return time.perf_counter() - started


def _floor(dtype: str) -> Callable[[], float]:
    """Seconds of the matrix products of an epoch's steps: forward, and back for both factors."""
    import tensorflow as tf

    generator = np.random.default_rng(1)

    def variable(*shape: int) -> Any:
        return tf.Variable(tf.cast(generator.standard_normal(shape), dtype))

    products = []
    for number, (inputs, outputs) in enumerate(_LAYERS):
        x, weights, error = (
            variable(BATCH_SIZE, inputs),
            variable(inputs, outputs),
            variable(BATCH_SIZE, outputs),
        )
        products += [(x, weights, False, False), (x, error, True, False)]
        if number:  # nobody asks for the gradient of pixels
            products.append((error, weights, False, True))

    @tf.function  # type: ignore[untyped-decorator]
    def steps(count: Any) -> None:
        for _ in tf.range(count):
            found = [
                tf.linalg.matmul(one, other, transpose_a=first, transpose_b=second)
                for one, other, first, second in products
            ]
            total = tf.add_n([tf.cast(one[0, 0], "float32") for one in found])
            tf.debugging.assert_less(total, 1e9)  # or they would be left out

    def measure() -> float:
        started = time.perf_counter()
        steps(tf.constant(-(-60_000 // BATCH_SIZE)))
        return time.perf_counter() - started

    return measure


def _claims(network: str, times: dict[str, dict[str, Any]]) -> list[Claim]:
    """Ours beside Keras's defaults."""
    target = {"article": 2.5, "convnet": 2.0}[network]
    return [
        Claim(
            f"an epoch of {network}{' on a fifth of MNIST' if network == 'convnet' else ''}",
            f"digits train, {precision}",
            "Keras's defaults",
            "s",
            times[precision]["median"],
            times["keras"]["median"],
            target,
            num_rounds=ROUNDS,
        )
        for precision in ("float32", "mixed_bfloat16")
    ]


def _floor_claims(times: dict[str, Any], floors: dict[str, Any]) -> list[Claim]:
    """Ours beside what the matrix products alone take."""
    pairs = (("float32", "float32", 1.5), ("mixed_bfloat16", "bfloat16", 4.0))
    return [
        Claim(
            "an epoch of article beside its matrix products alone",
            f"digits train, {precision}",
            f"matrix products, {floor}",
            "s",
            times[precision]["median"],
            floors[floor]["median"],
            bound,
            "at most",
            num_rounds=ROUNDS,
        )
        for precision, floor, bound in pairs
    ]


if __name__ == "__main__":
    main()
