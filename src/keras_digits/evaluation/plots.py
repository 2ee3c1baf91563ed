"""Pictures of results. Every function gives a figure; saving and showing is for others.

Figures are drawn with matplotlib's objects, not pyplot, so that nothing global is touched. All
text and axes have the one colour ``INK_COLOUR``, which :func:`to_svg` turns into the page's own
text colour: one drawing serves light pages, dark pages and paper.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from keras_digits.digits import (
    INK,
    NUM_CLASSES,
    PAPER,
    SIDE,
    Images,
    Labels,
    Probabilities,
)
from keras_digits.evaluation.calibration import Declined, ReliabilityBin
from keras_digits.files import replacing

MEASURES = ("accuracy", "loss")
"""What a history tells of each epoch."""

INK_COLOUR = "#0b0c0d"
LEARNED_COLOUR, WATCHED_COLOUR = "#3f7fc1", "#dd7a2f"
_RIGHT_COLOUR, _WRONG_COLOUR = (0.25, 0.5, 0.76), (0.87, 0.3, 0.2)
_CYCLE = ("#3f7fc1", "#dd7a2f", "#3d9a63", "#b5519c", "#8c7ae0", "#a8872c", "#4aa3a8", "#8a6a5a")

_STYLE = {
    "text.color": INK_COLOUR,
    "axes.edgecolor": INK_COLOUR,
    "axes.labelcolor": INK_COLOUR,
    "xtick.color": INK_COLOUR,
    "ytick.color": INK_COLOUR,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "grid.color": INK_COLOUR,
    "grid.alpha": 0.12,
    "legend.frameon": False,
    "font.size": 10,
    "svg.hashsalt": "keras-digits",
}


def save_png(figure: Figure, path: Path) -> None:
    """Write `figure` as PNG on white, whole or not at all.

    Raises:
        OutputError: `path` can't be written.
    """
    with replacing(path) as partial, rc_context(_STYLE):
        figure.savefig(partial, format="png", dpi=150, facecolor="white")


def to_svg(figure: Figure, title: str) -> str:
    """`figure` as SVG for a page, in the page's own text colour, named `title` for listeners."""
    text = io.StringIO()
    with rc_context(_STYLE):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK_COLOUR, "currentColor")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


def learning_curves(
    runs: Mapping[str, Sequence[Mapping[str, float]]],
    watched: str,
    measures: Sequence[str] = MEASURES,
) -> Figure:
    """Accuracy and loss by epoch.

    Args:
        runs: History rows by the run's name. One run is drawn with its learned and its watched
            digits; of several only the watched are, a colour a run.
        watched: What the watched digits are: "test" or "validation".
        measures: Of ``MEASURES`` those to draw, a panel each.
    """
    with rc_context(_STYLE):
        figure = Figure(figsize=(4.6 * len(measures), 3.4), layout="constrained")
        panels = figure.subplots(1, len(measures), squeeze=False)[0]
        for panel, measure in zip(panels, measures, strict=True):
            for (name, rows), colour in zip(runs.items(), _colours(len(runs)), strict=True):
                if len(runs) == 1:
                    _draw_curve(panel, rows, measure, "training digits", LEARNED_COLOUR)
                    label, colour = f"{watched} digits", WATCHED_COLOUR  # noqa: PLW2901
                else:
                    label = f" {name}"  # matplotlib hides names that begin with an underscore
                _draw_curve(panel, rows, f"val_{measure}", label, colour)
            of_watched = f" on {watched} digits" if len(runs) > 1 else ""
            panel.set(title=f"{measure.capitalize()}{of_watched}", xlabel="epoch")
            last = max((len(rows) for rows in runs.values()), default=1)
            panel.set_xlim(0.5, max(last, 2) + 0.5)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
            panel.grid(visible=True)
        for text in panels[0].legend(loc="best", fontsize="small").get_texts():
            text.set_parse_math(False)  # a folder may be called $x$
    return figure


def _colours(count: int) -> list[str]:
    """A colour for each of `count` curves, repeating when they run out."""
    return [_CYCLE[index % len(_CYCLE)] for index in range(count)]


def _draw_curve(
    panel: Axes, rows: Sequence[Mapping[str, float]], column: str, label: str, colour: str
) -> None:
    """Draw one column of a history; a single epoch is a point."""
    epochs = [row["epoch"] for row in rows]
    values = [row.get(column, np.nan) for row in rows]
    panel.plot(
        epochs, values, label=label, color=colour, marker="o" if len(rows) < 3 else "", lw=1.8
    )


