"""Every network keeps the contract: what it is fed, what it gives."""

import keras
import numpy as np
import pytest

from keras_digits.data.datasets import Dataset
from keras_digits.networks import NETWORKS
from keras_digits.networks.convolutions import renormalise
from keras_digits.networks.frames import FrameCrossentropy, OneDigit, frame_accuracy
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
    outputs = network.reading_model(model).predict(images, verbose=0)
    logits = outputs[0] if network.reads_lines else outputs
    softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softmax, network.probabilities(model, images), atol=1e-5)


def test_lines_of_any_width_give_a_frame_for_four_columns() -> None:
    model = NETWORKS["lines"].build("float32")
    assert model.predict(np.zeros((2, 28, 28, 1)), verbose=0).shape == (2, 7, 11)
    assert model.predict(np.zeros((1, 28, 100, 1)), verbose=0).shape == (1, 25, 11)


@pytest.mark.parametrize(
    ("name", "num_weights"), [("lines", 1_131_787), ("compact", 9_168), ("vgg", 496_186)]
)
def test_folded_network_gives_what_the_trained_one_does(
    name: str, num_weights: int, optdigits: Dataset
) -> None:
    network, images = NETWORKS[name], optdigits.train.images[:64, ..., np.newaxis]
    model = network.build("float32")
    model(images, training=True)  # means and variances become those of digits
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):  # and the rest what it may become
            _, _, mean, variance = layer.get_weights()
            gamma = generator.uniform(0, 2, mean.shape) * (generator.random(mean.shape) > 0.1)
            layer.set_weights([gamma, generator.normal(0, 0.3, mean.shape), mean, variance])
    folded = network.finish(model)
    assert folded.count_params() == num_weights
    expected, found = (one.predict(images, verbose=0) for one in (model, folded))
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_kernels_that_grew_are_normalised_as_batches_have_them(
    optdigits: Dataset,
) -> None:
    network = NETWORKS["compact"]
    inputs = network.prepare(optdigits.test.images)
    model = network.build("float32")
    halves = (inputs[:128], inputs[128:256])

    def grow(times: float) -> None:
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D) and not layer.use_bias:
                layer.set_weights([times * layer.get_weights()[0]])

    grow(30)  # so that what keeps normalisation from dividing by nothing counts for little
    renormalise(model, halves)
    before = model.predict(inputs, verbose=0)
    momenta = {layer.momentum for layer in model.layers if hasattr(layer, "momentum")}
    grow(3)
    assert np.abs(model.predict(inputs, verbose=0) - before).max() > 0.1
    renormalise(model, halves)
    np.testing.assert_allclose(model.predict(inputs, verbose=0), before, atol=0.02)
    assert momenta == {layer.momentum for layer in model.layers if hasattr(layer, "momentum")}


def test_normalisation_takes_the_mean_of_batches_means(optdigits: Dataset) -> None:
    network = NETWORKS["compact"]
    inputs = network.prepare(optdigits.test.images).astype(np.float32)
    model = network.build("float32")
    batches = (inputs[:50], inputs[50:90], inputs[90:200])
    renormalise(model, batches)
    place = next(
        index
        for index, layer in enumerate(model.layers)
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    before = keras.Sequential(model.layers[:place])
    seen = [np.asarray(before(batch)).reshape(-1, before.output_shape[-1]) for batch in batches]
    _, _, mean, variance = model.layers[place].get_weights()
    np.testing.assert_allclose(mean, np.mean([one.mean(axis=0) for one in seen], 0), rtol=1e-3)
    np.testing.assert_allclose(variance, np.mean([one.var(axis=0) for one in seen], 0), rtol=1e-3)


def test_frame_s_loss_asks_for_one_of_its_right_answers() -> None:
    logits = np.log(np.array([[[0.5, 0.2, 0.3] + [1e-9] * 8]], np.float32))
    answers = np.zeros((1, 1, 11), np.uint8)
    answers[0, 0, [0, 2]] = 1
    assert float(FrameCrossentropy()(answers, logits)) == pytest.approx(-np.log(0.8), abs=1e-4)


def test_frame_is_answered_rightly_by_any_of_its_right_answers() -> None:
    logits = np.eye(11, dtype=np.float32)[None, [3, 5, 10]]
    answers = np.zeros((1, 3, 11), np.uint8)
    answers[0, [0, 0, 1, 2], [3, 10, 4, 10]] = 1
    accuracy = frame_accuracy()
    accuracy.update_state(answers, logits)
    assert float(accuracy.result()) == pytest.approx(2 / 3)


def test_one_digit_s_logit_is_how_much_it_is_believed_beyond_nothing() -> None:
    frames = np.zeros((1, 2, 11), np.float32)
    frames[0, 1, 7], frames[0, 1, 10], frames[0, 0, 10] = 5, 2, 4
    (logits,) = np.asarray(OneDigit()(frames))
    assert logits.tolist() == [-2] * 7 + [3] + [-2] * 2
