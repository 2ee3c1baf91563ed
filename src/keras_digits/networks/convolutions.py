"""Convolutions that are normalised by batch while they learn, and plain once they have.

Normalised, the largest of a pool is taken first, which makes a step a third faster; as no channel
is multiplied by less than nothing, it stays the largest, and what ships may pool last, as ONNX
Runtime's fused kernels want it.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK

_MOMENTUM = 0.98
"""How slowly the running means of normalisation follow the batches."""


class Convolutions:
    """Makes a network's convolutions, all of one kind.

    Args:
        dtype: Keras's dtype policy.
        is_normalised: Whether they are to learn; else they have, and are folded.
    """

    def __init__(self, dtype: str, is_normalised: bool) -> None:
        self._dtype = dtype
        self._is_normalised = is_normalised

    def scale(self) -> keras.layers.Layer:
        """What brings pixels to what the first convolution takes."""
        return keras.layers.Rescaling(1 / INK if self._is_normalised else 1, dtype=self._dtype)

    def layers(
        self,
        channels: int,
        size: int | tuple[int, int],
        padding: str = "same",
        pool: tuple[int, int] | None = None,
    ) -> list[keras.layers.Layer]:
        """A convolution, rectified, with what belongs to it."""
        layers, dtype = keras.layers, self._dtype
        kernels = layers.Conv2D(
            channels, size, padding=padding, use_bias=not self._is_normalised, dtype=dtype
        )
        rectified = [layers.ReLU(dtype=dtype)]
        pooled = [layers.MaxPooling2D(pool, padding="same", dtype=dtype)] if pool else []
        if not self._is_normalised:
            return [kernels, *rectified, *pooled]
        normalised = layers.BatchNormalization(
            momentum=_MOMENTUM, gamma_constraint="non_neg", dtype=dtype
        )
        return [kernels, *pooled, normalised, *rectified]


def fold(trained: keras.Model, folded: keras.Model) -> keras.Model:
    """Work what scales and normalises into the weights.

    Args:
        trained: A model whose convolutions are normalised.
        folded: The same without normalisation, in float32.

    Returns:
        `folded`, which now gives the same as `trained` up to rounding.
    """
    weights: list[NDArray[np.float32]] = []
    for layer in trained.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            share = gamma / np.sqrt(variance + layer.epsilon)
            weights += [weights.pop() * share, beta - mean * share]
        else:
            weights += layer.get_weights()
    weights[0] = weights[0] / np.float32(INK)
    folded.set_weights(weights)
    return folded
