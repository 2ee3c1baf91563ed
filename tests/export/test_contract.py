"""Whatever format a run is exported to, it answers as Keras does, or nothing is written."""

import json
import runpy
import shutil
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow
from numpy.typing import NDArray

from keras_digits.data.datasets import Dataset
from keras_digits.digits import Images
from keras_digits.errors import DigitsError, ModelFileError, OutputError, RunError
from keras_digits.export import contract, export_run
from keras_digits.export.litert import export_litert
from keras_digits.export.saved_model import export_saved_model
from keras_digits.networks import NETWORKS
from keras_digits.training.fit import load_model
from keras_digits.training.recipe import Recipe
from keras_digits.training.run import Run, create_run, open_run

Export: TypeAlias = Callable[[Run | str | Path, Dataset, str | Path | None], Path]

EXPORTS: dict[str, tuple[Export, str]] = {
    "onnx": (export_run, "mine.onnx"),
    "saved_model": (export_saved_model, "mine"),
    "litert": (export_litert, "mine.tflite"),
}
every_format = pytest.mark.parametrize("file_format", EXPORTS)


def answers(file_format: str, path: Path, images: Images) -> dict[str, NDArray[Any]]:
    """What others get from an exported file, by name."""
    if file_format == "onnx":
        session = onnxruntime.InferenceSession(path)
        names = [port.name for port in session.get_outputs()]
        return dict(zip(names, session.run(names, {"images": images}), strict=True))
    if file_format == "saved_model":
        network = tensorflow.saved_model.load(str(path))
        return {name: output.numpy() for name, output in network.serve(images).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # where it can be had is to change
        network = tensorflow.lite.Interpreter(str(path)).get_signature_runner()
    return {name: output.copy() for name, output in network(images=images).items()}


def metadata_of(file_format: str, path: Path) -> dict[str, str]:
    if file_format == "onnx":
        return dict(onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map)
    if file_format == "saved_model":
        return dict(json.loads((path / "keras_digits.json").read_text()))
    with zipfile.ZipFile(path) as archive:
        return dict(json.loads(archive.read("keras_digits.json")))


@pytest.fixture
def run_of_lines(optdigits: Dataset, tmp_path: Path) -> Run:
    """A network as if another process had made it: a layer has the name that Keras gives next."""
    run = create_run(
        tmp_path / "lines", Recipe(network="lines", dataset="optdigits"), optdigits, "tensorflow"
    )
    network = NETWORKS["lines"]
    model = network.finish(network.build("float32"))
    latest = keras.layers.Reshape((1,)).name.removeprefix("reshape").strip("_") or "0"
    model.layers[-1].name = f"reshape_{int(latest) + 1}"
    model.save(run.model_path)
    return run


@every_format
def test_exported_network_answers_as_keras_does(
    file_format: str, trained_run: Run, optdigits: Dataset
) -> None:
    export, name = EXPORTS[file_format]
    path = export(trained_run, optdigits, name)
    assert path == Path(name)
    expected = NETWORKS["article"].probabilities(load_model(trained_run), optdigits.test.images)
    for count in (1, 7, len(expected)):
        logits = answers(file_format, path, optdigits.test.images[:count])["logits"]
        shares = np.exp(logits.astype(np.float64))
        softmax = shares / shares.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(softmax, expected[:count], atol=1e-5)


@every_format
def test_exported_network_goes_with_its_metadata_and_model_card(
    file_format: str, trained_run: Run, optdigits: Dataset
) -> None:
    export, name = EXPORTS[file_format]
    path = export(trained_run, optdigits, name)
    assert metadata_of(file_format, path) == contract.metadata(trained_run)
    card = path / "README.md" if file_format == "saved_model" else Path("mine.md")
    assert card.read_text() == (trained_run.folder / "README.md").read_text()


def test_temperature_of_the_run_goes_along(trained_run: Run, optdigits: Dataset) -> None:
    run = open_run(shutil.copytree(trained_run.folder, "run"))
    graph_file = onnx.load(run.onnx_path)
    calibrated = contract.metadata(run) | {"keras_digits.temperature": "1.2345"}
    onnx.helper.set_model_props(graph_file, calibrated)
    onnx.save(graph_file, run.onnx_path)
    assert metadata_of("saved_model", export_saved_model(run, optdigits)) == calibrated
    assert metadata_of("litert", export_litert(run, optdigits)) == calibrated
    run.onnx_path.unlink()
    found = metadata_of("litert", export_litert(run, optdigits))
    assert found["keras_digits.temperature"] == "1.0"


@every_format
def test_lines_of_any_width_are_read_where_another_process_converts(
    file_format: str,
    run_of_lines: Run,
    optdigits: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / EXPORTS[file_format][1]
    words = ["export", str(run_of_lines.folder), str(path), file_format]
    monkeypatch.setattr(sys, "argv", words)
    runpy.run_module("keras_digits.export", run_name="__main__")
    strips = np.concatenate([optdigits.test.images[:3], optdigits.test.images[3:6]], axis=2)
    given = answers(file_format, path, strips)
    expected = load_model(run_of_lines).predict(strips[..., np.newaxis], verbose=0)
    assert given["logits"].shape == (3, 10)
    np.testing.assert_allclose(given["frames"], expected, atol=1e-5)


def test_other_backends_have_tensorflow_convert_in_a_process_of_its_own(
    trained_run: Run, optdigits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract.backend, "NAME", "jax")
    path = export_litert(trained_run, optdigits, "mine.tflite")
    assert answers("litert", path, optdigits.test.images[:7])["logits"].shape == (7, 10)


@every_format
@pytest.mark.parametrize("was_there", [False, True])
def test_disagreement_is_one_error_and_changes_nothing(
    file_format: str,
    was_there: bool,
    trained_run: Run,
    optdigits: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export, name = EXPORTS[file_format]
    if was_there:
        export(trained_run, optdigits, tmp_path / name)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.setattr(contract, "TOLERANCE", -1)
    with pytest.raises(ModelFileError, match=r"differ from Keras by .* Nothing was written") as got:
        export(trained_run, optdigits, tmp_path / name)
    assert "\n" not in str(got.value)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@every_format
def test_failing_conversion_is_one_error_and_leaves_nothing(
    file_format: str,
    trained_run: Run,
    optdigits: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(run: Run, path: Path) -> None:
        (path / "half" if path.is_dir() else path).write_text("half of")
        raise RuntimeError("no such operation\nand much more")

    export, name = EXPORTS[file_format]
    monkeypatch.setattr(sys.modules[export.__module__], "convert", fail)
    with pytest.raises(ModelFileError, match=f"exported to {file_format}: no such operation$"):
        export(trained_run, optdigits, tmp_path / name)
    assert not list(tmp_path.iterdir())


@every_format
def test_later_export_takes_the_place_of_an_earlier_one(
    file_format: str, trained_run: Run, optdigits: Dataset, tmp_path: Path
) -> None:
    export, name = EXPORTS[file_format]
    for _ in range(2):
        path = export(trained_run.folder, optdigits, tmp_path / "new" / name)
        assert metadata_of(file_format, path)["keras_digits.run"] == "trained"
    scraps = [path.name for path in path.parent.iterdir() if path.name.startswith(".")]
    assert not scraps


def test_run_folder_is_where_exports_go_and_has_their_card(
    trained_run: Run, optdigits: Dataset
) -> None:
    run = open_run(shutil.copytree(trained_run.folder, "run"))
    before = {path.name for path in run.folder.iterdir()}
    assert export_run(run, optdigits) == Path("run/digits.onnx")
    assert export_saved_model(run, optdigits) == Path("run/saved_model")
    assert export_litert(run, optdigits) == Path("run/digits.tflite")
    assert {path.name for path in run.folder.iterdir()} == {
        *before,
        "saved_model",
        "digits.tflite",
    }


def test_export_without_a_model_card_is_refused(trained_run: Run, optdigits: Dataset) -> None:
    run = open_run(shutil.copytree(trained_run.folder, "run"))
    (run.folder / "README.md").unlink()
    for export, name in EXPORTS.values():
        with pytest.raises(RunError, match=r"model card\. Write it: digits evaluate run$"):
            export(run, optdigits, name)
    assert not Path("mine.onnx").exists()


def test_place_that_is_taken_or_misnamed_is_refused(trained_run: Run, optdigits: Dataset) -> None:
    Path("taken").mkdir()
    Path("taken/letter.txt").write_text("dear")
    Path("file").write_text("in the way")
    refused: list[tuple[Export, str, str]] = [
        (export_saved_model, "taken", "taken is there already and holds something else"),
        (export_saved_model, "file", "file is there already"),
        (export_saved_model, "file/mine", "file/mine can't be written"),
        (export_run, "mine.md", "expected one that ends in .onnx"),
        (export_litert, "mine", "expected one that ends in .tflite"),
    ]
    for export, name, message in refused:
        with pytest.raises(OutputError, match=message) as got:
            export(trained_run, optdigits, name)
        assert isinstance(got.value, DigitsError)
        assert "\n" not in str(got.value)
    assert {path.name for path in Path().iterdir()} == {"taken", "file"}
    assert Path("taken/letter.txt").read_text() == "dear"
