"""Write ``docs/results.md`` and its chart from ``benchmarks/results``; ``make docs`` runs it.

Every figure on the page stands in one of those files, which a benchmark wrote.
"""

import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from keras_digits.evaluation.plots import LEARNED_COLOUR, WATCHED_COLOUR, save_png
from keras_digits.evaluation.report import recipe_command

DOCS = Path(__file__).resolve().parent
RESULTS = DOCS.parent / "benchmarks" / "results"
CHART = "optimizers.png"


def results_page() -> str:
    """The page as Markdown."""
    tutorials = [_read(path.stem) for path in sorted(RESULTS.glob("tutorial-*.json"))]
    tutorials.sort(key=lambda result: result["environment"]["backend"] != "tensorflow")
    sections = [
        "# Results\n\nGenerated from `benchmarks/results` by `make docs`. Test digits are scored "
        "once a seed, after the last epoch; seeds and recipes were fixed beforehand, and no figure "
        "was picked from several. ± is the standard deviation between seeds.",
        _tutorial_section(tutorials),
        _convnet_section(_read("convnet")),
        _optimizers_section(_read("optimizers")),
        _provenance_section([*tutorials, _read("convnet"), _read("optimizers")]),
    ]
    return "\n\n".join(sections) + "\n"


def optimizers_chart(result: dict[str, Any]) -> Figure:
    """Test accuracy an optimizer with its Wilson 95 % interval, the most accurate on top."""
    rows = sorted(result["rows"], key=lambda row: float(row["value"]))
    figure = Figure(figsize=(7.5, 4.4), layout="constrained")
    panel = figure.subplots()
    for place, row in enumerate(rows):
        colour = WATCHED_COLOUR if row["optimizer"] == "sgd" else LEARNED_COLOUR
        panel.plot([100 * row["low"], 100 * row["high"]], [place, place], color=colour, lw=2)
        panel.plot(100 * row["value"], place, "o", color=colour)
    panel.set_yticks(range(len(rows)), [row["optimizer"] for row in rows])
    panel.set_xlabel("test accuracy in %, with its 95 % interval; the tutorial's choice is orange")
    panel.grid(visible=True, axis="x", alpha=0.2)
    panel.spines[["top", "right"]].set_visible(False)
    return figure


def _read(name: str) -> dict[str, Any]:
    """What a benchmark found."""
    result: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return result


def _percent(spread: dict[str, Any]) -> str:
    """Mean and standard deviation in percent."""
    return f"{100 * spread['mean']:.2f} ± {100 * spread['standard_deviation']:.2f} %"


def _seeds(result: dict[str, Any]) -> str:
    return ", ".join(str(seed) for seed in result["seeds"])


def _tutorial_section(results: list[dict[str, Any]]) -> str:
    """The tutorial's network by its own recipe, on each backend."""
    lines = [
        "## The tutorial's network",
        "",
        f"`digits train`, seeds {_seeds(results[0])}: 784-512-512-10, sigmoid, `SGD()`, 20 epochs "
        "in batches of 128. Beside it the tutorial's script, `examples/article.py`, seed 1337.",
        "",
        "| backend | test accuracy | each seed | on reviewed labels | the script |",
        "|---|---|---|---|---|",
    ]
    for result in results:
        each = ", ".join(f"{100 * value:.2f}" for value in result["official"]["values"])
        lines.append(
            f"| {result['environment']['backend']} | {_percent(result['official'])} | {each} "
            f"| {_percent(result['reviewed'])} | {100 * result['script_accuracy']:.2f} % |"
        )
    return "\n".join(lines)


def _convnet_section(result: dict[str, Any]) -> str:
    """The small convolutional network."""
    each = ", ".join(f"{100 * value:.2f}" for value in result["official"]["values"])
    return (
        "## The same command with another network\n\n"
        f"`{recipe_command({**result['recipe'], 'seed': 1337, 'dataset': 'auto'})}`, seeds "
        f"{_seeds(result)}: **{_percent(result['official'])}** of test digits ({each}), "
        f"{_percent(result['reviewed'])} on reviewed labels."
    )


def _optimizers_section(result: dict[str, Any]) -> str:
    """What the choice of optimizer does."""
    rows = sorted(result["rows"], key=lambda row: -float(row["value"]))
    lines = [
        "## What the optimizer decides",
        "",
        'The tutorial: "Any algorithm can be used to optimize the model." One run each at '
        "Keras's own learning rates, seed 1337, all else the tutorial's; it shows the spread, not "
        "a winner.",
        "",
        f"![Test accuracy by optimizer]({CHART})",
        "",
        "| optimizer | test accuracy | 95 % interval |",
        "|---|---|---|",
    ]
    lines += [
        f"| {row['optimizer']} | {100 * row['value']:.2f} % "
        f"| {100 * row['low']:.2f} to {100 * row['high']:.2f} % |"
        for row in rows
    ]
    return "\n".join(lines)


def _provenance_section(results: list[dict[str, Any]]) -> str:
    """Where and with what the figures were measured."""
    lines = ["## Measured on", ""]
    seen = {}
    for result in results:
        environment = result["environment"]
        versions = environment["versions"]
        parts = [
            f"{environment['processor']}, {environment['num_cores']} cores, "
            f"{environment['memory_gib']} GiB",
            f"Python {environment['python']}",
            *(f"{name} {version}" for name, version in versions.items()),
            f"commit {environment['commit']}",
        ]
        seen["; ".join(parts)] = True
    lines += [f"* {entry}." for entry in seen]
    lines += ["", "To measure again: `python benchmarks/NAME.py`, then `make docs`."]
    return "\n".join(lines)


if __name__ == "__main__":
    save_png(optimizers_chart(_read("optimizers")), DOCS / CHART)
    (DOCS / "results.md").write_text(results_page(), encoding="utf-8")
