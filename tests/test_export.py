"""digits.onnx reads as Keras does, keeps the contract, and is never written when it doesn't."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from keras_digits.data.datasets import Dataset
from keras_digits.errors import DatasetError, ModelFileError
from keras_digits.evaluation.scoring import evaluate
from keras_digits.export import check_parity, export_run
from keras_digits.networks import NETWORKS
from keras_digits.reading.catalogue import shipped_networks
from keras_digits.reading.network import softmax
from keras_digits.training.fit import load_model, train
from keras_digits.training.recipe import PRECISIONS, Recipe
from keras_digits.training.run import Run, open_run


def test_file_keeps_the_contract(trained_run: Run, optdigits: Dataset) -> None:
    session = onnxruntime.InferenceSession(trained_run.onnx_path)
    (images,), (logits,) = session.get_inputs(), session.get_outputs()
    assert (images.name, images.type, images.shape) == ("images", "tensor(uint8)", ["n", 28, 28])
    assert (logits.name, logits.type, logits.shape) == ("logits", "tensor(float)", ["n", 10])
    for count in (1, 3, 257):
        assert session.run(None, {"images": optdigits.test.images[:count]})[0].shape == (count, 10)


def test_file_reads_as_keras_does(trained_run: Run, optdigits: Dataset) -> None:
    session = onnxruntime.InferenceSession(trained_run.onnx_path)
    logits = session.run(None, {"images": optdigits.test.images})[0].astype(np.float64)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    network = NETWORKS[trained_run.recipe.network]
    expected = network.probabilities(load_model(trained_run), optdigits.test.images)
    np.testing.assert_allclose(softmax, expected, atol=1e-5)


def test_file_carries_what_a_reader_must_know(trained_run: Run) -> None:
    model = onnxruntime.InferenceSession(trained_run.onnx_path).get_modelmeta()
    assert model.custom_metadata_map == {
        "keras_digits.version": "0.1.0",
        "keras_digits.run": "trained",
        "keras_digits.network": "article",
        "keras_digits.dataset": "optdigits",
        "keras_digits.split": trained_run.split.to_json(),
        "keras_digits.arithmetic": "float32",
        "keras_digits.temperature": "1.0",
        "keras_digits.rejects": "false",
    }


def test_digits_that_the_run_never_met_are_refused(trained_run: Run, optdigits: Dataset) -> None:
    digests = ("others",) * 4
    with pytest.raises(DatasetError, match="these digits are others"):
        export_run(trained_run, dataclasses.replace(optdigits, digests=digests), "other.onnx")
    assert not Path("other.onnx").exists()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_convnet_is_exported_in_every_precision(precision: str, optdigits: Dataset) -> None:
    recipe = Recipe(network="convnet", dataset="optdigits", epochs=1, precision=precision)
    run = train(recipe, out="run", dataset=optdigits)
    assert export_run(run, optdigits).is_file()


@pytest.fixture(scope="module")
def run_of_lines(optdigits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = Recipe(
        network="lines", dataset="optdigits", epochs=3, batch_size=48, validation_split=0.5
    )
    return train(recipe, out=tmp_path_factory.mktemp("lines") / "run", dataset=optdigits)


@pytest.mark.slow
def test_network_that_reads_lines_is_exported_in_integers(
    run_of_lines: Run, optdigits: Dataset
) -> None:
    run = run_of_lines
    path = export_run(run, optdigits)
    assert path.stat().st_size < 1_300_000  # 1,131,787 weights of a byte
    session = onnxruntime.InferenceSession(path)
    assert session.get_inputs()[0].shape == ["n", 28, "width"]
    assert [(port.name, port.shape) for port in session.get_outputs()] == [
        ("logits", ["n", 10]),
        ("frames", ["n", "frames", 11]),
    ]
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["keras_digits.network"] == "lines"
    assert metadata["keras_digits.rejects"] == "true"
    assert metadata["keras_digits.arithmetic"] == "int8"
    strips = np.concatenate([optdigits.test.images[:6], optdigits.test.images[6:12]], axis=2)
    logits, frames = session.run(None, {"images": strips})
    expected = load_model(run).predict(strips[..., np.newaxis], verbose=0)
    assert logits.shape == (6, 10)
    np.testing.assert_allclose(frames, expected, atol=0.1 * np.abs(expected).max())


@pytest.mark.slow
def test_network_in_integers_is_tested_as_it_ships(run_of_lines: Run, optdigits: Dataset) -> None:
    evaluation = evaluate(run_of_lines, dataset=optdigits)  # exports it, if that is not done
    session = onnxruntime.InferenceSession(run_of_lines.onnx_path)
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["keras_digits.arithmetic"] == "int8"
    (logits,) = session.run(["logits"], {"images": optdigits.test.images})
    logits = logits / np.float32(metadata["keras_digits.temperature"])
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = weights / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(evaluation.probabilities, expected, atol=1e-5)


@pytest.mark.slow
def test_network_whose_answers_integers_would_change_stays_as_it_is(
    run_of_lines: Run, optdigits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keras_digits.export.onnx.MOST_CHANGED", -1)
    shutil.copytree(run_of_lines.folder, "run")
    run = open_run("run")
    session = onnxruntime.InferenceSession(export_run(run, optdigits))
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["keras_digits.arithmetic"] == "float32"
    (frames,) = session.run(["frames"], {"images": optdigits.test.images[:9]})
    expected = load_model(run).predict(optdigits.test.images[:9, ..., np.newaxis], verbose=0)
    np.testing.assert_allclose(frames, expected, atol=1e-4)


@pytest.fixture(scope="module")
def sure_runs(optdigits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Runs that have learned enough for their answers not to hang on rounding."""
    folder = tmp_path_factory.mktemp("sure")
    return {
        network: train(
            Recipe(network=network, dataset="optdigits", optimizer="adam", epochs=15),
            out=folder / network,
            dataset=optdigits,
        )
        for network in ("article", "quick")
    }


