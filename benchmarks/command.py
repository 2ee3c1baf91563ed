"""Claim: `digits train`, from the shell to the report, is faster than the tutorial's script.

The whole process, imports and all, of ``digits train`` (the same network, optimizer, epochs and
batches; besides a run folder with report, model card and ``digits.onnx``) and of
``examples/article.py``, in turn; the most memory that each holds, and the accuracy that it comes
to. Writes ``benchmarks/results/command.json``. These take minutes, so there are two rounds.

    python benchmarks/command.py    # about four minutes
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from claims import Claim, show
from processes import Ran, run
from rich.progress import track
from tutorial import ROOT, accuracy_told, console, write_result

from keras_digits.errors import DigitsError
from keras_digits.training.environment import describe_environment

NUM_ROUNDS = 2


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Fewer write nothing.")] = NUM_ROUNDS,
) -> None:
    """Run both in turn."""
    found: dict[str, list[tuple[Ran, float]]] = {"ours": [], "script": []}
    try:
        for _ in track(range(rounds), "digits train and the tutorial's script", console=console):
            found["ours"].append(_ours())
            found["script"].append(_script())
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    sides = {
        name: {
            "values": [one.seconds for one, _ in ran],
            "median": statistics.median(one.seconds for one, _ in ran),
            "peak_mib": max(one.peak_mib for one, _ in ran),
            "accuracies": [accuracy for _, accuracy in ran],
        }
        for name, ran in found.items()
    }
    claims = _claims(sides, rounds)
    show(claims)
    if rounds < NUM_ROUNDS:
        console.print("A part only, so benchmarks/results/command.json stays as it is.")
        return
    environment = describe_environment("tensorflow")
    rows = [claim.to_dict() for claim in claims]
    write_result("command", {**sides, "claims": rows, "environment": environment})


def _ours() -> tuple[Ran, float]:
    """What ``digits train`` took, and the accuracy that it came to."""
    command = [sys.executable, "-m", "keras_digits.cli", "train", "--dataset", "mnist"]
    with tempfile.TemporaryDirectory() as folder:
        ran = run([*command, "--out", f"{folder}/run"], watch_memory=True)
        metrics = json.loads(Path(folder, "run", "metrics.json").read_text("utf-8"))
    return ran, metrics["accuracy"]["value"]


def _script() -> tuple[Ran, float]:
    """The same of the tutorial's script."""
    ran = run([sys.executable, str(ROOT / "examples" / "article.py")], watch_memory=True)
    return ran, accuracy_told(ran.output)


def _claims(sides: dict[str, dict[str, Any]], num_rounds: int) -> list[Claim]:
    ours, script = sides["ours"], sides["script"]
    return [
        Claim(
            claim="the whole command, from shell to report",
            ours="`digits train`",
            peer="the tutorial's script",
            unit="s",
            our_value=ours["median"],
            peer_value=script["median"],
            target=1.0,
            num_rounds=num_rounds,
        ),
        Claim(
            claim="memory, training",
            ours="`digits train`",
            peer="the tutorial's script",
            unit="MiB",
            our_value=ours["peak_mib"],
            peer_value=script["peak_mib"],
            target=1.0,
            bound="at most",
            num_rounds=num_rounds,
            why="Ours also scores, draws the report and converts the network to ONNX.",
        ),
    ]


if __name__ == "__main__":
    typer.run(main)
