"""A network can learn that a thing is none of the ten digits, and keep ten logits."""

import keras
import numpy as np

from keras_digits.networks.rejection import RejectingCrossentropy, rejecting_accuracy

LOGITS = np.array([[2.0, -1.0, *[-3.0] * 8], [-4.0] * 10, [5.0, *[0.0] * 9]], np.float32)
TARGETS = np.eye(10, dtype=np.float32)[[0, 0, 1]]
TARGETS[1] = 0  # none of the ten


def test_loss_is_cross_entropy_over_the_ten_and_a_none_whose_logit_is_zero() -> None:
    together = np.concatenate([LOGITS, np.zeros((3, 1))], axis=1)
    log_beliefs = together - np.log(np.exp(together).sum(axis=1, keepdims=True))
    expected = -(log_beliefs[0, 0] + log_beliefs[1, 10] + log_beliefs[2, 1]) / 3
    assert np.isclose(float(RejectingCrossentropy()(TARGETS, LOGITS)), expected, atol=1e-5)


def test_accuracy_counts_none_where_no_logit_is_above_zero() -> None:
    metric = rejecting_accuracy()
    metric.update_state(TARGETS, LOGITS)
    assert np.isclose(float(metric.result()), 2 / 3)  # the third is taken for a 0


def test_loss_survives_saving() -> None:
    copy = keras.losses.deserialize(keras.losses.serialize(RejectingCrossentropy()))
    assert float(copy(TARGETS, LOGITS)) == float(RejectingCrossentropy()(TARGETS, LOGITS))
