"""Convolutions that are normalised by batch while they learn, and plain once they have.

Normalised, the largest of a pool is taken first, which makes a step a third faster; as no channel
is multiplied by less than nothing, it stays the largest, and what ships may pool last, as ONNX
Runtime's fused kernels want it.
"""

from collections.abc import Callable, Iterable, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK
from keras_digits.networks.network import Network, add_channel, layers_as_they_are

_MOMENTUM = 0.98
"""How slowly the running means of normalisation follow the batches."""


class Convolutions:
    """Makes a network's convolutions, all of one kind.

    Args:
        dtype: Keras's dtype policy, which other layers may ask for.
        is_normalised: Whether they are to learn; else they have, and are folded.
    """

    def __init__(self, dtype: str, is_normalised: bool) -> None:
        self.dtype = dtype
        self._is_normalised = is_normalised

    def scale(self) -> keras.layers.Layer:
        """What brings pixels to what the first convolution takes."""
        return keras.layers.Rescaling(1 / INK if self._is_normalised else 1, dtype=self.dtype)

    def layers(
        self,
        channels: int,
        size: int | tuple[int, int],
        padding: str = "same",
        pool: tuple[int, int] | None = None,
    ) -> list[keras.layers.Layer]:
        """A convolution, rectified, with what belongs to it."""
        layers, dtype = keras.layers, self.dtype
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


def foldable(
    name: str,
    summary: str,
    layers: Callable[[Convolutions], list[keras.layers.Layer]],
    *,
    reads_lines: bool = False,
    in_integers: bool = False,
) -> Network:
    """A network that is normalised by batch while it learns, which makes it learn faster.

    What is kept of it has no normalisation: what scales and normalises is worked into the weights.

    Args:
        name: As :class:`Network` has it, the models' name too.
        summary: As :class:`Network` has it.
        layers: Makes the layers, from images with a channel, 0 paper, 255 ink, to logits.
        reads_lines: As :class:`Network` has it.
        in_integers: As :class:`Network` has it.
    """

    def model(dtype: str, is_normalised: bool) -> keras.Model:
        return keras.Sequential(layers(Convolutions(dtype, is_normalised)), name=name)

    return Network(
        name=name,
        summary=summary,
        build=lambda dtype: model(dtype, is_normalised=True),
        prepare=add_channel,
        gives_logits=True,
        reading_layers=layers_as_they_are,
        reads_lines=reads_lines,
        finish=lambda trained: _fold(trained, model("float32", is_normalised=False)),
        in_integers=in_integers,
    )


def _fold(trained: keras.Model, folded: keras.Model) -> keras.Model:
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


def renormalise(model: keras.Model, batches: Iterable[NDArray[np.generic]]) -> None:
    """Normalise by the mean of some batches' means and variances instead of by the running ones.

    Weights that were averaged want it: a mean of kernels gives other variances than the mean of
    theirs (Izmailov et al., "Averaging Weights Leads to Wider Optima", 2018, section 3.2).

    Args:
        model: A network; one without normalisation stays as it is.
        batches: As `model` takes them.
    """
    layers = [one for one in model.layers if isinstance(one, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    for index, batch in enumerate(batches if layers else ()):
        for layer in layers:
            layer.momentum = index / (index + 1)
        model(batch, training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def unfold(
    folded: Sequence[NDArray[np.float32]], model: keras.Model, inputs: NDArray[np.generic]
) -> None:
    """Undo :func:`_fold`, so that a network that ships can learn on.

    What normalisation did is lost, so each channel is normalised as `inputs` have it, and brought
    back to where it was. Kernels get the length that fresh ones have, which decides how fast they
    turn.

    Args:
        folded: The weights of a folded model, in its order.
        model: The same network with normalisation; it is given weights with which it gives the
            same as the folded one up to rounding, while it does not learn.
        inputs: As `model` takes them, a batch or a few of what it is to learn from.
    """
    remaining = list(folded)
    remaining[0] = remaining[0] * np.float32(INK)
    lengths: NDArray[np.float32] = np.ones(1, np.float32)
    x = keras.ops.convert_to_tensor(inputs)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            values = keras.ops.convert_to_numpy(x).reshape(-1, len(lengths))
            mean, variance = values.mean(axis=0), values.var(axis=0)
            gamma = lengths * np.sqrt(variance + layer.epsilon)
            layer.set_weights([gamma, remaining.pop(0) + lengths * mean, mean, variance])
        elif isinstance(layer, keras.layers.Conv2D) and not layer.use_bias:
            kernels = remaining.pop(0)
            lengths = np.sqrt((kernels**2).sum(axis=(0, 1, 2)))
            lengths = np.where(lengths > 0, lengths, np.float32(1))
            layer.set_weights([kernels / lengths])
        elif count := len(layer.weights):
            layer.set_weights(remaining[:count])
            del remaining[:count]
        x = layer(x)
