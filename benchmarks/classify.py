"""Claim: the digits that a network sees are told many times as fast as Keras tells them.

The tutorial's network and the small convolutional one, each trained for an epoch and exported, in
one process and in turn: our Reader on ``digits.onnx``, ONNX Runtime alone on the same file, Keras
on the same network (``predict`` and a plain call), and for the tutorial's network scikit-learn's
``MLPClassifier`` with the very same weights. One digit, and all 70,000 of MNIST; Keras and
scikit-learn are given pixels that are scaled already, which isn't counted. Writes
``benchmarks/results/classify.json``.

    python benchmarks/classify.py    # about four minutes
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import onnxruntime
from claims import Claim, clocked, in_turn, show
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from tutorial import console, write_result

from keras_digits import DigitsError, Reader, load_mnist
from keras_digits.digits import NUM_CLASSES, Images
from keras_digits.networks import NETWORKS, backend
from keras_digits.training.environment import describe_environment

NAMES = ("article", "convnet")
NUM_ROUNDS = 5
BATCH_SIZES = (32, 128, 512, 2048, 8192)
"""Of these Keras's best is taken: tried once each beforehand."""

AIMS = {"predict": 300, "call": None, "onnxruntime": 1.3, "all_predict": 3, "all_mlp": 3}

_WORDS = {"article": "the tutorial's network", "convnet": "a convolutional network"}
_PEERS = {
    "predict": "`model.predict`",
    "call": "`model(x)`",
    "onnxruntime": "ONNX Runtime alone",
    "mlp": "scikit-learn's `MLPClassifier`, the same weights",
}


def main() -> None:
    """Time each network."""
    try:
        (x_train, _), (x_test, _) = load_mnist()
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    images = np.concatenate([x_train, x_test])
    networks, claims = {}, []
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder:
            run = _train(name, Path(folder) / "run")
            one, many = time_one(name, run, images[:1]), time_many(name, run, images)
        networks[name] = {"one": one, "many": many}
        claims += [*_claims_of_one(name, one), *_claims_of_many(name, many)]
    show(claims)
    environment = describe_environment(backend.NAME)
    environment["versions"] |= {name: version(name) for name in ("onnxruntime", "scikit-learn")}
    rows = [claim.to_dict() for claim in claims]
    write_result("classify", {"networks": networks, "claims": rows, "environment": environment})


def _train(name: str, folder: Path) -> Path:
    """A run of one epoch: how good its weights are doesn't matter here."""
    flags = ("--network", name, "--epochs", "1", "--dataset", "mnist", "--out", str(folder))
    with console.status(f"digits train --network {name} --epochs 1"):
        command = [sys.executable, "-m", "keras_digits.cli", "train", *flags]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return folder


def time_one(name: str, run: Path, image: Images) -> dict[str, Any]:
    """Seconds for one digit, warm: medians of many calls, by side."""
    model = keras.models.load_model(run / "model.keras")
    fed = NETWORKS[name].prepare(image)
    reader = Reader(run / "digits.onnx")
    session = onnxruntime.InferenceSession(run / "digits.onnx", providers=["CPUExecutionProvider"])
    sides = {
        "ours": clocked(lambda: reader.classify(image), 500),
        "onnxruntime": clocked(lambda: session.run(["logits"], {"images": image}), 500),
        "call": clocked(lambda: model(fed), 100),
        "predict": clocked(lambda: model.predict(fed, verbose=0), 10),
    }
    return in_turn(sides, NUM_ROUNDS, f"{name}, one digit")


def time_many(name: str, run: Path, images: Images) -> dict[str, Any]:
    """Seconds for all digits, by side, and which batch size was Keras's best."""
    model = keras.models.load_model(run / "model.keras")
    fed = NETWORKS[name].prepare(images)
    reader = Reader(run / "digits.onnx")

    def predict(size: int) -> Callable[[], NDArray[np.float32]]:
        return lambda: model.predict(fed, batch_size=size, verbose=0)

    tried = {size: clocked(predict(size))() for size in BATCH_SIZES}
    best = min(tried, key=lambda size: tried[size])
    sides = {"ours": clocked(lambda: reader.classify(images)), "predict": clocked(predict(best))}
    answers = {"ours": reader.classify(images), "predict": predict(best)()}
    if name == "article":
        mlp = as_scikit_learn(model, fed)
        sides["mlp"] = clocked(lambda: mlp.predict_proba(fed))
        answers["mlp"] = mlp.predict_proba(fed)
    for peer, answer in answers.items():
        agreement = (answer.argmax(axis=1) == answers["ours"].argmax(axis=1)).mean()
        assert agreement > 0.999, f"{peer} agrees in {agreement:.4f}"
    found = in_turn(sides, NUM_ROUNDS, f"{name}, {len(images):,} digits")
    return {"count": len(images), "batch_size": best, **found}


def as_scikit_learn(model: keras.Model, fed: NDArray[np.generic]) -> MLPClassifier:
    """The tutorial's network with its weights, as scikit-learn computes it."""
    weights = model.get_weights()
    mlp = MLPClassifier((512, 512), activation="logistic")
    mlp.partial_fit(fed[:NUM_CLASSES], np.arange(NUM_CLASSES), classes=np.arange(NUM_CLASSES))
    mlp.coefs_, mlp.intercepts_ = weights[::2], weights[1::2]
    return mlp


def _claims_of_one(name: str, one: dict[str, Any]) -> list[Claim]:
    return [
        Claim(
            claim=f"one digit, warm, {_WORDS[name]}",
            ours="`Reader.classify`",
            peer=_PEERS[peer],
            unit="ms",
            our_value=1000 * one["ours"]["median"],
            peer_value=1000 * one[peer]["median"],
            target=AIMS[peer],
            bound="at most" if peer == "onnxruntime" else "at least",
            num_rounds=NUM_ROUNDS,
        )
        for peer in ("predict", "call", "onnxruntime")
    ]


def _claims_of_many(name: str, many: dict[str, Any]) -> list[Claim]:
    batches = f", batches of {many['batch_size']:,}"
    return [
        Claim(
            claim=f"{many['count']:,} digits, {_WORDS[name]}",
            ours="`Reader.classify`",
            peer=_PEERS[peer] + (batches if peer == "predict" else ""),
            unit="s",
            our_value=many["ours"]["median"],
            peer_value=many[peer]["median"],
            target=AIMS[f"all_{peer}"],
            num_rounds=NUM_ROUNDS,
        )
        for peer in ("predict", "mlp")
        if peer in many
    ]


if __name__ == "__main__":
    main()
