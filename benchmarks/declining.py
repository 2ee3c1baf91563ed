"""Claim: we know when not to answer, on strangers' pictures too.

Reads the single digits of ``../shared/pictures`` and the things there that are no digits, and
writes ``benchmarks/results/declining.json``: for several promises how many answers are accepted and
how many of these are wrong; how far confidence can be trusted; and how well it tells digits from
other things, beside the softmax of the tutorial's network behind an inverting resize.

    python benchmarks/declining.py    # about a minute, once that network is trained
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from collection import find_collection, other_things, read_collection
from numpy.typing import NDArray
from peers import describe_everybody, inverted_confidences
from rich.table import Table
from sklearn.metrics import roc_auc_score
from tutorial import console, write_result

from keras_digits import Reader
from keras_digits.declining import Promises, rounded_up
from keras_digits.digits import Reading
from keras_digits.errors import DigitsError
from keras_digits.evaluation.calibration import bin_answers, expected_calibration_error
from keras_digits.reading.catalogue import network_path, shipped_networks
from keras_digits.reading.network import Network

SETS = ("drawn", "photo", "pen")
"""The sets of single digits that are told from other things."""

SHARES = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
AIMS = {"auroc": 0.985, "others_declined": 0.9}

DIGITS_DECLINED = 0.02
"""The share of digits that the threshold against other things declines."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What single digits were read as.

    Attributes:
        confidence: float64 ``(n,)``; 0 where nothing was read.
        right: bool ``(n,)``.
    """

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]


def main() -> None:
    """Read everything and count."""
    try:
        folder = find_collection(None)
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    with tempfile.TemporaryDirectory() as scratch:
        pictures = [one for one in read_collection(folder, Path(scratch)) if one.set in SETS]
    paths, labels = [one.path for one in pictures], [one.label for one in pictures]
    others = other_things(folder)
    answers = read(paths, labels)
    of_others = read(others, [""] * len(others)).confidence
    softmax = [np.array(list(inverted_confidences(of))) for of in (paths, others)]
    promises = Network(network_path(None)).promises["single"]
    bins = bin_answers(answers.confidence, answers.right)
    result = {
        "sets": SETS,
        "count": len(paths),
        "num_others": len(others),
        "promises": [kept(answers, promises, share) for share in SHARES],
        "least_errors": {name: least_errors(one.path) for name, one in shipped_networks().items()},
        "ece": expected_calibration_error(bins),
        "aims": AIMS,
        "digits_declined": DIGITS_DECLINED,
        "ours": told_apart(answers.confidence, of_others),
        "softmax": told_apart(*softmax),
        "environment": describe_everybody(),
    }
    show(result)
    write_result("declining", result)


def read(paths: Sequence[Path], labels: Sequence[str]) -> Answers:
    """Read single digits."""
    confidence, right = np.zeros(len(paths)), np.zeros(len(paths), np.bool_)
    readings = Reader().read_many(paths, "digit")
    for index, (reading, label) in enumerate(zip(readings, labels, strict=True)):
        if isinstance(reading, Reading) and reading.numbers:
            (number,) = reading.numbers
            confidence[index] = number.confidence
            right[index] = number.text == label
    return Answers(confidence, right)


def least_errors(network: Path) -> dict[str, float]:
    """The least that a network can promise, of single digits and of numbers."""
    promises = Network(network).promises
    return {kind: rounded_up(promises[kind].least_error()) for kind in ("single", "number")}


def kept(answers: Answers, promises: Promises, max_error: float) -> dict[str, Any]:
    """How many answers are accepted under a promise, and how many of these are wrong."""
    given = (answers.confidence > 0) & (answers.confidence >= promises.threshold(max_error))
    return {
        "max_error": max_error,
        "accepted": int(given.sum()),
        "wrong": int((given & ~answers.right).sum()),
    }


def told_apart(digits: NDArray[np.float64], others: NDArray[np.float64]) -> dict[str, float]:
    """How well confidence tells digits from other things."""
    threshold = float(np.quantile(digits, DIGITS_DECLINED))
    is_digit = np.repeat([True, False], [len(digits), len(others)])
    return {
        "auroc": float(roc_auc_score(is_digit, np.concatenate([digits, others]))),
        "threshold": threshold,
        "others_declined": float((others < threshold).mean()),
    }


def show(result: dict[str, Any]) -> None:
    """Print the figures."""
    table = Table("promise", "accepted", "wrong among these")
    for row in result["promises"]:
        share = row["accepted"] / result["count"]
        wrong = f"{row['wrong']} ({row['wrong'] / max(1, row['accepted']):.2%})"
        table.add_row(f"{row['max_error']:.1%}", f"{share:.1%}", wrong)
    console.print(table)
    for name, least in result["least_errors"].items():
        console.print(f"{name} can promise {least}")
    console.print(f"expected calibration error {result['ece']:.2%}")
    for name in ("ours", "softmax"):
        found = result[name]
        console.print(
            f"{name}: AUROC {found['auroc']:.4f}; where {DIGITS_DECLINED:.0%} of digits are "
            f"declined, so are {found['others_declined']:.1%} of other things"
        )


if __name__ == "__main__":
    main()
