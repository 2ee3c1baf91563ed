"""Who reads the pictures: the tutorial's two ways, Tesseract, RapidOCR, and we.

Each peer turns paths into texts. None of them is imported into this process but ours: Tesseract is
Debian's program, RapidOCR lives in ``build/peers``, which ``make peers`` makes, and the tutorial's
network is trained once, by a fixed recipe, into ``build/tutorial-network``; where only its speed
counts, an epoch is enough.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image
from tally import Answer
from tutorial import ROOT, console

from keras_digits import Reader
from keras_digits.digits import SIDE
from keras_digits.errors import DigitsError
from keras_digits.training.environment import describe_environment

NETWORK = ROOT / "build" / "tutorial-network"
"""The run whose network the tutorial's ways use."""

NETWORK_FLAGS = (
    *("--network", "convnet", "--optimizer", "adam", "--epochs", "5"),
    *("--precision", "mixed_bfloat16", "--seed", "1337", "--dataset", "mnist"),
)
PEERS_PYTHON = ROOT / "build" / "peers" / "bin" / "python"
RAPIDOCR_WORKER = Path(__file__).with_name("rapidocr_worker.py")

_TESSERACT_MODES = {"digit": "10", "number": "7", "page": "6", "auto": "6"}
_LIGHT = 127.5


@dataclass(frozen=True)
class Peer:
    """Somebody who reads pictures.

    Attributes:
        name: As in the table.
        layouts: What it can be asked to read.
        version: Its version, or None where it isn't installed.
        read: Answers for paths of one layout, in their order.
    """

    name: str
    layouts: tuple[str, ...]
    version: Callable[[], str | None]
    read: Callable[[Sequence[Path], str], Iterator[Answer]]


def peers(network: str | None = None) -> dict[str, Peer]:
    """Everybody by name.

    Args:
        network: The name or file of the network that our Reader uses; by default the one that
            ships.
    """

    def read_ours(paths: Sequence[Path], layout: str) -> Iterator[Answer]:
        return _ours(paths, layout, network)

    everything = ("digit", "number", "page", "auto")
    everybody = (
        Peer("tutorial", ("digit",), _network_version, _tutorial),
        Peer("inverted", ("digit",), _network_version, _inverted),
        Peer("tesseract", everything, tesseract_version, _tesseract),
        Peer("rapidocr", everything, rapidocr_version, _rapidocr),
        Peer("ours", everything, lambda: version("keras-digits"), read_ours),
    )
    return {peer.name: peer for peer in everybody}


def train_network() -> Path:
    """The tutorial's network as a run folder, trained now unless this commit already has."""
    return _trained(NETWORK, NETWORK_FLAGS)


def train_quickly(network: str = "convnet") -> Path:
    """A run of one epoch, for those whom only the network's speed concerns.

    In float32, because Keras would compute in the precision that trained it.

    Args:
        network: What is trained.
    """
    flags = ("--network", network, "--optimizer", "adam", "--epochs", "1", "--dataset", "mnist")
    return _trained(ROOT / "build" / f"quickly-{network}", flags)


def _trained(folder: Path, flags: Sequence[str]) -> Path:
    """The run folder, trained now unless this commit already has."""
    if not (folder / "digits.onnx").is_file() or _commit_of(folder) != _commit():
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "keras_digits.cli", "train", *flags]
        with console.status(f"digits train {' '.join(flags)}"):
            subprocess.run([*command, "--out", str(folder)], stdout=subprocess.DEVNULL, check=True)
    return folder


def _commit_of(run: Path) -> str | None:
    """The commit that trained a network; another one's may be another."""
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    commit: str | None = metrics["environment"]["commit"]
    return commit


def _commit() -> str | None:
    commit: str | None = describe_environment("tensorflow")["commit"]
    return commit


def tesseract_version() -> str | None:
    """Of the installed program."""
    if shutil.which("tesseract") is None:
        return None
    done = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