def confusion_matrix(confusion: Sequence[Sequence[int]]) -> Figure:
    """How often each label was read as each digit; right answers blue, wrong ones red.

    Args:
        confusion: Ten rows of the label by ten columns of the prediction.
    """
    counts = np.asarray(confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    colours = np.empty((NUM_CLASSES, NUM_CLASSES, 4))
    colours[..., :3] = _WRONG_COLOUR
    colours[..., 3] = np.minimum(np.sqrt(shares) * 1.6, 0.85)  # the root lets single errors show
    for digit in range(NUM_CLASSES):
        colours[digit, digit] = (*_RIGHT_COLOUR, 0.65 * shares[digit, digit])
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 5.2), layout="constrained")
        panel = figure.subplots()
        for label, prediction in np.ndindex(counts.shape):
            corner = (prediction - 0.5, label - 0.5)
            _draw_cell(panel, corner, colours[label, prediction], int(counts[label, prediction]))
        panel.set(
            xlim=(-0.5, 9.5),
            ylim=(9.5, -0.5),
            xticks=range(NUM_CLASSES),
            yticks=range(NUM_CLASSES),
            xlabel="prediction",
            ylabel="label",
            aspect="equal",
        )
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
    return figure


def _draw_cell(panel: Axes, corner: tuple[float, float], colour: Any, count: int) -> None:
    """One cell of the confusion matrix with its count, if there is any."""
    from_left, from_top = corner
    panel.fill(
        [from_left, from_left + 1, from_left + 1, from_left],
        [from_top, from_top, from_top + 1, from_top + 1],
        color=colour,
        lw=0,
    )
    if count:
        panel.text(
            from_left + 0.5, from_top + 0.5, str(count), ha="center", va="center", size="small"
        )


