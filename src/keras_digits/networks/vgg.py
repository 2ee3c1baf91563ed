"""The network that tells MNIST's digits apart best: a small VGG of 496,186 weights.

Pairs of 3 x 3 convolutions between poolings, as Simonyan and Zisserman 2015 stack them
(arXiv:1409.1556), behind one of 5 x 5. It sees single digits as MNIST has them and no lines; in
pictures another network has to find them.
"""

import keras

from keras_digits.digits import NUM_CLASSES, SIDE
from keras_digits.networks.convolutions import Convolutions, foldable


def _layers(convolutions: Convolutions) -> list[keras.layers.Layer]:
    """The layers from ``(n, 28, 28, 1)``, 0 paper, 255 ink, to logits, float32 ``(n, 10)``."""
    layers, dtype = keras.layers, convolutions.dtype
    return [
        keras.Input((SIDE, SIDE, 1)),
        convolutions.scale(),
        *convolutions.layers(24, 5, padding="valid", pool=(2, 2)),
        *convolutions.layers(64, 3),
        *convolutions.layers(64, 3, pool=(2, 2)),
        *convolutions.layers(128, 3),
        *convolutions.layers(128, 3, pool=(2, 2)),
        *convolutions.layers(192, 3, padding="valid"),  # one pixel is left
        layers.Flatten(dtype=dtype),
        layers.Dropout(0.3, dtype=dtype),
        layers.Dense(NUM_CLASSES, dtype="float32"),
    ]


VGG = foldable("vgg", "six convolutions, in pairs, and a dense layer", _layers)
