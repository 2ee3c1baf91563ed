"""Write ``docs/benchmarks.md`` and its chart from ``benchmarks/results``; ``make bench`` runs it.

Every figure on the page stands in one of those files, which a benchmark wrote.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import BENCHMARKS
from matplotlib.figure import Figure

from keras_digits.evaluation.plots import LEARNED_COLOUR, WATCHED_COLOUR, save_png

DOCS = Path(__file__).resolve().parent
RESULTS = DOCS.parent / "benchmarks" / "results"
CHART = "benchmarks.png"

_SIGNS = {"at least": "≥", "at most": "≤"}
_UNITS = {"1/s": "/s"}


def benchmarks_page() -> str:
    """The page as Markdown."""
    results = read_results()
    claims = [claim for result in results.values() for claim in result["claims"]]
    missing = [name for name in BENCHMARKS if name not in results]
    sections = [
        "# Benchmarks\n\nGenerated from `benchmarks/results` by `make bench`. Each row was "
        "measured in one run, we and the peer in turn, round after round; values are medians, of "
        "memory the most. Seconds are this machine's; what counts is the ratio: how many times as "
        "good as the peer we are, or where it is to be at most something, our share of the peer's.",
        _summary(claims),
        f"![Each ratio as a multiple of its target]({CHART})",
        _table(claims),
        _learned(results),
        _shortfall(claims),
    ]
    if missing:
        sections.append(f"Not measured: {', '.join(f'`{name}`' for name in missing)}.")
    sections.append(_provenance(results))
    return "\n\n".join(filter(None, sections)) + "\n"


def read_results() -> dict[str, dict[str, Any]]:
    """What the benchmarks found that claim something, by name."""
    results = {}
    for name in BENCHMARKS:
        path = RESULTS / f"{name}.json"
        if path.is_file() and "claims" in (result := json.loads(path.read_text("utf-8"))):
            results[name] = result
    return results


def benchmarks_chart(results: dict[str, dict[str, Any]]) -> Figure:
    """How many times its target each ratio is, the first claim on top; right of 1 is reached."""
    claims = [one for result in results.values() for one in result["claims"] if one["target"]]
    claims.reverse()
    figure = Figure(figsize=(9.5, 1.2 + 0.3 * len(claims)), layout="constrained")
    panel = figure.subplots()
    for place, claim in enumerate(claims):
        multiple = claim["target"] / claim["ratio"]
        multiple = multiple if claim["bound"] == "at most" else 1 / multiple
        colour = LEARNED_COLOUR if claim["reached"] else WATCHED_COLOUR
        panel.plot([1, multiple], [place, place], color=colour, lw=5, solid_capstyle="butt")
        text = f"{_ratio(claim)} ({_target(claim)})"
        is_right = multiple >= 1
        panel.annotate(
            text,
            (multiple, place),
            (4 if is_right else -4, 0),
            textcoords="offset points",
            va="center",
            ha="left" if is_right else "right",
            fontsize=8,
        )
    names = [_name(one, claims).replace("`", "") for one in claims]
    panel.set_yticks(range(len(claims)), names, fontsize=8)
    panel.set_xscale("log")
    low, high = panel.get_xlim()
    panel.set_xlim(low / 6, high * 6)  # room for the words beside the bars
    panel.set_ylim(-0.7, len(claims) - 0.3)
    panel.axvline(1, color="black", lw=0.8)
    panel.xaxis.set_major_formatter("{x:g}")
    figure.supxlabel(
        "each ratio as a multiple of its target, which stands in brackets; from 1 on it is reached",
        fontsize=9,
    )
    panel.grid(visible=True, axis="x", alpha=0.2)
    panel.spines[["top", "right"]].set_visible(False)
    return figure


def _name(claim: dict[str, Any], claims: Sequence[dict[str, Any]]) -> str:
    """What a claim is called among others: what was measured of, beside whom, and ours if told."""
    words = ("claim", "peer")
    is_alone = sum(all(one[key] == claim[key] for key in words) for one in claims) == 1
    ours = "" if is_alone else f", {claim['ours']}"
    return f"{claim['claim']}{ours} | {claim['peer']}"


def _summary(claims: Sequence[dict[str, Any]]) -> str:
    """How many targets were reached."""
    aimed = [claim for claim in claims if claim["reached"] is not None]
    return f"**{sum(claim['reached'] for claim in aimed)} of {len(aimed)} targets are reached.**"


def _table(claims: Sequence[dict[str, Any]]) -> str:
    """All claims, a row each."""
    lines = [
        "| claim | we | peer | ours | the peer's | ratio | target | reached | rounds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for claim in claims:
        cells = (
            *(claim[key] for key in ("claim", "ours", "peer")),
            *(_value(claim[key], claim["unit"]) for key in ("our_value", "peer_value")),
            _ratio(claim),
            _target(claim),
            {True: "yes", False: "**no**", None: "-"}[claim["reached"]],
            str(claim["num_rounds"]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _learned(results: dict[str, dict[str, Any]]) -> str:
    """The accuracies that sides came to that train the same network."""
    lines = []
    for network in ("article", "convnet"):
        sides = results.get("fit", {}).get(network, {})
        if "accuracies" in sides.get("keras", {}):
            reached = ", ".join(
                f"{words} {100 * side['accuracies'][-1]:.2f} %"
                for words, side in (
                    ("Keras's defaults", sides["keras"]),
                    ("ours in float32", sides["float32"]),
                    ("ours in mixed_bfloat16", sides["mixed_bfloat16"]),
                )
            )
            count = len(sides["keras"]["accuracies"])
            lines.append(f"* `fit`, {network}, {count} epochs: {reached}.")
    command = results.get("command", {})
    if "accuracies" in command.get("ours", {}):
        ours, script = (100 * command[side]["accuracies"][-1] for side in ("ours", "script"))
        lines.append(
            f"* `command`: `digits train` {ours:.2f} %, the tutorial's script {script:.2f} %."
        )
    if not lines:
        return ""
    words = "How many test digits the sides read right that train the same network:"
    return "\n".join([words, "", *lines])


def _shortfall(claims: Sequence[dict[str, Any]]) -> str:
    """What was aimed at and not reached, and why."""
    missed = [claim for claim in claims if claim["reached"] is False]
    if not missed:
        return ""
    lines = ["## Not reached", ""]
    for claim in missed:
        why = f" {claim['why']}" if claim["why"] else ""
        lines.append(f"* {_name(claim, claims)}: {_ratio(claim)}, wanted {_target(claim)}.{why}")
    return "\n".join(lines)


def _ratio(claim: dict[str, Any]) -> str:
    """As :func:`_number`, a digit longer where that would look like the target that it missed."""
    ratio = claim["ratio"]
    is_hidden = claim["reached"] is False and _number(ratio) == _number(claim["target"])
    return f"{ratio:.4g}" if is_hidden else _number(ratio)


def _target(claim: dict[str, Any]) -> str:
    if claim["target"] is None:
        return "-"
    return f"{_SIGNS[claim['bound']]} {_number(claim['target'])}"


def _value(value: float, unit: str) -> str:
    return f"{_number(value)}{'' if unit in _UNITS else ' '}{_UNITS.get(unit, unit)}"


def _number(value: float) -> str:
    """Three digits, or all of a large number's whole part."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _provenance(results: dict[str, dict[str, Any]]) -> str:
    """Where and with what each was measured, and how to do it again."""
    lines = ["## Measured on", ""]
    places: dict[str, list[str]] = {}
    for name, result in results.items():
        environment = result["environment"]
        entry = "; ".join(
            [
                f"{environment['processor']}, {environment['num_cores']} cores, "
                f"{environment['memory_gib']} GiB",
                environment["system"],
                f"Python {environment['python']}",
                *(f"{package} {version}" for package, version in environment["versions"].items()),
                f"commit {environment['commit']}",
            ]
        )
        places.setdefault(entry, []).append(f"`{name}`")
    lines += [f"* {', '.join(names)}: {entry}." for entry, names in places.items()]
    lines += [
        "",
        "To measure again: `make peers` once, for RapidOCR and Tesseract; then `make bench`, or "
        "one of them with `python benchmarks/NAME.py`. Nothing else should run meanwhile.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    save_png(benchmarks_chart(read_results()), DOCS / CHART)
    (DOCS / "benchmarks.md").write_text(benchmarks_page(), encoding="utf-8")
