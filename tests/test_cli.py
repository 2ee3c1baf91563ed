"""The shell's face: what it prints, where it puts things, how it refuses."""

import inspect
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from keras_digits import cli
from keras_digits.cli import main, training
from keras_digits.data.datasets import Dataset
from keras_digits.training.recipe import Recipe
from keras_digits.training.run import Run, begin_comparison, open_run

QUICK = ("--dataset", "optdigits", "--epochs", "1")


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused; its one line."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1, printed.err
    assert printed.err.startswith("digits: ")
    return printed.err


def test_flags_mirror_the_recipe() -> None:
    flags = set(inspect.signature(cli.train).parameters)
    assert flags == set(Recipe.__dataclass_fields__) | {"out", "resume"}


def test_train_prints_what_the_tutorial_prints_and_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", *QUICK, "--precision", "auto", "--out", "run"]) == 0
    printed = capsys.readouterr().out
    for text in (
        f"Precision: {open_run('run').recipe.precision}; ",
        "x_train (1540, 28, 28), y_train (1540,): 1540 train samples",
        "Using Keras",
        "Total params: 669,706",
        "val_accuracy",
        "Test score: ",
        "watching, not choosing",
        "Report: run/report.html",
    ):
        assert text in printed
    accuracy = open_run("run").metrics()["accuracy"]
    assert f"Test accuracy: {accuracy['value']:.4f}" in printed
    assert f"{accuracy['correct']:,} of 257 right" in printed
    assert open_run("run").is_finished


def test_train_puts_runs_into_dated_folders(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *QUICK]) == 0
    (folder,) = Path("runs").iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-article-sgd", folder.name)


@pytest.mark.slow
def test_several_optimizers_are_trained_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--optimizer", "sgd", "--optimizer", "adam", "--optimizer", "sgd")
    assert main(["train", *QUICK, *flags, "--out", "both"]) == 0
    printed = capsys.readouterr().out
    table = printed[printed.index("s/epoch") :]
    assert table.index("adam") < table.index("sgd")
    assert Path("both/comparison.png").is_file()
    files = {"adam", "comparison.json", "comparison.png", "sgd"}
    assert {path.name for path in Path("both").iterdir()} == files
    shutil.rmtree("both/adam")  # as if it had been interrupted before the second
    assert main(["train", "--resume", "both"]) == 0
    printed = capsys.readouterr().out
    assert "both/sgd is complete" in printed
    assert "Learning curves: both/comparison.png" in printed
    assert open_run("both/adam").is_finished
    assert "is a comparison of runs; name one of those in it: sgd, adam" in refusal(
        capsys, "evaluate", "both"
    )


@pytest.mark.slow
def test_comparison_of_which_nothing_is_left_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    rate = ("--network", "quick", "--learning-rate", "1e30")  # no network survives it
    flags = ("--optimizer", "sgd", "--optimizer", "adam", *rate)
    assert main(["train", *QUICK, *flags, "--out", "both"]) == 2
    printed = capsys.readouterr()
    assert printed.out.count("is left out") == 2
    assert "of 2 networks none is left" in printed.err
    assert "smaller --learning-rate" in printed.err


def test_comparison_that_is_refused_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--optimizer", "sgd", "--optimizer", "adam", "--validation-split", "0.0001"]
    assert main(["train", *QUICK, *flags, "--out", "both"]) == 2
    assert "leaves none on one side" in capsys.readouterr().err
    assert not Path("both").exists()


def test_comparison_that_was_begun_on_other_digits_is_refused_before_training(
    capsys: pytest.CaptureFixture[str], trained_run: Run, optdigits: Dataset
) -> None:
    np.savez("mine.npz", images=optdigits.test.images, labels=optdigits.test.known_labels())
    names = ("sgd", "adam")
    begin_comparison(Path("both"), [Recipe(optimizer=name, data="mine.npz") for name in names])
    shutil.copytree(trained_run.folder, "both/adam")
    facts = json.loads(Path("both/adam/recipe.json").read_text())
    facts["recipe"] |= {"dataset": "auto", "data": str(Path("mine.npz").absolute())}
    Path("both/adam/recipe.json").write_text(json.dumps(facts))
    line = refusal(capsys, "train", "--resume", "both")
    assert "both/adam was trained on optdigits from scikit-learn, and these digits are" in line
    assert {path.name for path in Path("both").iterdir()} == {"adam", "comparison.json"}


