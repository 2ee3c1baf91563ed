"""Training goes on from what a run ended with, and holds out nothing that it learned from."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_digits.data.datasets import Dataset
from keras_digits.errors import RunError
from keras_digits.networks import NETWORKS
from keras_digits.reading.catalogue import shipped_networks
from keras_digits.training.batches import batches_of
from keras_digits.training.fit import load_model, train
from keras_digits.training.recipe import Recipe
from keras_digits.training.run import Run, Split, create_run, open_run
from keras_digits.training.starting import Start, find_start


def start_of(run: Run) -> Start:
    """What training would go on from."""
    start = find_start(Recipe(network=run.recipe.network, start=str(run.folder)))
    assert start is not None
    return start


def copy_with_other_end(run: Run, callbacks: tuple[str, ...]) -> Run:
    """A copy of a run of the article's network whose trained network is all zeros."""
    shutil.copytree(run.folder, "copy")
    copy = open_run("copy").with_callbacks(callbacks)
    model = load_model(copy)
    model.set_weights([np.zeros_like(one) for one in model.get_weights()])
    model.save(copy.model_path)
    return copy


def is_all_zeros(start: Start, dataset: Dataset) -> bool:
    batches = batches_of(NETWORKS[start.network], dataset.train, Recipe())
    return all(not one.any() for one in start.weights(batches))


def test_what_a_callback_chose_is_gone_on_from(trained_run: Run, optdigits: Dataset) -> None:
    chosen = copy_with_other_end(trained_run, ("EarlyStopping",))
    assert is_all_zeros(start_of(chosen), optdigits)


def test_last_epoch_is_gone_on_from_where_nobody_chose(
    trained_run: Run, optdigits: Dataset
) -> None:
    assert not is_all_zeros(start_of(copy_with_other_end(trained_run, ())), optdigits)


def test_folded_end_of_a_run_learns_on(optdigits: Dataset) -> None:
    recipe = Recipe(network="compact", dataset="optdigits")
    run = create_run(Path("run"), recipe, optdigits, "tensorflow").with_callbacks(["Chooser"])
    network, images = NETWORKS["compact"], optdigits.test.images
    checkpoint = run.checkpoint_path(1)
    checkpoint.parent.mkdir()
    keras.utils.set_random_seed(1)
    network.build("float32").save(checkpoint)
    assert network.finish is not None
    chosen = network.finish(network.build("float32"))  # other random weights
    chosen.save(run.model_path)
    start = start_of(run)
    assert start.file == run.model_path
    model = network.build("float32")
    model.set_weights(start.weights(batches_of(network, optdigits.train, recipe)))
    inputs = network.prepare(images)
    learned, ended = (np.asarray(one(inputs, training=False)) for one in (model, chosen))
    np.testing.assert_allclose(learned, ended, atol=1e-3 * float(np.abs(ended).max()))


def test_digits_that_a_start_learned_from_are_not_held_out(
    trained_run: Run, optdigits: Dataset
) -> None:
    start = start_of(trained_run)
    for allowed in (
        Split(optdigits.digests, 0.0, 1),  # holds out none
        Split(("other digits",) * 4, 0.1, 1),
    ):
        start.check_split(allowed)
    recipe = Recipe(dataset="optdigits", start=str(trained_run.folder), validation_split=0.1)
    with pytest.raises(RunError, match="held out none; leave --validation-split away"):
        train(recipe, out="run", dataset=optdigits)
    assert not Path("run").exists()


def test_start_with_other_layers_or_broken_is_refused_before_a_folder_is_begun(
    optdigits: Dataset,
) -> None:
    first = create_run(Path("first"), Recipe(dataset="optdigits"), optdigits, "tensorflow")
    recipe = Recipe(dataset="optdigits", start="first")
    first.checkpoint_path(1).parent.mkdir()
    first.checkpoint_path(1).write_bytes(b"PK no model")
    with pytest.raises(RunError, match="is no Keras model that can be read"):
        train(recipe, out="run", dataset=optdigits)
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(first.checkpoint_path(1))
    with pytest.raises(RunError, match="has other layers than article has today"):
        train(recipe, out="run", dataset=optdigits)
    assert not Path("run").exists()


def test_path_to_start_from_is_no_name_of_a_network() -> None:
    recipe = Recipe(network="compact", start=Path("compact"))
    assert recipe.with_absolute_paths().start == str(Path("compact").resolve())
    assert Recipe(network="compact", start="compact").with_absolute_paths().start == "compact"


def test_same_digits_are_held_out_again(optdigits: Dataset) -> None:
    split = Split(optdigits.digests, 0.1, 1)
    other_tests = (*optdigits.digests[:2], "other", "tests")
    later = Split(("other digits",) * 4, 0.3, 3, before=split)
    for learned in (split, later):
        start = Start("article", Path("model.keras"), "", learned, [], is_folded=False)
        start.check_split(split)
        for digests, share, seed in (
            (optdigits.digests, 0.1, 2),
            (optdigits.digests, 0.2, 1),
            (other_tests, 0.1, 2),
        ):
            with pytest.raises(RunError, match=r"the same: --validation-split 0\.1 --seed 1"):
                start.check_split(Split(digests, share, seed))


def test_split_is_read_back_as_it_was_written(optdigits: Dataset) -> None:
    split = Split(optdigits.digests, 0.0833, 2**32 - 1)
    for one in (split, Split(("other",), 0.0, 1, before=split)):
        assert Split.from_json(one.to_json()) == one
    for text in (
        "",
        "[]",
        "[1, 2, 3]",
        "{}",
        '[[["a"], "x", 1, "five stretches"]]',
        '[[["a"], 0.1, Infinity, "five stretches"]]',
        '[[["a"], NaN, 1, "five stretches"]]',
        '[[["a"], 0.1, 1, "five stretches", 2]]',
    ):
        assert Split.from_json(text) is None


@pytest.mark.parametrize("mark", ["", ", null", ', "chance"'])
def test_what_older_versions_held_out_is_not_held_out_again(mark: str, optdigits: Dataset) -> None:
    digits = json.dumps(optdigits.digests)
    split = Split(optdigits.digests, 0.1, 1)
    for text in (f"[[{digits}, 0.1, 1{mark}]]", f'[[["x"], 0, 1], [{digits}, 0.1, 1{mark}]]'):
        older = Split.from_json(text)
        assert older is not None
        start = Start("convnet", Path("old.onnx"), "", older, [], is_folded=True)
        with pytest.raises(RunError, match="leave --validation-split away"):
            start.check_split(split)
        start.check_split(Split(optdigits.digests, 0.0, 1))
    none_held_out = Split.from_json(f"[[{digits}, 0.0, 1{mark}]]")
    assert none_held_out is not None
    assert none_held_out.is_known


@pytest.mark.parametrize("shipped", ["digits", "compact"])
def test_networks_that_ship_say_what_they_learned_from(shipped: str) -> None:
    network = {"digits": "lines"}.get(shipped, shipped)
    start = find_start(Recipe(network=network, start=shipped))
    assert start is not None
    assert start.file == shipped_networks()[shipped].path
    assert start.split is not None
    assert start.split.validation_split == pytest.approx(0.0833)
