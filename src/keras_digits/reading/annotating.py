"""Draw what was read on a copy of the picture.

Knows pictures and readings of them; reads nothing itself and writes no file. Its measures are in
pixels of a picture of ordinary size; a unit makes them larger on a large one.
"""

from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from keras_digits.digits import Box, Digit, Number, Reading
from keras_digits.reading.picture import Picture

_READABLE_SIDES = (64, 480)
"""Pictures whose shorter and longer sides are below these are enlarged, in pixels."""

_READABLE_DIGIT = 40
"""Pictures whose digits are lower than this are enlarged too, in pixels."""

_LARGEST_ENLARGED_SIDE = 2400
"""Nothing is enlarged beyond this, in pixels."""

_ORDINARY_SIDE = 900
"""Lines and letters grow on a picture with a longer side than this: a screen will shrink it."""

_UNITS = (1.0, 0.75, 0.56, 0.42, 0.32, 0.24)
"""By how much answers become smaller, as long as they would hide digits."""

_HIDDEN_AT_MOST = 0.02
"""The share of digits' boxes that answers may hide before smaller ones are tried."""

_COLOURS = ((0.9, "#0069a8"), (0.6, "#a85500"), (0.0, "#b8123a"))
"""From which confidence on an answer has which colour: sure, likely, unsure.

Colour-blind eyes tell them apart too, and white letters stand out on each.
"""

FRAME, BLACK, FAINT, _WHITE = "#e6e6e6", "#1a1a1a", "#9a9a9a", "#ffffff"


def annotate(picture: Picture, reading: Reading) -> Image.Image:
    """Draw a box around each digit and each number, and beside it what it was read as.

    Args:
        picture: The picture that was read.
        reading: What was read in it.

    Returns:
        RGB: the picture in a grey frame that leaves room for answers; a small one is enlarged.
    """
    zoom = _zoom(picture, reading)
    height, width = (side * zoom for side in picture.pixels.shape[:2])
    enlarged = Image.fromarray(picture.pixels).resize((width, height), Image.Resampling.NEAREST)
    unit = unit_of(enlarged)
    frame = round(28 * unit)
    canvas = Image.new("RGB", (width + 2 * frame, height + 2 * frame), FRAME)
    canvas.paste(enlarged, (frame, frame))

    def corners(box: Box) -> _Corners:
        x, y, wide, high = (value * zoom / picture.scale for value in box)
        return _Corners(x + frame, y + frame, x + frame + wide, y + frame + high)

    if not reading.numbers:
        pen = ImageDraw.Draw(canvas)
        pen.text((frame, frame / 2), "no digits", BLACK, font(18 * unit), anchor="lm")
        return canvas
    placed = [(number, corners(number.box)) for number in reading.numbers]
    boxes = [(digit, corners(digit.box)) for number in reading.numbers for digit in number.digits]
    for share in _UNITS:
        labels = _place_labels(canvas, placed, [box for _, box in boxes], max(0.6, share * unit))
        if labels.hidden <= _HIDDEN_AT_MOST:
            break
    _draw(canvas, placed, boxes, labels)
    return canvas


class _Corners(NamedTuple):
    """A rectangle on the canvas."""

    left: float
    top: float
    right: float
    bottom: float

    def wider(self, gap: float) -> "_Corners":
        """With `gap` pixels more on each side."""
        return _Corners(self.left - gap, self.top - gap, self.right + gap, self.bottom + gap)


class _Labels(NamedTuple):
    """Where answers go.

    Attributes:
        places: A rectangle for each number.
        unit: How large their letters are.
        hidden: The share of digits' boxes that they hide.
    """

    places: list[_Corners]
    unit: float
    hidden: float


