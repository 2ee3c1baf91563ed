"""Every network keeps the contract: what it is fed, what it gives."""

import keras
import numpy as np
import pytest

from keras_digits.data.datasets import Dataset
from keras_digits.networks import NETWORKS
from keras_digits.training.recipe import NETWORKS as NAMES
from keras_digits.training.recipe import OPTIMIZERS, PRECISIONS


def test_recipes_know_the_networks_that_there_are() -> None:
    assert set(NAMES) == set(NETWORKS)
    assert all(name == network.name for name, network in NETWORKS.items())


def test_recipes_know_the_optimizers_that_keras_has() -> None:
    base = keras.optimizers.Optimizer
    ours = {
        name.lower()
        for name, value in vars(keras.optimizers).items()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    }
    # These wrap other optimizers and can't stand alone.
    assert set(OPTIMIZERS) == ours - {"lossscaleoptimizer", "multioptimizer"}


def test_article_is_the_tutorials_network() -> None:
    model = NETWORKS["article"].build("float32")
    assert model.count_params() == 669_706
    assert [layer.units for layer in model.layers] == [512, 512, 10]
    assert [layer.activation.__name__ for layer in model.layers] == [
        "sigmoid",
        "sigmoid",
        "softmax",
    ]
    assert model.input_shape == (None, 784)


def test_article_is_fed_pixels_divided_by_255(optdigits: Dataset) -> None:
    inputs = NETWORKS["article"].prepare(optdigits.test.images)
    assert inputs.dtype == np.float32
    assert inputs.shape == (257, 784)
    expected = optdigits.test.images.reshape(-1, 784).astype("float32") / 255
    np.testing.assert_array_equal(inputs, expected)


def test_convnet_takes_raw_pixels_and_gives_logits() -> None:
    network = NETWORKS["convnet"]
    model = network.build("float32")
    assert model.input_shape == (None, 28, 28, 1)
    assert model.count_params() == 426_858
    assert network.gives_logits


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_probabilities_are_float32_rows_that_sum_to_one(
    name: str, precision: str, optdigits: Dataset
) -> None:
    network = NETWORKS[name]
    model = network.build(precision)
    probabilities = network.probabilities(model, optdigits.test.images)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (257, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (probabilities >= 0).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_reading_model_believes_what_the_trained_one_does(name: str, optdigits: Dataset) -> None:
    network, images = NETWORKS[name], optdigits.test.images
    model = network.build("float32")
    logits = network.reading_model(model).predict(images, verbose=0)
    softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softmax, network.probabilities(model, images), atol=1e-5)
