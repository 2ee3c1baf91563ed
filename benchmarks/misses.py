"""Every picture that we misread, to study: a page and, for quick eyes, contact sheets.

Beside each picture stand its truth, our answer and the images that the network saw, because that
is where one finds out why. The pictures are other people's, so the folder must not be in the
repository.
"""

import base64
import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from collection import Picture
from PIL import Image, ImageDraw, ImageFont, ImageOps
from tutorial import ROOT

from keras_digits import Reader
from keras_digits.digits import Reading
from keras_digits.errors import DigitsError, OutputError
from keras_digits.files import replacing, write_text

_SHOWN = 220
_SEEN = 56
_PER_SHEET = (6, 5)
_CELL = (_SHOWN + 20, _SHOWN + _SEEN + 60)

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, eq=False)
class Miss:
    """A picture that we misread.

    Attributes:
        picture: The picture with its truth.
        result: What we read in it, or why we could not.
    """

    picture: Picture
    result: Reading | DigitsError

    @property
    def answer(self) -> str:
        """In one line."""
        if isinstance(self.result, DigitsError):
            return str(self.result)
        return self.result.text.replace("\n", " | ") or "nothing"

    @property
    def confidence(self) -> str:
        """Each digit's, for the eye."""
        if isinstance(self.result, DigitsError):
            return ""
        digits = [digit for number in self.result.numbers for digit in number.digits]
        return " ".join(f"{digit.digit}:{digit.confidence:.2f}" for digit in digits)

    @property
    def shown(self) -> Image.Image:
        """The picture at a size to look at."""
        with Image.open(self.picture.path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        whole = Image.alpha_composite(paper, upright).convert("RGB")
        enlarges = max(whole.size) < _SHOWN
        return ImageOps.contain(
            whole,
            (_SHOWN, _SHOWN),
            Image.Resampling.NEAREST if enlarges else Image.Resampling.LANCZOS,
        )

    @property
    def seen(self) -> list[Image.Image]:
        """The images that the network saw, ink white."""
        if isinstance(self.result, DigitsError):
            return []
        numbers = self.result.numbers
        return [Image.fromarray(digit.image) for number in numbers for digit in number.digits]

    @property
    def picture_uri(self) -> str:
        """For the page."""
        return _data_uri(self.shown)

    @property
    def seen_uris(self) -> list[str]:
        """For the page."""
        return [_data_uri(image) for image in self.seen]


def check_folder(folder: Path) -> None:
    """Refuse a folder whose files could end up in the repository.

    Raises:
        OutputError: It is in the repository, and git does not ignore it.
    """
    if not folder.resolve().is_relative_to(ROOT):
        return
    command = ["git", "check-ignore", "--quiet", str(folder.resolve() / "index.html")]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise OutputError(
            f"{folder} is in the repository, and the pictures may not be copied there. Name a "
            "folder outside it."
        )


def write_misses(
    folder: Path, missed: Sequence[Picture], total: int, network: str | None = None
) -> Path:
    """Read the missed pictures again and show them.

    Args:
        folder: Where the page ``index.html`` and the sheets ``SET-1.png`` go.
        missed: The pictures, set by set.
        total: How many were read.
        network: The network's name or file; by default the one that ships.

    Returns:
        The page's path.
    """
    reader = Reader(network)
    sets = []
    for name in dict.fromkeys(picture.set for picture in missed):
        group = [picture for picture in missed if picture.set == name]
        results = reader.read_many([one.path for one in group], layout=group[0].layout)
        misses = [Miss(picture, result) for picture, result in zip(group, results, strict=True)]
        sets.append((name, misses))
        _write_sheets(folder, name, misses)
    page = folder / "index.html"
    template = _TEMPLATES.get_template("misses.html.jinja")
    html = template.render(count=len(missed), total=total, sets=sets)
    write_text(page, html)
    return page


def _data_uri(image: Image.Image) -> str:
    """The image itself as a link."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _write_sheets(folder: Path, name: str, misses: Sequence[Miss]) -> None:
    """Contact sheets of a set's misses, thirty each; an earlier study's are removed."""
    for stale in folder.glob(f"{name}-[0-9]*.png"):
        stale.unlink()
    columns, rows = _PER_SHEET
    for number, start in enumerate(range(0, len(misses), columns * rows), 1):
        part = misses[start : start + columns * rows]
        height = -(-len(part) // columns) * _CELL[1]
        sheet = Image.new("RGB", (columns * _CELL[0], height), "#d8dade")
        for place, miss in enumerate(part):
            corner = (place % columns * _CELL[0], place // columns * _CELL[1])
            sheet.paste(_cell(miss), corner)
        with replacing(folder / f"{name}-{number}.png") as partial:
            sheet.save(partial)


def _cell(miss: Miss) -> Image.Image:
    """One miss on a contact sheet."""
    cell = Image.new("RGB", _CELL, "#d8dade")
    cell.paste(miss.shown, (10, 4))
    for index, seen in enumerate(miss.seen):
        side = _SEEN if len(miss.seen) <= 4 else min(_SEEN, _SHOWN // len(miss.seen))
        large = seen.resize((side, side), Image.Resampling.NEAREST)
        cell.paste(large, (10 + index * (side + 1), _SHOWN + 8))
    draw = ImageDraw.Draw(cell)
    font = ImageFont.load_default(14)
    truth = miss.picture.label.replace("\n", "|") or "nothing"
    draw.text((10, _SHOWN + _SEEN + 10), f"{truth} > {miss.answer}"[:34], "black", font)
    small = ImageFont.load_default(11)
    draw.text((10, _SHOWN + _SEEN + 27), miss.confidence[:40], "#333", small)
    draw.text((10, _SHOWN + _SEEN + 41), Path(miss.picture.file).name[:38], "#333", small)
    return cell
