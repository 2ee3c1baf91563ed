"""Training ends with the same weights whether it was interrupted or not."""

import dataclasses
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_digits.data.datasets import Dataset, load_dataset
from keras_digits.data.idx import idx_sha256
from keras_digits.errors import DatasetError, ModelFileError, RunError
from keras_digits.export.onnx import export_run
from keras_digits.networks import NETWORKS, backend
from keras_digits.reading.catalogue import shipped_networks
from keras_digits.reading.network import Network
from keras_digits.training.batches import PlainBatches, batches_of
from keras_digits.training.fit import (
    build_optimizer,
    load_model,
    resume,
    split_for_watching,
    train,
)
from keras_digits.training.recipe import OPTIMIZERS, Recipe
from keras_digits.training.run import Run, create_run, new_folder, open_run


class StopAfter(keras.callbacks.Callback):
    """Interrupts training in the middle of an epoch, as Ctrl-C does."""

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__()
        self.epoch, self.batch, self.now = epoch, batch, 0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.now = epoch

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        if (self.now, batch) == (self.epoch, self.batch):
            raise KeyboardInterrupt


def same_weights(one: Run, other: Run) -> bool:
    pairs = zip(load_model(one).get_weights(), load_model(other).get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def slow(**settings: Any) -> Any:
    """A recipe whose test takes long."""
    return pytest.param(Recipe(**settings), marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(dataset="optdigits", epochs=4),
        Recipe(
            dataset="optdigits",
            epochs=4,
            optimizer="adam",
            validation_split=0.2,
            augmentation="sway",
            plain_epochs=1,
        ),
        Recipe(dataset="optdigits", epochs=3, optimizer="adam", precision="mixed_bfloat16"),
        Recipe(dataset="optdigits", epochs=3, network="compact", optimizer="muon"),
        slow(
            dataset="optdigits",
            epochs=3,
            network="convnet",
            optimizer="nadam",
            schedule="cosine",
            augmentation="handwriting",
            non_digits=0.4,
        ),
        slow(
            dataset="optdigits",
            epochs=3,
            batch_size=48,
            validation_split=0.8,
            network="lines",
            optimizer="adamw",
            schedule="cosine",
            precision="mixed_bfloat16",
        ),
    ],
    ids=["article", "adam and split", "bfloat16", "muon", "augmented convnet", "what ships"],
)
def test_resumed_run_ends_with_the_very_weights_of_an_uninterrupted_one(
    recipe: Recipe, optdigits: Dataset
) -> None:
    whole = train(recipe, out="whole", dataset=optdigits)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, out="cut", dataset=optdigits, callbacks=[StopAfter(2, 5)])
    cut = open_run("cut")
    assert not cut.is_trained
    assert cut.latest_checkpoint() == (2, cut.checkpoint_path(2))
    resumed = resume("cut")
    assert same_weights(whole, resumed)
    losses = [[row["loss"] for row in run.history()] for run in (whole, resumed)]
    assert losses[0] == losses[1]
    assert [row["epoch"] for row in resumed.history()] == list(range(1, recipe.epochs + 1))
    lines = Path(resumed.folder, "history.csv").read_text("utf-8").splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == [str(n + 1) for n in range(recipe.epochs)]


