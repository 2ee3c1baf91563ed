"""The sections of ``docs/results.md`` about networks and how they are trained."""

from typing import Any

from keras_digits.evaluation.report import recipe_command

OPTIMIZERS_CHART = "optimizers.png"

_NETWORK_AIMS = {"article-long": 0.992, "compact": 0.994, "vgg": 0.9975}
"""Mean test accuracies aimed at."""


def tutorial_section(results: list[dict[str, Any]]) -> str:
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


def convnet_section(result: dict[str, Any]) -> str:
    """The small convolutional network."""
    each = ", ".join(f"{100 * value:.2f}" for value in result["official"]["values"])
    return (
        "## The same command with another network\n\n"
        f"`{recipe_command({**result['recipe'], 'seed': 1337, 'dataset': 'auto'})}`, seeds "
        f"{_seeds(result)}: **{_percent(result['official'])}** of test digits ({each}), "
        f"{_percent(result['reviewed'])} on reviewed labels."
    )


def optimizers_section(result: dict[str, Any]) -> str:
    """What the choice of optimizer does."""
    rows = sorted(result["rows"], key=lambda row: -float(row["value"]))
    lines = [
        "## What the optimizer decides",
        "",
        'The tutorial: "Any algorithm can be used to optimize the model." One run each at '
        "Keras's own learning rates, seed 1337, all else the tutorial's; it shows the spread, not "
        "a winner. Muon is for what lies inside of a network: here the second of three layers.",
        "",
        f"![Test accuracy by optimizer]({OPTIMIZERS_CHART})",
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


def networks_section(result: dict[str, Any]) -> str:
    """The tutorial's layers with one change at a time, the smallest network, the surest one."""
    first = next(iter(result.values()))
    lines = [
        "## Networks by recipes chosen on held-out digits",
        "",
        "The tutorial's layers, 784-512-512-10, sigmoid, 669,706 weights, with one change at a "
        "time; `compact`, fewer than 10,000 weights; and `vgg`, for MNIST's digits alone: it sees "
        "no lines, and what ships gives up a little of MNIST to read them in pictures. Seeds "
        f"{_seeds(first)}; each recipe was chosen on a validation split of the training digits, "
        "and the test digits were scored once a seed.",
        "",
        "| recipe | test accuracy | each seed | on reviewed labels |",
        "|---|---|---|---|",
    ]
    for row in result.values():
        each = ", ".join(f"{100 * value:.2f}" for value in row["official"]["values"])
        lines.append(
            f"| {row['words']} | {_percent(row['official'])} | {each} "
            f"| {_percent(row['reviewed'])} |"
        )
    lines += ["", "Trained by, in this order:", ""]
    lines += [f"* `{' '.join(('digits train', *row['flags']))}`" for row in result.values()]
    if vgg := result.get("vgg"):
        errors, reviewed = (
            f"{row['mean']:.1f} ± {row['standard_deviation']:.1f}"
            for row in (vgg["errors_among_surest"], vgg["errors_among_surest_reviewed"])
        )
        lines += [
            "",
            f"Of the 9,900 test digits that it is surest of, `vgg` gets {errors} wrong, and by the "
            f"labels as reviewed {reviewed} of 9,895. The row is of one pass; where what it "
            "believes of each digit as it is and of eight copies, moved by a pixel to the sides "
            f"and aslant, is added up, it reads {_percent(vgg['shifted'])}. Of the held-out digits "
            "it reads "
            f"{_percent(vgg['held_out'])}; they were drawn by chance among the training digits "
            "then. Before its recipe was fixed, one seed each of some was tried:",
            "",
            "| epochs | of 4,998 held-out digits unread |",
            "|---|---|",
            "| 24 of swayed digits | 23 |",
            "| 20 of swayed digits, 4 of plain ones | 18 |",
            "| 24 of swayed digits, 4 of plain ones | 14, but with a higher loss |",
            "| 18 of digits changed in every way that people write, 6 of plain ones | 18, with "
            "the lowest loss: taken, half as long again |",
            "| the second and the third network together | 16: more members alone promise little |",
        ]
    missed = [
        f"`{name}` {100 * result[name]['official']['mean']:.2f} of {100 * aim:.2f}"
        for name, aim in _NETWORK_AIMS.items()
        if name in result and result[name]["official"]["mean"] < aim
    ]
    if missed:
        lines += ["", f"Aimed at and not reached, in %: {'; '.join(missed)}."]
    return "\n".join(lines)


def _percent(spread: dict[str, Any]) -> str:
    """Mean and standard deviation in percent."""
    return f"{100 * spread['mean']:.2f} ± {100 * spread['standard_deviation']:.2f} %"


def _seeds(result: dict[str, Any]) -> str:
    return ", ".join(str(seed) for seed in result["seeds"])
