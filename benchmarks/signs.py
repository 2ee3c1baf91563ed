"""Claim: a number is read among what people write around it: commas, currencies, signs, words.

Numbers of MNIST's test digits on bare paper, photographed as in ``sheets.py``, 30 of each kind.
Signs are drawn as a pen draws them; words are set in fonts made from handwriting, because there are
no letters in MNIST, and nobody learned from these. How signs and words are told from digits was
worked out on pictures made with other seeds. Read as pages, and counted as there: all digits and no
others. Writes ``benchmarks/results/signs.json``.

    make peers                           # once; it installs the fonts too
    python benchmarks/signs.py           # some five minutes; then make docs
    python benchmarks/signs.py --reuse   # anew for us alone, of the same pictures
    python benchmarks/signs.py --only ours --out DIR
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sheets import NUM_SHEETS, SEED, File, Only, Out, Reuse, Writer, add_ink, compare
from tutorial import console

from keras_digits.digits import Images, Labels

_FONTS = [
    Path("/usr/share/fonts/truetype") / name
    for name in ("fifthhorseman/dkg.ttf", "fifthhorseman/dkgIt.ttf", "breip/Breip.ttf")
]
"""Debian's fonts-dkg-handwriting and fonts-breip."""

_SIZE = (360, 1200)
"""Of a sheet, in pixels."""

_HEIGHT, _PEN = 80, (40.0, 35.0, 35.0)
"""Of a digit, and the ink's colour."""

_WORDS = (
    *("Total", "Amount", "room", "page", "number", "Tel", "no.", "Name", "Order", "kg", "miles"),
    *("euros", "Sum", "Invoice", "year", "Level", "flat", "Sheet", "code", "pieces", "hours", "of"),
)

_UNITS = ("kg", "g", "km", "m", "cm", "ml", "l", "t", "h", "min", "am", "pm", "th", "rd", "EUR")

_ARC = [(0.22 * float(np.sin(t)), -0.15 + 1.35 * t / np.pi) for t in np.linspace(0, np.pi, 16)]
_RING = [(float(np.cos(t)), float(np.sin(t))) for t in np.linspace(0, 2 * np.pi, 20)]
_DOLLAR = [(0.45, 0.85), (0.2, 1.0), (0.03, 0.8), (0.2, 0.55), (0.42, 0.4), (0.4, 0.1), (0.2, 0.0)]

_SIGNS: dict[str, list[list[tuple[float, float]]]] = {
    ".": [[(0.06, 0.03), (0.08, 0.05)]],
    ",": [[(0.1, 0.06), (0.02, -0.2)]],
    ":": [[(0.06, 0.1), (0.08, 0.12)], [(0.06, 0.6), (0.08, 0.62)]],
    "/": [[(0.0, -0.15), (0.45, 1.2)]],
    "-": [[(0.1, 0.45), (0.55, 0.45)]],
    "+": [[(0.1, 0.5), (0.6, 0.5)], [(0.35, 0.25), (0.35, 0.75)]],
    "=": [[(0.1, 0.36), (0.6, 0.36)], [(0.1, 0.62), (0.6, 0.62)]],
    "(": [[(0.25 - x, y) for x, y in _ARC]],
    ")": [_ARC],
    "%": [
        [(0.1, 0.0), (0.75, 1.0)],
        [(0.18 + 0.15 * x, 0.82 + 0.15 * y) for x, y in _RING],
        [(0.68 + 0.15 * x, 0.17 + 0.15 * y) for x, y in _RING],
    ],
    "$": [[*_DOLLAR, (0.02, 0.15)], [(0.25, -0.15), (0.25, 1.15)]],
}
"""A pen's ways, in the height of a digit: right from where the sign begins, up from the line."""

KINDS = {
    "decimals": ("a point or a comma before the last two digits", ("##?##", "###?##", "####?##")),
    "thousands": ("commas between thousands", ("#,###,###", "##,###,###")),
    "date_dots": ("dates with full stops", ("##.##.####",)),
    "date_slashes": ("dates with slashes", ("##/##/####",)),
    "time": ("times of day", ("##:##",)),
    "phone": ("parts set apart by dashes", ("###-####",)),
    "sum": ("sums with plus and equals signs", ("##+##=###",)),
    "dollars": ("a dollar sign before an amount", ("$##", "$###", "$####")),
    "percent": ("a percent sign behind", ("#%", "##%", "###%")),
    "brackets": ("in round brackets", ("(#)", "(##)", "(###)")),
    "word_before": ("a word before", ("W ##", "W ###", "W ####")),
    "word_behind": ("a word behind", ("## W", "### W", "#### W")),
    "unit": ("a unit right behind", ("#U", "##U", "###U")),
}
"""What each kind is, and what it looks like: # is any digit, ? a point or a comma, W a word, U a
unit."""


