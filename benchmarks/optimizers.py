"""Claim: which optimizer you choose decides between 88 % and 98 %.

The tutorial says that any optimizer can be used. This trains its network with each of Keras's, at
Keras's own learning rates, seed 1337, 20 epochs, and writes ``benchmarks/results/optimizers.json``.
One run each, nothing chosen: what is shown is the spread between optimizers, not a winner.

    python benchmarks/optimizers.py
"""

from typing import Any

from rich.progress import track
from tutorial import console, run_digits, write_result

from keras_digits.training.recipe import OPTIMIZERS


def main() -> None:
    """Train once an optimizer."""
    rows: list[dict[str, Any]] = []
    metrics: dict[str, Any] = {}
    for optimizer in track(OPTIMIZERS, "optimizers", console=console):
        metrics = run_digits("--optimizer", optimizer)
        accuracy = metrics["accuracy"]
        rows.append({"optimizer": optimizer, **accuracy})
        console.print(f"{optimizer}: {accuracy['value']:.4f}")
    recipe = {**metrics["recipe"], "optimizer": "each"}
    write_result(
        "optimizers", {"recipe": recipe, "rows": rows, "environment": metrics["environment"]}
    )


if __name__ == "__main__":
    main()
