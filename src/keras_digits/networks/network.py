"""What a network must tell so that training, evaluation and export can treat all alike."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import SIDE, Images, Probabilities
from keras_digits.networks.frames import FrameCrossentropy, OneDigit, frame_accuracy


@dataclass(frozen=True)
class Network:
    """A network's recipe for itself.

    Attributes:
        name: What a recipe calls it.
        summary: One line for people.
        build: Makes the untrained Keras model for a dtype policy (``float32`` or
            ``mixed_bfloat16``).
        prepare: Brings uint8 ``(n, 28, 28)`` images, or lines of any width, 0 paper, 255 ink, to
            what the model is fed.
        gives_logits: Whether the model's output is logits; else it is probabilities.
        reading_layers: The trained model's layers from images scaled by nothing, uint8
            ``(n, 28, 28, 1)`` as a symbolic tensor, to float32 ``(n, 10)`` logits, or to frames
            for one that reads lines. Export wraps them, so that pixels are scaled in the graph.
        reads_lines: Whether the model takes lines of any width and gives frames (see
            :mod:`keras_digits.digits`), of which an image is the shortest.
        finish: Makes of the trained model the float32 model that is kept, tested and exported;
            None where the trained one is.
        in_integers: Whether ``digits.onnx`` computes in integers of eight bits, unless something
            else is asked for; it is then what is tested.
    """

    name: str
    summary: str
    build: Callable[[str], keras.Model]
    prepare: Callable[[Images], NDArray[np.generic]]
    gives_logits: bool
    reading_layers: Callable[[keras.Model, keras.KerasTensor], keras.KerasTensor]
    reads_lines: bool = False
    finish: Callable[[keras.Model], keras.Model] | None = None
    in_integers: bool = False

    def loss(self) -> keras.losses.Loss:
        """Cross-entropy over one-hot labels, float32 ``(n, 10)``, or over frames' answers."""
        if self.reads_lines:
            return FrameCrossentropy()
        return keras.losses.CategoricalCrossentropy(
            from_logits=self.gives_logits, name="categorical_crossentropy"
        )

    def accuracy(self) -> str | keras.metrics.Metric:
        """The share of right answers, for targets as :meth:`loss` takes them."""
        return frame_accuracy() if self.reads_lines else "accuracy"

    def probabilities(self, model: keras.Model, images: Images) -> Probabilities:
        """What `model`, trained as this network, believes of each image.

        Args:
            model: A model that :attr:`build` made.
            images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.

        Returns:
            float32 ``(n, 10)``, rows sum to 1.
        """
        outputs: NDArray[np.float64] = np.asarray(
            model.predict(self.prepare(images), batch_size=512, verbose=0), np.float64
        )
        if self.reads_lines:
            outputs = np.asarray(OneDigit()(outputs), np.float64)
        if self.gives_logits:
            outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        probabilities: Probabilities = outputs / outputs.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)

    def reading_model(self, model: keras.Model) -> keras.Model:
        """The trained `model` behind the reading contract.

        Returns:
            A model from ``images``, uint8 ``(n, 28, 28)``, to logits, float32 ``(n, 10)``. One
            that reads lines takes ``(n, 28, width)`` and gives its frames besides, float32
            ``(n, width / 4, 11)``.
        """
        width = None if self.reads_lines else SIDE
        images = keras.Input((SIDE, width), dtype="uint8", name="images")
        with_channel = keras.layers.Reshape(
            (SIDE, width or -1, 1), dtype="uint8", name="with_channel"
        )(images)
        outputs = self.reading_layers(model, with_channel)
        if self.reads_lines:
            outputs = [OneDigit()(outputs), outputs]
        return keras.Model(images, outputs, name=self.name)


def add_channel(images: Images) -> NDArray[np.uint8]:
    """uint8 ``(n, 28, 28)`` to uint8 ``(n, 28, 28, 1)``."""
    return images[..., np.newaxis]


def layers_as_they_are(model: keras.Model, images: keras.KerasTensor) -> keras.KerasTensor:
    """The model as it is: it takes pixels and gives logits itself.

    It begins with a layer that scales pixels; where that does something, the weights behind it do
    it instead.
    """
    scaling, *layers = model.layers
    x = as_floats(images)
    if scaling.scale != 1:
        first, *layers = layers
        x = scaled(first, scaling.scale, x)
    for layer in layers:
        x = layer(x)
    return x


def as_floats(images: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels, uint8, as float32 from 0 to 255."""
    return keras.layers.Rescaling(1, dtype="float32")(images)


def scaled(layer: keras.Layer, scale: float, x: keras.KerasTensor) -> keras.KerasTensor:
    """What a layer gives for ``scale * x``: a copy of it for `x`, its kernel scaled.

    That is a step less for who runs an exported file, and a slow one in ONNX Runtime.
    """
    copy = type(layer).from_config(layer.get_config())
    result = copy(x)
    kernel, *others = layer.get_weights()
    copy.set_weights([kernel * np.float32(scale), *others])
    return result