class Scribe(Writer):
    """Writes numbers with what stands around them."""

    def fill(self, templates: Sequence[str]) -> str:
        """A text like one of some templates."""
        choices = {"#": list("0123456789"), "W": _WORDS, "U": _UNITS, "?": [".", ","]}
        template = str(self.random.choice(templates))
        return "".join(str(self.random.choice(choices.get(one, [one]))) for one in template)

    def picture(self, text: str) -> NDArray[np.uint8]:
        """A photographed sheet with a text of digits, signs and words."""
        height, random = _HEIGHT, self.random
        line = np.zeros((3 * height, (len(text) + 4) * height), np.float32)
        left, foot = 0.5 * height, 2 * height
        for part in re.findall(r"[A-Za-z]+[.]?|.", text):
            if part.isdigit():
                ink = self.digit(int(part), height * float(np.exp(random.normal(0, 0.05))))
                add_ink(line, ink, round(left), round(foot - len(ink) + random.normal(0, 2)))
                left += ink.shape[1] + height * random.uniform(0.12, 0.35)
            elif part == " ":
                left += height * random.uniform(0.3, 0.6)
            elif part in _SIGNS:
                left = self._sign(line, part, left, foot)
            else:
                left = self._word(line, part, left, foot)
        sheet = self.sheet(size=_SIZE)
        self.lay(sheet, line, _PEN)
        return self.photograph(sheet)

    def _sign(self, line: NDArray[np.float32], sign: str, left: float, foot: int) -> float:
        """Draw a sign, and tell where writing goes on."""
        random, thick = self.random, int(self.random.integers(5, 9))
        for way in _SIGNS[sign]:
            unsteady = random.normal(0, 0.02, 2)
            points = np.array(way) + unsteady
            places = np.stack([left + _HEIGHT * points[:, 0], foot - _HEIGHT * points[:, 1]], 1)
            cv2.polylines(
                line, [np.round(16 * places).astype(int)], False, 1, thick, cv2.LINE_AA, 4
            )
        width = max(x for way in _SIGNS[sign] for x, _ in way)
        return float(left + _HEIGHT * (width + random.uniform(0.1, 0.3)))

    def _word(self, line: NDArray[np.float32], word: str, left: float, foot: int) -> float:
        """Write a word, and tell where writing goes on."""
        path = _FONTS[int(self.random.integers(len(_FONTS)))]
        font = ImageFont.truetype(path, int(_HEIGHT * self.random.uniform(1.0, 1.4)))
        page = Image.new("L", (line.shape[1], line.shape[0]), 0)
        ImageDraw.Draw(page).text((left, foot), word, font=font, fill=255, anchor="ls")
        np.maximum(line, np.asarray(page, np.float32) / 255, out=line)
        return float(left + font.getlength(word))


def main(only: Only = None, out: Out = None, reuse: Reuse = False) -> None:
    """Write numbers among signs and words, and let every peer read them."""
    if missing := [str(path) for path in _FONTS if not path.is_file()]:
        console.print(
            f"[red]{missing[0]} is missing; expected a font. Install it: make peers[/red]"
        )
        sys.exit(2)
    words = {name: what for name, (what, _) in KINDS.items()}
    compare("signs", words, _pictures, only, out, reuse)


def _pictures(images: Images, labels: Labels, folder: Path) -> Iterator[File]:
    """Make all pictures."""
    for number, (kind, (_, templates)) in enumerate(KINDS.items()):
        scribe = Scribe(images, labels, np.random.default_rng([SEED, 200 + number]))
        for index in range(NUM_SHEETS):
            text = scribe.fill(templates)
            path = folder / f"{kind}_{index:02}.jpg"
            Image.fromarray(scribe.picture(text)).save(path, quality=90)
            yield File(kind, re.sub(r"\D", "", text), path)


if __name__ == "__main__":
    typer.run(main)
