"""Whether confidence means what it says: of answers given at 90 %, 90 % should be right.

NumPy only; knows no network and no file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import Labels, Probabilities

NUM_BINS = 15
"""As in Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks" (2017)."""


@dataclass(frozen=True)
class ReliabilityBin:
    """The answers whose confidence lies in ``(low, high]``.

    Attributes:
        low: Lower end, in [0, 1].
        high: Upper end.
        count: Answers in the bin.
        confidence: Their mean confidence; 0 when there are none.
        accuracy: The share of them that is right; 0 when there are none.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability_bins(
    labels: Labels, probabilities: Probabilities, num_bins: int = NUM_BINS
) -> list[ReliabilityBin]:
    """Sort answers by confidence into bins of equal width.

    Args:
        labels: uint8 ``(n,)``, 0 to 9.
        probabilities: float32 ``(n, 10)``, rows sum to 1.
        num_bins: How many bins divide [0, 1].

    Returns:
        `num_bins` bins, from the least confident to the most.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    return bin_answers(confidence, probabilities.argmax(axis=1) == labels, num_bins)


def bin_answers(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], num_bins: int = NUM_BINS
) -> list[ReliabilityBin]:
    """As :func:`reliability_bins`, for answers of any kind.

    Args:
        confidence: float64 ``(n,)``, 0 to 1.
        right: bool ``(n,)``.
        num_bins: How many bins divide [0, 1].
    """
    edges = np.linspace(0, 1, num_bins + 1)
    places = np.clip(np.digitize(confidence, edges, right=True) - 1, 0, num_bins - 1)
    bins = []
    for place in range(num_bins):
        inside = places == place
        count = int(inside.sum())
        bins.append(
            ReliabilityBin(
                float(edges[place]),
                float(edges[place + 1]),
                count,
                float(confidence[inside].mean()) if count else 0.0,
                float(right[inside].mean()) if count else 0.0,
            )
        )
    return bins


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Mean distance between confidence and accuracy, each bin weighted by its count, in [0, 1].

    Source: Naeini, Cooper, Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning" (2015); Guo et al. (2017), equation 3.
    """
    total = sum(entry.count for entry in bins)
    distances = (entry.count * abs(entry.accuracy - entry.confidence) for entry in bins)
    return sum(distances) / total


@dataclass(frozen=True)
class Declined:
    """What is wrong among the answers given, if the least confident ones are declined.

    Attributes:
        coverage: The share of all answers that is given, in (0, 1].
        count: Answers given.
        errors: How many of them are wrong.
        risk: ``errors / count``.
    """

    coverage: float
    count: int
    errors: int
    risk: float


COVERAGES = (1.0, 0.998, 0.995, 0.99, 0.98, 0.97, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)
"""The shares of answers given for which figures are kept."""


def risk_by_coverage(
    labels: NDArray[np.integer],
    probabilities: Probabilities,
    coverages: Sequence[float] = COVERAGES,
) -> list[Declined]:
    """How errors fall as the least confident answers are declined.

    Source: El-Yaniv, Wiener, "On the Foundations of Noise-free Selective Classification" (2010).

    Args:
        labels: Whole numbers ``(n,)``, 0 to 9; where one is negative, its answer is left out.
        probabilities: float32 ``(n, 10)``, rows sum to 1.
        coverages: Shares of answers to give, in (0, 1].
    """
    labels, probabilities = labels[labels >= 0], probabilities[labels >= 0]
    order = np.argsort(-probabilities.max(axis=1).astype(np.float64), kind="stable")
    wrong = np.cumsum((probabilities.argmax(axis=1) != labels)[order])
    counts = [max(1, round(coverage * len(labels))) for coverage in coverages]
    return [
        Declined(coverage, count, int(wrong[count - 1]), float(wrong[count - 1] / count))
        for coverage, count in zip(coverages, counts, strict=True)
    ]


def brier_score(labels: Labels, probabilities: Probabilities) -> float:
    """Mean squared distance between probabilities and the one-hot truth, in [0, 2].

    Source: Brier, "Verification of forecasts expressed in terms of probability" (1950), the form
    over all classes.
    """
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())
