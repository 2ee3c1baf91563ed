"""A network for microcontrollers and web pages: 9,168 weights, a hundredth of what ships."""

import keras

from keras_digits.digits import NUM_CLASSES, SIDE
from keras_digits.networks.convolutions import Convolutions, fold
from keras_digits.networks.network import Network, add_channel, layers_as_they_are


def build_compact(dtype: str = "float32") -> keras.Model:
    """Make the network, untrained, its channels normalised by batch, which makes it learn faster.

    Args:
        dtype: Keras's dtype policy; the logits are float32 under each.

    Returns:
        A model from ``(n, 28, 28, 1)``, 0 paper, 255 ink, to logits, float32 ``(n, 10)``.
    """
    return _sequence(dtype, is_normalised=True)


def fold_compact(model: keras.Model) -> keras.Model:
    """The trained network as it ships: what scales and normalises is worked into the weights.

    Args:
        model: A model that :func:`build_compact` made, trained.

    Returns:
        A float32 model that gives the same up to rounding.
    """
    return fold(model, _sequence("float32", is_normalised=False))


def _sequence(dtype: str, is_normalised: bool) -> keras.Model:
    """The layers, with or without normalisation."""
    convolutions = Convolutions(dtype, is_normalised)
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            convolutions.scale(),
            *convolutions.layers(12, 5, pool=(2, 2)),
            *convolutions.layers(16, 3),
            *convolutions.layers(20, 3, pool=(2, 2)),
            *convolutions.layers(22, 3, padding="valid"),
            keras.layers.GlobalAveragePooling2D(dtype="float32"),
            keras.layers.Dense(NUM_CLASSES, dtype="float32"),
        ],
        name="compact",
    )


COMPACT = Network(
    name="compact",
    summary="four small convolutions and a mean",
    build=build_compact,
    prepare=add_channel,
    gives_logits=True,
    reading_layers=layers_as_they_are,
    finish=fold_compact,
)
