"""Show beside an annotated picture what the network saw of it, and what it made of that.

Knows readings and their digits; where they stand in the picture is told by
:mod:`keras_digits.reading.annotating`.
"""

from math import ceil, sqrt

from PIL import Image, ImageDraw, ImageOps

from keras_digits.digits import NUM_CLASSES, SIDE, Digit, Number, Reading
from keras_digits.reading.annotating import (
    BLACK,
    FAINT,
    FRAME,
    annotate,
    colour_of,
    font,
    percent,
    unit_of,
)
from keras_digits.reading.picture import Picture

_MOST_CELLS = 600
"""More digits than this are not explained: nobody looks at them, and a picture has to end."""

_LARGEST_CELLS_PIXELS = 24_000_000
"""Cells don't grow beyond this many pixels in all."""

_IMAGE_SIDE, _BAR_WIDTH, _HEADING, _PAD = 4 * SIDE, 13, 26, 12
"""The measures of a digit's cell, in pixels at unit 1."""

_NEIGHBOURS = 7
"""How many digits before and after one are shown to say which it is."""


def explain(picture: Picture, reading: Reading) -> Image.Image:
    """Put beside the annotated picture each digit as the network saw it.

    Args:
        picture: The picture that was read.
        reading: What was read in it.

    Returns:
        RGB: what :func:`annotate` gives and, to its right or below, a cell for each digit: the
        28x28 image that the network saw, white ink on black as MNIST has it, the answer, its
        confidence and the ten probabilities as bars.
    """
    left = annotate(picture, reading)
    digits = [(number, index) for number in reading.numbers for index in range(len(number.digits))]
    if not digits:
        return left
    shown = digits[:_MOST_CELLS]
    width, height = _cell_size(1.0)
    unit = max(1.0, min(unit_of(left), sqrt(_LARGEST_CELLS_PIXELS / (len(shown) * width * height))))
    whole, places = _with_room(left, len(shown), _cell_size(unit))
    for place, (number, index) in zip(places, shown, strict=True):
        whole.paste(_cell(number, index, unit), place)
    if len(shown) < len(digits):
        text = f"{len(digits) - len(shown)} more digits are not shown."
        whole = ImageOps.expand(whole, (0, 0, 0, 30), FRAME)
        pen = ImageDraw.Draw(whole)
        pen.text((_PAD, whole.height - 15), text, BLACK, font(18), anchor="lm")
    return whole


def _with_room(
    picture: Image.Image, num_cells: int, cell_size: tuple[int, int]
) -> tuple[Image.Image, list[tuple[int, int]]]:
    """The picture with room for cells to its right, or below a wide one; each cell's place."""
    width, height = cell_size
    is_wide = picture.width > 1.5 * picture.height
    if is_wide:
        num_columns = max(picture.width // width, ceil(sqrt(num_cells * height / width)))
    else:
        num_columns = ceil(num_cells / max(picture.height // height, ceil(sqrt(num_cells))))
    num_rows = ceil(num_cells / num_columns)
    x, y = (0, picture.height) if is_wide else (picture.width, 0)
    size = (max(picture.width, x + num_columns * width), max(picture.height, y + num_rows * height))
    whole = Image.new("RGB", size, FRAME)
    whole.paste(picture)
    grid = (divmod(position, num_columns) for position in range(num_cells))
    return whole, [(x + column * width, y + row * height) for row, column in grid]


def _cell_size(unit: float) -> tuple[int, int]:
    """Width and height of a digit's cell."""
    width = 3 * _PAD + _IMAGE_SIDE + NUM_CLASSES * _BAR_WIDTH
    return round(width * unit), round((2 * _PAD + _HEADING + _IMAGE_SIDE) * unit)


def _cell(number: Number, index: int, unit: float) -> Image.Image:
    """One digit of a number: what the network saw of it, and what it made of it."""
    digit = number.digits[index]
    cell = Image.new("RGB", _cell_size(unit), FRAME)
    pen, letters = ImageDraw.Draw(cell), font(18 * unit)
    middle = (_PAD + 0.4 * _HEADING) * unit
    pen.text((_PAD * unit, middle), _within(number, index), BLACK, letters, anchor="lm")
    right, colour = cell.width - _PAD * unit, colour_of(digit.confidence)
    pen.text((right, middle), percent(digit.confidence), colour, letters, anchor="rm")
    side = round(_IMAGE_SIDE * unit)
    image = Image.fromarray(digit.image).resize((side, side), Image.Resampling.NEAREST)
    cell.paste(image, (round(_PAD * unit), round((_PAD + _HEADING) * unit)))
    _draw_bars(pen, digit, unit)
    return cell


def _draw_bars(pen: ImageDraw.ImageDraw, digit: Digit, unit: float) -> None:
    """The ten probabilities of a cell, each above its digit."""
    foot = (_PAD + _HEADING + _IMAGE_SIDE - 16) * unit
    for answer, probability in enumerate(digit.probabilities):
        left = (2 * _PAD + _IMAGE_SIDE + answer * _BAR_WIDTH) * unit
        top = foot - max(1, (_IMAGE_SIDE - 16) * float(probability)) * unit
        colour = colour_of(digit.confidence) if answer == digit.digit else FAINT
        pen.rectangle((left + unit, top, left + (_BAR_WIDTH - 1) * unit, foot), fill=colour)
        place = (left + _BAR_WIDTH / 2 * unit, foot + 9 * unit)
        pen.text(place, str(answer), BLACK, font(12 * unit), anchor="mm")


def _within(number: Number, index: int) -> str:
    """Which digit of a number is meant: ``19[4]7``; of a long number, what stands around it."""
    if len(number.text) == 1:
        return number.text
    before, after = number.text[:index], number.text[index + 1 :]
    before = before if len(before) <= _NEIGHBOURS else "..." + before[-_NEIGHBOURS:]
    after = after if len(after) <= _NEIGHBOURS else after[:_NEIGHBOURS] + "..."
    return f"{before}[{number.text[index]}]{after}"
