"""The network that reads lines of writing, and ships: convolutions that slide along a line.

A line is 28 pixels tall and as wide as need be. The network shrinks it to one row of frames, one
for every four columns, and says of each which digit stands around its middle, or that none does;
so it finds digits and tells them apart in one pass, with their neighbours in view. No cut has to be
right first. A single digit is a line of 28 columns.
"""

import keras

from keras_digits.digits import NUM_CLASSES, SIDE
from keras_digits.networks.convolutions import Convolutions, foldable

_WIDTHS = (16, 32, 64, 96, 160, 160)
"""Channels of the convolutions that shrink a line; pooling follows the first, third and fifth."""

_CONTEXT = 224
"""Channels of a column once its height is gone."""


def _layers(convolutions: Convolutions) -> list[keras.layers.Layer]:
    """The layers from ``(n, 28, width, 1)``, 0 paper, 255 ink, to frames.

    Frames are logits, float32 ``(n, width / 4, 11)``.
    """
    layers, dtype = keras.layers, convolutions.dtype
    first, second, third, fourth, fifth, sixth = _WIDTHS
    return [
        keras.Input((SIDE, None, 1)),
        convolutions.scale(),
        *convolutions.layers(first, 5, pool=(2, 2)),
        *convolutions.layers(second, 3),
        *convolutions.layers(third, 3, pool=(2, 2)),
        *convolutions.layers(fourth, 3),
        *convolutions.layers(fifth, 3, pool=(2, 1)),
        *convolutions.layers(sixth, 3),
        layers.ZeroPadding2D(((0, 0), (1, 1)), dtype=dtype),
        *convolutions.layers(_CONTEXT, (4, 3), padding="valid"),  # one row is left
        layers.Dropout(0.1, dtype=dtype),
        *convolutions.layers(_CONTEXT, (1, 5)),
        layers.Conv2D(NUM_CLASSES + 1, 1, dtype="float32"),
        layers.Reshape((-1, NUM_CLASSES + 1), dtype="float32"),
    ]


LINES = foldable(
    "lines",
    "eight convolutions that slide along a line of writing",
    _layers,
    reads_lines=True,
    in_integers=True,
)
