"""A promise about errors is kept, on answers whose true errors are known."""

import math

import numpy as np
import pytest
from scipy.stats import beta

from keras_digits.declining import (
    DELTA,
    LEAST_CONFIDENCE,
    THRESHOLDS,
    Promises,
    rounded_up,
    upper_bound,
)


def answers(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and answers that are right with just that probability to the power of 1.3."""
    confidences = 1 - generator.beta(0.3, 3, count)
    return confidences, generator.random(count) < confidences**1.3


def true_error(threshold: float) -> float:
    """The share of wrong answers among all that are at least so confident."""
    confidences, _ = answers(400_000, np.random.default_rng(99))
    return float((1 - confidences[confidences >= threshold] ** 1.3).mean())


@pytest.mark.parametrize("max_error", [0.02, 0.05])
def test_promise_is_broken_no_more_often_than_it_says(max_error: float) -> None:
    errors = {threshold: true_error(threshold) for threshold in THRESHOLDS} | {math.inf: 0.0}
    assert errors[LEAST_CONFIDENCE] > max_error  # else all answers could be given
    chosen = [
        Promises.measure(*answers(2000, np.random.default_rng(seed))).threshold(max_error)
        for seed in range(300)
    ]
    broken = np.mean([errors[threshold] > max_error for threshold in chosen])
    assert broken <= DELTA
    assert np.mean(np.isfinite(chosen)) > 0.9  # and it does not decline everything


@pytest.mark.parametrize(("given", "is_enough"), [(299, False), (430, False), (440, True)])
def test_all_starts_together_may_break_a_promise_as_often(given: int, is_enough: bool) -> None:
    thresholds = tuple(np.linspace(0.5, 0.98, 25).tolist())
    promises = Promises(thresholds, (given,) * 25, (0,) * 25)
    assert 0.99**299 < DELTA < 0.99**298  # what would do for a single one
    assert math.isfinite(promises.threshold(0.01)) == is_enough


def test_no_threshold_counts_below_one_that_failed() -> None:
    thresholds = (0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
    promises = Promises(thresholds, (1000,) * 6, (0, 0, 0, 900, 0, 0))
    assert promises.threshold(0.05) == 0.9


def test_what_fails_at_one_start_may_pass_at_another() -> None:
    promises = Promises((0.9, 0.98, 0.99, 0.999), (1000, 900, 800, 10), (100, 5, 0, 0))
    assert promises.threshold(0.02) == 0.98  # 10 answers are too few for 0.999 to be promised
    assert promises.threshold(0.2) == 0.9


@pytest.mark.parametrize("seed", range(3))
def test_the_least_error_is_the_least_that_may_be_asked_for(seed: int) -> None:
    promises = Promises.measure(*answers(2000, np.random.default_rng(seed)))
    least = promises.least_error()
    assert math.isfinite(promises.threshold(least + 1e-6))
    assert promises.threshold(least - 1e-6) == math.inf


@pytest.mark.parametrize("share", [0.001407, 0.00065, 0.0999, 0.1, 0.5, 0.994, 3e-7])
def test_a_share_that_is_shown_is_one_that_may_be_asked_for(share: float) -> None:
    shown = float(f"{rounded_up(share):g}")
    assert share <= shown < 1.1 * share


def test_stricter_promise_wants_more_confidence() -> None:
    promises = Promises.measure(*answers(20_000, np.random.default_rng(0)))
    thresholds = [promises.threshold(share) for share in (0.2, 0.05, 0.02, 0.01)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < thresholds[-1] < 1


def test_what_cannot_be_promised_is_never_given() -> None:
    promises = Promises.measure(np.full(500, 0.99999), np.ones(500, np.bool_))
    assert promises.threshold(0.05) == LEAST_CONFIDENCE
    assert promises.threshold(0.001) == math.inf


@pytest.mark.parametrize("least", [0.0, LEAST_CONFIDENCE])
def test_what_is_more_likely_wrong_than_right_is_never_given(least: float) -> None:
    thresholds = (least, *THRESHOLDS)  # of an older network, or a newer one
    promises = Promises(thresholds, (10_000,) * len(thresholds), (0,) * len(thresholds))
    assert promises.threshold(0.2) == LEAST_CONFIDENCE


@pytest.mark.parametrize("max_error", [0.0, 1.0, -1, math.nan])
def test_share_that_is_none_is_refused(max_error: float) -> None:
    promises = Promises.measure(np.ones(3), np.ones(3, np.bool_))
    with pytest.raises(ValueError, match="expected a share"):
        promises.threshold(max_error)


@pytest.mark.parametrize(("wrong", "given"), [(0, 30), (1, 30), (12, 4000), (399, 400)])
def test_bound_is_clopper_and_pearsons(wrong: int, given: int) -> None:
    expected = beta.ppf(0.98, wrong + 1, given - wrong)
    assert upper_bound(wrong, given, 0.02) == pytest.approx(expected, abs=1e-6)


def test_without_a_right_answer_the_bound_is_one() -> None:
    assert upper_bound(0, 0, 0.05) == 1
    assert upper_bound(7, 7, 0.05) == 1


def test_promises_come_back_from_json() -> None:
    promises = Promises.measure(*answers(100, np.random.default_rng(1)))
    assert Promises.from_json(promises.to_json()) == promises


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "[1, 2, 3]",
        "[[0.5], [1], [0, 0]]",
        "[[0.9, 0.5], [9, 9], [0, 0]]",
        f"[[0.5], [1{400 * '0'}], [0]]",
        "[[1], [2]]",
    ],
)
def test_other_text_is_no_promise(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Promises.from_json(text)
