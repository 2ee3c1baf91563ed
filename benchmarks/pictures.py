"""Claim: we read people's own pictures, and the tutorial's way does not.

Reads the pictures of ``../shared/pictures`` (or ``KERAS_DIGITS_PICTURES``) with every peer in the
same run and writes ``benchmarks/results/pictures.json``: exact answers a set with their Wilson
95 % interval, the mean over sources, character error rates and seconds a picture.

    make peers                       # once: Tesseract, and RapidOCR into build/peers
    python benchmarks/pictures.py    # about ten minutes; then make docs

    python benchmarks/pictures.py --peers ours --misses /tmp/misses    # a page of all we misread
    python benchmarks/pictures.py --limit 20 --reuse                   # a quick look at everybody
"""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from collection import ALL_NUMBERS, LAYOUTS, Picture, find_collection, read_collection
from misses import check_folder, write_misses
from peers import NETWORK, NETWORK_FLAGS, Peer, describe_everybody, peers
from rich.progress import Progress
from rich.table import Table
from tally import Answer, comparable, tally
from tutorial import ROOT, console, write_result

from keras_digits.errors import DigitsError
from keras_digits.files import write_json

REMEMBERED = ROOT / "build" / "pictures" / "answers.json"
"""What everybody but us answered, for ``--reuse``."""

EVERYBODY = "tutorial,inverted,tesseract,rapidocr,ours"
BY_SOURCE = ("drawn", "photo")
"""The sets with many makers, of whom some made many pictures: there the mean over makers counts."""

Answers = Mapping[str, Mapping[str, Answer]]
"""By the peer's name and the picture's file."""


def main(
    pictures: Annotated[
        Path | None, typer.Option(help="The collection's folder.", show_default=False)
    ] = None,
    peers_named: Annotated[
        str, typer.Option("--peers", help="Who reads, parted by commas.")
    ] = EVERYBODY,
    sets: Annotated[
        str, typer.Option(help="Which sets, parted by commas; by default all.", show_default=False)
    ] = ",".join(LAYOUTS),
    limit: Annotated[
        int | None, typer.Option(min=1, help="The most pictures of a set.", show_default=False)
    ] = None,
    misses: Annotated[
        Path | None,
        typer.Option(help="Write a page and sheets of all that we misread into this folder."),
    ] = None,
    reuse: Annotated[
        bool, typer.Option("--reuse", help="Take the peers' answers of an earlier run.")
    ] = False,
    network: Annotated[
        str | None,
        typer.Option(help="Our network's name or file; by default the one that ships."),
    ] = None,
) -> None:
    """Read people's own pictures with every peer and count right answers.

    Only a full run (every set, peer and picture) writes benchmarks/results/pictures.json, and
    there stands whether the peers' answers are an earlier run's, of the same versions.
    """
    try:
        folder = find_collection(pictures)
        if misses is not None:
            check_folder(misses)
        chosen = _choose(peers_named, network)
        wanted = _names(sets, LAYOUTS, "set")
        with tempfile.TemporaryDirectory() as scratch:
            sample = [
                picture
                for picture in read_collection(folder, Path(scratch), limit)
                if picture.set in wanted
            ]
            answers = {peer.name: _answers_of(peer, sample, reuse) for peer in chosen}
            if misses is not None and "ours" in answers:
                missed = [one for one in sample if not _is_right(one, answers["ours"][one.file])]
                console.print(f"Written: {write_misses(misses, missed, len(sample), network)}")
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    result = _count(sample, answers)
    _print(result)
    partial = limit or network or set(wanted) != set(LAYOUTS)
    if partial or set(answers) != set(EVERYBODY.split(",")):
        console.print("A part only, so benchmarks/results/pictures.json stays as it is.")
        return
    write_result("pictures", {**result, "peers_reused": reuse, **_provenance()})


def _names(text: str, known: Sequence[str] | Mapping[str, Any], what: str) -> list[str]:
    """Names parted by commas, all of them known."""
    names = text.split(",")
    for name in names:
        if name not in known:
            raise DigitsError(f"there is no {what} {name!r}; expected some of {','.join(known)}.")
    return names


def _choose(text: str, network: str | None) -> list[Peer]:
    """The named peers, without those that aren't installed; a note says so."""
    everybody = peers(network)
    chosen = [everybody[name] for name in _names(text, everybody, "peer")]
    for peer in chosen:
        if peer.version() is None:
            console.print(f"{peer.name} is left out: it isn't installed. Install it: make peers")
    return [peer for peer in chosen if peer.version() is not None]


