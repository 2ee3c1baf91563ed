"""Learning that a thing is none of the ten digits.

The ten logits stand beside an eleventh that is always 0 and means "none": the softmax over eleven
gives each digit its belief and the rest to none. Its belief that a thing is a digit at all is thus
``sigmoid(logsumexp(logits))``, and the softmax over the ten is the belief in each, given that it is
one; so a network that can reject keeps the shape of one that can't. The log-sum-exp of the logits
is the free energy of Liu, Wang, Owens, Li 2020, here trained and not only read off.
"""

import keras

from keras_digits.digits import NUM_CLASSES


@keras.saving.register_keras_serializable("keras_digits")
class RejectingCrossentropy(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """Cross-entropy over the ten digits and none.

    Targets are float32 ``(n, 10)``, one-hot for a digit and all 0 for what is none; predictions
    are logits, float32 ``(n, 10)``.
    """

    def __init__(
        self,
        name: str = "rejecting_crossentropy",
        reduction: str = "sum_over_batch_size",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """The loss of each row, float32 ``(n,)``."""
        none = keras.ops.zeros_like(y_pred[:, :1])
        is_none = 1 - keras.ops.sum(y_true, axis=1, keepdims=True)
        return keras.losses.categorical_crossentropy(
            keras.ops.concatenate([y_true, is_none], axis=1),
            keras.ops.concatenate([y_pred, none], axis=1),
            from_logits=True,
        )


@keras.saving.register_keras_serializable("keras_digits")  # type: ignore[untyped-decorator]
def _is_right(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """1 where the digit, or that it is none, is what the network believes most."""
    none = keras.ops.zeros_like(y_pred[:, :1])
    believed = keras.ops.argmax(keras.ops.concatenate([y_pred, none], axis=1), axis=1)
    is_digit = keras.ops.sum(y_true, axis=1) > 0
    true = keras.ops.where(is_digit, keras.ops.argmax(y_true, axis=1), NUM_CLASSES)
    return keras.ops.cast(keras.ops.equal(believed, true), "float32")


def rejecting_accuracy() -> keras.metrics.Metric:
    """The share of rows where the digit, or that it is none, is believed most."""
    return keras.metrics.MeanMetricWrapper(_is_right, name="accuracy")
