"""A line of writing as the network wants to see it: 28 pixels tall, its digits about 20.

How tall digits are and how far they lean can be told only roughly before they are read, so a line
is seen in several views, and what most of them show is believed. The paper between strokes stays
in view, because a network tells rules and waves from digits better than a threshold does.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import FRAME_WIDTH, INK, SIDE
from keras_digits.reading.ink import CORE_PERCENTILE, Ink
from keras_digits.reading.normalising import BOX_SIDE
from keras_digits.reading.pixels import percentile, pooled, stroke_width

DIGIT_HEIGHT = BOX_SIDE
"""How tall digits stand in a view that judges their size rightly."""

_KEPT_HEIGHT = 30
"""A line is kept at a size at which its digits are at most this tall, in pixels."""

_MARGIN = 0.35
"""Paper left and right of a line, as a share of its digits' height."""

_WIDEST = 4000
"""A view is at most this wide, in pixels: some two hundred digits; what is beyond is not read."""

_SLANTS = np.arange(-3, 11) / 10
"""The slants that are tried, columns by rows, positive to the right."""

_THINNEST = 0.07
"""Strokes are made at least about this wide, as a share of the digits' height."""

_THICKENED_HEIGHT = 120
"""Where strokes are made wider, taller digits are first made smaller by a whole factor, though not
lower than this: the time it takes grows with their height's fourth power."""

_FLOOR = 0.25
"""Ink below this share of the threshold counts as paper."""


@dataclass(frozen=True)
class Level:
    """Where the middles of a line's digits lie: on a straight line, which may climb or fall.

    Attributes:
        row: The picture's row on which they lie at `column`.
        column: A column among them; half stand left of it.
        slope: How far the line falls, rows by columns; below 0 it climbs.
    """

    row: float
    column: float = 0.0
    slope: float = 0.0

    def at(self, column: float) -> float:
        """The row at a column."""
        return self.row + self.slope * (column - self.column)


