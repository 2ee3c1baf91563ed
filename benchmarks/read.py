"""Claim: reading a picture feels instant, and a folder of them takes little time and memory.

Two comparisons, each side in processes of its own, in turn, round after round; medians are kept in
``benchmarks/results/read.json``.

*   One picture from a shell: ``digits read one.png`` beside a script that imports Keras, loads a
    network and predicts the same picture; for orientation Tesseract and RapidOCR too. The files
    are in the disk cache: each side runs once before the clock does.
*   A thousand small pictures of ``../shared/pictures`` (or ``KERAS_DIGITS_PICTURES``):
    ``Reader.read_many``, on all cores and on one, beside RapidOCR's recognition, all without their
    imports, and the most memory that each side's processes held.

    make peers                   # once: Tesseract, and RapidOCR into build/peers
    python benchmarks/read.py    # about five minutes; then make docs
"""

import json
import random
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from claims import LEAST_ROUNDS, Claim, show
from collection import Picture, find_collection, read_collection
from peers import (
    PEERS_PYTHON,
    RAPIDOCR_WORKER,
    ask_rapidocr,
    describe_everybody,
    rapidocr_version,
    tesseract_command,
    tesseract_version,
    train_quickly,
)
from PIL import Image, ImageDraw
from processes import Ran, run
from rich.progress import track
from tutorial import console, write_result

from keras_digits.errors import DigitsError

DIGITS = Path(sys.executable).with_name("digits")
READER_WORKER = Path(__file__).with_name("reader_worker.py")
SETS = ("drawn", "photo", "pen", "historic", "cheque")
NUM_PICTURES = 1000
MAX_PIXELS = 250_000
"""A small picture: up to 500 x 500."""

WITHIN_SECONDS = 0.1
"""So much later than Tesseract, which is a small program, an answer may come."""

_WHY_LATER = (
    "Most of our time is Python starting and importing NumPy, OpenCV, ONNX Runtime and Typer with "
    "Pydantic; Tesseract is a C++ program."
)
_WHY_SLOWER = (
    "By the profile the network takes over a quarter of the time and decoding a tenth; the rest is "
    "spread over many short steps that find ink, rules, lines and outlines, none above a tenth."
)
_WHY_NOT_TWICE = "The process that helps starts and imports meanwhile, on the same cores."
_WHY_MORE = (
    "A second process reads along, because Python's lock would leave the second core idle: speed "
    "for memory; on one core there is none."
)

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
    folder_rounds: Annotated[int, typer.Option(min=1, help="Of the folder.")] = LEAST_ROUNDS,
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
    claims = [*_claims_of_one(one), *_claims_of_folder(many)]
    show(claims)
    if limit < NUM_PICTURES or min(rounds, folder_rounds) < LEAST_ROUNDS:
        console.print("A part only, so benchmarks/results/read.json stays as it is.")
        return
    rows = [claim.to_dict() for claim in claims]
    environment = describe_everybody()
    write_result("read", {"one": one, "folder": many, "claims": rows, "environment": environment})


