"""Learning to say of each frame of a line which digit stands around its middle, or that none does.

Towards a digit's border both answers are right, so a frame may have several right answers, and what
is learned is that one of them is given: which one, the network may choose.
"""

import keras

from keras_digits.digits import NOTHING, NUM_CLASSES


@keras.saving.register_keras_serializable("keras_digits")
class FrameCrossentropy(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """How little a frame's belief in the answers that are right for it is, in nats.

    Targets are 1 for each right answer, uint8 ``(n, frames, 11)``, of which a frame may have
    several; predictions are logits, float32 ``(n, frames, 11)``.
    """

    def __init__(
        self,
        name: str = "frame_crossentropy",
        reduction: str = "sum_over_batch_size",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """The loss of each frame, float32 ``(n, frames)``."""
        right = keras.ops.where(y_true > 0, y_pred, keras.ops.full_like(y_pred, -1e4))
        return keras.ops.logsumexp(y_pred, axis=-1) - keras.ops.logsumexp(right, axis=-1)


@keras.saving.register_keras_serializable("keras_digits")  # type: ignore[untyped-decorator]
def _is_rightly_answered(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """1 where the answer that is believed most is right."""
    believed = keras.ops.argmax(y_pred, axis=-1)
    right = keras.ops.take_along_axis(y_true, believed[..., None], axis=-1)
    return keras.ops.cast(right[..., 0], "float32")


def frame_accuracy() -> keras.metrics.Metric:
    """The share of frames that are answered rightly."""
    return keras.metrics.MeanMetricWrapper(_is_rightly_answered, name="accuracy")


@keras.saving.register_keras_serializable("keras_digits")
class OneDigit(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A line's frames as the logits of one digit, for lines that hold one.

    How much more a digit is believed than nothing, in the frame where it is most; so the logit of
    "no digit at all" is 0, as :mod:`keras_digits.networks.rejection` has it.
    """

    def call(self, frames: keras.KerasTensor) -> keras.KerasTensor:
        """Float32 ``(n, frames, 11)`` to float32 ``(n, 10)``."""
        digits, nothing = frames[..., :NUM_CLASSES], frames[..., NOTHING:]
        return keras.ops.max(digits - nothing, axis=1)
