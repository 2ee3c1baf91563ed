"""Networks that ship are known by name, all others by their path."""

import os
import shutil
from pathlib import Path

import pytest

from keras_digits.errors import ModelFileError
from keras_digits.reading import catalogue
from keras_digits.reading.catalogue import network_path, shipped_networks
from keras_digits.reading.reader import Reader


@pytest.fixture
def two_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in which two networks ship."""
    shipped = shipped_networks()["digits"].path
    for name in ("digits", "compact"):
        for suffix in (".onnx", ".json"):
            shutil.copy(shipped.with_suffix(suffix), tmp_path / f"{name}{suffix}")
    monkeypatch.setattr(catalogue, "_FOLDER", tmp_path)
    return tmp_path


def test_networks_are_listed_with_that_which_reads_by_default_first(two_networks: Path) -> None:
    assert list(shipped_networks()) == ["digits", "compact"]
    compact = shipped_networks()["compact"]
    assert compact.path == two_networks / "compact.onnx"
    assert compact.num_bytes == compact.path.stat().st_size
    assert compact.figures()["network"] == "lines"


def test_name_is_the_path_of_what_ships_wherever_one_stands(two_networks: Path) -> None:
    Path("compact").write_text("a file of one's own that happens to be called so")
    assert network_path("compact") == two_networks / "compact.onnx"
    assert network_path(None) == network_path("digits") == two_networks / "digits.onnx"


@pytest.mark.parametrize(
    "path", [Path("compact"), f".{os.sep}compact", "compact.onnx", "runs/mine"]
)
def test_what_has_a_folder_or_a_suffix_or_is_a_path_is_a_file(path: str | Path) -> None:
    assert network_path(path) == Path(path).absolute()


def test_unknown_name_is_refused_with_the_names_there_are(two_networks: Path) -> None:
    for name in ("compct", "", "Digits"):
        with pytest.raises(ModelFileError, match="expected one of digits, compact, or a file"):
            Reader(name)
