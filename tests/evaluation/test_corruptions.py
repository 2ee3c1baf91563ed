"""Corruptions change images and nothing else, and networks are asked of all of them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_digits.cli import main
from keras_digits.data.datasets import Dataset
from keras_digits.digits import Images, Probabilities
from keras_digits.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from keras_digits.evaluation.robustness import corruption_examples, score_corruptions
from keras_digits.evaluation.scoring import evaluate
from keras_digits.training.run import Run

EACH = pytest.mark.parametrize("name", CORRUPTIONS)


@pytest.fixture(scope="module")
def images(optdigits: Dataset) -> Images:
    """Sixty images that nobody may write to."""
    some = optdigits.test.images[:60].copy()
    some.flags.writeable = False
    return some


@pytest.fixture
def few_digits(optdigits: Dataset, tmp_path: Path) -> Path:
    """Twelve labelled digits in a file."""
    digits = optdigits.test
    path = tmp_path / "few.npz"
    np.savez(path, images=digits.images[:12], labels=digits.known_labels()[:12])
    return path


def corrupted(images: Images, name: str, severity: int, seed: int = 7) -> Images:
    return corrupt(images, name, severity, np.random.default_rng(seed))


@EACH
def test_corrupted_images_are_images_still(name: str, images: Images) -> None:
    before = images.copy()
    for severity in SEVERITIES:
        found = corrupted(images, name, severity)
        assert found.shape == images.shape
        assert found.dtype == np.uint8
        assert not np.shares_memory(found, images)
    assert (images == before).all()


@EACH
def test_same_seed_gives_the_same_images(name: str, images: Images) -> None:
    assert (corrupted(images, name, 2) == corrupted(images, name, 2)).all()


def test_another_seed_gives_other_images_where_chance_has_a_part(images: Images) -> None:
    certain = {
        name
        for name in CORRUPTIONS
        if (corrupted(images, name, 2) == corrupted(images, name, 2, seed=8)).all()
    }
    assert certain == {"scale", "brightness", "stripe", "canny_edges"}


@EACH
def test_every_image_is_changed_and_more_so_with_each_severity(name: str, images: Images) -> None:
    changes = []
    for severity in SEVERITIES:
        change = np.abs(corrupted(images, name, severity).astype(int) - images).mean(axis=(1, 2))
        assert change.min() > 0.2
        changes.append(change.mean())
    assert changes[0] < changes[1] < changes[2]


@EACH
def test_images_keep_contrast(name: str, images: Images) -> None:
    hardest = corrupted(images, name, SEVERITIES[-1]).astype(int)
    assert np.ptp(hardest, axis=(1, 2)).min() > 40


@EACH
def test_no_images_are_no_trouble(name: str) -> None:
    assert corrupted(np.empty((0, 28, 28), np.uint8), name, 1).shape == (0, 28, 28)


def test_what_is_said_to_move_moves_so_far() -> None:
    dot = np.zeros((40, 28, 28), np.uint8)
    dot[:, 14, 14] = 255
    distance = CORRUPTIONS["translate"].strengths[1]
    places = np.argwhere(corrupted(dot, "translate", 2))[:, 1:] - 14
    assert (np.abs(places) == distance).all()
    assert len(np.unique(places, axis=0)) == 4
    bar = np.zeros((1, 28, 28), np.uint8)
    bar[:, 4:24, 13:15] = 255
    for name, height, width in (("scale", 14, 2), ("rotate", 19, 10)):
        inked = np.argwhere(corrupted(bar, name, 2)[0] > 64)
        assert np.ptp(inked, axis=0) + 1 == pytest.approx([height, width], abs=1), name


@pytest.mark.parametrize(
    ("name", "severity", "message"),
    [
        ("rain", 1, "name is 'rain'; expected one of shot_noise, impulse_noise, "),
        ("fog", 0, "severity is 0; expected one of 1, 2, 3."),
    ],
)
def test_what_is_unknown_is_refused_in_one_line(
    name: str, severity: int, message: str, images: Images
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        corrupted(images, name, severity)
    assert "\n" not in str(caught.value)


def test_mapping_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CORRUPTIONS["fog"] = CORRUPTIONS["scale"]  # type: ignore[index]


def test_errors_are_means_of_what_was_answered(images: Images) -> None:
    def sees_ink_in_the_corner(images: Images) -> Probabilities:
        is_inked = (images[:, :3, :3] > 64).any(axis=(1, 2))
        return np.eye(10, dtype=np.float32)[is_inked.astype(int)]

    steps: list[tuple[str, int, int]] = []
    labels = np.zeros(len(images), np.uint8)
    found = score_corruptions(
        images, labels, sees_ink_in_the_corner, lambda *step: steps.append(step)
    )
    assert found["clean"]["value"] == 1
    errors = {row["name"]: row["error"] for row in found["corruptions"]}
    assert list(errors) == list(CORRUPTIONS)
    assert errors["scale"] == errors["stripe"] == 0
    assert errors["brightness"] == pytest.approx(2 / 3)  # the mildest is darker than 64
    assert 0 < errors["impulse_noise"] < 1
    assert found["mean_corruption_error"] == pytest.approx(np.mean(list(errors.values())))
    assert [step[1] for step in steps] == list(range(16))
    assert steps[0] == ("shot noise", 0, 15)


def test_examples_are_of_the_first_image(images: Images) -> None:
    examples = corruption_examples(images)
    assert list(examples) == list(CORRUPTIONS)
    assert all(shown.shape == (3, 28, 28) for shown in examples.values())
    assert (examples["stripe"][0] == corrupted(images[:1], "stripe", 1)[0]).all()


@pytest.mark.slow
def test_shell_tests_under_corruptions_and_the_report_shows_it_while_it_holds(
    capsys: pytest.CaptureFixture[str], trained_run: Run, few_digits: Path
) -> None:
    words = ["evaluate", str(trained_run.folder), "--data", str(few_digits), "--out", "out"]
    assert main([*words, "--corruptions"]) == 0
    printed, path = capsys.readouterr().out, Path("out/corruptions.json")
    found = json.loads(path.read_text("utf-8"))
    assert found["run"] == "trained"
    assert found["clean"] == json.loads(Path("out/metrics.json").read_text("utf-8"))["accuracy"]
    mean_error = found["mean_corruption_error"]
    assert f"Mean corruption error: {mean_error:.2%}" in printed
    assert re.search(r"^canny edges +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+\s*$", printed, re.MULTILINE)
    for name in ("corruptions.png", "corrupted.png"):
        with Image.open(Path("out") / name) as picture:
            assert min(picture.size) > 500
            assert np.asarray(picture.convert("L")).std() > 5
    report = Path("out/report.html")
    assert f"<b>{100 * mean_error:.2f} %</b> of answers are wrong" in report.read_text("utf-8")

    report.unlink()
    assert evaluate(trained_run, few_digits, out="out").corruptions == found
    assert report.read_text("utf-8").count('class="harm"') == 1
    path.write_text(json.dumps({**found, "run": "another"}))
    assert evaluate(trained_run, few_digits, out="out").corruptions is None
    assert 'harm"' not in report.read_text("utf-8")
    path.write_text("{")
    assert evaluate(trained_run, few_digits, out="out").corruptions is None
