"""Claim: reading a picture feels instant, and a folder of them takes little time and memory.

Two comparisons, each side in processes of its own, in turn, round after round; medians are kept in
``benchmarks/results/read.json``.

*   One picture from a shell: ``digits read one.png`` beside a script that imports Keras, loads a
    network and predicts the same picture; for orientation Tesseract and RapidOCR too. The files
    are in the disk cache: each side runs once before the clock does.
*   A thousand small pictures of ``../shared/pictures`` (or ``KERAS_DIGITS_PICTURES``):
    ``Reader.read_many`` beside RapidOCR's recognition, both without their imports, and the most
    memory that each process held.

    make peers                   # once: Tesseract, and RapidOCR into build/peers
    python benchmarks/read.py    # about five minutes; then make docs
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from collection import Picture, find_collection, read_collection
from peers import (
    PEERS_PYTHON,
    RAPIDOCR_WORKER,
    ask_rapidocr,
    describe_everybody,
    rapidocr_version,
    tesseract_command,
    tesseract_version,
    train_network,
)
from PIL import Image, ImageDraw
from rich.progress import track
from tutorial import console, write_result

from keras_digits.errors import DigitsError

DIGITS = Path(sys.executable).with_name("digits")
READER_WORKER = Path(__file__).with_name("reader_worker.py")
SETS = ("drawn", "photo", "pen", "historic", "cheque")
NUM_PICTURES = 1000
MAX_PIXELS = 250_000
"""A small picture: up to 500 x 500."""

_SEED = 1337
_KERAS_SCRIPT = """
import sys
import keras, numpy
from PIL import Image
model = keras.models.load_model(sys.argv[1])
image = 255 - numpy.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)))
print(model.predict(image[None, ..., None], verbose=0).argmax())
"""


def main(
    pictures: Annotated[
        Path | None, typer.Option(help="The collection's folder.", show_default=False)
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Of the single picture.")] = 7,
    folder_rounds: Annotated[int, typer.Option(min=1, help="Of the folder.")] = 3,
    limit: Annotated[int, typer.Option(min=1, help="Pictures in the folder.")] = NUM_PICTURES,
) -> None:
    """Time one picture from a shell and a folder of pictures, beside the peers.

    Only a full run writes benchmarks/results/read.json.
    """
    try:
        place = find_collection(pictures)
        if rapidocr_version() is None or tesseract_version() is None:
            raise DigitsError("RapidOCR or Tesseract isn't installed. Install them: make peers")
        with tempfile.TemporaryDirectory() as scratch:
            one = _compare_cold(Path(scratch), rounds)
            many = _compare_folder(
                _choose(read_collection(place, Path(scratch)), limit), folder_rounds
            )
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    _print(one, many)
    if limit < NUM_PICTURES or rounds < 5 or folder_rounds < 3:
        console.print("A part only, so benchmarks/results/read.json stays as it is.")
        return
    write_result("read", {"one": one, "folder": many, "environment": describe_everybody()})


def _compare_cold(scratch: Path, rounds: int) -> dict[str, Any]:
    """Seconds from a shell to the answer."""
    seven = draw_seven(scratch / "one.png")
    request = json.dumps({"path": str(seven), "layout": "digit"})
    model = train_network() / "model.keras"
    runs: dict[str, Callable[[], float]] = {
        "ours": lambda: _clock([str(DIGITS), "read", str(seven)], "7"),
        "keras": lambda: _clock([sys.executable, "-c", _KERAS_SCRIPT, str(model), str(seven)], "7"),
        "tesseract": lambda: _clock(tesseract_command(seven, "digit")),
        "rapidocr": lambda: _clock([str(PEERS_PYTHON), str(RAPIDOCR_WORKER)], given=request),
    }
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in track(range(rounds), "one picture", console=console):
        for name, run in runs.items():
            times[name].append(run())
    sides: dict[str, Any] = {
        name: {"seconds": found, "median": statistics.median(found)}
        for name, found in times.items()
    }
    return {**sides, "ratio": sides["keras"]["median"] / sides["ours"]["median"]}


def _clock(command: Sequence[str], expected: str | None = None, given: str = "") -> float:
    """Seconds that a process takes from its start to its end."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    started = time.perf_counter()
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=True, env=environment
    )
    seconds = time.perf_counter() - started
    if expected is not None and expected not in done.stdout:
        raise DigitsError(
            f"{' '.join(command[:2])} printed {done.stdout!r}; expected a {expected}."
        )
    return seconds


def draw_seven(path: Path) -> Path:
    """A seven as a paint program draws it."""
    picture = Image.new("L", (200, 200), 255)
    stroke = [(60, 50), (140, 50), (95, 160)]
    ImageDraw.Draw(picture).line(stroke, fill=0, width=14, joint="curve")
    picture.save(path)
    return path


def _choose(pictures: Sequence[Picture], count: int) -> list[Path]:
    """Small pictures of ``SETS``, mixed; fewer than `count` are repeated."""
    small = []
    for picture in pictures:
        if picture.set in SETS:
            with Image.open(picture.path) as opened:
                if opened.width * opened.height <= MAX_PIXELS:
                    small.append(picture.path)
    random.Random(_SEED).shuffle(small)  # noqa: S311  # nothing secret
    return [small[index % len(small)] for index in range(count)]


def _compare_folder(paths: Sequence[Path], rounds: int) -> dict[str, Any]:
    """Seconds and peak memory for all the pictures."""
    found: dict[str, list[Mapping[str, float]]] = {"ours": [], "rapidocr": []}
    for _ in track(range(rounds), f"{len(paths)} pictures", console=console):
        found["ours"].append(_read_ours(paths))
        found["rapidocr"].append(_read_rapidocr(paths))
    sides: dict[str, Any] = {
        name: {
            "seconds": [entry["seconds"] for entry in entries],
            "median": statistics.median(entry["seconds"] for entry in entries),
            "peak_mib": max(entry["peak_mib"] for entry in entries),
        }
        for name, entries in found.items()
    }
    ratio = sides["rapidocr"]["median"] / sides["ours"]["median"]
    return {"count": len(paths), **sides, "ratio": ratio}


def _read_ours(paths: Sequence[Path]) -> dict[str, float]:
    """What ``reader_worker.py`` measured."""
    done = subprocess.run(
        [sys.executable, READER_WORKER],
        input="\n".join(map(str, paths)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, float] = json.loads(done.stdout)
    if measured["failed"]:
        raise DigitsError(f"{measured['failed']} of {len(paths)} pictures can't be read.")
    return measured


def _read_rapidocr(paths: Sequence[Path]) -> dict[str, float]:
    """What ``rapidocr_worker.py`` measured, after one picture that isn't counted."""
    answers = list(ask_rapidocr([paths[0], *paths], "number"))[1:]
    return {
        "seconds": sum(answer["seconds"] for answer in answers),
        "peak_mib": answers[-1]["peak_mib"],
    }


def _print(one: Mapping[str, Any], many: Mapping[str, Any]) -> None:
    """What was found, against the targets."""
    for name in ("ours", "keras", "tesseract", "rapidocr"):
        console.print(f"one picture, {name}: {one[name]['median']:.2f} s")
    console.print(f"ratio to Keras: {one['ratio']:.1f} (target 8, and under 0.6 s)")
    for name in ("ours", "rapidocr"):
        side = many[name]
        console.print(
            f"{many['count']} pictures, {name}: {side['median']:.2f} s, {side['peak_mib']:.0f} MiB"
        )
    console.print(f"ratio to RapidOCR: {many['ratio']:.1f} (target 5, and under 400 MB)")


if __name__ == "__main__":
    typer.run(main)
