"""The report and the model card: figures and pictures put into words and pages.

Everything shown comes from ``metrics.json``'s contents and the pictures handed in; nothing is
computed here that a file does not hold.
"""

import base64
import dataclasses
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from keras_digits.data import DATASETS
from keras_digits.digits import INK, Images, Labels, Probabilities
from keras_digits.evaluation import plots
from keras_digits.evaluation.calibration import Declined, ReliabilityBin
from keras_digits.training.recipe import Recipe

_TITLES = {
    "accuracy": "Accuracy by epoch",
    "loss": "Loss by epoch",
    "confusion_matrix": "Confusion matrix",
    "reliability": "Reliability diagram",
    "declining": "Errors by answers given",
    "mistakes": "Worst mistakes",
    "corruptions": "Errors by corruption",
}

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("keras_digits.evaluation"),
    autoescape=jinja2.select_autoescape(["html.jinja"]),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters["percent"] = lambda value, digits=2: f"{100 * value:.{digits}f}"


@dataclass(frozen=True, eq=False)
class UnderCorruption:
    """What a report shows of a network under corruptions.

    Attributes:
        found: What ``corruptions.json`` holds.
        examples: A digit under each, by its name: uint8 ``(severities, 28, 28)``, 0 paper, 255
            ink.
    """

    found: Mapping[str, Any]
    examples: Mapping[str, Images]

    def rows(self) -> list[dict[str, Any]]:
        """The report's table: a corruption's name, its mean error, errors with their examples."""
        return [
            {
                "name": row["name"].replace("_", " "),
                "error": row["error"],
                "cells": [
                    {"png": _png(INK - image), "error": 1 - answers["value"]}
                    for image, answers in zip(
                        self.examples[row["name"]], row["severities"], strict=True
                    )
                ],
            }
            for row in self.found["corruptions"]
        ]


def report_figures(
    metrics: Mapping[str, Any],
    history: Sequence[Mapping[str, float]],
    images: Images,
    labels: Labels,
    probabilities: Probabilities,
) -> dict[str, Figure]:
    """The report's pictures by the names that their PNG files have.

    Args:
        metrics: What ``metrics.json`` holds.
        history: Rows of ``history.csv``; empty leaves the learning curves out.
        images: The mistakes to show, uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        labels: Their labels, uint8 ``(n,)``.
        probabilities: What the network believed, float32 ``(n, 10)``.
    """
    bins = [ReliabilityBin(**entry) for entry in metrics["calibration"]["bins"]]
    watched = "validation" if metrics["recipe"]["validation_split"] else "test"
    figures = {
        "confusion_matrix": plots.confusion_matrix(metrics["confusion"]),
        "reliability": plots.reliability_diagram(bins),
        "declining": plots.risk_by_coverage(
            _declined(metrics["declining"]), _declined(metrics["declining_reviewed"])
        ),
        "mistakes": plots.mistakes(images, labels, probabilities),
    }
    if not history:
        return figures
    curves = {
        measure: plots.learning_curves({metrics["run"]: history}, watched, (measure,))
        for measure in plots.MEASURES
    }
    return {**curves, **figures}


def _declined(rows: Sequence[Mapping[str, Any]] | None) -> list[Declined]:
    return [Declined(**row) for row in rows or ()]


def render_report(
    metrics: Mapping[str, Any],
    figures: Mapping[str, Figure],
    indices: NDArray[np.intp],
    images: Images,
    labels: Labels,
    probabilities: Probabilities,
    corruptions: UnderCorruption | None = None,
) -> str:
    """The report as one self-contained HTML page.

    Args:
        metrics: What ``metrics.json`` holds.
        figures: As :func:`report_figures` gives them.
        indices: The positions in the test set of the mistakes to show, ``(n,)``.
        images: The mistakes, uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        labels: Their labels, uint8 ``(n,)``.
        probabilities: What the network believed, float32 ``(n, 10)``.
        corruptions: How it does under corruptions, where that was tested.
    """
    charts = dict(figures)
    if corruptions:
        charts["corruptions"] = plots.corruption_errors(corruptions.found)
    svgs = {
        name: plots.to_svg(figure, _TITLES[name])
        for name, figure in charts.items()
        if name != "mistakes"  # the page shows them as a gallery of its own
    }
    mistakes = [
        _mistake(*entry) for entry in zip(indices, images, labels, probabilities, strict=True)
    ]
    page = _TEMPLATES.get_template("report.html.jinja")
    return page.render(
        m=metrics,
        svgs=svgs,
        mistakes=mistakes,
        corruptions=corruptions,
        command=run_command(metrics),
    )


def render_card(metrics: Mapping[str, Any]) -> str:
    """The model card as Markdown with the YAML head that model hubs read."""
    return _TEMPLATES.get_template("card.md.jinja").render(m=metrics, command=run_command(metrics))


def run_command(metrics: Mapping[str, Any]) -> str:
    """The shell command that repeats a run: its recipe, the set that was used, its backend."""
    settings, used = metrics["recipe"], metrics["dataset"]["name"]
    if settings["data"] is None and used in DATASETS:
        settings = {**settings, "dataset": used}
    name = metrics["environment"]["backend"]
    prefix = "" if name == "tensorflow" else f"KERAS_BACKEND={name} "
    return prefix + recipe_command(settings)


def recipe_command(settings: Mapping[str, Any]) -> str:
    """The shell command that trains by a recipe: flags for all that isn't the default."""
    words = ["digits", "train"]
    for setting in dataclasses.fields(Recipe):
        value = settings.get(setting.name, setting.default)  # older runs know fewer
        if setting.name == "start" and value and Path(value).is_relative_to(Path.cwd()):
            value = Path(value).relative_to(Path.cwd())
        if value != setting.default:
            words += [f"--{setting.name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _mistake(
    index: int, image: NDArray[np.uint8], label: int, row: NDArray[np.float32]
) -> dict[str, Any]:
    """What the page tells of one wrong answer."""
    ranked = np.argsort(-row)[:3]
    if label not in ranked:  # a reader wants to see what was left for the truth
        ranked[2] = label
    return {
        "index": int(index),
        "label": int(label),
        "prediction": int(ranked[0]),
        "png": _png(image),
        "beliefs": [{"digit": int(digit), "probability": float(row[digit])} for digit in ranked],
    }


def _png(image: NDArray[np.uint8]) -> str:
    """An image as PNG in base64, dark ink on light paper."""
    encoded, png = cv2.imencode(".png", INK - image)
    assert encoded
    return base64.b64encode(png.tobytes()).decode("ascii")