@pytest.mark.slow
def test_run_killed_outright_resumes_to_the_very_weights(idx_folder: Path) -> None:
    recipe = Recipe(data=str(idx_folder), epochs=12, optimizer="adam")
    code = (
        "from keras_digits import Recipe, train;"
        f"train(Recipe(data={str(idx_folder)!r}, epochs=12, optimizer='adam'), out='cut')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        for _ in range(1200):
            if list(Path("cut/checkpoint").glob("epoch-000[2-9].keras")):
                break
            assert process.poll() is None, "training ended before it could be killed"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    cut = open_run("cut")
    checkpoint = cut.latest_checkpoint()
    assert checkpoint is not None
    assert 2 <= checkpoint[0] < 12
    assert not cut.is_trained
    assert same_weights(train(recipe, out="whole"), resume("cut"))


def test_kill_between_history_and_checkpoint_loses_that_epoch_only(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits", epochs=3)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, out="cut", dataset=optdigits, callbacks=[StopAfter(1, 3)])
    cut = open_run("cut")
    rows = cut.history()
    cut.write_history([*rows, {**rows[0], "epoch": 2.0, "loss": 99.0}])
    (Path("cut") / "checkpoint" / ".epoch-0002.partial.keras").write_bytes(b"half of")
    assert [row["epoch"] for row in resume("cut").history()] == [1, 2, 3]
    assert all(row["loss"] < 99 for row in cut.history())


def test_interrupted_before_the_first_checkpoint_starts_again(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits", epochs=1)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, out="cut", dataset=optdigits, callbacks=[StopAfter(0, 0)])
    assert open_run("cut").latest_checkpoint() is None
    assert same_weights(resume("cut"), train(recipe, out="whole", dataset=optdigits))


def test_finished_run_is_not_trained_again(trained_run: Run) -> None:
    before = trained_run.model_path.stat().st_mtime_ns
    assert resume(trained_run.folder).model_path.stat().st_mtime_ns == before


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_run_that_held_out_others_is_neither_resumed_nor_calibrated(
    share: float, tmp_path: Path, optdigits: Dataset
) -> None:
    recipe = Recipe(epochs=1, validation_split=share)
    create_run(tmp_path / "run", recipe, optdigits, backend.NAME)
    path = tmp_path / "run" / "recipe.json"
    facts = json.loads(path.read_text("utf-8"))
    del facts["held_out_by"]  # as before there was more than one way
    path.write_text(json.dumps(facts), encoding="utf-8")
    if share:
        with pytest.raises(RunError, match="held out other digits than this version"):
            resume(tmp_path / "run", dataset=optdigits)
        path.write_text(json.dumps(facts | {"held_out_by": "five stretches"}), encoding="utf-8")
    run = resume(tmp_path / "run", dataset=optdigits)
    path.write_text(json.dumps(facts), encoding="utf-8")
    if share:
        with pytest.raises(RunError, match="held out other digits than this version"):
            export_run(run.folder, dataset=optdigits)
        assert not run.onnx_path.exists()
    else:
        export_run(run.folder, dataset=optdigits)


def test_run_whose_digits_have_changed_is_not_resumed(tmp_path: Path, optdigits: Dataset) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, images=optdigits.train.images, labels=optdigits.train.known_labels())
    with pytest.raises(KeyboardInterrupt):
        train(Recipe(data=str(path), epochs=2), out="cut", callbacks=[StopAfter(0, 0)])
    np.savez(path, images=optdigits.test.images, labels=optdigits.test.known_labels())
    with pytest.raises(DatasetError, match="hand them in as dataset="):
        resume("cut")


def test_seed_decides_the_weights(optdigits: Dataset) -> None:
    one, same, other = (
        train(Recipe(dataset="optdigits", epochs=1, seed=seed), out=name, dataset=optdigits)
        for name, seed in (("one", 5), ("same", 5), ("other", 6))
    )
    assert same_weights(one, same)
    assert not same_weights(one, other)


def test_callbacks_reach_keras_and_find_the_epoch_saved(optdigits: Dataset) -> None:
    seen: list[tuple[int, bool]] = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(
            (epoch, Path(f"run/checkpoint/epoch-{epoch + 1:04d}.keras").is_file())
        )
    )
    recipe = Recipe(dataset="optdigits", epochs=2)
    train(recipe, out="run", dataset=optdigits, callbacks=[callback])
    assert seen == [(0, True), (1, True)]


def test_early_stopping_ends_a_run_that_counts_as_trained(optdigits: Dataset) -> None:
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", True)
    )
    run = train(
        Recipe(dataset="optdigits", epochs=9), out="run", dataset=optdigits, callbacks=[stop]
    )
    assert run.is_trained
    assert len(run.history()) == 1


def test_every_training_digit_comes_once_an_epoch_in_an_order_of_its_own(
    optdigits: Dataset,
) -> None:
    network, digits = NETWORKS["convnet"], optdigits.train
    batches = PlainBatches(network, digits, Recipe(batch_size=100, seed=3))
    orders = []
    for epoch in (0, 1, 0):
        batches.start_epoch(epoch)
        images = np.concatenate([batches[index][0] for index in range(len(batches))])
        assert images.shape == (1540, 28, 28, 1)
        assert idx_sha256(np.sort(images, axis=0)) == idx_sha256(
            np.sort(network.prepare(digits.images), axis=0)
        )
        orders.append(idx_sha256(images))
    assert orders[0] == orders[2] != orders[1]


