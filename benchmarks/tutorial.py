"""Claim: `digits train` gives what the tutorial's script gives.

Runs the tutorial's script (``examples/article.py``) and the default recipe beside each other, a
process a run, for seeds fixed beforehand; the test set is scored once a seed, after the last epoch.
Writes ``benchmarks/results/tutorial-BACKEND.json``. The backend is ``KERAS_BACKEND``'s.

    python benchmarks/tutorial.py
"""

import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
SEEDS = (1337, 1, 2)
console = Console()


def run_script() -> float:
    """The test accuracy of the tutorial's script, whose seed is 1337."""
    command = [sys.executable, str(ROOT / "examples" / "article.py")]
    return accuracy_told(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def accuracy_told(output: str) -> float:
    """The test accuracy that the tutorial's script printed."""
    accuracy = re.search(r"Test accuracy: ([\d.]+)", output)
    assert accuracy, output
    return float(accuracy[1])


def run_digits(*flags: str, kept: Path | None = None) -> dict[str, Any]:
    """`digits train` on MNIST with flags: what its metrics.json holds.

    Args:
        flags: Of ``digits train``.
        kept: The run's folder; what was begun there with the same flags goes on where it was. None
            is a folder that goes when this returns.
    """
    with tempfile.TemporaryDirectory() as parent:
        folder = kept or Path(parent) / "run"
        command = [sys.executable, "-m", "keras_digits.cli", "train"]
        if (folder / "recipe.json").is_file():
            command += ["--resume", str(folder)]
        else:
            command += ["--dataset", "mnist", "--out", str(folder), *flags]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text("utf-8"))
    return metrics


def run_seeds(
    *flags: str, seeds: Sequence[int] = SEEDS, kept: Path | None = None
) -> dict[str, Any]:
    """`digits train` once a seed: every figure, their mean and their standard deviation.

    Args:
        flags: Of ``digits train``.
        seeds: One run each.
        kept: Where the runs stay, so that an interrupted benchmark can go on; else they don't.
    """
    runs = []
    for seed in seeds:
        folder = kept and kept / f"seed-{seed}"
        with console.status(f"digits train --seed {seed} {' '.join(flags)}"):
            runs.append(run_digits("--seed", str(seed), *flags, kept=folder))
        console.print(f"seed {seed}: {runs[-1]['accuracy']['value']:.4f}")
    return {
        "recipe": runs[0]["recipe"],
        "seeds": list(seeds),
        "official": spread([run["accuracy"]["value"] for run in runs]),
        "reviewed": spread([run["accuracy_reviewed"]["value"] for run in runs]),
        "errors_among_surest": spread([_errors_among_surest(run["declining"]) for run in runs]),
        "errors_among_surest_reviewed": spread(
            [_errors_among_surest(run["declining_reviewed"]) for run in runs]
        ),
        "seconds": spread([run["training"]["seconds"] for run in runs]),
        "environment": runs[0]["environment"],
    }


def _errors_among_surest(declining: Sequence[dict[str, Any]]) -> int:
    """How many of the 99 % of test digits that a run is surest of it gets wrong."""
    (errors,) = [row["errors"] for row in declining if row["coverage"] == 0.99]
    return int(errors)


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Values with their mean and their sample standard deviation."""
    return {
        "values": list(values),
        "mean": statistics.mean(values),
        "standard_deviation": statistics.stdev(values),
    }


def write_result(name: str, result: Mapping[str, Any]) -> None:
    """Keep what a benchmark found."""
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    console.print(f"Written: {path}")


def main() -> None:
    """Run the script once and the recipe once a seed."""
    with console.status("the tutorial's script"):
        script = run_script()
    console.print(f"script, seed 1337: {script:.4f}")
    result = run_seeds()
    write_result(
        f"tutorial-{result['environment']['backend']}", {"script_accuracy": script, **result}
    )


if __name__ == "__main__":
    main()