def reliability_diagram(bins: Sequence[ReliabilityBin]) -> Figure:
    """Accuracy against confidence, and how many answers each confidence got."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 5.2), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        middles = [(entry.low + entry.high) / 2 for entry in bins]
        width = bins[0].high - bins[0].low
        upper.bar(
            middles,
            [entry.accuracy for entry in bins],
            width * 0.92,
            color=LEARNED_COLOUR,
            alpha=0.8,
            label="accuracy",
        )
        upper.plot([0, 1], [0, 1], color=WATCHED_COLOUR, lw=1.5, label="perfectly calibrated")
        upper.set(ylabel="share that is right", ylim=(0, 1.02), xlim=(0, 1))
        upper.legend(loc="upper left", fontsize="small")
        upper.grid(visible=True)
        lower.bar(middles, [entry.count for entry in bins], width * 0.92, color=LEARNED_COLOUR)
        lower.set(xlabel="confidence", ylabel="answers", yscale="log")
        lower.yaxis.set_major_formatter("{x:,.0f}")
        lower.yaxis.set_minor_formatter(NullFormatter())
        lower.grid(visible=True, axis="y")
    return figure


def risk_by_coverage(rows: Sequence[Declined], reviewed: Sequence[Declined] = ()) -> Figure:
    """The share of wrong answers among those given, by how many are given.

    Args:
        rows: By the official labels.
        reviewed: By the labels as reviewed, where they were.
    """
    with rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 3.6), layout="constrained")
        panel = figure.subplots()
        lines = (rows, LEARNED_COLOUR, "official labels"), (reviewed, WATCHED_COLOUR, "reviewed")
        for some, colour, label in lines if reviewed else lines[:1]:
            coverages = [100 * row.coverage for row in some]
            risks = [100 * row.risk for row in some]
            panel.plot(coverages, risks, "o-", color=colour, ms=4, label=label)
        if reviewed:
            panel.legend(loc="upper left", fontsize="small")
        panel.set(xlabel="answers given in %, the most confident", ylabel="of these wrong in %")
        panel.set_ylim(bottom=0)
        panel.grid(visible=True)
    return figure


def mistakes(
    images: Images, labels: Labels, probabilities: Probabilities, num_columns: int = 6
) -> Figure:
    """A gallery of wrong answers, each with the two digits that the network believed in most.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        labels: uint8 ``(n,)``.
        probabilities: float32 ``(n, 10)``.
        num_columns: Images a row.
    """
    captions = [
        f"{label}, read as {ranked[0]}\n{row[ranked[0]]:.1%} {ranked[0]} · "
        f"{row[ranked[1]]:.1%} {ranked[1]}"
        for label, row in zip(labels, probabilities, strict=True)
        for ranked in [np.argsort(-row)]
    ]
    return _gallery(images, captions, num_columns)


def sample_sheet(images: Images, labels: Labels, seed: int = 0, num_columns: int = 10) -> Figure:
    """A row of samples for each digit, drawn at random.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        labels: uint8 ``(n,)``, 0 to 9.
        seed: Decides which are drawn.
        num_columns: Samples a digit; a digit that has fewer shows fewer.
    """
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for digit in range(NUM_CLASSES):
        found = np.flatnonzero(labels == digit)
        drawn = generator.choice(found, min(num_columns, len(found)), replace=False)
        chosen += [*drawn.tolist(), *[-1] * (num_columns - len(drawn))]
    picked = [images[index] if index >= 0 else np.zeros_like(images[0]) for index in chosen]
    captions = [str(labels[index]) if index >= 0 else "" for index in chosen]
    return _gallery(np.stack(picked), captions, num_columns)


def corruption_errors(found: Mapping[str, Any]) -> Figure:
    """Wrong answers under each corruption, a dot a severity; most on top.

    Args:
        found: What ``corruptions.json`` holds.
    """
    rows = sorted(found["corruptions"], key=lambda row: float(row["error"]))
    with rc_context(_STYLE):
        figure = Figure(figsize=(7.5, 4.8), layout="constrained")
        panel = figure.subplots()
        clean = 100 * (1 - found["clean"]["value"])
        panel.axvline(clean, color=WATCHED_COLOUR, lw=1.5, label=f"no corruption: {clean:.2f} %")
        for place, row in enumerate(rows):
            errors = [100 * (1 - answers["value"]) for answers in row["severities"]]
            panel.plot(errors, [place] * len(errors), color=LEARNED_COLOUR, lw=1.2, alpha=0.5)
            for answers, error, size in zip(row["severities"], errors, (4, 6, 8), strict=True):
                label = f"severity {answers['severity']}" if place == 0 else None
                panel.plot(error, place, "o", color=LEARNED_COLOUR, ms=size, label=label)
        panel.set_yticks(range(len(rows)), [row["name"].replace("_", " ") for row in rows])
        panel.set(xlabel="wrong answers in %", xlim=(-1, None))
        panel.grid(visible=True)
        panel.legend(loc="lower right", fontsize="small")
    return figure


def corruption_sheet(examples: Mapping[str, Images]) -> Figure:
    """One digit under every corruption, three of them a row, each from mild to hard.

    Args:
        examples: By corruption, uint8 ``(severities, 28, 28)``, 0 paper, 255 ink.
    """
    captions = [
        f"{name.replace('_', ' ')}, {severity}"
        for name, images in examples.items()
        for severity in range(1, len(images) + 1)
    ]
    light_on_dark = INK - np.concatenate(list(examples.values()))  # so that their borders show
    return _gallery(light_on_dark, captions, 9)


def _gallery(images: Images, captions: Sequence[str], num_columns: int) -> Figure:
    """Images as ink on paper, in rows, each under its caption; all in one panel, which is fast."""
    num_rows = max(1, -(-len(images) // num_columns))
    num_lines = 1 + max((caption.count("\n") for caption in captions), default=0)
    width, height = SIDE + 12 * num_lines, SIDE + 4 + 8 * num_lines  # of a cell, in pixels
    sheet = np.zeros((num_rows * height, num_columns * width), np.uint8)
    with rc_context(_STYLE):
        size = (sheet.shape[1] * 0.028, sheet.shape[0] * 0.028)
        figure = Figure(figsize=size, layout="constrained")
        panel = figure.subplots()
        panel.set_axis_off()
        for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
            row, column = divmod(place, num_columns)
            bottom, left = (row + 1) * height - 4, column * width + (width - SIDE) // 2
            sheet[bottom - SIDE : bottom, left : left + SIDE] = image
            middle = left + SIDE / 2
            panel.text(middle, bottom - SIDE - 1, caption, ha="center", va="bottom", size="small")
        if not len(images):
            panel.text(sheet.shape[1] / 2, height / 2, "no mistakes", ha="center")
        panel.imshow(sheet, cmap="gray_r", vmin=PAPER, vmax=INK, interpolation="nearest")
    return figure