def test_labels_stay_with_their_images_through_shuffling(optdigits: Dataset) -> None:
    network, digits = NETWORKS["convnet"], optdigits.train
    batches = PlainBatches(network, digits, Recipe(batch_size=1540, seed=3))
    batches.start_epoch(4)
    images, targets = batches[0]
    truth = {
        image.tobytes(): label
        for image, label in zip(digits.images, digits.known_labels(), strict=True)
    }
    assert [truth[image.tobytes()] for image in images] == targets.argmax(axis=1).tolist()


def test_last_epochs_see_digits_as_they_are(optdigits: Dataset) -> None:
    settings = {"augmentation": "sway", "plain_epochs": 2, "epochs": 5, "batch_size": 1540}
    recipe = Recipe(**settings, seed=3)  # type: ignore[arg-type]
    batches = batches_of(NETWORKS["convnet"], optdigits.train, recipe)
    known = {image.tobytes() for image in optdigits.train.images}
    shares = []
    for epoch in range(5):
        batches.start_epoch(epoch)
        images, _ = batches[0]
        shares.append(np.mean([image.tobytes() in known for image in images]))
    assert max(shares[:3]) < 0.1
    assert shares[3:] == [1, 1]


def test_validation_digits_are_never_learned_from(optdigits: Dataset) -> None:
    learned, watched = split_for_watching(optdigits, Recipe(validation_split=0.25, seed=9))
    assert (len(learned), len(watched)) == (1155, 385)
    assert not {i.tobytes() for i in learned.images} & {i.tobytes() for i in watched.images}
    again = split_for_watching(optdigits, Recipe(validation_split=0.25, seed=9))[1]
    np.testing.assert_array_equal(watched.images, again.images)


def test_held_out_digits_of_each_kind_lie_beside_each_other(optdigits: Dataset) -> None:
    images = [image.tobytes() for image in optdigits.train.images]
    labels = optdigits.train.known_labels()
    places = []
    for seed in (1, 2):
        recipe = Recipe(validation_split=0.25, seed=seed)
        held_out = {image.tobytes() for image in split_for_watching(optdigits, recipe)[1].images}
        for digit in range(10):
            of_kind = [images[place] in held_out for place in np.flatnonzero(labels == digit)]
            assert sum(of_kind) == pytest.approx(0.25 * len(of_kind), abs=5)
            assert np.count_nonzero(np.diff(of_kind)) <= 2 * 5  # where each stretch begins and ends
            places.append(of_kind.index(True))
    assert places[:10] != places[10:]  # the seed decides


def test_without_a_split_the_test_digits_are_watched(optdigits: Dataset) -> None:
    learned, watched = split_for_watching(optdigits, Recipe())
    assert learned is optdigits.train
    assert watched is optdigits.test


def test_split_that_leaves_nothing_is_refused(optdigits: Dataset) -> None:
    with pytest.raises(DatasetError, match="leaves none on one side"):
        split_for_watching(optdigits, Recipe(validation_split=0.0001))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_can_be_built_with_and_without_a_rate(name: str) -> None:
    assert type(build_optimizer(Recipe(optimizer=name), 100)).__name__.lower() == name
    rate = float(build_optimizer(Recipe(optimizer=name, learning_rate=0.25), 100).learning_rate)
    assert rate == pytest.approx(0.25)


def test_sgds_rate_is_keras_own() -> None:
    ours, keras_own = build_optimizer(Recipe(), 100), keras.optimizers.SGD()
    assert float(ours.learning_rate) == float(keras_own.learning_rate)


