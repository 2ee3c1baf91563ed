"""A network for microcontrollers and web pages: 9,168 weights, a hundredth of what ships."""

import keras

from keras_digits.digits import NUM_CLASSES, SIDE
from keras_digits.networks.convolutions import Convolutions, foldable


def _layers(convolutions: Convolutions) -> list[keras.layers.Layer]:
    """The layers from ``(n, 28, 28, 1)``, 0 paper, 255 ink, to logits, float32 ``(n, 10)``."""
    return [
        keras.Input((SIDE, SIDE, 1)),
        convolutions.scale(),
        *convolutions.layers(12, 5, pool=(2, 2)),
        *convolutions.layers(16, 3),
        *convolutions.layers(20, 3, pool=(2, 2)),
        *convolutions.layers(22, 3, padding="valid"),
        keras.layers.GlobalAveragePooling2D(dtype="float32"),
        keras.layers.Dense(NUM_CLASSES, dtype="float32"),
    ]


COMPACT = foldable("compact", "four small convolutions and a mean", _layers)
