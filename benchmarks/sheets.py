"""Claim: numbers are found on photographed paper, plain or ruled, in shadow or bent.

Digits of MNIST's test set are made large and written as numbers of one to six on sheets that a
program makes, 30 of each kind, as a phone might photograph them; every peer reads the same files
without being told what they show. Writes ``benchmarks/results/sheets.json``. A picture counts as
read where its digits and no others are found.

    python benchmarks/sheets.py                          # some ten minutes; then make docs
    python benchmarks/sheets.py --reuse                  # anew for us alone, of the same sheets
    python benchmarks/sheets.py --only ours --out DIR    # a quick look, which keeps the pictures
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from peers import describe_everybody, peers
from PIL import Image
from rich.progress import track
from rich.table import Table
from tally import Answer, tally
from tutorial import RESULTS, console, write_result

from keras_digits import DigitsError, load_mnist
from keras_digits.digits import Images, Labels

NUM_SHEETS = 30
"""Sheets of each kind."""

SEED = 2611
EVERYBODY = ("tesseract", "rapidocr", "ours")
HEIGHT, WIDTH = 900, 1200

Sheet: TypeAlias = NDArray[np.float32]
"""float32 ``(height, width, 3)``, red, green, blue, 0 to 255."""

Colour: TypeAlias = tuple[float, float, float]

_PAPER, _YELLOW = (240.0, 240.0, 235.0), (250.0, 240.0, 140.0)
_BALLPEN, _FINELINER, _PENCIL = (30.0, 60.0, 150.0), (40.0, 35.0, 35.0), (125.0, 125.0, 125.0)
_PAPERS = (
    *(_PAPER, _PAPER, _YELLOW, (245.0, 235.0, 210.0), (190.0, 150.0, 110.0)),
    *((170.0, 170.0, 165.0), (250.0, 200.0, 205.0), (190.0, 215.0, 240.0)),
)
_PENS = (_BALLPEN, _FINELINER, _PENCIL, (20.0, 20.0, 20.0), (190.0, 35.0, 40.0))
_WOOD = (70.0, 50.0, 40.0)
_PALE, _BLUE, _DARK = (170.0, 185.0, 205.0), (130.0, 150.0, 190.0), (70.0, 70.0, 70.0)


class Writer:
    """Writes numbers with MNIST's test digits and makes the sheets that they stand on.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        labels: uint8 ``(n,)``, 0 to 9.
        generator: Decides everything.
    """

    def __init__(self, images: Images, labels: Labels, generator: np.random.Generator) -> None:
        self._places = [np.flatnonzero(labels == digit) for digit in range(10)]
        self._images, self.random = images, generator

    def number(self) -> str:
        """One to six digits."""
        count = int(self.random.integers(1, 7))
        return "".join(str(digit) for digit in self.random.integers(0, 10, count))

    def sheet(self, paper: Colour = _PAPER, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Sheet:
        """Bare paper."""
        return np.ones((*size, 3), np.float32) * np.array(paper, np.float32)

    def rule(
        self, sheet: Sheet, step: int, colour: Colour, thick: int = 2, squared: bool = False
    ) -> None:
        """Draw rules across a sheet, and if `squared` down it, in place."""
        height, width = sheet.shape[:2]
        first = int(self.random.integers(step))
        for row in range(first, height, step):
            cv2.line(sheet, (0, row), (width, row), colour, thick, cv2.LINE_AA)
        for column in range(first, width if squared else 0, step):
            cv2.line(sheet, (column, 0), (column, height), colour, thick, cv2.LINE_AA)

    def write(self, sheet: Sheet, text: str, height: float, pen: Colour, thick: int = 0) -> None:
        """Write a number somewhere on a sheet, in place, its strokes `thick` pixels thicker."""
        random = self.random
        line = np.zeros((round(1.6 * height), round(2 * height * (len(text) + 1))), np.float32)
        left = 0.0
        for digit in text:
            ink = self.digit(int(digit), height * np.exp(random.normal(0, 0.05)))
            top = int(np.clip(1.3 * height - len(ink) + random.normal(0, 2), 0, len(line)))
            add_ink(line, ink, round(left), top)
            left += ink.shape[1] + height * random.uniform(0.15, 0.45)
        if thick:
            line = cv2.dilate(line, np.ones((thick + 1, thick + 1), np.uint8))
        self.lay(sheet, line, pen)

    def lay(self, sheet: Sheet, line: NDArray[np.float32], pen: Colour) -> None:
        """Put writing, float32 ``(height, width)``, 1 ink, somewhere on a sheet, in place."""
        random, line = self.random, cropped(line, 0)
        y, x = (
            int(random.uniform(0.12, 0.88) * max(whole - side, 1) * 0.999)
            for whole, side in zip(sheet.shape[:2], line.shape, strict=True)
        )
        part = sheet[y : y + len(line), x : x + line.shape[1]]
        share = line[: len(part), : part.shape[1], None]
        part[:] = mixed(part, pen, share)

    def digit(self, digit: int, height: float) -> NDArray[np.float32]:
        """A test digit's strokes at another size, float32, 0 paper, 1 ink."""
        image = self._images[self.random.choice(self._places[digit])].astype(np.float32)
        image = cropped(image, 80)
        zoom, image = height / len(image), np.pad(image, 2)
        large = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
        large = cv2.GaussianBlur(large, (0, 0), max(0.6, 0.35 * zoom))
        return cropped(np.asarray(np.clip((large - 105) / 40, 0, 1), np.float32), 0)

    def photograph(
        self, sheet: Sheet, shade: float = 0.25, noise: float = 4, tilt: float = 2
    ) -> NDArray[np.uint8]:
        """The sheet as a phone sees it: a little turned and aslant, unevenly lit, blurred, grainy.

        Args:
            sheet: What is photographed.
            shade: How much of the light is missing where it is darkest, as a share.
            noise: Standard deviation of the camera's noise, in grey levels.
            tilt: Standard deviation of its tilt, in degrees.
        """
        random, (height, width) = self.random, sheet.shape[:2]
        corners = corners_of(sheet)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.normal(0, tilt), 0.92)
        seen = cv2.transform(corners[None], turn)[0] + random.normal(0, 0.01 * height, (4, 2))
        picture = warped(sheet, seen.astype(np.float32))
        light = random.uniform(1 - shade, 1, (3, 3)).astype(np.float32)
        light = cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC)
        picture = cv2.GaussianBlur(picture * light[..., None], (0, 0), 0.8)
        picture += random.normal(0, noise, (height, width, 1)).astype(np.float32)
        return np.asarray(np.clip(picture, 0, 255).astype(np.uint8))

    def bend(self, sheet: Sheet) -> Sheet:
        """The sheet as it lies in a thick book."""
        height, width = sheet.shape[:2]
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        wave = self.random.uniform(5, 14) * np.sin(columns / 400 + self.random.uniform(0, 6))
        rows += wave.astype(np.float32)
        return np.asarray(
            cv2.remap(sheet, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )

    def put_on(self, sheet: Sheet, desk: Colour) -> Sheet:
        """The sheet on something larger, somewhere about its middle."""
        height, width = sheet.shape[:2]
        around = self.sheet(desk, (round(1.3 * height), round(1.3 * width)))
        around += self.random.normal(0, 6, (*around.shape[:2], 1)).astype(np.float32)
        top, left = (int(side * self.random.uniform(0.08, 0.22)) for side in (height, width))
        around[top : top + height, left : left + width] = sheet
        return around

    def cast_shadow(self, sheet: Sheet) -> Sheet:
        """The sheet with a shadow that has an edge."""
        height, width = sheet.shape[:2]
        outline = self.random.integers(0, (width, height), (5, 2)).astype(np.int32)
        shadow = np.zeros((height, width), np.float32)
        cv2.fillConvexPoly(shadow, cv2.convexHull(outline), 1.0)
        shadow = cv2.GaussianBlur(shadow, (0, 0), self.random.uniform(3, 15))
        return np.asarray(sheet * (1 - 0.4 * shadow[..., None]))


def mixed(ground: Sheet, colour: Colour, share: NDArray[np.floating] | float) -> Sheet:
    """A ground with a share of a colour, from 0 to 1, everywhere or ``(height, width, 1)``."""
    return np.asarray(ground * (1 - share) + np.array(colour, np.float32) * share)


def corners_of(sheet: Sheet) -> NDArray[np.float32]:
    """A sheet's corners from the upper left one on, float32 ``(4, 2)``, columns and rows."""
    height, width = sheet.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def warped(sheet: Sheet, seen: NDArray[np.float32]) -> Sheet:
    """A sheet whose corners are seen in other places, with more of its rim around it."""
    matrix = cv2.getPerspectiveTransform(corners_of(sheet), seen)
    size = (sheet.shape[1], sheet.shape[0])
    return np.asarray(cv2.warpPerspective(sheet, matrix, size, borderMode=cv2.BORDER_REPLICATE))


def described(kinds: Iterable[Callable[..., Any]]) -> dict[str, str]:
    """What each kind of picture is, by its name."""
    return {kind.__name__: str(kind.__doc__).rstrip(".") for kind in kinds}


def cropped(image: NDArray[np.float32], level: float) -> NDArray[np.float32]:
    """The smallest part of an image that holds all that is above a level."""
    x, y, width, height = cv2.boundingRect((image > level).astype(np.uint8))
    return image[y : y + height, x : x + width]


def add_ink(line: NDArray[np.float32], ink: NDArray[np.float32], left: int, top: int) -> None:
    """Lay ink over ink, in place; what is outside is lost."""
    part = line[top : top + len(ink), left : left + ink.shape[1]]
    np.maximum(part, ink[: len(part), : part.shape[1]], out=part)


def plain(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On bare paper."""
    sheet = writer.sheet()
    writer.write(sheet, text, 90, _BALLPEN)
    return writer.photograph(sheet)


def small(writer: Writer, text: str) -> NDArray[np.uint8]:
    """Small on a large sheet, unevenly lit."""
    sheet = writer.sheet(size=(1200, 1600))
    writer.write(sheet, text, 50, _BALLPEN)
    return writer.photograph(sheet, shade=0.5)


def shadow(writer: Writer, text: str) -> NDArray[np.uint8]:
    """Under the shadow of a hand or a phone."""
    sheet = writer.sheet()
    writer.write(sheet, text, 90, _FINELINER)
    return writer.photograph(writer.cast_shadow(sheet))


def lined(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On lined paper."""
    return writer.photograph(_on_lines(writer, text, 90, _BLUE, _BALLPEN))


def lined_pencil(writer: Writer, text: str) -> NDArray[np.uint8]:
    """In pencil on lined paper, as dark as the lines."""
    return writer.photograph(_on_lines(writer, text, 90, _BLUE, _PENCIL))


def lined_black(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On paper with black lines."""
    return writer.photograph(_on_lines(writer, text, 100, _DARK, _FINELINER))


def bent(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On lined paper that isn't flat."""
    return writer.photograph(writer.bend(_on_lines(writer, text, 90, _DARK, _FINELINER)))


def _on_lines(writer: Writer, text: str, step: int, lines: Colour, pen: Colour) -> Sheet:
    """A number on a lined sheet."""
    sheet = writer.sheet()
    writer.rule(sheet, step, lines)
    writer.write(sheet, text, 75, pen)
    return sheet


def legal_pad(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On yellow lined paper with a red margin."""
    sheet = writer.sheet(_YELLOW)
    writer.rule(sheet, 80, (140.0, 170.0, 190.0))
    cv2.line(sheet, (180, 0), (180, HEIGHT), (220.0, 80.0, 80.0), 3, cv2.LINE_AA)
    writer.write(sheet, text, 70, _BALLPEN)
    return writer.photograph(sheet)


def squared(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On squared paper."""
    sheet = writer.sheet()
    writer.rule(sheet, 36, _PALE, thick=1, squared=True)
    writer.write(sheet, text, 65, _BALLPEN)
    return writer.photograph(sheet)


def squared_dark(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On squared paper with strong lines."""
    sheet = writer.sheet()
    writer.rule(sheet, 45, (145.0, 145.0, 150.0), squared=True)
    writer.write(sheet, text, 80, _FINELINER)
    return writer.photograph(sheet)


def dim(writer: Writer, text: str) -> NDArray[np.uint8]:
    """In dim light, grainy."""
    sheet = writer.sheet((110.0, 100.0, 95.0))
    writer.write(sheet, text, 90, (35.0, 35.0, 40.0))
    return writer.photograph(sheet, shade=0.4, noise=12)


def marker(writer: Writer, text: str) -> NDArray[np.uint8]:
    """In thick pen on a whiteboard, with a lamp's reflection."""
    sheet = writer.sheet((218.0, 222.0, 225.0))
    writer.write(sheet, text, 150, (30.0, 40.0, 170.0), thick=5)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    glare = np.exp(-(((columns - 400) / 130) ** 2) - ((rows - 300) / 90) ** 2)
    return writer.photograph(sheet + 80 * glare[..., None].astype(np.float32))


def desk(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On a note on a dark desk, unevenly lit."""
    sheet = writer.sheet()
    writer.write(sheet, text, 80, _BALLPEN)
    return writer.photograph(writer.put_on(sheet, _WOOD), shade=0.4)


def slate(writer: Writer, text: str) -> NDArray[np.uint8]:
    """In chalk on a slate on a light table."""
    sheet = writer.sheet((45.0, 48.0, 50.0))
    writer.write(sheet, text, 100, (225.0, 225.0, 220.0))
    return writer.photograph(writer.put_on(sheet, (200.0, 185.0, 160.0)))


def anything(writer: Writer, text: str) -> NDArray[np.uint8]:
    """On any paper, ruled, bent, in shadow or on a desk by chance, in any pen, size and light."""
    random = writer.random
    paper = _PAPERS[random.integers(len(_PAPERS))]
    sheet = writer.sheet(paper)
    if random.random() < 0.5:
        pale = [float(shade * random.uniform(0.6, 0.85)) for shade in paper]
        rules = (pale[0], pale[1], pale[2])
        writer.rule(sheet, int(random.integers(40, 110)), rules, squared=random.random() < 0.4)
    pen = _PENS[random.integers(len(_PENS))]
    writer.write(sheet, text, float(random.uniform(45, 120)), pen, thick=int(random.integers(3)))
    if random.random() < 0.3:
        sheet = writer.cast_shadow(sheet)
    if random.random() < 0.2:
        sheet = writer.bend(sheet)
    if random.random() < 0.2:
        sheet = writer.put_on(sheet, _WOOD)
    shade, noise = float(random.uniform(0.1, 0.5)), float(random.uniform(2, 10))
    return writer.photograph(sheet, shade=shade, noise=noise, tilt=float(random.uniform(1, 4)))


KINDS: dict[str, Callable[[Writer, str], NDArray[np.uint8]]] = {
    kind.__name__: kind
    for kind in (
        *(plain, small, shadow, lined, lined_pencil, lined_black),
        *(bent, legal_pad, squared, squared_dark, dim, marker),
        *(desk, slate, anything),
    )
}
"""What is photographed, by name."""


Only: TypeAlias = Annotated[
    str | None, typer.Option(help="One peer alone; writes nothing.", show_default=False)
]
Out: TypeAlias = Annotated[
    Path | None, typer.Option(help="A folder to keep the pictures in.", show_default=False)
]
Reuse: TypeAlias = Annotated[
    bool, typer.Option("--reuse", help="Take what peers of the same versions read before.")
]


def main(only: Only = None, out: Out = None, reuse: Reuse = False) -> None:
    """Write numbers on sheets of every kind, and let every peer read them."""
    compare("sheets", described(KINDS.values()), _sheets, only, out, reuse)


def compare(
    name: str,
    words: Mapping[str, str],
    make_files: Callable[[Images, Labels, Path], Iterator["File"]],
    only: str | None,
    out: Path | None,
    reuse: bool,
    layout: str = "page",
    everybody: Sequence[str] = EVERYBODY,
) -> None:
    """Let every peer read pictures of some kinds, and write who read how many.

    Args:
        name: Of the result.
        words: What each kind is, by its name.
        make_files: Makes ``NUM_SHEETS`` pictures of each from MNIST's test digits, in a folder.
        only: The one peer that reads, and then nothing is written.
        out: A folder to keep the pictures in.
        reuse: Whether to take what peers of the same versions read before.
        layout: What the pictures hold, as everybody is told.
        everybody: The peers.
    """
    try:
        _, (images, labels) = load_mnist()
        before = _found_before(name, words, everybody) if reuse else {}
    except DigitsError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        sys.exit(2)
    with _folder(out) as folder:
        total = NUM_SHEETS * len(words)
        files = list(track(make_files(images, labels, folder), name, total, console=console))
        counted: dict[str, dict[str, Any]] = {kind: {} for kind in words}
        for one in (only,) if only else everybody:
            if one in before:
                for kind, found in counted.items():
                    found[one] = before[one][kind]
                continue
            peer = peers()[one]
            if peer.version() is None:
                console.print(f"{one} is left out: it isn't installed. Install it: make peers")
                continue
            read = peer.read([file.path for file in files], layout)
            answers = list(track(read, one, total, console=console))
            for kind, found in counted.items():
                pairs = zip(files, answers, strict=True)
                found[one] = _tally([pair for pair in pairs if pair[0].kind == kind])
    _print(name, counted)
    if only or any(set(found) != set(everybody) for found in counted.values()):
        console.print(f"A part only, so benchmarks/results/{name}.json stays as it is.")
        return
    kinds = {kind: {"words": words[kind], "peers": found} for kind, found in counted.items()}
    write_result(
        name,
        {
            "seed": SEED,
            "count": NUM_SHEETS,
            "kinds": kinds,
            "peers_reused": reuse,
            "environment": describe_everybody(),
        },
    )


def _found_before(
    name: str, kinds: Iterable[str], everybody: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What the peers, not we, were found to read in the last run, by their names and the kind.

    Raises:
        DigitsError: It was of other pictures, or of other versions of theirs.
    """
    before = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    now = describe_everybody()["versions"]
    others = [one for one in everybody if one != "ours"]
    same = [before["environment"]["versions"].get(one) == now.get(one) for one in others]
    if (before["seed"], before["count"]) != (SEED, NUM_SHEETS) or not all(same):
        raise DigitsError("the peers or the pictures are others since; run it without --reuse.")
    found = before["kinds"]
    return {one: {kind: found[kind]["peers"][one] for kind in kinds} for one in others}


class File(NamedTuple):
    """A sheet: its kind, the number on it, and where it lies."""

    kind: str
    text: str
    path: Path


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Where the pictures lie meanwhile, or stay."""
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield out
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(scratch)


def _sheets(images: Images, labels: Labels, folder: Path) -> Iterator[File]:
    """Make all sheets."""
    for number, (kind, make) in enumerate(KINDS.items()):
        writer = Writer(images, labels, np.random.default_rng([SEED, number]))
        for index in range(NUM_SHEETS):
            text = writer.number()
            path = folder / f"{kind}_{index:02}_{text}.jpg"
            Image.fromarray(make(writer, text)).save(path, quality=90)
            yield File(kind, text, path)


def _tally(pairs: Sequence[tuple[File, Answer]]) -> dict[str, Any]:
    """What the answers to some sheets amount to; the one number may be read in pieces."""
    labels = [sheet.text for sheet, _ in pairs]
    return tally([answer for _, answer in pairs], labels, labels, ["number"] * len(pairs))


def _print(title: str, counted: dict[str, dict[str, Any]]) -> None:
    """Right answers in percent by kind."""
    names = list(next(iter(counted.values())))
    table = Table(title, *names)
    for kind, found in counted.items():
        table.add_row(kind, *(f"{100 * found[name]['value']:.0f}" for name in names))
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
