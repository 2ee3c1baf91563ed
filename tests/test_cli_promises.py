"""What is promised of a network is kept from the file to the screen, in every process."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from keras_digits import Reader
from keras_digits.cli import main
from keras_digits.declining import Promises
from keras_digits.reading.accepting import PROMISES
from keras_digits.reading.catalogue import network_path
from pen import write

NEVER_BELOW = 0.9999
"""From which confidence on the network of these tests was never wrong; at every other it was."""


@pytest.fixture
def strict_network() -> str:
    """The network that ships, as if measured to be right only where it is all but certain."""
    confidences = np.repeat([0.5, 0.9, 0.999, 0.99999], 20_000)
    promises = Promises.measure(confidences, confidences > NEVER_BELOW)
    return with_metadata({f"keras_digits.promises.{name}": promises.to_json() for name in PROMISES})


def with_metadata(more: dict[str, str]) -> str:
    """A file with the network that ships, and other metadata."""
    model = onnx.load(network_path(None))
    known = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, {k: v for k, v in (known | more).items() if v})
    onnx.save(model, "strict.onnx")
    return "strict.onnx"


def draw(path: str, text: str) -> str:
    Image.fromarray(write(text)).save(path)
    return path


def shown(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["read", *words]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_what_breaks_the_promise_gets_a_question_mark(
    capsys: pytest.CaptureFixture[str], strict_network: str
) -> None:
    words = (draw("a.png", "7"), "--layout", "digit", "--network", strict_network)
    confidence = Reader().read("a.png", "digit").numbers[0].confidence
    assert 0.5 < confidence < NEVER_BELOW  # else this shows nothing
    assert shown(capsys, *words) == "7\n"
    assert shown(capsys, *words, "--max-error", "0.9") == "7\n"
    assert shown(capsys, *words, "--max-error", "0.01") == "7?\n"
    (number,) = json.loads(shown(capsys, *words, "--json", "--max-error", "0.01"))["numbers"]
    assert (number["text"], number["accepted"]) == ("7", False)
    assert number["digits"][0]["accepted"] is False
    (row,) = csv.DictReader(io.StringIO(shown(capsys, *words, "--csv", "--max-error", "0.9")))
    assert row["accepted"] == "yes"


def test_processes_that_help_keep_the_same_promise(strict_network: str) -> None:
    pictures = [write(str(index % 10)) for index in range(40)]
    reader = Reader(strict_network, max_error=0.01)
    alone = [reader.read(one, "digit").numbers[0].accepted for one in pictures]
    together = [
        one.numbers[0].accepted for one in reader.read_many(pictures * 8, "digit")
    ]  # as many as call for help
    assert together == alone * 8
    assert False in alone


@pytest.mark.parametrize("share", ["0", "1", "-0.1", "nan"])
def test_share_that_is_none_is_refused(capsys: pytest.CaptureFixture[str], share: str) -> None:
    error = shown(capsys, draw("a.png", "7"), f"--max-error={share}", code=2)
    assert "expected a share, 0 < share < 1" in error
    assert error.count("\n") == 1


def test_promise_that_nothing_can_keep_is_refused(
    capsys: pytest.CaptureFixture[str], strict_network: str
) -> None:
    words = (draw("a.png", "7"), "--network", strict_network)
    assert "can't promise" in shown(capsys, *words, "--max-error", "0.000001", code=2)


def test_why_every_number_is_declined_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    few = Promises.measure(np.full(100, 0.99999), np.full(100, True))
    network = with_metadata({"keras_digits.promises.number": few.to_json()})
    words = ("read", draw("a.png", "7"), "--network", network, "--max-error", "0.01")
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.out == "7?\n"
    assert f"expected --max-error {math.ceil(few.least_error() * 1000) / 1000:g}" in captured.err
    assert captured.err.count("\n") == 1
    assert main([*words, "--layout", "digit"]) == 0
    assert capsys.readouterr().err == ""


def test_network_that_nothing_was_measured_of_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = with_metadata({f"keras_digits.promises.{name}": "" for name in PROMISES})
    words = (draw("a.png", "7"), "--network", plain)
    (number,) = json.loads(shown(capsys, *words, "--json"))["numbers"]
    assert number["accepted"] is None
    error = shown(capsys, *words, "--max-error", "0.01", code=2)
    assert "--validation-split" in error


def test_metadata_that_nobody_understands_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    odd = with_metadata({"keras_digits.promises.number": "[[0.5], [1], [2]]"})
    error = shown(capsys, draw("a.png", "7"), "--network", odd, code=2)
    assert "does not understand" in error
    assert error.count("\n") == 1


def test_run_folder_stands_for_its_network(capsys: pytest.CaptureFixture[str]) -> None:
    Path("runs/mine").mkdir(parents=True)
    network = Path(with_metadata({}))
    network.rename("runs/mine/digits.onnx")
    assert shown(capsys, draw("a.png", "7"), "--network", "runs/mine") == "7\n"


def test_network_that_ships_can_promise_what_is_usual_of_every_kind() -> None:
    reader = Reader()
    for layout in ("digit", "number"):
        (number,) = reader.read(write("7"), layout).numbers
        assert number.accepted is not None
        assert number.digits[0].accepted is not None
