"""A line of writing as a strip: cut out of the picture, scaled, set upright where it leans."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import Box
from keras_digits.reading.ink import stroke_width
from keras_digits.reading.parts import Part, Parts, digit_height

STRIP_HEIGHT = 40
"""A line's digits are brought to about this height, in pixels, before they are taken apart."""

_LONGEST_STRIP = 4000
"""A strip is at most this wide, in pixels: some hundred digits."""

_TALLEST_STRIP = 5 * STRIP_HEIGHT
"""A strip is at most this tall, in pixels: what is taller than its digits is no writing."""

_CORE_PERCENTILE = 75
"""Ink as strong as this percentile of a line's ink counts as full."""

_FLOOR = 0.4
"""Ink below this share of the threshold counts as paper."""

_THINNEST = 0.07
"""Strokes are made at least about this wide, as a share of the digits' height."""

_SLANTS = tuple(step / 10 for step in range(-3, 11))
"""The slants that are tried, columns by rows, positive to the right."""


@dataclass(frozen=True, eq=False)
class Line:
    """One line of writing, cut out and scaled.

    Attributes:
        strip: float32 ``(height, width)``, 0 paper, 1 ink: this line's ink alone.
        digit_height: How tall its digits are, in pixels of the strip; about ``STRIP_HEIGHT``.
        slant: How far the writing leaned to the right before it was set upright, columns by rows.
        shift: What a column of the strip gains besides, on the way back to the leaning writing.
        left: Where in the picture the strip begins, in pixels of the picture.
        top: Likewise.
        scale: Pixels of the picture that one pixel of the strip stands for.
        edges: Left, top, right and bottom of the whole picture, in pixels of the strip.
    """

    strip: NDArray[np.float32]
    digit_height: float
    slant: float
    shift: float
    left: float
    top: float
    scale: float
    edges: tuple[float, float, float, float]

    def as_written(
        self, ink: NDArray[np.float32], left: int, top: int
    ) -> tuple[NDArray[np.floating], NDArray[np.intp]]:
        """The columns and rows of a part's ink before the writing was set upright.

        Args:
            ink: float32 ``(height, width)``, what counts of that part; all of it if nothing does.
            left: Where in the strip it begins.
            top: Likewise.
        """
        rows, columns = np.nonzero(ink > 0.3)
        if len(rows) == 0:
            rows, columns = np.nonzero(np.ones_like(ink))
        y = rows + top
        return columns + left - self.slant * y + self.shift, y

    def box_of(self, ink: NDArray[np.float32], left: int, top: int, picture_scale: float) -> Box:
        """Where in the original picture a part of the strip is.

        Args:
            ink: float32 ``(height, width)``, what counts of that part.
            left: Where in the strip it begins.
            top: Likewise.
            picture_scale: Pixels of the original that one pixel of the picture stands for.
        """
        x, y = self.as_written(ink, left, top)
        scale = self.scale * picture_scale
        first_x, first_y = self.left * picture_scale, self.top * picture_scale
        x0, x1 = first_x + scale * x.min(), first_x + scale * (x.max() + 1)
        y0, y1 = first_y + scale * y.min(), first_y + scale * (y.max() + 1)
        width, height = max(1, round(x1 - x0)), max(1, round(y1 - y0))
        return Box(max(0, round(x0)), max(0, round(y0)), width, height)


def cut_strip(chosen: list[Part], parts: Parts) -> Line:
    """A line's strip, its strokes wide enough to survive the scaling."""
    left, right = min(p.left for p in chosen), max(p.right for p in chosen)
    top, bottom = min(p.top for p in chosen), max(p.bottom for p in chosen)
    height = digit_height(chosen)
    margin = max(2, round(0.1 * height))
    left0, top0 = max(0, left - margin), max(0, top - margin)
    box = (slice(top0, bottom + margin), slice(left0, right + margin))
    wanted = np.zeros(int(parts.labels.max()) + 1, np.uint8)
    wanted[[part.label for part in chosen]] = 1
    mask = wanted[parts.labels[box]]
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    strength = parts.ink.strength[box] * near
    core = float(np.percentile(strength[mask > 0], _CORE_PERCENTILE))
    floor = _FLOOR * parts.ink.threshold
    strip = np.clip((strength - floor) / max(core - floor, 1e-3), 0, 1).astype(np.float32)
    strip = _thickened(strip, mask, height)
    scale = max(
        height / STRIP_HEIGHT, strip.shape[0] / _TALLEST_STRIP, strip.shape[1] / _LONGEST_STRIP
    )
    size = (max(2, round(strip.shape[1] / scale)), max(2, round(strip.shape[0] / scale)))
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    strip = np.clip(cv2.resize(strip, size, interpolation=way), 0, 1)
    picture_height, picture_width = parts.ink.strength.shape
    edges = (
        -left0 / scale,
        -top0 / scale,
        (picture_width - left0) / scale,
        (picture_height - top0) / scale,
    )
    return Line(strip, height / scale, 0.0, 0.0, left0, top0, scale, edges)


def _thickened(
    strip: NDArray[np.float32], mask: NDArray[np.uint8], height: float
) -> NDArray[np.float32]:
    """Hairlines on a tall line made wide enough that shrinking leaves them black."""
    missing = _THINNEST * height - stroke_width(mask)
    if missing < 1.5:
        return strip
    side = 2 * round(missing / 2) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(strip, kernel))


def set_upright(line: Line, slant: float) -> Line:
    """A line whose writing leans to the right by `slant`, without that."""
    strip = _sheared(line.strip, slant)
    return replace(line, strip=strip, slant=slant, shift=-_shear_shift(line.strip, slant))


def estimate_slant(strip: NDArray[np.float32]) -> float:
    """How far writing leans to the right: columns by rows, 0 upright, 1 at 45 degrees.

    The shear under which ink gathers in the fewest columns (as in Vinciarelli and Luettin 2001).
    """
    height, width = strip.shape
    small = cv2.resize(
        strip, (max(4, width // 2), max(4, height // 2)), interpolation=cv2.INTER_AREA
    )
    scores = [_gathered(_sheared(small, slant)) - 0.02 * abs(slant) for slant in _SLANTS]
    return float(_SLANTS[int(np.argmax(scores))])


def _gathered(strip: NDArray[np.float32]) -> float:
    """How much a strip's ink gathers in few columns."""
    columns = strip.sum(axis=0)
    return float((columns**2).sum() / max(float(columns.sum()) ** 2, 1e-6) * len(strip))


def _sheared(strip: NDArray[np.float32], slant: float) -> NDArray[np.float32]:
    """A strip leaning to the right by `slant` set upright, on a canvas wide enough."""
    height, width = strip.shape
    matrix = np.array([[1.0, slant, _shear_shift(strip, slant)], [0.0, 1.0, 0.0]])
    reach = int(np.ceil(width + abs(slant) * height))
    return np.asarray(cv2.warpAffine(strip, matrix, (reach, height)))


def _shear_shift(strip: NDArray[np.float32], slant: float) -> float:
    """How many columns the top row moves to the right when a strip is set upright."""
    return -slant * (len(strip) - 1) if slant < 0 else 0.0