def _place_labels(
    canvas: Image.Image,
    placed: list[tuple[Number, _Corners]],
    boxes: list[_Corners],
    unit: float,
) -> _Labels:
    """Find a place beside each number where its answer hides as little as may be."""
    pen, letters = ImageDraw.Draw(canvas), font(18 * unit)
    taken, hidden = np.array(boxes), 0.0
    total = float(np.prod(taken[:, 2:] - taken[:, :2], axis=1).sum())
    for number, corners in placed:
        around = corners.wider(5 * unit)
        width, height = pen.textlength(_answer(number), letters) + 8 * unit, 22 * unit
        middle = (around.top + around.bottom - height) / 2
        places = [
            _inside(canvas, left, top, width, height)
            for left, top in (
                (around.left, around.top - height),
                (around.right, middle),
                (around.left - width, middle),
                (around.left, around.bottom),
            )
        ]
        costs = [_overlap(place, taken) for place in places]
        best = int(np.argmin(costs))
        hidden += costs[best]
        taken = np.vstack([taken, places[best]])
    return _Labels([_Corners(*row) for row in taken[len(boxes) :].tolist()], unit, hidden / total)


def _draw(
    canvas: Image.Image,
    placed: list[tuple[Number, _Corners]],
    boxes: list[tuple[Digit, _Corners]],
    labels: _Labels,
) -> None:
    """Draw boxes first and answers on top, so that no line crosses an answer."""
    pen, unit = ImageDraw.Draw(canvas), labels.unit
    thick, thin = max(1, round(2 * unit)), max(1, round(unit))
    for digit, box in boxes:
        pen.rectangle(box.wider(2 * unit), outline=colour_of(digit.confidence), width=thick)
    for number, box in placed:
        if len(number.digits) > 1:
            pen.rectangle(box.wider(5 * unit), outline=colour_of(number.confidence), width=thin)
    for (number, _), place in zip(placed, labels.places, strict=True):
        pen.rectangle(place, fill=colour_of(number.confidence))
        start = (place.left + 4 * unit, (place.top + place.bottom) / 2)
        pen.text(start, _answer(number), _WHITE, font(18 * unit), anchor="lm")


def _answer(number: Number) -> str:
    return f"{number.marked_text}  {percent(number.confidence)}"


def _zoom(picture: Picture, reading: Reading) -> int:
    """How many times a small picture is enlarged; a whole number, so that its pixels show."""
    height, width = picture.pixels.shape[:2]
    short, long = min(height, width), max(height, width)
    wanted = max(ceil(_READABLE_SIDES[0] / short), ceil(_READABLE_SIDES[1] / long))
    heights = [digit.box.height for number in reading.numbers for digit in number.digits]
    if heights:
        wanted = max(wanted, ceil(_READABLE_DIGIT * picture.scale / float(np.median(heights))))
    return int(max(1, min(wanted, _LARGEST_ENLARGED_SIDE // long)))


def _inside(canvas: Image.Image, left: float, top: float, width: float, height: float) -> _Corners:
    """A rectangle, moved to where the canvas has room for it."""
    left = max(0, min(left, canvas.width - width))
    top = max(0, min(top, canvas.height - height))
    return _Corners(left, top, left + width, top + height)


def _overlap(place: _Corners, taken: NDArray[np.float64]) -> float:
    """How many pixels of what matters would lie under `place`."""
    left, top, right, bottom = taken.T
    width = np.minimum(right, place.right) - np.maximum(left, place.left)
    height = np.minimum(bottom, place.bottom) - np.maximum(top, place.top)
    return float((width.clip(0) * height.clip(0)).sum())


def unit_of(image: Image.Image) -> float:
    """How many times larger lines and letters are than on an image of ordinary size."""
    return max(1.0, max(image.size) / _ORDINARY_SIDE)


def colour_of(confidence: float) -> str:
    """The colour of an answer, as ``#rrggbb``."""
    return next(colour for least, colour in _COLOURS if confidence >= least)


def percent(confidence: float) -> str:
    """Never 100 %: nobody is that sure."""
    return f"{min(99, int(100 * confidence))} %"


@lru_cache
def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own letters, `size` pixels high."""
    return ImageFont.load_default(round(size))
