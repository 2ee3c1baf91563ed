"""Claim: the tutorial's own layers read MNIST past 99 %, and so do fewer than 10,000 weights.

Trains ``article`` as the tutorial does and then with one change at a time, ``compact``, and
``vgg``; all by recipes chosen on a validation split of the training digits, once a seed, the test
digits scored once a seed. Writes ``benchmarks/results/networks.json``. Runs lie under
``build/networks`` until all seeds of a recipe are done; interrupted, it goes on where it was.

    python benchmarks/networks.py               # three hours
    python benchmarks/networks.py compact       # one of them
"""

import json
import shutil
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from tutorial import RESULTS, ROOT, console, run_seeds, spread, write_result

from keras_digits.data.datasets import load_dataset
from keras_digits.data.formats import Digits
from keras_digits.reading.reader import Reader
from keras_digits.training.run import open_run

SEEDS = (1, 2, 3, 4, 5)

_BETTER = ("--optimizer", "adamw", "--schedule", "cosine", "--augmentation", "sway")
_HELD_OUT = ("--validation-split", "0.0833")

RECIPES = {
    "article": ("the tutorial's own", ()),
    "article-adam": ("Adam instead of SGD", ("--optimizer", "adam")),
    "article-sway": (
        "and each epoch other digits: turned, leaned, stretched, bent a little",
        ("--optimizer", "adam", "--augmentation", "sway"),
    ),
    "article-long": (
        "swayed digits, 50 epochs, AdamW, its rate falling as a cosine",
        (*_BETTER, "--learning-rate", "0.002", "--epochs", "50", *_HELD_OUT),
    ),
    "compact": (
        "four small convolutions, 9,168 weights",
        (
            *("--network", "compact", *_BETTER, "--learning-rate", "0.006", "--epochs", "60"),
            *("--plain-epochs", "12", "--precision", "mixed_bfloat16", *_HELD_OUT),
        ),
    ),
    "vgg": (
        "six convolutions in pairs, 496,186 weights",
        (
            *("--network", "vgg", "--optimizer", "adamw", "--learning-rate", "0.004"),
            *("--schedule", "cosine", "--augmentation", "handwriting", "--epochs", "36"),
            *("--plain-epochs", "8", "--precision", "mixed_bfloat16", *_HELD_OUT),
        ),
    ),
}
"""By name what a recipe is in words, and its flags."""


def main() -> None:
    """Run each recipe, or those named, once a seed; what is there already stays."""
    for name in sys.argv[1:] or RECIPES:
        words, flags = RECIPES[name]
        if _known().get(name, {}).get("flags") == list(flags):
            continue
        console.print(f"{name}: {words}")
        kept = ROOT / "build" / "networks" / f"{name}-{zlib.crc32(' '.join(flags).encode()):08x}"
        kept.mkdir(parents=True, exist_ok=True)
        found = {"words": words, "flags": flags, **run_seeds(*flags, seeds=SEEDS, kept=kept)}
        if name == "vgg":
            console.print("… each digit in nine places")
            runs, test = sorted(kept.iterdir()), load_dataset("mnist").test
            found["shifted"] = spread([_accuracy_of_shifted(run, test) for run in runs])
            found["held_out"] = spread(
                [open_run(run).history()[-1]["val_accuracy"] for run in runs]
            )
        rows = _known() | {name: found}  # another may have been run meanwhile
        write_result("networks", {one: rows[one] for one in RECIPES if one in rows})
        shutil.rmtree(kept)


def _accuracy_of_shifted(run: Path, test: Digits) -> float:
    """A run's test accuracy by the mean belief in a digit as it is and moved by a pixel."""
    reader = Reader(run / "digits.onnx")
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    moved = (np.roll(test.images, shift, axis=(1, 2)) for shift in shifts)  # edges are paper
    beliefs = np.sum([reader.classify(images) for images in moved], axis=0)
    return float((beliefs.argmax(axis=1) == test.known_labels()).mean())


def _known() -> dict[str, Any]:
    """What was found before."""
    path = RESULTS / "networks.json"
    rows: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return rows


if __name__ == "__main__":
    main()