def _answers_of(peer: Peer, sample: Sequence[Picture], reuse: bool) -> dict[str, Answer]:
    """What a peer answers to the pictures that it can read, by file."""
    known = _recall(peer) if reuse and peer.name != "ours" else {}
    readable = [picture for picture in sample if picture.layout in peer.layouts]
    answers = {one.file: known[one.file] for one in readable if one.file in known}
    with Progress(console=console) as progress:
        task = progress.add_task(f"{peer.name:9}", total=len(readable), completed=len(answers))
        for layout in peer.layouts:
            unread = [one for one in readable if one.layout == layout and one.file not in answers]
            if not unread:
                continue
            paths = [picture.path for picture in unread]
            for picture, answer in zip(unread, peer.read(paths, layout), strict=True):
                answers[picture.file] = answer
                progress.advance(task)
    if peer.name != "ours":
        _remember(peer, answers)
    return answers


def _recall(peer: Peer) -> dict[str, Answer]:
    """The answers that an earlier run left, if its version of the peer was this one."""
    if not REMEMBERED.is_file():
        return {}
    kept = json.loads(REMEMBERED.read_text("utf-8")).get(f"{peer.name} {peer.version()}", {})
    return {file: Answer(*answer) for file, answer in kept.items()}


def _remember(peer: Peer, answers: Mapping[str, Answer]) -> None:
    """Keep a peer's answers beside those of its other pictures."""
    kept = json.loads(REMEMBERED.read_text("utf-8")) if REMEMBERED.is_file() else {}
    kept[f"{peer.name} {peer.version()}"] = {**_recall(peer), **answers}
    write_json(REMEMBERED, kept)


def _is_right(picture: Picture, answer: Answer) -> bool:
    return comparable(answer.text, picture.layout) == picture.label


def _count(sample: Sequence[Picture], answers: Answers) -> dict[str, Any]:
    """Every set's figures: ``{"sets": {name: {"layout", "count", "peers": {name: tally}}}}``."""
    groups = {name: [one for one in sample if one.set == name] for name in LAYOUTS}
    groups[ALL_NUMBERS] = [one for one in sample if one.set.startswith("number_")]
    sets: dict[str, Any] = {}
    for name, group in groups.items():
        if not group:
            continue
        by_peer = {
            peer: tally(
                [given[picture.file] for picture in group],
                [picture.label for picture in group],
                [picture.source for picture in group],
                [picture.layout for picture in group],
            )
            for peer, given in answers.items()
            if all(picture.file in given for picture in group)
        }
        layout = LAYOUTS.get(name, "number")
        sets[name] = {"layout": layout, "count": len(group), "peers": by_peer}
    return {"sets": sets}


def _print(result: Mapping[str, Any]) -> None:
    """The table; intervals stand in the file."""
    names = list(dict.fromkeys(name for row in result["sets"].values() for name in row["peers"]))
    table = Table("right answers in %", "layout", "pictures", *names)
    times: dict[str, list[float]] = {name: [] for name in names}
    for name, row in result["sets"].items():
        of_peers = row["peers"]
        cells = [_cell(of_peers.get(peer), "value") for peer in names]
        table.add_row(name, row["layout"], str(row["count"]), *cells)
        if name in BY_SOURCE:
            cells = [_cell(of_peers.get(peer), "source_mean") for peer in names]
            table.add_row("  mean of sources", "", "", *cells)
        elif row["layout"] in {"number", "page"}:
            cells = [_cell(of_peers.get(peer), "character_error_rate") for peer in names]
            table.add_row("  character errors", "", "", *cells)
        for peer, figures in of_peers.items():
            times[peer].append(1000 * figures["seconds"])
    console.print(table)
    ranges = [f"{peer} {min(found):.1f} to {max(found):.1f}" for peer, found in times.items()]
    console.print(f"milliseconds a picture, by set: {'; '.join(ranges)}")


def _cell(figures: Mapping[str, Any] | None, key: str) -> str:
    return "-" if figures is None else f"{100 * figures[key]:.1f}"


def _provenance() -> dict[str, Any]:
    """The tutorial's network, and with what and where everything was measured."""
    metrics = json.loads((NETWORK / "metrics.json").read_text("utf-8"))
    command = " ".join(("digits train", *NETWORK_FLAGS))
    return {
        "tutorial_network": {"command": command, "accuracy": metrics["accuracy"]},
        "environment": describe_everybody(),
    }


if __name__ == "__main__":
    typer.run(main)
