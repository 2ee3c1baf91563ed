"""Write ``docs/results.md`` and its chart from ``benchmarks/results``; ``make docs`` runs it.

Every figure on the page stands in one of those files, which a benchmark wrote, but for those of
what was tried and mostly given up.
"""

import json
from pathlib import Path
from typing import Any

from attempts import attempts_section
from matplotlib.figure import Figure
from reading_results import (
    PEERS,
    PICTURES_CHART,
    SET_NAMES,
    corruptions_section,
    declining_section,
    pictures_section,
    sheets_section,
    signs_section,
    single_section,
    speed_section,
)
from serving_results import fuzz_section, serving_section
from training_results import (
    OPTIMIZERS_CHART,
    convnet_section,
    networks_section,
    optimizers_section,
    tutorial_section,
)

from keras_digits.evaluation.plots import LEARNED_COLOUR, WATCHED_COLOUR, save_png

DOCS = Path(__file__).resolve().parent
RESULTS = DOCS.parent / "benchmarks" / "results"

_PEER_COLOURS = ("#8a6a5a", "#a8872c", "#3d9a63", WATCHED_COLOUR, LEARNED_COLOUR)


def results_page() -> str:
    """The page as Markdown."""
    tutorials = [_read(path.stem) for path in sorted(RESULTS.glob("tutorial-*.json"))]
    tutorials.sort(key=lambda result: result["environment"]["backend"] != "tensorflow")
    sections = [
        "# Results\n\nGenerated from `benchmarks/results` by `make docs`. Test digits are scored "
        "once a seed, after the last epoch; seeds and recipes were fixed beforehand, and no figure "
        "was picked from several. ± is the standard deviation between seeds.",
        tutorial_section(tutorials),
        convnet_section(_read("convnet")),
        optimizers_section(_read("optimizers")),
    ]
    measured = [*tutorials, _read("convnet"), _read("optimizers")]
    if _path("networks").is_file():
        networks = _read("networks")
        sections.insert(2, networks_section(networks))
        measured += networks.values()
    for name, section in (
        ("pictures", pictures_section),
        ("sheets", sheets_section),
        ("single", single_section),
        ("signs", signs_section),
        ("declining", declining_section),
        ("corruptions", corruptions_section),
        ("read", speed_section),
        ("serve", serving_section),
        ("fuzz", fuzz_section),
    ):
        if _path(name).is_file():
            measured.append(_read(name))
            sections.append(section(measured[-1]))
    sections += [attempts_section(), _provenance_section(measured)]
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


def pictures_chart(result: dict[str, Any]) -> Figure:
    """Right answers a set and reader; ours with the Wilson 95 % interval."""
    sets = [name for name in SET_NAMES if name in result["sets"] and not _is_part(name)]
    figure = Figure(figsize=(7.5, 4.4), layout="constrained")
    panel = figure.subplots()
    for peer, colour in zip(PEERS, _PEER_COLOURS, strict=True):
        found = [result["sets"][name]["peers"].get(peer) for name in reversed(sets)]
        rows = [(place, figures) for place, figures in enumerate(found) if figures]
        if peer == "ours":
            for place, figures in rows:
                interval = [100 * figures["low"], 100 * figures["high"]]
                panel.plot(interval, [place, place], color=colour, lw=3, alpha=0.5)
        values = [100 * figures["value"] for _, figures in rows]
        places = [place for place, _ in rows]
        panel.plot(values, places, "o", color=colour, label=PEERS[peer])
    panel.set_yticks(range(len(sets)), [SET_NAMES[name] for name in reversed(sets)])
    panel.set_xlim(-2, 102)
    panel.set_xlabel("right answers in %; ours with its 95 % interval")
    panel.grid(visible=True, axis="both", alpha=0.2)
    panel.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(PEERS), frameon=False)
    return figure


def _is_part(name: str) -> bool:
    """Whether a set is one of the small ones that make up ``number_*``."""
    return name.startswith("number_") and name != "number_*"


def _path(name: str) -> Path:
    return RESULTS / f"{name}.json"


def _read(name: str) -> dict[str, Any]:
    """What a benchmark found."""
    result: dict[str, Any] = json.loads(_path(name).read_text("utf-8"))
    return result


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
    save_png(optimizers_chart(_read("optimizers")), DOCS / OPTIMIZERS_CHART)
    if _path("pictures").is_file():
        save_png(pictures_chart(_read("pictures")), DOCS / PICTURES_CHART)
    (DOCS / "results.md").write_text(results_page(), encoding="utf-8")
