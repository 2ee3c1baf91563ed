"""The commands about files of networks: one for elsewhere, and those that ship."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keras_digits.cli import main
from keras_digits.reading.catalogue import shipped_networks
from keras_digits.training.run import Run


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ((), "mine.onnx"),
        (("--arithmetic", "float32"), "mine.onnx"),
        (("--format", "saved_model"), "mine"),
        (("--format", "litert"), "mine.tflite"),
    ],
)
def test_export_says_where_it_has_written(
    words: tuple[str, ...], out: str, trained_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(trained_run.folder), *words, "--out", out]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith(f"Agrees with Keras on test digits: {out}\n")
    assert Path(out).exists()


def test_export_says_whose_figures_are_of_another_arithmetic(
    trained_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(trained_run.folder, "run"))
    (run / "metrics.json").unlink(missing_ok=True)  # as of a run that wasn't evaluated yet
    assert main(["export", "run"]) == 0
    assert capsys.readouterr().out.endswith("Agrees with Keras on test digits: run/digits.onnx\n")
    (run / "metrics.json").write_text('{"arithmetic": "int8"}', "utf-8")
    assert main(["export", "run"]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("The run's figures are in int8; for the file's: digits evaluate run\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["RUN", "--format", "tflite"], "'tflite' is not one of 'onnx', 'saved_model', 'litert'"),
        (["RUN", "--format", "litert", "--out", "a.onnx"], "expected one that ends in .tflite"),
        (["RUN", "--format", "saved_model", "--out", "a.txt"], "a.txt is there already"),
        (["RUN", "--format", "litert", "--arithmetic", "int8"], "expected none beside --format"),
        (["RUN", "--arithmetic", "int4"], "'int4' is not one of 'float32', 'int8'"),
        (["absent"], "absent is no folder. Name"),
    ],
)
def test_export_that_can_not_be_is_refused_in_one_line(
    words: list[str], message: str, trained_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.txt").write_text("in the way")
    words = [str(trained_run.folder) if word == "RUN" else word for word in words]
    assert main(["export", *words]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["a.txt"]


@pytest.mark.parametrize("file_format", ["saved_model", "litert"])
def test_damaged_network_of_a_run_is_refused_in_one_line(
    file_format: str, trained_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(trained_run.folder, "run"))
    (run / "digits.onnx").write_bytes(b"half of a network")
    before = {path.name for path in run.iterdir()}
    assert main(["export", "run", "--format", file_format]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("digits: run/digits.onnx is no network that ONNX Runtime can load")
    assert printed.count("\n") == 1
    assert {path.name for path in run.iterdir()} == before


def test_weights_lists_what_ships_and_its_worth(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["name", "network"]
    for line, (name, shipped) in zip(lines, shipped_networks().items(), strict=True):
        figures = shipped.figures()
        assert line.split()[:3] == [name, figures["network"], f"{figures['num_weights']:,}"]
        for measure in ("accuracy", "accuracy_reviewed"):
            assert f"{figures[measure]['value']:.2%}" in line


def test_weights_for_programs_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["name"] for one in found] == list(shipped_networks())
    assert found[0]["bytes"] == shipped_networks()["digits"].path.stat().st_size


def test_weights_are_listed_without_anything_that_takes_time_to_import() -> None:
    code = (
        "import sys; from keras_digits.cli import main; main(['weights'])\n"
        "slow = {'keras', 'tensorflow', 'onnxruntime', 'cv2', 'numpy'} & sys.modules.keys()\n"
        "sys.exit(', '.join(slow) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