def test_comparison_goes_on_with_the_digits_that_it_was_begun_on(
    trained_run: Run, idx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_DIGITS_DATA", str(idx_folder))  # when it was begun, nothing was there
    names = ("adam", "rmsprop")
    begin_comparison(Path("both"), [Recipe(optimizer=name, epochs=1) for name in names])
    shutil.copytree(trained_run.folder, "both/adam")
    assert main(["train", "--resume", "both"]) == 0
    assert open_run("both/rmsprop").dataset["name"] == "optdigits"


def test_compare_evaluate_and_submission(
    capsys: pytest.CaptureFixture[str], trained_run: Run, tmp_path: Path, idx_folder: Path
) -> None:
    shutil.copytree(trained_run.folder, "copy")
    assert main(["compare", str(trained_run.folder), "copy"]) == 0
    assert "Learning curves: comparison.png" in capsys.readouterr().out
    assert Path("comparison.png").is_file()
    before = (trained_run.folder / "predictions.csv").read_bytes()
    assert main(["evaluate", "copy"]) == 0
    assert Path("copy/predictions.csv").read_bytes() == before
    test_images = idx_folder / "t10k-images-idx3-ubyte.gz"
    assert main(["evaluate", "copy", "--data", str(test_images)]) == 0
    assert f"Report: copy/evaluation-{test_images.name}/report.html" in capsys.readouterr().out
    assert main(["evaluate", "copy", "--data", str(idx_folder), "--submission", "s.csv"]) == 0
    assert Path("s.csv").read_text().startswith("ImageId,Label\n1,")


def test_data_says_what_is_here_and_draws_it(
    capsys: pytest.CaptureFixture[str], mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_DIGITS_DATA", str(mnist_folder))
    assert main(["data"]) == 0
    printed = capsys.readouterr().out
    assert f"MNIST in KERAS_DIGITS_DATA: verified ({mnist_folder})" in printed
    assert "MNIST in our cache: not there" in printed
    assert "train by digit: 0:5923  1:6742" in printed
    assert Path("samples.png").is_file()


def test_data_calls_broken_mnist_broken(
    capsys: pytest.CaptureFixture[str], idx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_DIGITS_DATA", str(idx_folder))
    assert main(["data"]) == 2
    printed = capsys.readouterr()
    assert "MNIST in KERAS_DIGITS_DATA: broken" in printed.out
    assert "is not MNIST" in printed.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["train", "--network", "cnn"],
            "network is 'cnn'; expected one of article, convnet, quick, compact, vgg, lines.",
        ),
        (["train", "--optimizer", "sdg"], "optimizer is 'sdg'; expected one of sgd, rmsprop"),
        (["train", "--epochs", "many"], "Invalid value for '--epochs'"),
        (["train", "--epoch", "3"], "--epoch"),
        (["train", "--learning-rate", "0"], "learning_rate is 0.0; expected a number above 0"),
        (["train", "--dataset", "mnist"], "give it with --data or KERAS_DIGITS_DATA"),
        (["train", "--data", "absent.csv"], "absent.csv does not exist"),
        (
            ["train", "--resume", "absent"],
            "absent is no folder. Name a folder that digits train made",
        ),
        (["train", "--resume", "x", "--seed", "3"], "recipe from x; drop --seed."),
        (["data", "--sheet", "."], ". is a folder; expected the path of a file"),
        (["evaluate", "absent"], "absent is no folder. Name"),
        (["evaluate", "x", "--submission", "s.csv"], "--submission wants the digits in --data"),
        (["compare", "absent", "absent"], "absent is no folder. Name"),
        (["data", "--dataset", "cifar"], "dataset is 'cifar'; expected one of auto, mnist"),
        (["serve", "--processes", "0"], "--processes is 0; expected a number from 1 to 256"),
        (["serve", "--max-megabytes", "0"], "--max-megabytes is 0; expected a number above 0"),
        (["serve", "--max-megapixels", "nan"], "--max-megapixels is nan; expected"),
        (["serve", "--token", "abc "], "begins or ends with a space"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert message in refusal(capsys, *arguments)
    assert not Path("runs").exists()


def test_an_empty_token_locks_nothing_and_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_DIGITS_TOKEN", "")
    assert "the token is empty" in refusal(capsys, "serve", "--port", "0")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--validation-split", "0.0001"), "leaves none on one side"),
        (("--start", "absent"), "absent is no folder. Name"),
    ],
)
def test_training_that_is_refused_leaves_no_folder(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], message: str
) -> None:
    for out in ((), ("--out", "mine")):
        assert message in refusal(capsys, "train", *QUICK, *flags, *out)
    assert not list(Path("runs").iterdir())
    assert not Path("mine").exists()


def test_training_into_the_folder_one_stands_in_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("here").mkdir()
    monkeypatch.chdir("here")
    assert "absent.onnx" in refusal(
        capsys, "train", *QUICK, "--network", "compact", "--start", "absent.onnx", "--out", "."
    )


def test_training_without_keras_leaves_no_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ModuleNotFoundError("No module named 'keras'", name="keras")

    monkeypatch.setattr(training, "start_keras", fail)
    assert "pip install 'keras-digits[train]'" in refusal(capsys, "train", *QUICK)
    assert not list(Path("runs").iterdir())


