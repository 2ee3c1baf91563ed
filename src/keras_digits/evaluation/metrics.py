"""Figures from labels and probabilities: accuracy with its interval, classes, confusion, loss.

NumPy, SciPy and scikit-learn only; knows no network, no file and no picture.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from keras_digits.digits import NUM_CLASSES, Labels, Probabilities
from keras_digits.evaluation.calibration import (
    brier_score,
    expected_calibration_error,
    reliability_bins,
    risk_by_coverage,
)


@dataclass(frozen=True)
class Accuracy:
    """A share of right answers with its 95 % confidence interval.

    Attributes:
        correct: Right answers.
        count: Answers.
        value: ``correct / count``.
        low: Lower end of the Wilson score interval (Wilson 1927), in [0, 1].
        high: Upper end.
    """

    correct: int
    count: int
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, correct: int, count: int) -> "Accuracy":
        """The accuracy of `correct` right answers of `count` ≥ 1."""
        interval = binomtest(correct, count).proportion_ci(0.95, method="wilson")
        return cls(correct, count, correct / count, float(interval.low), float(interval.high))


def score(
    labels: Labels,
    probabilities: Probabilities,
    reviewed_labels: NDArray[np.int16] | None = None,
) -> dict[str, Any]:
    """Every figure that a report shows.

    Args:
        labels: uint8 ``(n,)``, 0 to 9, n ≥ 1.
        probabilities: float32 ``(n, 10)``, rows sum to 1.
        reviewed_labels: int16 ``(n,)``, 0 to 9, negative where reviewers agreed on no digit;
            those are left out. None where nobody reviewed the labels.

    Returns:
        As JSON can hold it: ``accuracy`` and ``accuracy_reviewed`` (:class:`Accuracy`'s fields, or
        None), ``loss`` (mean cross-entropy, nats), ``classes`` (precision, recall, f1 and count a
        digit), ``confusion`` (10 rows of the label by 10 columns of the prediction),
        ``calibration`` (``ece``, ``brier``, ``bins``), ``declining`` and ``declining_reviewed``
        (:class:`Declined`'s fields for each of ``COVERAGES``, or None).
    """
    predictions = probabilities.argmax(axis=1)
    bins = reliability_bins(labels, probabilities)
    return {
        "accuracy": asdict(accuracy(labels, predictions)),
        "accuracy_reviewed": None
        if reviewed_labels is None
        else asdict(accuracy(reviewed_labels, predictions)),
        "loss": mean_loss(labels, probabilities),
        "classes": _classes(labels, predictions),
        "confusion": confusion_matrix(labels, predictions, labels=range(NUM_CLASSES)).tolist(),
        "calibration": {
            "ece": expected_calibration_error(bins),
            "brier": brier_score(labels, probabilities),
            "bins": [asdict(entry) for entry in bins],
        },
        "declining": [asdict(entry) for entry in risk_by_coverage(labels, probabilities)],
        "declining_reviewed": None
        if reviewed_labels is None
        else [asdict(entry) for entry in risk_by_coverage(reviewed_labels, probabilities)],
    }


def accuracy(labels: NDArray[np.integer], predictions: NDArray[np.integer]) -> Accuracy:
    """The share of predictions that equal their label; negative labels are left out.

    Args:
        labels: Whole numbers ``(n,)``.
        predictions: Whole numbers ``(n,)``, 0 to 9.
    """
    known = labels >= 0
    return Accuracy.of(int((labels == predictions)[known].sum()), int(known.sum()))


def mean_loss(labels: Labels, probabilities: Probabilities) -> float:
    """Mean categorical cross-entropy in nats; scikit-learn counts no answer above 36.04.

    Keras stops at 16.12 where a network gives probabilities, and nowhere where it gives logits.
    """
    rows = probabilities.astype(np.float64)
    rows /= rows.sum(axis=1, keepdims=True)  # float32 rows sum to 1 within 1e-7, not within 1e-16
    return float(log_loss(labels, rows, labels=range(NUM_CLASSES)))


def worst_mistakes(labels: Labels, probabilities: Probabilities, count: int) -> NDArray[np.intp]:
    """Indices of at most `count` wrong answers, the most confident first."""
    predictions, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    return wrong[np.argsort(-confidence[wrong], kind="stable")][:count]


def _classes(labels: Labels, predictions: NDArray[np.intp]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and count of each digit; 0 where a ratio has no denominator."""
    columns = precision_recall_fscore_support(
        labels, predictions, labels=range(NUM_CLASSES), zero_division=0
    )
    return [
        {"digit": digit, "precision": float(p), "recall": float(r), "f1": float(f), "count": int(n)}
        for digit, (p, r, f, n) in enumerate(zip(*columns, strict=True))
    ]
