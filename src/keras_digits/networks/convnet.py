"""A small convolutional network for single digits; 426,858 weights."""

import keras

from keras_digits.digits import INK, NUM_CLASSES, SIDE
from keras_digits.networks.network import Network, add_channel, layers_as_they_are


def build_convnet(dtype: str = "float32") -> keras.Model:
    """Make the convolutional network, untrained.

    Args:
        dtype: Keras's dtype policy; the logits are float32 under each.

    Returns:
        A model from ``(n, 28, 28, 1)``, 0 paper, 255 ink, to logits, float32 ``(n, 10)``.
    """
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Rescaling(1 / INK, dtype=dtype),
            layers.Conv2D(16, 5, padding="same", activation="relu", dtype=dtype),
            layers.MaxPooling2D(dtype=dtype),
            layers.Conv2D(32, 3, padding="same", activation="relu", dtype=dtype),
            layers.Conv2D(64, 3, padding="same", activation="relu", dtype=dtype),
            layers.MaxPooling2D(dtype=dtype),
            layers.Conv2D(128, 3, padding="same", activation="relu", dtype=dtype),
            layers.MaxPooling2D(padding="same", dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dropout(0.2, dtype=dtype),
            layers.Dense(160, activation="relu", dtype=dtype),
            layers.Dropout(0.2, dtype=dtype),
            layers.Dense(NUM_CLASSES, dtype="float32"),
        ],
        name="convnet",
    )


CONVNET = Network(
    name="convnet",
    summary="four convolutions, three poolings, a dense layer of 160",
    build=build_convnet,
    prepare=add_channel,
    gives_logits=True,
    reading_layers=layers_as_they_are,
)
