"""Figures agree with hand calculation and with the laws they obey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_digits.evaluation.calibration import (
    brier_score,
    expected_calibration_error,
    reliability_bins,
    risk_by_coverage,
)
from keras_digits.evaluation.metrics import Accuracy, accuracy, mean_loss, score, worst_mistakes


def one_hot(digits: list[int], confidence: float = 1.0) -> np.ndarray:
    """Probabilities that give `confidence` to each digit and share the rest."""
    rows = np.full((len(digits), 10), (1 - confidence) / 9, np.float32)
    rows[np.arange(len(digits)), digits] = confidence
    return rows


def random_probabilities(seed: int, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(10, 0.2), count).astype(np.float32)
    return generator.integers(0, 10, count).astype(np.uint8), probabilities


def test_wilson_interval_is_the_published_one() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    interval = Accuracy.of(81, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


@given(st.integers(1, 5000), st.data())
def test_interval_holds_the_accuracy_and_stays_in_bounds(count: int, data: st.DataObject) -> None:
    interval = Accuracy.of(data.draw(st.integers(0, count)), count)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_unreadable_images_are_left_out() -> None:
    result = accuracy(np.array([1, -1, 3]), np.array([1, 2, 2]))
    assert (result.correct, result.count) == (1, 2)


def test_every_figure_of_a_small_case() -> None:
    labels = np.array([0, 0, 1, 1], np.uint8)
    figures = score(labels, one_hot([0, 1, 1, 1], 0.91), np.array([0, 1, 1, -1], np.int16))
    assert figures["accuracy"]["correct"] == 3
    assert (figures["accuracy_reviewed"]["correct"], figures["accuracy_reviewed"]["count"]) == (
        3,
        3,
    )
    assert figures["loss"] == pytest.approx(-(3 * np.log(0.91) + np.log(0.01)) / 4, rel=1e-5)
    zero, one = figures["classes"][:2]
    assert (zero["precision"], zero["recall"], zero["count"]) == (1.0, 0.5, 2)
    assert (one["precision"], one["recall"]) == (pytest.approx(2 / 3), 1.0)
    assert figures["confusion"][0][:2] == [1, 1]
    assert figures["calibration"]["ece"] == pytest.approx(0.16, abs=1e-6)
    assert score(labels, one_hot([0, 1, 1, 1]))["accuracy_reviewed"] is None


@given(st.integers(0, 1000))
def test_confusion_sums_to_the_counts(seed: int) -> None:
    labels, probabilities = random_probabilities(seed)
    figures = score(labels, probabilities)
    confusion = np.array(figures["confusion"])
    np.testing.assert_array_equal(confusion.sum(axis=1), np.bincount(labels, minlength=10))
    assert np.trace(confusion) == figures["accuracy"]["correct"]


def test_loss_is_finite_for_a_certain_mistake() -> None:
    assert np.isfinite(mean_loss(np.array([3], np.uint8), one_hot([5])))


def test_confident_mistakes_come_first() -> None:
    probabilities = np.concatenate([one_hot([1], 0.6), one_hot([2], 0.9), one_hot([3], 0.8)])
    labels = np.array([0, 0, 3], np.uint8)
    assert worst_mistakes(labels, probabilities, 5).tolist() == [1, 0]
    assert worst_mistakes(labels, probabilities, 1).tolist() == [1]


@given(st.integers(0, 1000))
def test_bins_hold_each_answer_once(seed: int) -> None:
    labels, probabilities = random_probabilities(seed)
    bins = reliability_bins(labels, probabilities)
    assert len(bins) == 15
    assert sum(entry.count for entry in bins) == len(labels)
    for entry in bins:
        if entry.count:
            assert entry.low - 1e-6 <= entry.confidence <= entry.high + 1e-6


def test_answers_as_right_as_they_are_sure_are_calibrated() -> None:
    labels = np.array([0] * 8 + [1] * 2, np.uint8)
    bins = reliability_bins(labels, one_hot([0] * 10, 0.8))
    assert expected_calibration_error(bins) == pytest.approx(0, abs=1e-6)


def test_certainty_that_is_always_wrong_is_the_worst_calibration() -> None:
    labels = np.zeros(10, np.uint8)
    certain = one_hot([1] * 10)
    assert expected_calibration_error(reliability_bins(labels, certain)) == 1
    assert brier_score(labels, certain) == 2
    assert brier_score(labels, one_hot([0] * 10)) == 0


def test_errors_fall_as_the_least_confident_are_declined() -> None:
    labels = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 0], np.uint8)
    confidences = np.linspace(0.99, 0.5, 10)
    guesses = labels.copy()
    guesses[[4, 8, 9]] = (labels[[4, 8, 9]] + 1) % 10
    probabilities = np.concatenate(
        [one_hot([int(guess)], float(one)) for guess, one in zip(guesses, confidences, strict=True)]
    )
    rows = risk_by_coverage(labels, probabilities, (1.0, 0.9, 0.8, 0.4))
    assert [row.count for row in rows] == [10, 9, 8, 4]
    assert [row.errors for row in rows] == [3, 2, 1, 0]
    assert [row.risk for row in rows] == pytest.approx([0.3, 2 / 9, 1 / 8, 0])
    reviewed = labels.astype(np.int16)
    reviewed[4], reviewed[8] = guesses[4], -1  # it was right, and nobody can read the other
    rows = risk_by_coverage(reviewed, probabilities, (1.0, 0.9))
    assert [(row.count, row.errors) for row in rows] == [(9, 1), (8, 0)]
