"""MNIST is found where it lies, fetched where it doesn't, and always proven."""

import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from keras_digits.data.idx import read_idx_images, read_idx_labels
from keras_digits.data.mnist import (
    IDX_FILES,
    UNREADABLE,
    Mirror,
    cache_folder,
    fetch_mnist,
    find_mnist,
    load_mnist,
    mnist_places,
    reviewed_test_labels,
)
from keras_digits.errors import DatasetError, DatasetMissingError


def test_arrays_are_those_of_the_files_in_keras_shapes_and_types(mnist_folder: Path) -> None:
    (x_train, y_train), (x_test, y_test) = load_mnist(mnist_folder)
    for array, shape in (
        (x_train, (60000, 28, 28)),
        (y_train, (60000,)),
        (x_test, (10000, 28, 28)),
        (y_test, (10000,)),
    ):
        assert array.dtype == np.uint8
        assert array.shape == shape
    raw = gzip.decompress((mnist_folder / IDX_FILES[2]).read_bytes())
    assert x_test.tobytes() == raw[16:]
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    x_train[0] = 0  # Keras's arrays can be written to, and so must these


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras_itself_loads_the_same_arrays(
    mnist_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import keras

    (x_train, y_train), (x_test, y_test) = load_mnist(mnist_folder)
    archive = tmp_path / "mnist.npz"
    np.savez(archive, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    # Keras insists on its own archive's hash, which a repacked one can't have.
    monkeypatch.setattr(keras.src.datasets.mnist, "get_file", lambda *a, **k: str(archive))
    (keras_x_train, keras_y_train), (keras_x_test, keras_y_test) = keras.datasets.mnist.load_data()
    for ours, theirs in (
        (x_train, keras_x_train),
        (y_train, keras_y_train),
        (x_test, keras_x_test),
        (y_test, keras_y_test),
    ):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    assert load_mnist(archive)[1][1].tolist() == y_test.tolist()


def test_places_are_tried_in_the_promised_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, idx_folder: Path
) -> None:
    keras_archive = Path(os.environ["KERAS_HOME"]) / "datasets" / "mnist.npz"
    assert find_mnist() is None
    shutil.copytree(idx_folder, cache_folder())
    assert find_mnist() == cache_folder()
    keras_archive.parent.mkdir(parents=True)
    keras_archive.write_bytes(b"")
    assert find_mnist() == keras_archive
    monkeypatch.setenv("KERAS_DIGITS_DATA", str(idx_folder))
    assert find_mnist() == idx_folder
    mine = tmp_path / "mine"
    shutil.copytree(idx_folder, mine)
    assert find_mnist(mine) == mine
    assert [place.name for place in mnist_places(mine)] == [
        "--data",
        "KERAS_DIGITS_DATA",
        "Keras's cache",
        "our cache",
    ]


def test_keras_cache_folder_is_read_whatever_lies_beside(
    mnist_folder: Path, tmp_path: Path
) -> None:
    (x_train, y_train), (x_test, y_test) = load_mnist(mnist_folder)
    folder = tmp_path / "datasets"
    folder.mkdir()
    np.savez(folder / "boston_housing.npz", x=np.zeros(3))
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    np.savez(folder / "mnist.npz", **arrays)
    assert load_mnist(folder)[1][1].tolist() == y_test.tolist()


def test_named_folder_without_mnist_is_an_error_not_a_hint(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"has no MNIST; expected train-images-idx3-ubyte\.gz"):
        load_mnist(tmp_path)


def test_other_digits_in_mnists_files_are_refused(idx_folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"is not MNIST: the contents of train-images"):
        load_mnist(idx_folder)


def test_a_single_changed_label_is_noticed(mnist_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(mnist_folder, folder)
    path = folder / IDX_FILES[3]
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[8] = 3
    path.chmod(0o644)
    folder.chmod(0o755)
    path.write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(DatasetError, match="contents of t10k-labels-idx1-ubyte have SHA-256"):
        load_mnist(folder)


def test_swapped_files_are_called_swapped(mnist_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "swapped"
    folder.mkdir()
    for target, source in zip(IDX_FILES, (1, 0, 2, 3), strict=True):
        shutil.copyfile(mnist_folder / IDX_FILES[source], folder / target)
    with pytest.raises(DatasetError, match="seem swapped"):
        load_mnist(folder)


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def web_root(tmp_path: Path) -> Path:
    root = tmp_path / "web"
    root.mkdir()
    return root


@pytest.fixture
def web(web_root: Path) -> Iterator[str]:
    """A mirror of our own on loopback."""
    handler = partial(_Handler, directory=str(web_root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_fetching_passes_over_broken_mirrors_and_reports_progress(
    web: str, web_root: Path, mnist_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(mnist_folder, web_root / "good")
    shutil.copytree(mnist_folder, web_root / "bad")
    (web_root / "bad").chmod(0o755)
    broken = web_root / "bad" / IDX_FILES[0]
    broken.chmod(0o644)
    broken.write_bytes(broken.read_bytes()[:100_000])
    told: list[tuple[str, int, int]] = []
    folder = fetch_mnist(
        tmp_path / "cache",
        [Mirror(f"{web}{name}/", IDX_FILES) for name in ("absent", "bad", "good")],
        report_progress=lambda *progress: told.append(progress),
    )
    assert sorted(path.name for path in folder.iterdir()) == sorted(IDX_FILES)
    assert load_mnist(folder)[0][0].shape == (60000, 28, 28)
    size = (mnist_folder / IDX_FILES[0]).stat().st_size
    assert (IDX_FILES[0], size, size) in told


def test_failed_fetch_names_each_mirror_and_leaves_nothing(web: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with pytest.raises(DatasetMissingError, match=r"127\.0\.0\.1:.*give it with --data"):
        fetch_mnist(folder, [Mirror(f"{web}absent/", IDX_FILES)])
    assert list(folder.iterdir()) == []


def test_fetching_stops_at_the_time_limit(web: str, web_root: Path, tmp_path: Path) -> None:
    (web_root / "mnist.npz").write_bytes(b"x" * 1000)
    with pytest.raises(DatasetMissingError, match="time limit"):
        fetch_mnist(tmp_path / "cache", [Mirror(web, ("mnist.npz",))], timeout_seconds=-1)


def test_reviewed_labels_differ_in_fifteen_places(mnist_folder: Path) -> None:
    official = read_idx_labels(mnist_folder / IDX_FILES[3])
    reviewed = reviewed_test_labels(official)
    changed = np.flatnonzero(reviewed != official)
    assert len(changed) == 15
    assert (reviewed == UNREADABLE).sum() == 5
    assert (official[947], reviewed[947]) == (8, 9)


def test_reviewed_labels_refuse_another_test_set(mnist_folder: Path) -> None:
    labels = read_idx_labels(mnist_folder / IDX_FILES[1])[:10000]
    with pytest.raises(DatasetError, match="MNIST's own test set only"):
        reviewed_test_labels(labels)
    assert read_idx_images(mnist_folder / IDX_FILES[2]).shape == (10000, 28, 28)
