"""Looking at pictures: a glance at each line, and closer looks where that leaves a doubt.

Half of all lines need no more than the glance, and a look costs as much as finding the line did.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2

from keras_digits.digits import Box
from keras_digits.errors import PictureError
from keras_digits.reading.choosing import Chosen, Sight, Stem, choose_one, choose_rows
from keras_digits.reading.components import Part
from keras_digits.reading.finding import Found, find_lines, find_one
from keras_digits.reading.ink import Ink, find_ink
from keras_digits.reading.network import Network
from keras_digits.reading.parts import Pieces
from keras_digits.reading.picture import decode
from keras_digits.reading.views import Line, View

_GLANCE_SIZE = 1.25
"""In which size a line is seen at a glance: parts as tall as a line's tallest digits set its
height, and most are lower."""

_SIZES = (1.0, 1.5)
"""In which sizes a line is seen on a closer look, and so is the crop that it fills; in the first at
the second glance, or at the first where that would cut tall ones."""

_LEAST_WHOLE = 0.95
"""The size below which a line with a very tall digit is first seen so small that it is whole."""

_SMALLEST_SIZE = 0.6
"""No line is seen smaller."""

_LEAST_DIGIT = 0.6
"""The height of a line's digits from which on a part is taken for one."""

_STEM, _TALLEST_STEM = 0.5, 1.35
"""What is at most so wide, in its height, may be a one that is nothing but a stroke; what is more
than so many times as tall as the line's digits parts them."""

_BESIDE_A_STEM = 0.15
"""So far beside a stroke a digit may be seen that is it, in the digits' height."""

_FAINTER = 0.6
"""How much fainter the ink may be where none of the usual strength shows a picture's one digit."""

_STRETCHES = (0.8, 1.25)
"""How many times wider a row of digits is seen on a closer look."""


@dataclass(eq=False)
class SeenLine:
    """A line and what was made out of it so far.

    Attributes:
        found: The line.
        sights: What was seen of it.
        chosen: The digits that it holds by these; None before the first look.
    """

    found: Found
    sights: list[Sight]
    chosen: Chosen | None = None

    @property
    def is_sure(self) -> bool:
        """Whether looking closer is not worth the time."""
        return self.chosen is not None and self.chosen.is_sure


@dataclass(eq=False)
class Seen:
    """A picture whose lines are found.

    Attributes:
        ink: Its ink.
        pieces: The pieces of that.
        lines: Its lines.
        width: In pixels.
        scale: How many pixels of the original one of these stands for.
        is_crop: Whether lines were found as in a tight crop.
    """

    ink: Ink
    pieces: Pieces
    lines: Sequence[SeenLine]
    width: int
    scale: float
    is_crop: bool

    @property
    def is_read(self) -> bool:
        """Whether a digit was found that is believed more than not."""
        return any(
            spot.confidence > 0.5
            for line in self.lines
            if line.chosen
            for spot in line.chosen.spots
        )

    def ink_of(self, line: SeenLine) -> list[Box]:
        """Where a line's parts stand in the original picture, but those that are cut off by it."""
        height, width = self.ink.strength.shape
        return [
            Box(part.left, part.top, part.width, part.height).scaled(self.scale)
            for part in line.found.group
            if part.left > 0 and part.top > 0 and part.right < width and part.bottom < height
        ]

    def find_fainter(self) -> bool:
        """Find the one digit in fainter ink too; what was seen before still counts.

        Returns:
            Whether there is fainter ink.
        """
        sights = [sight for line in self.lines for sight in line.sights]
        self.ink = Ink(self.ink.strength, _FAINTER * self.ink.threshold)
        self.pieces = Pieces.of(self.ink)
        self.lines = [SeenLine(one, sights) for one in find_one(self.pieces)]
        return bool(self.lines)

    def find_otherwise(self) -> bool:
        """Find lines as in a tight crop, or if that was done as on a page.

        Returns:
            Whether there are others than before.
        """
        before = [line.found.line.place for line in self.lines]
        lines = _lines(find_lines(self.pieces, up_to_border=not self.is_crop))
        if [line.found.line.place for line in lines] == before:
            return False
        self.lines, self.is_crop = lines, not self.is_crop
        return True


def find(picture: Any, layout: str, max_pixels: int) -> Seen | PictureError:
    """Decode a picture and find its lines; the error where that can't be done.

    Args:
        picture: As :func:`keras_digits.reading.picture.load_picture` takes it.
        layout: ``digit`` where all its ink is one digit, ``number`` where it was cut around one.
        max_pixels: As for :func:`keras_digits.reading.picture.decode`.
    """
    is_crop = layout == "number"  # a picture of one number is most often cut around it
    try:
        loaded = decode(picture, max_pixels=max_pixels)
        ink = find_ink(loaded.pixels)
        pieces = Pieces.of(ink)
        found = find_one(pieces) if layout == "digit" else find_lines(pieces, up_to_border=is_crop)
    except PictureError as error:
        return error
    except MemoryError:
        return PictureError("this needs more memory than there is. Shrink it.")
    except cv2.error as error:  # where memory is short too; other pictures are read all the same
        return PictureError(f"this can't be looked at ({error.err}). Shrink it, or save it anew.")
    return Seen(ink, pieces, _lines(found), loaded.pixels.shape[1], loaded.scale, is_crop)