def _compare_cold(scratch: Path, rounds: int) -> dict[str, Any]:
    """Seconds from a shell to the answer."""
    seven = _draw_seven(scratch / "one.png")
    request = json.dumps({"path": str(seven), "layout": "digit"})
    model = train_quickly() / "model.keras"
    sides: dict[str, tuple[list[str], str, str]] = {
        "ours": ([str(DIGITS), "read", str(seven)], "", "7"),
        "keras": ([sys.executable, "-c", _KERAS_SCRIPT, str(model), str(seven)], "", "7"),
        "tesseract": (tesseract_command(seven, "digit"), "", ""),
        "rapidocr": ([str(PEERS_PYTHON), str(RAPIDOCR_WORKER)], request, ""),
    }
    peaks = {name: _run(*side, watch_memory=True).peak_mib for name, side in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in track(range(rounds), "one picture", console=console):
        for name, side in sides.items():
            times[name].append(_run(*side).seconds)
    found: dict[str, Any] = {
        name: {
            "seconds": seconds,
            "median": statistics.median(seconds),
            "peak_mib": peaks[name],
        }
        for name, seconds in times.items()
    }
    return {**found, "ratio": found["keras"]["median"] / found["ours"]["median"]}


def _run(command: Sequence[str], given: str, expected: str, watch_memory: bool = False) -> Ran:
    """Run a process that should print something."""
    ran = run(command, given, watch_memory)
    if expected not in ran.output:
        raise DigitsError(f"{' '.join(command[:2])} printed {ran.output!r}; expected {expected}.")
    return ran


def _draw_seven(path: Path) -> Path:
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
    found: dict[str, list[Mapping[str, float]]] = {"ours": [], "one_core": [], "rapidocr": []}
    for _ in track(range(rounds), f"{len(paths)} pictures", console=console):
        found["ours"].append(_read_ours(paths))
        found["one_core"].append(_read_ours(paths, 1))
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


def _read_ours(paths: Sequence[Path], num_cores: int | None = None) -> dict[str, float]:
    """What ``reader_worker.py`` measured, on all cores or on so many."""
    cores = () if num_cores is None else (str(num_cores),)
    measured: dict[str, float] = json.loads(
        run([sys.executable, str(READER_WORKER), *cores], "\n".join(map(str, paths))).output
    )
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


def _claims_of_one(one: Mapping[str, Any]) -> list[Claim]:
    """One picture from a shell, beside each peer."""
    tesseract = one["tesseract"]["median"]
    allowed = f"one picture, cold shell, {WITHIN_SECONDS:g} s later allowed"
    peers = {
        "keras": ("one picture, cold shell", "importing Keras, loading, predicting", 10.0),
        "rapidocr": ("one picture, cold shell", "RapidOCR's recognition", 1.0),
        "tesseract": (allowed, "Tesseract", tesseract / (tesseract + WITHIN_SECONDS)),
    }
    count = len(one["ours"]["seconds"])
    name = "`digits read`"
    times = [
        _claim(words, name, peer, "s", one["ours"], one[side], target, count, _WHY_LATER)
        for side, (words, peer, target) in peers.items()
    ]
    memory = [
        _claim("memory, one picture", name, peers[side][1], "MiB", one["ours"], one[side], 1.0, 1)
        for side in ("keras", "rapidocr")
    ]
    return times + memory


def _claims_of_folder(many: Mapping[str, Any]) -> list[Claim]:
    """Many pictures, beside RapidOCR and beside one core."""
    words, count = f"{many['count']:,} pictures", len(many["ours"]["seconds"])
    ours, one_core, peer = many["ours"], many["one_core"], many["rapidocr"]
    name, peer_name, itself = "`Reader.read_many`", "RapidOCR's recognition", "itself on one core"
    two, memory = f"{words}, two cores", f"memory, {words}"
    alone = f"{memory}, one core"
    return [
        _claim(words, name, peer_name, "s", ours, peer, 8.0, count, _WHY_SLOWER),
        _claim(two, name, itself, "s", ours, one_core, 1.7, count, _WHY_NOT_TWICE),
        _claim(memory, name, peer_name, "MiB", ours, peer, 1.0, count, _WHY_MORE),
        _claim(alone, name, peer_name, "MiB", one_core, peer, 1.0, count),
    ]


def _claim(
    words: str,
    name: str,
    peer: str,
    unit: str,
    ours: Mapping[str, float],
    theirs: Mapping[str, float],
    target: float,
    num_rounds: int,
    why: str = "",
) -> Claim:
    """Seconds, which are to be fewer by a factor, or memory, which is to be no more."""
    value = "median" if unit == "s" else "peak_mib"
    bound = "at least" if unit == "s" else "at most"
    pair = (ours[value], theirs[value])
    return Claim(words, name, peer, unit, *pair, target, bound, num_rounds, why)


if __name__ == "__main__":
    typer.run(main)
