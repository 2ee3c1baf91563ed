"""What a recipe names becomes digits to train on and digits to test with."""

from pathlib import Path

import numpy as np
import pytest

from keras_digits.data.datasets import Dataset, load_dataset
from keras_digits.data.idx import idx_sha256
from keras_digits.errors import DatasetError, DatasetMissingError


def test_optdigits_are_all_there_and_split_by_class(optdigits: Dataset) -> None:
    assert len(optdigits.train) + len(optdigits.test) == 1797
    shares = [
        np.bincount(part.known_labels()) / len(part) for part in (optdigits.train, optdigits.test)
    ]
    np.testing.assert_allclose(*shares, atol=0.005)
    assert not optdigits.is_mnist
    assert optdigits.reviewed_labels() is None


def test_optdigits_lie_centred_by_mass_like_mnist(optdigits: Dataset) -> None:
    images = optdigits.train.images.astype(float)
    along = np.arange(28)
    centres = (images.sum(axis=1) * along).sum(axis=1) / images.sum(axis=(1, 2))
    assert np.abs(centres - 13.5).max() < 1


def test_no_training_digit_is_a_test_digit(optdigits: Dataset) -> None:
    train = {idx_sha256(image) for image in optdigits.train.images}
    test = {idx_sha256(image) for image in optdigits.test.images}
    assert not train & test


def test_mnist_is_recognised_whatever_the_path_is_called(mnist_folder: Path) -> None:
    dataset = load_dataset("auto", mnist_folder)
    assert (dataset.name, dataset.is_mnist) == ("mnist", True)
    assert dataset.source == str(mnist_folder)
    assert dataset.reviewed_labels() is not None


def test_without_mnist_the_default_goes_on_and_says_so() -> None:
    dataset = load_dataset("auto")
    assert dataset.name == "optdigits"
    assert dataset.note.startswith("MNIST is not on this machine and could not be fetched")
    assert "going on with optdigits, 1,797 digits" in dataset.note


def test_without_mnist_asking_for_it_by_name_stops_with_the_remedy() -> None:
    with pytest.raises(DatasetMissingError, match="give it with --data or KERAS_DIGITS_DATA"):
        load_dataset("mnist")


def test_cache_that_cannot_be_written_does_not_stop_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    dataset = load_dataset("auto")
    assert dataset.name == "optdigits"
    assert "could not be kept" in dataset.note


def test_broken_mnist_is_never_passed_over(
    idx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_DIGITS_DATA", str(idx_folder))
    with pytest.raises(DatasetError, match="is not MNIST"):
        load_dataset("auto")


def test_environment_naming_no_mnist_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_DIGITS_DATA", str(tmp_path / "absent"))
    assert load_dataset("auto").name == "optdigits"


def test_own_set_keeps_its_test_part_and_its_name(idx_folder: Path, optdigits: Dataset) -> None:
    dataset = load_dataset("auto", idx_folder)
    assert dataset.name == idx_folder.name
    assert dataset.digests == optdigits.digests
    assert not dataset.note


def test_own_set_without_test_part_is_split_the_same_way_each_time(
    tmp_path: Path, optdigits: Dataset
) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, images=optdigits.train.images, labels=optdigits.train.known_labels())
    first, second = load_dataset("auto", path), load_dataset("auto", path)
    assert first.digests == second.digests
    assert len(first.test) == 220
    assert "has no test part" in first.note


def test_path_given_as_a_name_is_refused() -> None:
    with pytest.raises(DatasetError, match="expected one of auto, mnist, optdigits"):
        load_dataset("mine.csv")


def test_set_too_small_to_split_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "few.npz", images=np.ones((3, 28, 28), np.uint8), labels=np.arange(3))
    with pytest.raises(DatasetError, match="holds 3 digits; expected at least 10"):
        load_dataset("auto", tmp_path / "few.npz")
