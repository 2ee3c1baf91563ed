"""Claim: under corruption our network errs at most a quarter as often as a usual convnet.

Trains the network of keras.io's "Simple MNIST convnet" by its recipe, seed 1337, and asks it and
the network that ships of MNIST's 10,000 test digits under fifteen corruptions in three severities
(see :mod:`keras_digits.evaluation.corruptions`), both of the very same images. Writes
``benchmarks/results/corruptions.json``. Each must name a digit for every image; the reader's
thresholds play no part.

    python benchmarks/corruptions.py    # then make docs

    python benchmarks/corruptions.py --epochs 1    # a quick look, which writes nothing
"""

import os
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Annotated, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import typer
from rich.progress import Progress
from rich.table import Table
from tutorial import console, write_result

from keras_digits import DigitsError, Reader, load_mnist
from keras_digits.digits import INK, NUM_CLASSES, SIDE, Images, Labels, Probabilities
from keras_digits.evaluation.robustness import score_corruptions
from keras_digits.networks import backend
from keras_digits.training.environment import describe_environment

AIM = 0.25
"""Our mean corruption error aimed at, as a share of the convnet's."""

EPOCHS = 15
SEED = 1337
PEERS = {"keras_io": "keras.io's convnet", "ours": "ours"}


def main(
    epochs: Annotated[
        int, typer.Option(min=1, help="Epochs of the convnet; others than its own write nothing.")
    ] = EPOCHS,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="The most test digits; writes nothing.", show_default=False),
    ] = None,
) -> None:
    """Train keras.io's convnet; ask it and our network of corrupted test digits."""
    try:
        training, (images, labels) = load_mnist()
        networks = {"keras_io": train_convnet(*training, epochs), "ours": Reader().classify}
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    result = compare(networks, images[:limit], labels[:limit])
    _print(result)
    if epochs != EPOCHS or limit is not None:
        console.print("Not the whole, so benchmarks/results/corruptions.json stays as it is.")
        return
    environment = describe_environment(backend.NAME)
    environment["versions"] |= {"onnxruntime": version("onnxruntime")}
    recipe = {"epochs": epochs, "seed": SEED}
    write_result("corruptions", {**result, "keras_io": recipe, "environment": environment})


def train_convnet(images: Images, labels: Labels, epochs: int) -> Callable[[Images], Probabilities]:
    """The network and the recipe of https://keras.io/examples/vision/mnist_convnet/."""
    layers = keras.layers
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(NUM_CLASSES, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])

    def scaled(images: Images) -> np.ndarray:
        return images[..., np.newaxis] / np.float32(INK)

    targets = keras.utils.to_categorical(labels, NUM_CLASSES)
    with console.status(f"keras.io's convnet, {epochs} epochs"):
        model.fit(
            scaled(images), targets, batch_size=128, epochs=epochs, validation_split=0.1, verbose=0
        )
    return lambda images: model.predict(scaled(images), batch_size=512, verbose=0)


def compare(
    networks: Mapping[str, Callable[[Images], Probabilities]], images: Images, labels: Labels
) -> dict[str, Any]:
    """What each network answers to the same corrupted images, and how their errors compare."""
    peers = {}
    for peer, classify in networks.items():
        with Progress(console=console) as progress:
            task = progress.add_task(PEERS[peer])

            def report(name: str, done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)  # noqa: B023  # called here only

            peers[peer] = score_corruptions(images, labels, classify, report)
    errors = {peer: found["mean_corruption_error"] for peer, found in peers.items()}
    return {
        "count": len(images),
        "ratio": errors["ours"] / errors["keras_io"],
        "aim": AIM,
        "peers": peers,
    }


def _print(result: Mapping[str, Any]) -> None:
    """Wrong answers in percent by corruption, mean over severities, and the ratio."""
    peers = [result["peers"][peer] for peer in PEERS]
    table = Table("wrong answers in %", *PEERS.values())
    table.add_row("no corruption", *(f"{100 * (1 - one['clean']['value']):.2f}" for one in peers))
    for rows in zip(*(one["corruptions"] for one in peers), strict=True):
        table.add_row(rows[0]["name"], *(f"{100 * row['error']:.2f}" for row in rows))
    table.add_row("mean", *(f"{100 * one['mean_corruption_error']:.2f}" for one in peers))
    console.print(table)
    console.print(f"{result['ratio']:.3f} of the convnet's; the aim is at most {result['aim']}.")


if __name__ == "__main__":
    typer.run(main)
