"""Claim: which optimizer you choose decides between 88 % and 98 %.

The tutorial says that any optimizer can be used. This trains its network with each of Keras's, at
Keras's own learning rates, seed 1337, 20 epochs, and writes ``benchmarks/results/optimizers.json``.
One run each, nothing chosen: what is shown is the spread between optimizers, not a winner.

    python benchmarks/optimizers.py
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from rich.progress import track
from tutorial import RESULTS, run_digits

from keras_digits.training.recipe import OPTIMIZERS, Recipe


def main() -> None:
    """Train once an optimizer; write the figures."""
    rows: list[dict[str, Any]] = []
    environment: dict[str, Any] = {}
    for optimizer in track(OPTIMIZERS, "optimizers"):
        with tempfile.TemporaryDirectory() as folder:
            flags = ("--dataset", "mnist", "--optimizer", optimizer)
            metrics = run_digits(Path(folder) / "run", *flags)
        environment = metrics["environment"]
        training = metrics["training"]
        rows.append(
            {
                "optimizer": optimizer,
                "accuracy": metrics["accuracy"],
                "loss": metrics["loss"],
                "seconds_per_epoch": training["seconds_per_epoch"],
            }
        )
        print(optimizer, metrics["accuracy"])
    result = {
        "claim": "which optimizer you choose decides between 88 % and 98 %",
        "recipe": Recipe(dataset="mnist").to_dict(),
        "rows": rows,
        "environment": environment,
    }
    path = RESULTS / "optimizers.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