def look_at(seen: Sequence[Seen], network: Network, layout: str) -> None:
    """Make out together what the lines of some pictures hold, in place.

    Args:
        seen: The pictures.
        network: One that reads lines.
        layout: ``digit`` where each holds one.
    """
    _look(seen, network, layout)
    unread = [one for one in seen if not one.is_read]
    again = Seen.find_fainter if layout == "digit" else Seen.find_otherwise
    _look([one for one in unread if again(one)], network, layout)


def _look(seen: Sequence[Seen], network: Network, layout: str) -> None:
    """A glance at all lines, and closer looks where in doubt."""
    lines = [(line, one.width) for one in seen for line in one.lines]
    for look in (_glance, _glance_again, _look_closely):
        doubtful = [(line, width) for line, width in lines if not line.is_sure]
        views = [look(line) for line, _ in doubtful]
        sights = iter(network.see([view for some in views for view in some]))
        for (line, _), some in zip(doubtful, views, strict=True):
            line.sights += itertools.islice(sights, len(some))
        if layout == "digit":
            chosen = [choose_one(line.sights, width) for line, width in doubtful]
        else:
            chosen = choose_rows(
                [line.sights for line, _ in doubtful], [_stems(line.found) for line, _ in doubtful]
            )
        for (line, _), what in zip(doubtful, chosen, strict=True):
            line.chosen = what


def _stems(found: Found) -> list[Stem]:
    """The columns of a line's upright strokes that are as tall as its digits."""
    height = found.line.digit_height
    aside = _BESIDE_A_STEM * height
    return [
        (part.left - aside, part.right + aside)
        for part in found.group
        if _LEAST_DIGIT * height <= part.height <= _TALLEST_STEM * height
        and part.width <= _STEM * part.height
    ]


def _lines(found: Sequence[Found]) -> list[SeenLine]:
    """Lines of which nothing is known yet."""
    return [SeenLine(one, []) for one in found]


def _glance(line: SeenLine) -> list[View]:
    """The line as it most likely is."""
    first, _ = _glance_sizes(line.found)
    return [line.found.line.view(first, line.found.line.slant)]


def _glance_again(line: SeenLine) -> list[View]:
    """The line a little smaller, or larger where the first glance was as small."""
    _, second = _glance_sizes(line.found)
    return [line.found.line.view(second, line.found.line.slant)]


def _glance_sizes(found: Found) -> tuple[float, float]:
    """The sizes of the two glances: first the largest that shows every digit whole."""
    whole = min((_size_seen_whole(part, found.line) for part in found.group), default=1.0)
    if whole < _LEAST_WHOLE:
        return max(whole, _SMALLEST_SIZE), _SIZES[0]
    is_cut = any(_is_cut(part, found.line) for part in found.group)
    return (_SIZES[0], _GLANCE_SIZE) if is_cut else (_GLANCE_SIZE, _SIZES[0])


def _size_seen_whole(part: Part, line: Line) -> float:
    """The largest size, up to 1, in which a view shows a part whole; dots and dashes are 1."""
    if part.height < _LEAST_DIGIT * line.digit_height:
        return 1.0
    top, bottom = line.rows_seen(1.0, (part.left + part.right) / 2)
    half, middle = (bottom - top) / 2, (bottom + top) / 2
    return half / max(half, middle - part.top, part.bottom - middle)


def _is_cut(part: Part, line: Line) -> bool:
    """Whether the larger glance leaves out both ends of a part."""
    top, bottom = line.rows_seen(_GLANCE_SIZE, (part.left + part.right) / 2)
    return part.top < top and part.bottom > bottom


def _look_closely(line: SeenLine) -> list[View]:
    """The other ways to see the line: larger, as it is written, as its crop says.

    Where it showed digits side by side, narrower and wider too: neighbours that touch or stand
    apart are told better. Elsewhere that would find digits in blank paper.
    """
    found, slant = line.found, line.found.line.slant
    slants = (slant, 0.0) if slant else (slant,)
    places = (found.line, found.crop) if found.crop else (found.line,)
    ways = itertools.product(places, _SIZES, slants)
    next(ways)  # was one of the glances
    views = [place.view(size, lean) for place, size, lean in ways]
    if line.chosen and len(line.chosen.spots) > 1:
        views += [found.line.view(_SIZES[0], slant, stretch) for stretch in _STRETCHES]
    return views
