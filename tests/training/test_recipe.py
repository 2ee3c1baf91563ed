"""A recipe is right or refused, and its defaults are the tutorial's."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_digits import processor
from keras_digits.errors import RecipeError
from keras_digits.training.recipe import NETWORKS, OPTIMIZERS, PRECISIONS, Recipe


def test_defaults_are_the_tutorials() -> None:
    recipe = Recipe()
    assert (recipe.network, recipe.optimizer, recipe.learning_rate) == ("article", "sgd", None)
    assert (recipe.batch_size, recipe.epochs, recipe.seed) == (128, 20, 1337)
    assert (recipe.validation_split, recipe.precision) == (0.0, "float32")


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("fpu sse2 amx_bf16 amx_tile", "mixed_bfloat16"),
        ("fpu avx512_bf16", "mixed_bfloat16"),
        ("fpu avx512f avx512_vnni", "float32"),
        (None, "float32"),
    ],
)
def test_auto_precision_is_what_the_processor_multiplies_fastest(
    flags: str | None, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if flags is not None:
        cpuinfo.write_text(f"processor\t: 0\nmodel name\t: A\nflags\t\t: {flags}\n\nflags: none\n")
    monkeypatch.setattr(processor, "_CPUINFO", cpuinfo)
    recipe = Recipe(precision="auto")
    assert recipe.precision == precision
    assert Recipe.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("network", "resnet", "article, convnet"),
        ("optimizer", "SGD", "sgd, rmsprop, adam"),
        ("precision", "float16", "float32, mixed_bfloat16"),
        ("dataset", "cifar10", "auto, mnist, optdigits"),
        ("batch_size", 0, "from 1 to"),
        ("epochs", -3, "from 1 to"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("seed", -1, "from 0 to 4294967295"),
        ("seed", 2**32, "from 0 to 4294967295"),
        ("learning_rate", 0.0, "above 0"),
        ("learning_rate", float("nan"), "above 0"),
        ("learning_rate", "fast", "above 0"),
        ("validation_split", 1.0, "0 ≤ share < 1"),
        ("validation_split", -0.1, "0 ≤ share < 1"),
        ("schedule", "linear", "constant, cosine"),
        ("augmentation", "flips", "none, sway, handwriting"),
        ("averaging", "all", "none, start"),
        ("plain_epochs", 21, "from 0 to 20"),
        ("plain_epochs", -1, "from 0 to 20"),
        ("non_digits", 1.5, "0 ≤ share ≤ 1"),
        ("non_digits", "some", "0 ≤ share ≤ 1"),
    ],
)
def test_bad_value_is_refused_with_what_is_allowed(
    setting: str, value: object, expected: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe(**{setting: value})  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{setting} is {value!r}; expected")
    assert expected in str(caught.value)


def test_network_of_probabilities_can_t_learn_what_is_none() -> None:
    with pytest.raises(RecipeError, match="Choose network convnet"):
        Recipe(non_digits=0.2)
    assert Recipe(non_digits=0.2, network="convnet").non_digits == 0.2


def test_average_with_a_start_needs_one() -> None:
    with pytest.raises(RecipeError, match="there is no start"):
        Recipe(averaging="start")
    assert Recipe(averaging="start", start="runs/first").start == "runs/first"


def test_last_epochs_are_plain_only_where_others_are_not() -> None:
    with pytest.raises(RecipeError, match="Choose an augmentation"):
        Recipe(plain_epochs=2)
    assert Recipe(plain_epochs=2, augmentation="sway").plain_epochs == 2


@pytest.mark.parametrize("setting", [{"augmentation": "handwriting"}, {"non_digits": 0.2}])
def test_network_that_writes_its_own_lines_takes_no_augmentation(setting: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match="lines writes lines of its own"):
        Recipe(network="lines", **setting)


def test_own_data_and_optdigits_exclude_each_other() -> None:
    with pytest.raises(RecipeError, match="Leave one of the two out"):
        Recipe(data="mine.csv", dataset="optdigits")


@given(
    st.builds(
        Recipe,
        network=st.sampled_from(NETWORKS),
        optimizer=st.sampled_from(OPTIMIZERS),
        learning_rate=st.none() | st.floats(1e-9, 10),
        batch_size=st.integers(1, 1000),
        epochs=st.integers(1, 1000),
        validation_split=st.floats(0, 1, exclude_max=True),
        seed=st.integers(0, 2**32 - 1),
        precision=st.sampled_from(PRECISIONS),
    )
)
def test_recipe_survives_json(recipe: Recipe) -> None:
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_unknown_setting_in_a_file_is_named() -> None:
    with pytest.raises(
        RecipeError, match="unknown setting momentum; expected augmentation, averaging"
    ):
        Recipe.from_dict({"momentum": 0.9})