@dataclass(frozen=True, eq=False)
class View:
    """A line of writing in one size and slant, made level.

    Attributes:
        strip: uint8 ``(28, width)``, 0 paper, 255 ink; the width is a multiple of 4.
        zoom: Pixels of the strip a pixel of the picture.
        slant: How far the writing leaned to the right before it was set upright, columns by rows.
        stretch: How many times wider it was made than its height asks for.
        left: The picture's column where the strip begins, at its middle row.
        level: Where in the picture the strip's middle row lies.
    """

    strip: NDArray[np.uint8]
    zoom: float
    slant: float
    stretch: float
    left: float
    level: Level

    def columns_in_picture(self, columns: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where columns of the strip stand in the picture, on its middle row."""
        return np.asarray(self.left + columns / (self.zoom * self.stretch), np.float64)


@dataclass(frozen=True, eq=False)
class Line:
    """Where a line of writing stands in a picture.

    Attributes:
        ink: The picture's ink.
        left: The first column of the line.
        right: The column after its last.
        level: Where the middles of its digits lie.
        digit_height: About how tall these are, in pixels of the picture.
    """

    ink: Ink
    left: float
    right: float
    level: Level
    digit_height: float

    @property
    def place(self) -> tuple[float, float, Level, float]:
        """Its left, right, level and digits' height."""
        return (self.left, self.right, self.level, self.digit_height)

    def rows_seen(self, size: float, column: float) -> tuple[float, float]:
        """From which of a column's rows to which a view in some size reaches."""
        half, middle = SIDE / 2 / self._zoom(size), self.level.at(column)
        return middle - half, middle + half

    def view(self, size: float = 1.0, slant: float = 0.0, stretch: float = 1.0) -> View:
        """The line as the network wants it.

        Args:
            size: The share of ``DIGIT_HEIGHT`` that the line's digits are given.
            slant: How far the writing is taken to lean.
            stretch: How many times wider digits are made.
        """
        region = self._region
        zoom = self._zoom(size)
        margin = _MARGIN * self.digit_height
        half = SIDE / 2 / zoom
        left = self.left - margin - abs(slant) * half
        right = self.right + margin + abs(slant) * half
        frames = np.ceil((right - left) * zoom * stretch / FRAME_WIDTH)
        width = FRAME_WIDTH * int(np.clip(frames, SIDE // FRAME_WIDTH, _WIDEST // FRAME_WIDTH))
        step = region.zoom / zoom
        step_x = step / stretch
        x = (left - region.left) * region.zoom + slant * step * (SIDE - 1) / 2
        y = (self.level.row - region.top) * region.zoom - step * SIDE / 2
        # pixels are squares, and OpenCV counts from their middles
        inverse = np.array(
            [[step_x, -slant * step, x + (step_x - 1) / 2], [0, step, y + (step - 1) / 2]]
        )
        strip = cv2.warpAffine(
            region.shades,
            inverse,
            (width, SIDE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
        return View(np.asarray(strip), zoom, slant, stretch, left, self.level)

    def _zoom(self, size: float) -> float:
        """Pixels of a view in some size a pixel of the picture."""
        return size * DIGIT_HEIGHT / self.digit_height

    @cached_property
    def slant(self) -> float:
        """How far the writing leans to the right: columns by rows, 0 upright, 1 at 45 degrees.

        The shear under which ink gathers in fewest columns (as in Vinciarelli and Luettin 2001).
        """
        gathered = _gathered(self.view().strip) - 0.02 * np.abs(_SLANTS)
        return float(_SLANTS[int(gathered.argmax())])

    @cached_property
    def _region(self) -> "_Region":
        """The line and what is near it."""
        reach = 1.2 * self.digit_height  # a view is at most so tall, and leans so far
        height, width = self.ink.strength.shape
        left, right = (
            max(0, int(self.left - 2 * reach)),
            min(width, int(self.right + 2 * reach) + 1),
        )
        rise = abs(self.level.slope) * max(right - self.level.column, self.level.column - left)
        top = max(0, int(self.level.row - reach - rise))
        bottom = min(height, int(self.level.row + reach + rise) + 1)
        part, factor = self._thickened(self.ink.strength[top:bottom, left:right])
        if self.level.slope:
            part = _levelled(part, self.level.slope, (self.level.column - left) / factor)
        zoom = min(1.0, _KEPT_HEIGHT / self.digit_height)
        if zoom < 1:
            share = zoom * factor
            size = (max(1, round(part.shape[1] * share)), max(1, round(part.shape[0] * share)))
            part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        written = part[part > self.ink.threshold]
        core = percentile(written, CORE_PERCENTILE) if len(written) else 1.0
        floor = _FLOOR * self.ink.threshold
        shades = np.clip((part - floor) * (INK / max(core - floor, 1e-3)), 0, INK)
        return _Region(np.asarray(shades, np.uint8), left, top, zoom)

    def _thickened(self, part: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
        """Hairlines on tall writing made wide enough that shrinking leaves them black.

        Returns:
            The ink, and how many pixels of the picture one of it stands for, each way.
        """
        if self.digit_height < 2 * _KEPT_HEIGHT or self._lacks(part, self.digit_height) < 1:
            return part, 1
        factor = max(1, int(self.digit_height / _THICKENED_HEIGHT))
        part = pooled(part, factor) if factor > 1 else part
        reach = max(0, round(self._lacks(part, self.digit_height / factor) / 2))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        return np.asarray(cv2.dilate(part, kernel)), factor

    def _lacks(self, part: NDArray[np.float32], digit_height: float) -> float:
        """By how many pixels strokes are too narrow for digits so tall."""
        mask = (part > self.ink.threshold).astype(np.uint8)
        return _THINNEST * digit_height - stroke_width(mask)


@dataclass(frozen=True, eq=False)
class _Region:
    """A part of a picture, its ink as shades, shrunk where its writing is large."""

    shades: NDArray[np.uint8]
    left: int
    top: int
    zoom: float


def _levelled(part: NDArray[np.float32], slope: float, column: float) -> NDArray[np.float32]:
    """Ink whose line falls by `slope` moved up and down until it is level; `column` stays."""
    height, width = part.shape
    fall = np.array([[1, 0, 0], [slope, 1, -slope * column]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, fall, (width, height), flags=flags))


def _gathered(strip: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much a strip's ink gathers in few columns once it is set upright from each slant.

    Between two columns ink counts in both, by its distance; what leaves the strip is lost.
    """
    rows, columns = np.nonzero(strip >= INK / 2)
    ink = strip[rows, columns].astype(np.float64)
    height, width = strip.shape
    places = columns + 1 + np.outer(_SLANTS, rows - (height - 1) / 2)
    places = np.clip(places, 0, width + 1)  # a column at either side for what is lost
    firsts = places.astype(np.intp)
    shares = places - firsts
    bins = (firsts + (width + 3) * np.arange(len(_SLANTS))[:, None]).ravel()
    size = (width + 3) * len(_SLANTS)
    sums = np.bincount(bins, (ink * (1 - shares)).ravel(), size)
    sums += np.bincount(bins + 1, (ink * shares).ravel(), size)
    kept = sums.reshape(len(_SLANTS), -1)[:, 1:-2]
    total = np.maximum(kept.sum(axis=1) ** 2, 1e-6)
    return np.asarray((kept**2).sum(axis=1) / total * height)