@pytest.mark.slow
@pytest.mark.parametrize("network", ["article", "quick"])
def test_integers_are_had_by_asking_and_answer_alike(
    network: str, sure_runs: dict[str, Run], optdigits: Dataset
) -> None:
    run = sure_runs[network]
    images = optdigits.test.images
    plain = export_run(run, optdigits, run.folder / "plain.onnx")
    small = export_run(run, optdigits, arithmetic="int8")
    assert small.stat().st_size < 0.35 * plain.stat().st_size
    sessions = [onnxruntime.InferenceSession(path) for path in (plain, small)]
    metadata = [one.get_modelmeta().custom_metadata_map for one in sessions]
    assert [one["keras_digits.arithmetic"] for one in metadata] == ["float32", "int8"]
    exact, rounded = (one.run(["logits"], {"images": images})[0] for one in sessions)
    difference = np.abs(exact - rounded)
    assert 0 < difference.mean() < 0.03 * np.abs(exact).max()
    found = evaluate(run, dataset=optdigits)  # of what ships, which now is in integers
    np.testing.assert_allclose(found.probabilities, softmax(rounded), atol=1e-6)
    assert np.abs(found.probabilities - softmax(exact)).max() > 1e-4
    assert found.metrics["arithmetic"] == "int8"
    assert "in integers of eight bits" in (run.folder / "README.md").read_text("utf-8")
    export_run(run, optdigits)
    found = evaluate(run, dataset=optdigits)
    np.testing.assert_allclose(found.probabilities, softmax(exact), atol=1e-5)
    assert found.metrics["arithmetic"] == "float32"


def test_files_that_are_not_the_run_s_are_not_evaluated(
    trained_run: Run, optdigits: Dataset
) -> None:
    run = open_run(shutil.copytree(trained_run.folder, "run"))
    shutil.copy(shipped_networks()["compact"].path, run.onnx_path)
    with pytest.raises(ModelFileError, match=r"has network compact, and the run article. Export"):
        evaluate(run, dataset=optdigits)
    run.onnx_path.write_bytes(b"half of a network")
    with pytest.raises(ModelFileError, match="no network that ONNX Runtime can load"):
        evaluate(run, dataset=optdigits)
    run.onnx_path.unlink()
    assert evaluate(run, dataset=optdigits).metrics["arithmetic"] == "float32"


def test_integers_that_would_change_answers_are_refused(
    optdigits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(Recipe(dataset="optdigits", epochs=1), out="run", dataset=optdigits)
    monkeypatch.setattr("keras_digits.export.onnx.MOST_CHANGED", -1)
    with pytest.raises(
        ModelFileError,
        match=r"in integers the network of run answers 0 of 257 test digits otherwise",
    ):
        export_run(run, optdigits, arithmetic="int8")
    assert not run.onnx_path.exists()
    with pytest.raises(ValueError, match="arithmetic is 'int4'; expected float32 or int8"):
        export_run(run, optdigits, arithmetic="int4")


@pytest.mark.parametrize("network", ["article", "convnet", "quick"])
def test_no_file_multiplies_pixels(network: str, optdigits: Dataset) -> None:
    recipe = Recipe(network=network, dataset="optdigits", epochs=1)
    path = export_run(train(recipe, out="run", dataset=optdigits), optdigits)
    assert "Mul" not in {node.op_type for node in onnx.load(path).graph.node}


def test_file_that_disagrees_is_refused(
    trained_run: Run, optdigits: Dataset, tmp_path: Path
) -> None:
    other = train(Recipe(dataset="optdigits", epochs=1), out="other", dataset=optdigits)
    with pytest.raises(ModelFileError, match=r"differ from Keras by .* Nothing was written"):
        check_parity(other, trained_run.onnx_path, optdigits.test.images)


@pytest.mark.slow
def test_other_backends_convert_in_a_process_of_their_own(
    trained_run: Run, tmp_path: Path, optdigits: Dataset
) -> None:
    shutil.copytree(trained_run.folder, tmp_path / "run")
    run = open_run(tmp_path / "run")
    elsewhere = tmp_path / "elsewhere.onnx"
    done = subprocess.run(
        [sys.executable, "-m", "keras_digits.export", str(run.folder), str(elsewhere), "onnx"],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    check_parity(run, elsewhere, optdigits.test.images[:50])
