"""The tutorial's network: 784-512-512-10, sigmoid, sigmoid, softmax, 669,706 weights.

It keeps the tutorial's face: flat inputs divided by 255 outside the model, softmax inside.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK, NUM_CLASSES, SIDE, Images
from keras_digits.networks.network import Network, as_floats, scaled


def build_article(dtype: str = "float32") -> keras.Model:
    """Make the tutorial's network, untrained.

    Args:
        dtype: Keras's dtype policy; the softmax is float32 under each.

    Returns:
        A model from float32 ``(n, 784)``, 0 paper, 1 ink, to probabilities, float32 ``(n, 10)``.
    """
    return keras.Sequential(
        [
            keras.Input((SIDE * SIDE,)),
            keras.layers.Dense(512, activation="sigmoid", dtype=dtype),
            keras.layers.Dense(512, activation="sigmoid", dtype=dtype),
            keras.layers.Dense(NUM_CLASSES, activation="softmax", dtype="float32"),
        ],
        name="article",
    )


def _flatten_and_scale(images: Images) -> NDArray[np.float32]:
    """uint8 ``(n, 28, 28)``, 0..255, to float32 ``(n, 784)``, 0..1."""
    shades = images.reshape(len(images), SIDE * SIDE).astype(np.float32)
    shades /= np.float32(INK)  # in place: of a whole training set it is much
    return shades


def _reading_layers(model: keras.Model, images: keras.KerasTensor) -> keras.KerasTensor:
    """The same weights, the first for pixels as they are, with the softmax left out."""
    first, *hidden_layers, output = model.layers
    x = keras.layers.Reshape((SIDE * SIDE,), dtype="uint8")(images)
    x = scaled(first, 1 / INK, as_floats(x))
    for layer in hidden_layers:
        x = layer(x)
    logits = keras.layers.Dense(NUM_CLASSES, dtype="float32", name="logits")
    result = logits(x)
    logits.set_weights(output.get_weights())
    return result


ARTICLE = Network(
    name="article",
    summary="the tutorial's: two dense layers of 512 sigmoids, 669,706 weights",
    build=build_article,
    prepare=_flatten_and_scale,
    gives_logits=False,
    reading_layers=_reading_layers,
)
