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
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from keras_digits.training.recipe import Recipe

SEEDS = (1337, 1, 2)
ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
console = Console()


def run_script() -> dict[str, float]:
    """The tutorial's script, whose seed is 1337: accuracy and seconds of the whole process."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "article.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    accuracy = re.search(r"Test accuracy: ([\d.]+)", done.stdout)
    assert accuracy, done.stdout
    return {"accuracy": float(accuracy[1]), "seconds": round(time.perf_counter() - started, 1)}


def run_digits(folder: Path, *flags: str) -> dict[str, Any]:
    """`digits train` with flags: what its metrics.json holds, and seconds of the whole process."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "keras_digits.cli", "train", "--out", str(folder), *flags]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text("utf-8"))
    return {**metrics, "process_seconds": round(time.perf_counter() - started, 1)}


def main() -> None:
    """Run the script once and the recipe once a seed; write and print the figures."""
    with console.status("the tutorial's script"):
        script = run_script()
    console.print(f"script, seed 1337: {script['accuracy']:.4f} in {script['seconds']} s")
    runs = []
    for seed in SEEDS:
        with console.status(f"digits train --seed {seed}"), tempfile.TemporaryDirectory() as folder:
            runs.append(run_digits(Path(folder) / "run", "--dataset", "mnist", "--seed", str(seed)))
        console.print(f"digits train --seed {seed}: {runs[-1]['accuracy']['value']:.4f}")
    accuracies = [run["accuracy"]["value"] for run in runs]
    environment = runs[0]["environment"]
    result = {
        "claim": "digits train gives what the tutorial's script gives",
        "recipe": Recipe(dataset="mnist").to_dict(),
        "seeds": SEEDS,
        "script": script,
        "accuracies": accuracies,
        "reviewed_accuracies": [run["accuracy_reviewed"]["value"] for run in runs],
        "mean": statistics.mean(accuracies),
        "standard_deviation": statistics.stdev(accuracies),
        "process_seconds": [run["process_seconds"] for run in runs],
        "seconds_per_epoch": [run["training"]["seconds_per_epoch"] for run in runs],
        "environment": environment,
    }
    path = RESULTS / f"tutorial-{environment['backend']}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    console.print(f"mean {result['mean']:.4f} ± {result['standard_deviation']:.4f}: {path}")


if __name__ == "__main__":
    main()
