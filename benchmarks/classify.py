"""Claim: the digits that a network sees are told many times as fast as Keras tells them.

The tutorial's network and the small convolutional one, each trained for an epoch and exported with
``--arithmetic int8``, and the one that ships, in integers too; in one process and in turn: our
Reader on the ``digits.onnx``, ONNX Runtime alone on the same file, our Reader on the file in
float32, as it is by default, Keras on the same network (``predict`` and a plain call; in float32,
as Keras has it). For the tutorial's network also scikit-learn's ``MLPClassifier`` with the very
same weights, and the matrix products alone. One digit, and many; Keras and scikit-learn are given
pixels that are scaled already, which isn't counted. All agree in their answers. Writes
``benchmarks/results/classify.json``.

    python benchmarks/classify.py    # about five minutes
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import onnxruntime
from claims import Claim, clocked, in_turn, show
from numpy.typing import NDArray
from peers import train_quickly
from sklearn.neural_network import MLPClassifier
from tutorial import console, write_result

from keras_digits import DigitsError, Reader, export_run, load_mnist
from keras_digits.digits import NUM_CLASSES, Images
from keras_digits.networks import NETWORKS, backend
from keras_digits.reading.catalogue import network_path
from keras_digits.training.environment import describe_environment

COUNTS = {"article": 70_000, "convnet": 70_000, "lines": 10_000}
"""How many of MNIST's digits are many, by network; with the last Keras would take minutes."""

NUM_ROUNDS = 5
BATCH_SIZES = (128, 512, 2048, 8192)
"""Of these Keras's best is taken, tried beforehand on some of the digits."""

NUM_TRIED = 16384

_PIECE = 1024

AIMS = {"predict": 300, "call": None, "onnxruntime": 1.3}
AIMS_FOR_MANY = {"predict": 3, "mlp": 3, "products": None, "float32": None}

_WORDS = {
    "article": "the tutorial's network",
    "convnet": "a convolutional network",
    "lines": "the network that ships",
}
_PEERS = {
    "predict": "`model.predict`",
    "call": "`model(x)`",
    "onnxruntime": "ONNX Runtime alone",
    "mlp": "scikit-learn's `MLPClassifier`, the same weights",
    "products": "its matrix products alone, NumPy, in float32",
    "float32": "itself in float32",
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
    for name, count in COUNTS.items():
        model, file, in_float32 = _untrained(name) if name == "lines" else _trained(name)
        one = time_one(name, model, file, images[:1])
        many = time_many(name, model, file, in_float32, images[:count])
        networks[name] = {"one": one, "many": many}
        claims += [*_claims_of_one(name, one), *_claims_of_many(name, many)]
    show(claims)
    environment = describe_environment(backend.NAME)
    environment["versions"] |= {name: version(name) for name in ("onnxruntime", "scikit-learn")}
    rows = [claim.to_dict() for claim in claims]
    write_result("classify", {"networks": networks, "claims": rows, "environment": environment})


def _trained(name: str) -> tuple[keras.Model, Path, Path | None]:
    """A network in Keras and its files, in integers and in float32."""
    run = train_quickly(name)
    file = run / "integers.onnx"
    if not file.is_file():
        export_run(run, path=file, arithmetic="int8")
    return keras.models.load_model(run / "model.keras"), file, run / "digits.onnx"


def _untrained(name: str) -> tuple[keras.Model, Path, Path | None]:
    """The network that ships, and the same in Keras with other weights."""
    return NETWORKS[name].build("float32"), network_path(None), None


def time_one(name: str, model: keras.Model, file: Path, image: Images) -> dict[str, Any]:
    """Seconds for one digit, warm: medians of many calls, by side."""
    fed = NETWORKS[name].prepare(image)
    reader = Reader(file)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    sides = {
        "ours": clocked(lambda: reader.classify(image), 500),
        "onnxruntime": clocked(lambda: session.run(["logits"], {"images": image}), 500),
        "call": clocked(lambda: model(fed), 100),
        "predict": clocked(lambda: model.predict(fed, verbose=0), 10),
    }
    return in_turn(sides, NUM_ROUNDS, f"{name}, one digit")


def time_many(
    name: str, model: keras.Model, file: Path, in_float32: Path | None, images: Images
) -> dict[str, Any]:
    """Seconds for many digits, by side, and which batch size was Keras's best."""
    fed = NETWORKS[name].prepare(images)
    reader = Reader(file)

    def predict(size: int, count: int | None = None) -> Callable[[], NDArray[np.float32]]:
        return lambda: model.predict(fed[:count], batch_size=size, verbose=0)

    tried = {size: clocked(predict(size, NUM_TRIED))() for size in BATCH_SIZES}
    best = min(tried, key=lambda size: tried[size])
    works = {"ours": lambda: reader.classify(images), "predict": predict(best)}
    if in_float32 is not None:
        slower = Reader(in_float32)
        works["float32"] = lambda: slower.classify(images)
    if name == "article":
        mlp = as_scikit_learn(model, fed)
        works["mlp"] = lambda: mlp.predict_proba(fed)
    if name != "lines":
        _check_agreement({peer: work() for peer, work in works.items()})
    sides = {peer: clocked(work) for peer, work in works.items()}
    if name == "article":
        sides["products"] = clocked(lambda: multiply(model.get_weights()[::2], fed))
    found = in_turn(sides, NUM_ROUNDS, f"{name}, {len(images):,} digits")
    return {"count": len(images), "batch_size": best, **found}


def multiply(matrices: Sequence[NDArray[np.float32]], fed: NDArray[Any]) -> None:
    """The matrix products of a dense network alone, in pieces that stay in the cache."""
    for start in range(0, len(fed), _PIECE):
        values = fed[start : start + _PIECE]
        for matrix in matrices:
            values = values @ matrix


def _check_agreement(answers: Mapping[str, NDArray[np.float32]]) -> None:
    """That all have computed the same."""
    for peer, answer in answers.items():
        agreement = (answer.argmax(axis=1) == answers["ours"].argmax(axis=1)).mean()
        assert agreement > 0.999, f"{peer} agrees in {agreement:.4f}"


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
            ours="`Reader.classify`, in integers",
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
            ours="`Reader.classify`, in integers",
            peer=_PEERS[peer] + (batches if peer == "predict" else ""),
            unit="s",
            our_value=many["ours"]["median"],
            peer_value=many[peer]["median"],
            target=aim,
            num_rounds=NUM_ROUNDS,
        )
        for peer, aim in AIMS_FOR_MANY.items()
        if peer in many
    ]


if __name__ == "__main__":
    main()