def test_taken_folder_is_refused(optdigits: Dataset, trained_run: Run, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    for folder, message in (
        (trained_run.folder, "holds a run already. Go on with it: digits train --resume"),
        (tmp_path / "full", "is not empty"),
    ):
        with pytest.raises(RunError, match=message):
            create_run(folder, Recipe(), optdigits, "tensorflow")


def test_folders_that_hold_no_run_are_refused(tmp_path: Path) -> None:
    for text, message in (
        (None, "holds no recipe.json"),
        ("{", "is broken"),
        ("[]", "holds no JSON object"),
        ("{}", "is no recipe"),
        (
            '{"recipe": {"epochs": 0}, "dataset": {}, "environment": {}, "callbacks": []}',
            "epochs is 0",
        ),
    ):
        if text is not None:
            (tmp_path / "recipe.json").write_text(text)
        with pytest.raises(RunError, match=message):
            open_run(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recipe", None),
        ("recipe", []),
        ("recipe", {"learning_rate": 10**400}),
        ("dataset", "mnist"),
        ("dataset", {}),
        ("environment", {}),
        ("callbacks", 3),
    ],
)
def test_run_whose_facts_were_spoiled_is_refused_in_one_line(
    optdigits: Dataset, name: str, value: object
) -> None:
    create_run(Path("run"), Recipe(), optdigits, "tensorflow")
    file = Path("run/recipe.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: value}))
    with pytest.raises(RunError, match=r"recipe\.json is no recipe"):
        open_run("run")


def test_comparison_of_what_are_no_recipes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text('{"recipes": ["sgd"]}')
    with pytest.raises(RunError, match="is no list of recipes"):
        open_run(tmp_path)


def test_broken_and_missing_networks_are_named(optdigits: Dataset) -> None:
    run = create_run(Path("run"), Recipe(), optdigits, "tensorflow")
    with pytest.raises(ModelFileError, match="Finish it: digits train --resume run"):
        load_model(run)
    run.model_path.write_bytes(b"PK no model")
    with pytest.raises(ModelFileError, match="is no Keras model that can be read"):
        load_model(run)


def test_broken_history_is_named(optdigits: Dataset) -> None:
    run = create_run(Path("run"), Recipe(), optdigits, "tensorflow")
    for rows in ("one,two", "inf,1", f"1,{'1' * 140_000}"):
        (run.folder / "history.csv").write_text(f"epoch,loss\n{rows}\n")
        with pytest.raises(RunError, match=r"history\.csv is broken"):
            run.history()


def test_folder_of_a_run_killed_at_its_start_is_free_again(optdigits: Dataset) -> None:
    Path("run").mkdir()
    Path("run/.recipe.partial.json").write_text("{")
    assert create_run(Path("run"), Recipe(), optdigits, "tensorflow").folder == Path("run")


def test_new_folder_is_nobody_elses() -> None:
    folders = [new_folder(Recipe()) for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(folder.is_dir() for folder in folders)
    assert folders[0].name.endswith("-article-sgd")


def test_callbacks_that_may_choose_are_put_on_record(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits", epochs=1)
    stop = keras.callbacks.EarlyStopping()
    assert train(recipe, out="a", dataset=optdigits, callbacks=[stop]).callbacks == (
        "EarlyStopping",
    )
    assert train(recipe, out="b", dataset=optdigits).callbacks == ()


def test_digits_handed_in_from_python_are_asked_for_again(
    tmp_path: Path, optdigits: Dataset
) -> None:
    np.savez("mine.npz", images=optdigits.train.images, labels=optdigits.train.known_labels())
    mine = load_dataset("auto", "mine.npz")
    with pytest.raises(KeyboardInterrupt):
        train(
            Recipe(dataset="optdigits", epochs=1),
            out="cut",
            dataset=mine,
            callbacks=[StopAfter(0, 0)],
        )
    with pytest.raises(DatasetError, match="hand them in as dataset="):
        resume("cut")
    assert resume("cut", dataset=mine).is_trained


def test_stray_files_among_checkpoints_are_passed_over(optdigits: Dataset) -> None:
    run = create_run(Path("run"), Recipe(), optdigits, "tensorflow")
    (run.folder / "checkpoint").mkdir()
    for name in ("epoch-0002.keras", "epoch-0010.keras", "epoch-0011 (copy).keras"):
        (run.folder / "checkpoint" / name).write_bytes(b"")
    assert run.latest_checkpoint() == (10, run.checkpoint_path(10))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_train_resume_and_export_alike(backend: str, optdigits: Dataset) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = """
import sys
import numpy as np
from keras_digits import Recipe, evaluate, export_run, load_dataset, resume, train
from keras_digits.training.fit import load_model
import keras
digits = load_dataset("optdigits")
recipe = Recipe(dataset="optdigits", optimizer="adam", epochs=6)
run = train(recipe, out="whole", dataset=digits)
def stop(epoch, logs):
    if epoch == 2:
        raise KeyboardInterrupt
try:
    train(recipe, out="cut", dataset=digits,
          callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=stop)])
except KeyboardInterrupt:
    resumed = resume("cut")
pairs = zip(load_model(run).get_weights(), load_model(resumed).get_weights(), strict=True)
assert all(np.array_equal(a, b) for a, b in pairs), "resumed weights differ"
export_run(run, digits)
print(evaluate(run, dataset=digits).metrics["accuracy"]["value"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    accuracy = float(done.stdout.splitlines()[-1])
    recipe = Recipe(dataset="optdigits", optimizer="adam", epochs=6)
    model = load_model(train(recipe, out="here", dataset=optdigits))
    answers = NETWORKS["article"].probabilities(model, optdigits.test.images).argmax(axis=1)
    on_tensorflow = (answers == optdigits.test.known_labels()).mean()
    assert accuracy == pytest.approx(on_tensorflow, abs=0.03)


def test_training_goes_on_from_another_runs_weights(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits", epochs=2, optimizer="adam")
    first = train(recipe, out="first", dataset=optdigits)
    further = dataclasses.replace(recipe, start="first", epochs=1, learning_rate=1e-9)
    run = train(further, out="further", dataset=optdigits)
    assert run.recipe.start == str(Path("first").resolve())
    weights = zip(load_model(first).get_weights(), load_model(run).get_weights(), strict=True)
    for before, after in weights:
        np.testing.assert_allclose(after, before, atol=1e-6)
    assert run.history()[0]["loss"] < first.history()[-1]["loss"]


def test_run_to_start_from_must_be_of_the_same_network(trained_run: Run) -> None:
    recipe = Recipe(dataset="optdigits", network="compact", start=str(trained_run.folder))
    with pytest.raises(RunError, match="has network article; expected a trained compact"):
        train(recipe, out="run")
    assert not Path("run").exists()
    with pytest.raises(RunError, match="digits train made"):
        train(dataclasses.replace(recipe, start="nowhere"), out="run")


def test_training_goes_on_from_a_network_that_ships(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits", network="compact", start="compact", epochs=1)
    run = train(dataclasses.replace(recipe, learning_rate=1e-9), out="same", dataset=optdigits)
    assert run.recipe.start == "compact"
    file = shipped_networks()["compact"].path
    assert run.start_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    answers = NETWORKS["compact"].probabilities(load_model(run), optdigits.test.images)
    before, _ = Network(file).classify(optdigits.test.images)
    assert (answers.argmax(axis=1) == before.argmax(axis=1)).mean() > 0.98
    averaged = dataclasses.replace(recipe, averaging="start", learning_rate=1e-9)
    again = train(averaged, out="averaged", dataset=optdigits)
    for one, other in zip(
        load_model(run).get_weights(), load_model(again).get_weights(), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=0.05 * np.abs(one).max())


def test_networks_to_start_from_are_told_apart(optdigits: Dataset) -> None:
    with pytest.raises(RunError, match="has network compact; expected a trained lines"):
        train(Recipe(dataset="optdigits", network="lines", start="compact"), out="run")
    with pytest.raises(RunError, match="convnet can't go on from a file; expected a run of it"):
        train(Recipe(dataset="optdigits", network="convnet", start="digits"), out="run")
    with pytest.raises(RunError, match=r"none\.onnx can't be read"):
        train(Recipe(dataset="optdigits", network="lines", start="none.onnx"), out="run")
    assert not Path("run").exists()


@pytest.mark.slow
def test_weights_are_averaged_with_those_that_training_began_with(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits", epochs=1, optimizer="adam")
    first = train(recipe, out="first", dataset=optdigits)
    further = dataclasses.replace(recipe, start="first", epochs=2)
    last = train(further, out="last", dataset=optdigits)
    averaged = train(
        dataclasses.replace(further, averaging="start"), out="averaged", dataset=optdigits
    )
    triples = zip(*(load_model(one).get_weights() for one in (first, last, averaged)), strict=True)
    for one, other, mean in triples:
        np.testing.assert_allclose(mean, (one + other) / 2, atol=1e-6)


def test_interrupted_run_goes_on_without_what_it_started_from(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits", epochs=1, optimizer="adam")
    train(recipe, out="first", dataset=optdigits)
    further = dataclasses.replace(recipe, start="first", epochs=2)
    with pytest.raises(KeyboardInterrupt):
        train(further, out="further", dataset=optdigits, callbacks=[StopAfter(1, 3)])
    shutil.rmtree("first")
    assert len(resume("further", dataset=optdigits).history()) == 2


def test_average_is_taken_with_what_training_began_with_or_not_at_all(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits", epochs=1, optimizer="adam")
    first = train(recipe, out="first", dataset=optdigits)
    further = dataclasses.replace(recipe, start="first", averaging="start", epochs=2)
    with pytest.raises(KeyboardInterrupt):
        train(further, out="further", dataset=optdigits, callbacks=[StopAfter(1, 3)])
    first.checkpoint_path(1).write_bytes(b"another network")
    with pytest.raises(RunError, match="is another network since"):
        resume("further", dataset=optdigits)