def test_empty_folder_can_not_be_resumed_and_stays(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert "empty holds no recipe.json. Name" in refusal(capsys, "train", "--resume", "empty")
    assert Path("empty").is_dir()


def test_run_folder_in_use_is_refused(capsys: pytest.CaptureFixture[str], trained_run: Run) -> None:
    line = refusal(capsys, "train", *QUICK, "--out", str(trained_run.folder))
    assert f"digits train --resume {trained_run.folder}" in line


def test_unwritable_folder_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("file").write_text("in the way")
    assert "file/run can't be written" in refusal(capsys, "train", *QUICK, "--out", "file/run")


def test_resuming_a_finished_run_says_where_its_report_is(
    capsys: pytest.CaptureFixture[str], trained_run: Run
) -> None:
    assert main(["train", "--resume", str(trained_run.folder)]) == 0
    assert f"is complete: {trained_run.report_path}" in capsys.readouterr().out


def test_resuming_a_run_killed_after_training_finishes_the_rest(
    capsys: pytest.CaptureFixture[str], trained_run: Run
) -> None:
    shutil.copytree(trained_run.folder, "run")
    for name in ("report.html", "metrics.json", "digits.onnx"):
        (Path("run") / name).unlink()
    assert main(["train", "--resume", "run"]) == 0
    assert open_run("run").is_finished
    assert open_run("run").metrics()["accuracy"] == trained_run.metrics()["accuracy"]


def test_unknown_backend_is_refused_in_one_line() -> None:
    for name, message in (("nonsense", "expected one of tensorflow, jax, torch"),):
        done = subprocess.run(
            [sys.executable, "-m", "keras_digits.cli", "train", *QUICK],
            env={**os.environ, "KERAS_BACKEND": name},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count("\n") == 1


def test_name_that_is_no_text_is_refused_in_one_line(optdigits: Dataset) -> None:
    np.savez("mine.npz", images=optdigits.test.images, labels=optdigits.test.known_labels())
    Path("mine.npz").rename(os.fsdecode(b"m\xff.npz"))
    command = [sys.executable, "-m", "keras_digits.cli", "data", "--data", b"m\xff.npz"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONUTF8": "1"})
    assert done.returncode == 2
    assert b"expected a path in UTF-8. Rename it." in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_no_words_at_all_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "Usage: digits [OPTIONS] COMMAND" in capsys.readouterr().out


def test_help_and_version_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert main(["train", "--help"]) == 0
    printed = capsys.readouterr().out
    assert "keras-digits 0.1.0" in printed
    for name in Recipe.__dataclass_fields__:
        assert f"--{name.replace('_', '-')}" in printed


def start_training(*flags: str, **options: object) -> subprocess.Popen[str]:
    """`digits train` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "keras_digits.cli", "train", "--out", "run", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        **options,  # type: ignore[call-overload]
    )


def wait_for_checkpoint(process: subprocess.Popen[str]) -> None:
    """Until one epoch of a training is kept."""
    while not list(Path("run/checkpoint").glob("epoch-*.keras")):
        assert process.poll() is None
        time.sleep(0.05)


def test_ctrl_c_keeps_the_checkpoint_and_says_how_to_go_on() -> None:
    # Where the suite runs in the background, a shell has Ctrl-C ignored, and children inherit that.
    heed_ctrl_c = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = start_training("--dataset", "optdigits", "--epochs", "5000", preexec_fn=heed_ctrl_c)
    wait_for_checkpoint(process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"\d+ of 5000 epochs are kept\. Go on with: digits train", errors)
    assert errors.endswith("Stopped.\n")
    assert "Traceback" not in errors
    assert open_run("run").latest_checkpoint() is not None


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_full_disk_ends_training_in_one_line_and_keeps_the_last_checkpoint() -> None:
    heed = partial(signal.signal, signal.SIGXFSZ, signal.SIG_IGN)
    process = start_training("--dataset", "optdigits", "--epochs", "5000", preexec_fn=heed)
    wait_for_checkpoint(process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2, errors
    assert errors.count("\n") == 1, errors
    assert re.search(r"epoch-\d+\.keras can't be written", errors)
    (kept,) = Path("run/checkpoint").iterdir()
    assert zipfile.ZipFile(kept).testzip() is None


def test_the_tutorials_script_runs_for_one_epoch(
    mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Path(__file__).parent.parent / "examples" / "article.py"
    done = subprocess.run(
        [sys.executable, script, "1"],
        env={**os.environ, "KERAS_DIGITS_DATA": str(mnist_folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "60000 train samples" in done.stdout
    accuracy = re.search(r"Test accuracy: ([\d.]+)", done.stdout)
    assert accuracy is not None
    assert 0.15 < float(accuracy[1]) < 0.6


def test_diverged_training_is_named_not_scored(
    capsys: pytest.CaptureFixture[str], optdigits: Dataset
) -> None:
    images = optdigits.train.images
    np.savez("mine.npz", images=images, labels=optdigits.train.known_labels())
    flags = ("--network", "convnet", "--learning-rate", "1e30", "--epochs", "3")
    line = refusal(capsys, "train", "--data", "mine.npz", *flags, "--out", "run")
    assert "its training diverged. Train again with a smaller --learning-rate" in line
