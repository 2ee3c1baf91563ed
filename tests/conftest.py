"""Digits and runs that tests share, and walls that keep them off the reader's machine."""

import gc
import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# No test reaches the network: a proxy at a port that nobody serves refuses at once.
os.environ.update(dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9"))
os.environ["no_proxy"] = "127.0.0.1,localhost"

from keras_digits import calibrating
from keras_digits.data.datasets import Dataset, load_dataset
from keras_digits.data.idx import encode_idx
from keras_digits.data.mnist import IDX_FILES
from keras_digits.networks import backend  # noqa: F401  # Keras before the freeze
from keras_digits.training.recipe import Recipe
from keras_digits.training.run import Run
from servers import Server, serving

gc.freeze()  # what importing made stays: no need to walk it at every collection

ROOT = Path(__file__).resolve().parent.parent
_SHARED_MNIST = ROOT.parent / "shared" / "mnist"
_MNIST = Path(os.environ.pop("KERAS_DIGITS_DATA", "") or _SHARED_MNIST)


@pytest.fixture(autouse=True)
def clean_machine(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home without caches, and an empty working folder."""
    home, work = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work")
    monkeypatch.setenv("KERAS_HOME", str(home / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.chdir(work)


@pytest.fixture(autouse=True)
def few_calibration_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network's confidence is measured on few pictures, because runs here are small and many."""
    monkeypatch.setattr(calibrating, "NUM_SINGLE", 120)
    monkeypatch.setattr(calibrating, "NUM_NUMBERS", 60)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """A folder with MNIST's four files."""
    if not (_MNIST / IDX_FILES[0]).is_file():
        message = f"needs MNIST: {_MNIST} has none; name its folder in KERAS_DIGITS_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return _MNIST


@pytest.fixture(scope="session")
def optdigits() -> Dataset:
    """1,540 training and 257 test digits, at hand everywhere."""
    return load_dataset("optdigits")


def write_idx_folder(folder: Path, dataset: Dataset, *, gzipped: bool = True) -> Path:
    """Write `dataset` as MNIST is published."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = (dataset.train, dataset.test)
    arrays = [array for part in parts for array in (part.images, part.known_labels())]
    for name, array in zip(IDX_FILES, arrays, strict=True):
        raw = encode_idx(array)
        path = folder / (name if gzipped else name.removesuffix(".gz"))
        path.write_bytes(gzip.compress(raw, 1) if gzipped else raw)
    return folder


@pytest.fixture(scope="session")
def idx_folder(tmp_path_factory: pytest.TempPathFactory, optdigits: Dataset) -> Path:
    """Optdigits in the form of MNIST's files; not to be written to."""
    return write_idx_folder(tmp_path_factory.mktemp("idx"), optdigits)


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory: pytest.TempPathFactory, optdigits: Dataset) -> Run:
    """A finished run of the article's network; not to be written to."""
    from keras_digits.evaluation.scoring import evaluate
    from keras_digits.export import export_run
    from keras_digits.training.fit import train

    recipe = Recipe(dataset="optdigits", optimizer="adam", epochs=3)
    run = train(recipe, out=tmp_path_factory.mktemp("runs") / "trained", dataset=optdigits)
    evaluate(run, dataset=optdigits)
    export_run(run, optdigits)
    return run


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as it comes; not to be stopped."""
    with serving(tmp_path_factory.mktemp("server")) as one:
        yield one


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client of the shared server."""
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as one:
        yield one


@pytest.fixture
def generator() -> np.random.Generator:
    """Randomness that is the same each time."""
    return np.random.default_rng(7)
