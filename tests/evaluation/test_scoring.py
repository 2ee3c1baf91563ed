"""An evaluation leaves every file that the run folder promises, and they agree."""

import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from keras_digits.data.datasets import Dataset
from keras_digits.errors import DatasetError, ModelFileError, OutputError, RunError
from keras_digits.evaluation.comparison import compare, comparison_figure
from keras_digits.evaluation.plots import learning_curves, mistakes, save_png
from keras_digits.evaluation.report import recipe_command, run_command
from keras_digits.evaluation.scoring import evaluate, write_submission
from keras_digits.training.fit import train
from keras_digits.training.recipe import Recipe
from keras_digits.training.run import Run, create_run, open_run

FILES = {
    "recipe.json",
    "history.csv",
    "checkpoint",
    "model.keras",
    "predictions.csv",
    "metrics.json",
    "report.html",
    "digits.onnx",
    "README.md",
    "accuracy.png",
    "loss.png",
    "confusion_matrix.png",
    "reliability.png",
    "declining.png",
    "mistakes.png",
}


def test_run_folder_holds_what_is_promised_and_nothing_else(trained_run: Run) -> None:
    assert {path.name for path in trained_run.folder.iterdir()} == FILES


def test_predictions_and_metrics_agree(trained_run: Run, optdigits: Dataset) -> None:
    with (trained_run.folder / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["index", "label", "prediction", *(f"p{d}" for d in range(10))]
    assert [int(row["label"]) for row in rows] == optdigits.test.known_labels().tolist()
    probabilities = np.array([[float(row[f"p{d}"]) for d in range(10)] for row in rows])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    right = sum(row["label"] == row["prediction"] for row in rows)
    metrics = trained_run.metrics()
    assert metrics["accuracy"]["correct"] == right
    assert metrics["accuracy"]["count"] == len(rows) == 257
    last = trained_run.history()[-1]
    assert metrics["accuracy"]["value"] == pytest.approx(last["val_accuracy"], abs=1e-6)
    assert metrics["loss"] == pytest.approx(last["val_loss"], rel=1e-4)


def test_metrics_name_recipe_data_versions_and_machine(trained_run: Run) -> None:
    metrics = trained_run.metrics()
    assert metrics["recipe"] == trained_run.recipe.to_dict()
    assert metrics["dataset"]["name"] == "optdigits"
    assert metrics["environment"]["versions"]["keras"]
    assert metrics["environment"]["processor"]
    assert metrics["training"]["epochs"] == 3


class _Page(HTMLParser):
    """Collects what a page would load, and checks that tags close."""

    VOID = frozenset({"meta", "img", "path", "use", "rect", "line", "br", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_report_is_one_self_contained_page(trained_run: Run) -> None:
    text = trained_run.report_path.read_text("utf-8")
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert page.loads
    assert all(load.startswith(("data:image/png;base64,", "#")) for load in page.loads)
    assert "url(http" not in text
    value = trained_run.metrics()["accuracy"]["value"]
    assert f"{100 * value:.2f} %" in text
    assert "optdigits" in text
    assert text.count("<figure>") == min(24, 257 - trained_run.metrics()["accuracy"]["correct"])


def test_pictures_are_real_and_not_blank(trained_run: Run) -> None:
    for path in trained_run.folder.glob("*.png"):
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L"))
        assert min(pixels.shape) > 300
        assert pixels.std() > 5, path


def test_card_has_the_head_that_hubs_read(trained_run: Run) -> None:
    card = (trained_run.folder / "README.md").read_text("utf-8")
    head = re.match(r"---\n(.+?)\n---\n", card, re.DOTALL)
    assert head is not None
    assert "pipeline_tag: image-classification" in head[1]
    assert f"{100 * trained_run.metrics()['accuracy']['value']:.2f} %" in card


def test_command_in_the_report_makes_the_same_recipe() -> None:
    recipe = Recipe(optimizer="adam", learning_rate=0.01, data="my digits/a.csv", seed=4)
    command = recipe_command(recipe.to_dict())
    assert command == (
        "digits train --optimizer adam --learning-rate 0.01 --seed 4 --data 'my digits/a.csv'"
    )
    assert recipe_command(Recipe().to_dict()) == "digits train"


def test_report_repeats_the_set_that_was_used(trained_run: Run) -> None:
    command = "digits train --optimizer adam --epochs 3 --dataset optdigits"
    assert run_command(trained_run.metrics()) == command
    on_jax = {**trained_run.metrics(), "environment": {"backend": "jax"}}
    assert run_command(on_jax) == f"KERAS_BACKEND=jax {command}"


def test_other_digits_go_to_a_folder_of_their_own(
    trained_run: Run, idx_folder: Path, tmp_path: Path
) -> None:
    before = (trained_run.folder / "metrics.json").read_bytes()
    evaluation = evaluate(
        trained_run, idx_folder / "t10k-images-idx3-ubyte.gz", out=tmp_path / "elsewhere"
    )
    assert evaluation.metrics["accuracy"] == trained_run.metrics()["accuracy"]
    assert evaluation.metrics["test_set"]["name"] == "t10k-images-idx3-ubyte.gz"
    names = {path.name for path in evaluation.folder.iterdir()}
    assert names == FILES - {
        *("recipe.json", "history.csv", "checkpoint", "model.keras", "digits.onnx", "README.md"),
        *("accuracy.png", "loss.png"),
    }
    assert (trained_run.folder / "metrics.json").read_bytes() == before


def test_figures_on_other_digits_do_not_stand_beside_the_run_s_own(
    trained_run: Run, idx_folder: Path
) -> None:
    evaluate(trained_run, out="out")
    assert {"README.md", "accuracy.png", "loss.png"} <= {
        path.name for path in Path("out").iterdir()
    }
    evaluate(trained_run, idx_folder / "t10k-images-idx3-ubyte.gz", out="out")
    names = {path.name for path in Path("out").iterdir()}
    assert not {"README.md", "accuracy.png", "loss.png"} & names


def test_digits_that_a_run_learned_from_are_told(
    trained_run: Run, idx_folder: Path, optdigits: Dataset
) -> None:
    learned = evaluate(trained_run, idx_folder / "train-images-idx3-ubyte.gz", out="learned")
    assert "learned from these very digits" in learned.summary()
    assert "learned from these very digits" in learned.report_path.read_text("utf-8")
    others = evaluate(trained_run, idx_folder / "t10k-images-idx3-ubyte.gz", out="others")
    assert "learned from these" not in others.summary() + others.report_path.read_text("utf-8")


def test_runs_own_digits_count_only_where_it_was_not_trained_on_them(
    trained_run: Run, idx_folder: Path, optdigits: Dataset
) -> None:
    np.savez("mine.npz", images=optdigits.train.images, labels=optdigits.train.known_labels())
    run = train(Recipe(data="mine.npz", epochs=1), out="run")
    own = evaluate(run)
    again = evaluate(run, "mine.npz")
    assert own.metrics["accuracy"] == again.metrics["accuracy"]
    assert again.metrics["accuracy"]["count"] == 220


def test_of_a_kaggle_folder_that_was_trained_on_only_what_was_held_out_counts(
    optdigits: Dataset,
) -> None:
    Path("kaggle").mkdir()
    train_digits, unlabelled = optdigits.train, optdigits.test.images[:20]
    pixels = train_digits.images[:140].reshape(-1, 784)
    table = np.column_stack([train_digits.known_labels()[:140], pixels])
    np.savetxt("kaggle/train.csv", table, "%d", ",")
    np.savetxt("kaggle/test.csv", unlabelled.reshape(-1, 784), "%d", ",")
    run = train(Recipe(data="kaggle", epochs=1), out="run")
    own = evaluate(run)
    again = evaluate(run, "kaggle")
    assert again.metrics["accuracy"]["count"] == 20
    assert again.metrics["accuracy"] == own.metrics["accuracy"]
    assert again.test_set.is_own


def test_digits_of_one_name_have_a_folder_each(trained_run: Run, optdigits: Dataset) -> None:
    run = open_run(shutil.copytree(trained_run.folder, "run"))
    for start, name in enumerate("abc"):
        Path(name).mkdir()
        part = slice(10 * start, 10 * start + 10)
        labels = optdigits.test.known_labels()[part]
        np.savez(f"{name}/mine.npz", images=optdigits.test.images[part], labels=labels)
    folders = [evaluate(run, f"{name}/mine.npz").folder.name for name in "abcab"]
    first, second = "evaluation-mine.npz", "evaluation-mine.npz-2"
    assert folders == [first, second, "evaluation-mine.npz-3", first, second]


def test_figures_under_corruption_are_of_the_very_digits(
    trained_run: Run, optdigits: Dataset
) -> None:
    images, labels = optdigits.test.images[:3], optdigits.test.known_labels()[:3]
    for name, order in (("a", slice(None)), ("b", slice(None, None, -1))):
        Path(name).mkdir()
        np.savez(f"{name}/mine.npz", images=images[order], labels=labels[order])
    ours = evaluate(trained_run, "a/mine.npz", out="out", corruptions=True)
    others = evaluate(trained_run, "b/mine.npz", out="out")
    assert others.metrics["accuracy"] == ours.metrics["accuracy"]
    assert others.corruptions is None
    assert evaluate(trained_run, "a/mine.npz", out="out").corruptions == ours.corruptions


def test_own_figures_of_a_run_are_not_overwritten_by_others(
    trained_run: Run, idx_folder: Path
) -> None:
    with pytest.raises(RunError, match="Name another --out"):
        evaluate(trained_run, idx_folder / "t10k-images-idx3-ubyte.gz", out=trained_run.folder)


def test_figures_of_another_run_are_not_overwritten(trained_run: Run, optdigits: Dataset) -> None:
    shutil.copytree(trained_run.folder, "other")
    before = Path("other/metrics.json").read_bytes()
    with pytest.raises(RunError, match="Name another --out"):
        evaluate(trained_run, dataset=optdigits, out="other")
    assert Path("other/metrics.json").read_bytes() == before


def test_only_a_model_card_gives_way_to_a_model_card(
    trained_run: Run, optdigits: Dataset, idx_folder: Path
) -> None:
    Path("project").mkdir()
    Path("project/README.md").write_text("# My project\n")
    with pytest.raises(OutputError, match=r"project/README\.md is there already .* --out\.$"):
        evaluate(trained_run, dataset=optdigits, out="project")
    assert [path.name for path in Path("project").iterdir()] == ["README.md"]
    assert Path("project/README.md").read_text() == "# My project\n"
    evaluate(trained_run, idx_folder / "t10k-images-idx3-ubyte.gz", out="project")  # has no card
    assert Path("project/README.md").read_text() == "# My project\n"
    shutil.copy(trained_run.folder / "README.md", "project")
    evaluate(trained_run, dataset=optdigits, out="project")
    assert Path("project/metrics.json").is_file()


def test_choosing_callbacks_are_owned_up_to(optdigits: Dataset) -> None:
    stop = keras.callbacks.EarlyStopping()
    recipe = Recipe(dataset="optdigits", epochs=1)
    run = train(recipe, out="run", dataset=optdigits, callbacks=[stop])
    evaluation = evaluate(run, dataset=optdigits)
    assert "watching, not choosing" not in evaluation.summary()
    for name in ("report.html", "README.md"):
        text = (run.folder / name).read_text("utf-8")
        assert "EarlyStopping" in text
        assert "flatters" in text


def test_runs_named_like_mark_up_can_be_compared(tmp_path: Path) -> None:
    row = {"epoch": 1, "accuracy": 0.5, "loss": 1.0, "val_accuracy": 0.4, "val_loss": 1.2}
    figure = learning_curves({r"$\x$": [row], "_hidden": [row]}, "test")
    save_png(figure, tmp_path / "curves.png")
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == [r" $\x$", " _hidden"]


def test_mnists_test_set_gets_reviewed_figures_too(trained_run: Run, mnist_folder: Path) -> None:
    metrics = evaluate(trained_run, mnist_folder, out="mnist").metrics
    assert metrics["accuracy"]["count"] == 10_000
    assert metrics["accuracy_reviewed"]["count"] == 9_995
    assert "on reviewed labels" in Path("mnist/report.html").read_text("utf-8")


def test_submission_counts_from_one_and_needs_no_labels(
    trained_run: Run, optdigits: Dataset, tmp_path: Path
) -> None:
    header = ",".join(f"pixel{index}" for index in range(784))
    np.savetxt(
        tmp_path / "test.csv",
        optdigits.test.images.reshape(-1, 784),
        "%d",
        ",",
        header=header,
        comments="",
    )
    assert write_submission(trained_run, tmp_path / "test.csv", "submission.csv") == 257
    lines = Path("submission.csv").read_text().splitlines()
    assert lines[0] == "ImageId,Label"
    assert lines[1].startswith("1,")
    assert lines[-1].startswith("257,")
    with (trained_run.folder / "predictions.csv").open(newline="") as file:
        predictions = [row["prediction"] for row in csv.DictReader(file)]
    assert [line.split(",")[1] for line in lines[1:]] == predictions
    with pytest.raises(DatasetError, match="no labels"):
        evaluate(trained_run, tmp_path / "test.csv")


def test_submission_takes_the_place_of_nothing_but_a_submission(
    trained_run: Run, optdigits: Dataset
) -> None:
    np.savetxt("mine.csv", optdigits.test.images[:3].reshape(-1, 784), "%d", ",")
    before = Path("mine.csv").read_bytes()
    with pytest.raises(OutputError, match=r"mine\.csv is there already and is no submission"):
        write_submission(trained_run, "mine.csv", "mine.csv")
    assert Path("mine.csv").read_bytes() == before
    for _ in range(2):
        assert write_submission(trained_run, "mine.csv", "submission.csv") == 3


def test_run_that_is_not_trained_cannot_be_tested(optdigits: Dataset) -> None:
    run = create_run(Path("run"), Recipe(dataset="optdigits"), optdigits, "tensorflow")
    with pytest.raises(ModelFileError, match="has no trained network yet"):
        evaluate(run, dataset=optdigits, out="report")
    assert not Path("report").exists()


def test_comparison_names_what_differs_and_sorts_by_accuracy(
    trained_run: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(trained_run.folder, other)
    facts = json.loads((other / "recipe.json").read_text())
    facts["recipe"]["optimizer"] = "lion"
    (other / "recipe.json").write_text(json.dumps(facts))
    metrics = json.loads((other / "metrics.json").read_text())
    metrics["accuracy"]["value"] = 0.999
    (other / "metrics.json").write_text(json.dumps(metrics))
    rows = compare([trained_run, open_run(other)])
    assert [row.run for row in rows] == ["other", "trained"]
    assert [row.settings for row in rows] == [{"optimizer": "lion"}, {"optimizer": "adam"}]
    labels = comparison_figure([trained_run, open_run(other)]).axes[0].get_legend().get_texts()
    assert [label.get_text() for label in labels] == [" trained", " other"]


def test_comparison_tells_sets_of_one_name_apart(trained_run: Run, tmp_path: Path) -> None:
    shutil.copytree(trained_run.folder, tmp_path / "same")
    other = Path(shutil.copytree(trained_run.folder, tmp_path / "other"))
    facts = json.loads((other / "recipe.json").read_text())
    facts["dataset"]["sha256"][0] = "0" * 64
    (other / "recipe.json").write_text(json.dumps(facts))
    runs = [trained_run, open_run(tmp_path / "same"), open_run(other)]
    assert [row.dataset for row in compare(runs[:2])] == ["optdigits", "optdigits"]
    datasets = {row.run: row.dataset for row in compare(runs)}
    assert datasets == {
        "trained": "optdigits, set 1",
        "same": "optdigits, set 1",
        "other": "optdigits, set 2",
    }


def test_comparison_wants_two_different_finished_runs(trained_run: Run, optdigits: Dataset) -> None:
    fresh = create_run(Path("fresh"), Recipe(), optdigits, "tensorflow")
    for runs, message in (
        ([trained_run], "at least two"),
        ([trained_run, trained_run], "named twice"),
        ([trained_run, fresh], "Train it to its end: digits train --resume fresh"),
    ):
        with pytest.raises(RunError, match=message):
            compare(runs)


def test_pictures_of_one_epoch_and_of_no_mistakes_can_be_drawn(tmp_path: Path) -> None:
    row = {"epoch": 1, "accuracy": 0.5, "loss": 1.0, "val_accuracy": 0.4, "val_loss": 1.2}
    save_png(learning_curves({"run": [row]}, "test"), tmp_path / "curves.png")
    none = np.empty((0, 28, 28), np.uint8)
    figure = mistakes(none, np.empty(0, np.uint8), np.empty((0, 10), np.float32))
    save_png(figure, tmp_path / "mistakes.png")
    with Image.open(tmp_path / "mistakes.png") as picture:
        assert min(picture.size) > 100