def rapidocr_version() -> str | None:
    """Of the package in ``build/peers``."""
    if not PEERS_PYTHON.is_file():
        return None
    code = "from importlib.metadata import version; print(version('rapidocr'))"
    done = subprocess.run([PEERS_PYTHON, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def describe_everybody() -> dict[str, Any]:
    """Versions, ours and the peers', machine and commit."""
    environment = describe_environment("tensorflow")
    packages = ("onnxruntime", "opencv-python-headless", "pillow")
    versions = {name: version(name) for name in packages}
    outside = {"tesseract": tesseract_version(), "rapidocr": rapidocr_version()}
    environment["versions"] |= versions | {name: found for name, found in outside.items() if found}
    return environment


def tesseract_command(path: Path, layout: str) -> list[str]:
    """Tesseract reading digits only."""
    digits_only = ("-c", "tessedit_char_whitelist=0123456789")
    return ["tesseract", str(path), "-", "--psm", _TESSERACT_MODES[layout], *digits_only]


def _network_version() -> str:
    return "convnet, seed 1337"


def _tutorial(paths: Sequence[Path], layout: str) -> Iterator[Answer]:
    """What tutorials do: grey, 28 x 28, into the network."""
    return _predict(paths, lambda image: image)


def _inverted(paths: Sequence[Path], layout: str) -> Iterator[Answer]:
    """What better tutorials do: the same, ink made light and contrast stretched."""
    return _predict(paths, _invert)


def _invert(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Invert an image with a light border, and stretch its values to 0 and 255."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    right_way = 255 - image if np.median(border) > _LIGHT else image
    stretched: NDArray[np.uint8] = cv2.normalize(right_way, None, 0, 255, cv2.NORM_MINMAX)
    return stretched


def _predict(
    paths: Sequence[Path], prepare: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> Iterator[Answer]:
    session = _open_network()
    started = time.perf_counter()
    for logits in _logits(session, paths, prepare):
        yield Answer(str(int(logits.argmax())), time.perf_counter() - started)
        started = time.perf_counter()


def inverted_confidences(paths: Sequence[Path]) -> Iterator[float]:
    """How sure the tutorial's network is of its answer to each picture, by its softmax."""
    for logits in _logits(_open_network(), paths, _invert):
        weights = np.exp(logits - logits.max())
        yield float(weights.max() / weights.sum())


def _open_network() -> onnxruntime.InferenceSession:
    """The tutorial's network, trained now if it is not yet."""
    file = train_network() / "digits.onnx"
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def _logits(
    session: onnxruntime.InferenceSession,
    paths: Sequence[Path],
    prepare: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
) -> Iterator[NDArray[np.float32]]:
    """What the tutorial's network gives for each picture, float32 ``(10,)``."""
    for path in paths:
        with Image.open(path) as picture:
            image = np.asarray(picture.convert("L").resize((SIDE, SIDE)))
        (logits,) = session.run(None, {"images": prepare(image)[np.newaxis]})
        yield logits[0]


def _tesseract(paths: Sequence[Path], layout: str) -> Iterator[Answer]:
    """A process a picture, on one core: on small pictures its threads cost more than they give."""
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    for path in paths:
        started = time.perf_counter()
        done = subprocess.run(
            tesseract_command(path, layout),
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        seconds = time.perf_counter() - started
        lines = ["".join(line.split()) for line in done.stdout.splitlines()]
        yield Answer("\n".join(filter(None, lines)), seconds)


def _rapidocr(paths: Sequence[Path], layout: str) -> Iterator[Answer]:
    """One worker for all; the seconds are its own, without starting it."""
    for answer in ask_rapidocr(paths, layout):
        yield Answer(answer["text"], answer["seconds"])


def ask_rapidocr(paths: Iterable[Path], layout: str) -> Iterator[dict[str, Any]]:
    """What ``rapidocr_worker.py`` answers, a picture at a time."""
    worker = subprocess.Popen(
        [PEERS_PYTHON, RAPIDOCR_WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        for path in paths:
            request = {"path": str(path), "layout": layout}
            worker.stdin.write(json.dumps(request) + "\n")
            worker.stdin.flush()
            yield json.loads(worker.stdout.readline())
        worker.stdin.close()


def _ours(paths: Sequence[Path], layout: str, network: str | None) -> Iterator[Answer]:
    reader = Reader(network)
    started = time.perf_counter()
    results = list(reader.read_many(paths, layout=layout))
    seconds = (time.perf_counter() - started) / max(len(paths), 1)  # many are read at once
    for result in results:
        text = type(result).__name__ if isinstance(result, DigitsError) else result.text
        yield Answer(text, seconds)
