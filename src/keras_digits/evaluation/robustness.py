"""How well a network answers when something befell the images.

Knows what a network believes of images, not which network it is, nor a file.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from statistics import mean
from typing import Any

import numpy as np
from rich.table import Table

from keras_digits.digits import SIDE, Images, Labels, Probabilities
from keras_digits.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from keras_digits.evaluation.metrics import accuracy
from keras_digits.progress import ReportProgress

SEED = 0
"""Decides all chance in the corruptions, so that every network is asked of the same images."""


def score_corruptions(
    images: Images,
    labels: Labels,
    classify: Callable[[Images], Probabilities],
    report_progress: ReportProgress | None = None,
) -> dict[str, Any]:
    """Ask a network of images under every corruption at every severity.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink, n ≥ 1; they stay as they are.
        labels: uint8 ``(n,)``, 0 to 9.
        classify: The network: such images to float32 ``(n, 10)``.
        report_progress: Called as it goes on.

    Returns:
        As JSON can hold it: ``clean`` (the accuracy without corruption, as
        :class:`keras_digits.evaluation.metrics.Accuracy` has it), ``corruptions`` (for each its
        ``name``, the same figures for each of its ``severities``, and ``error``, the mean over
        these of the share of wrong answers), ``mean_corruption_error`` (the mean of those errors;
        not weighted by another network's, as some papers have it) and ``seed``.
    """
    rows: list[dict[str, Any]] = []
    for name in CORRUPTIONS:
        if report_progress:
            report_progress(name.replace("_", " "), len(rows), len(CORRUPTIONS))
        corrupted = _at_each_severity(images, name)
        answers = classify(corrupted.reshape(-1, SIDE, SIDE)).argmax(axis=1)
        found = [
            {"severity": severity, **asdict(accuracy(labels, given))}
            for severity, given in zip(
                SEVERITIES, answers.reshape(len(SEVERITIES), -1), strict=True
            )
        ]
        error = mean(1 - one["value"] for one in found)
        rows.append({"name": name, "severities": found, "error": error})
    if report_progress:
        report_progress("", len(rows), len(rows))
    return {
        "seed": SEED,
        "clean": asdict(accuracy(labels, classify(images).argmax(axis=1))),
        "corruptions": rows,
        "mean_corruption_error": mean(row["error"] for row in rows),
    }


def corruption_examples(images: Images) -> dict[str, Images]:
    """The first of `images` under every corruption.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink, n ≥ 1.

    Returns:
        By the corruption's name, uint8 ``(3, 28, 28)``, one for each severity.
    """
    return {name: _at_each_severity(images[:1], name)[:, 0] for name in CORRUPTIONS}


def corruption_table(found: Mapping[str, Any]) -> Table:
    """Wrong answers in percent as a table for a terminal.

    Args:
        found: What :func:`score_corruptions` returned.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("wrong answers in %")
    for heading in (*(f"severity {severity}" for severity in SEVERITIES), "mean"):
        table.add_column(heading, justify="right")
    for row in found["corruptions"]:
        errors = [*(1 - one["value"] for one in row["severities"]), row["error"]]
        table.add_row(row["name"].replace("_", " "), *(f"{100 * error:.2f}" for error in errors))
    return table


def _at_each_severity(images: Images, name: str) -> Images:
    """uint8 ``(3, n, 28, 28)``; chance is the same at each severity, another in each corruption."""
    seed = (SEED, list(CORRUPTIONS).index(name))
    return np.stack(
        [corrupt(images, name, severity, np.random.default_rng(seed)) for severity in SEVERITIES]
    )
