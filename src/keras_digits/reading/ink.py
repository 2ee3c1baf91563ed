"""From a colour picture to ink: the paper and its light divided out, strokes left.

Knows pens, paper and light; doesn't know what a digit is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK
from keras_digits.reading.picture import to_grey
from keras_digits.reading.sheets import spread_paper

_SMALL_SIDE = 320
"""Paper is estimated on a picture of this size: its light changes slowly."""

_MEDIAN_SIDE = 5
"""The largest median that OpenCV takes fast; wider ones are taken on a coarser picture."""

_DARKEST_PAPER = 48.0
"""Paper is taken to be at least this bright: below it, noise would look like ink."""

_FAINT = 0.7
"""Ink this much fainter than the threshold still counts where it goes on from stronger ink."""

_GRAINY, _SMOOTH = 0.03, 1.5
"""A photograph with more noise than this is smoothed, by a Gaussian of so many pixels."""

CORE_PERCENTILE = 75
"""Ink as strong as this percentile of some strokes' counts as full."""

_FAINTEST = 0.12
"""What is fainter than this is the paper's grain; the faintest pencils leave 0.17."""


_CLOSE_REACH = 0.1
"""What is darker than its surroundings and so wide, as a share of the shorter side, may be a
shadow."""

_MASK_SIDE = 800
"""Rules are looked for in a mask of this size."""

_FAT = 0.06
"""What lies so far inside, as a share of the shorter side, lies in no stroke."""

_FAR = 0.6
"""What is thin and reaches through so much of a picture is a rule."""

_RULE_WIDTH = 0.008
"""How wide a rule is at most, as a share of the picture's shorter side."""

LEAST_PAGE = 100
"""What has so many pixels on both sides may be paper that is more than a number's background."""

_LEAST_PEN, _LEAST_PEN_STRENGTH = 30, 0.3
"""A pen leaves at least so many pixels, and so strong ones."""

_MOST_SPLITS = 4
"""So often what there is is split into a weaker and a stronger half to find it."""

_LEAST_TALL = 0.02
"""And something so tall, as a share of the picture's shorter side."""

_EDGE, _CORE = 0.005, 0.8
"""The edges of strokes reach so far, as a share of the picture's shorter side; where more than this
share of what there is lies so near, it is all of one pen."""

_PEN_CONTRAST = 1.5
"""And they are at least so many times as strong as what the paper is ruled with."""


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of a picture.

    Attributes:
        strength: float32 ``(height, width)``, 0 paper, 1 full ink.
        threshold: The strength from which on a pixel counts as ink.
    """

    strength: NDArray[np.float32]
    threshold: float

    @cached_property
    def mask(self) -> NDArray[np.uint8]:
        """uint8 ``(height, width)``, 1 where there is ink: faint ink too, joined to strong."""
        faint = (self.strength > _FAINT * self.threshold).astype(np.uint8)
        count, labels = cv2.connectedComponents(faint, connectivity=8)
        is_strong = np.zeros(count, np.uint8)
        is_strong[labels[self.strength > self.threshold]] = 1
        is_strong[0] = 0
        return np.asarray(is_strong[labels])


def find_ink(pixels: NDArray[np.uint8]) -> Ink:
    """Divide the paper out.

    Args:
        pixels: uint8 ``(height, width, 3)``, dark on light or light on dark.
    """
    pixels = spread_paper(pixels)
    if is_light_on_dark(pixels):
        pixels = 255 - pixels
    red, green, blue = cv2.split(pixels)
    if np.array_equal(red, green) and np.array_equal(red, blue):  # as most scans are
        pixels = _with_channels(red)  # a third of the work
    channels = cv2.split(_darkness(pixels))
    noise = _noise(channels)
    if noise > _GRAINY and min(pixels.shape[:2]) >= LEAST_PAGE:
        channels = [cv2.GaussianBlur(channel, (0, 0), _SMOOTH) for channel in channels]
        noise = _noise(channels)
    strength = np.clip(_highest(channels), 0, 1)
    ink = Ink(strength, _threshold(strength, noise))
    if min(strength.shape) >= LEAST_PAGE and (above := _above_clutter(ink, noise)):
        return above
    return Ink(strength, 1.0) if _is_grain(ink) else ink


def _above_clutter(ink: Ink, noise: float) -> Ink | None:
    """The ink of a pen that is stronger than what else there is; None without such.

    On ruled and squared paper the rules, on bare paper its grain, its folds and a hand's shadow.
    """
    strength = ink.strength
    mask = present = (strength > _least_strength(noise)).astype(np.uint8)
    is_clutter = _is_ruled(mask) or _is_grain(ink) or _is_fat(ink.mask)
    for _ in range(_MOST_SPLITS if is_clutter else 0):
        values = strength[mask > 0]
        levels = np.clip(values * 255, 0, 255).astype(np.uint8)
        otsu, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        other, pen = values[levels <= otsu], values[levels > otsu]
        if len(pen) < _LEAST_PEN or len(other) == 0:
            return None
        mask = (strength > otsu / 255).astype(np.uint8)
        full, highest = percentile(pen, 50), percentile(other, 95)
        if full < max(_LEAST_PEN_STRENGTH, _PEN_CONTRAST * percentile(other, 50)):
            continue
        above = Ink(strength, float(np.clip(highest / _FAINT, 0.4 * full, 0.75 * full)))
        if _is_clean(above) and not _is_core(above.mask, present):
            return above
    return None


def _is_core(pen: NDArray[np.uint8], present: NDArray[np.uint8]) -> bool:
    """Whether what is strong is but the middle of nearly all strokes that there are."""
    reach = max(3, round(_EDGE * min(pen.shape)))
    near = cv2.dilate(pen, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return int((present & near).sum()) > _CORE * int(present.sum())


def _is_clean(ink: Ink) -> bool:
    """Whether there is ink that may be writing, and none that isn't, but for specks."""
    small = shrunk(ink.mask)
    _, _, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    is_writing = bool((stats[1:, 3] >= _LEAST_TALL * min(small.shape)).any())
    return is_writing and not (_is_ruled(ink.mask) or _is_grain(ink) or _is_fat(ink.mask))


def _is_grain(ink: Ink) -> bool:
    """Whether what counts as ink is too faint to be written."""
    written = ink.strength[ink.mask > 0]
    return len(written) > 0 and percentile(written, 50) < _FAINTEST


def _is_fat(mask: NDArray[np.uint8]) -> bool:
    """Whether some ink is wider than any stroke, as shadows are."""
    small = shrunk(mask)
    depth = cv2.distanceTransform(small, cv2.DIST_L2, 3)
    return bool(depth.max() > _FAT * min(small.shape))


def _is_ruled(mask: NDArray[np.uint8]) -> bool:
    """Whether thin ink runs through most of a picture, as on ruled or squared paper."""
    small = shrunk(mask)
    height, width = small.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    for label in range(1, count):
        left, top, across, down, _ = stats[label].tolist()
        if across < _FAR * width and down < _FAR * height:
            continue
        box = labels[top : top + down, left : left + across] == label
        if stroke_width(box.astype(np.uint8)) <= max(_RULE_WIDTH * min(height, width), 2.5):
            return True
    return False


def shrunk(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask of a picture at most 800 pixels wide and tall, in which thin strokes stay whole."""
    factor = _MASK_SIDE / max(mask.shape)
    if factor >= 1:
        return mask
    size = (max(1, round(mask.shape[1] * factor)), max(1, round(mask.shape[0] * factor)))
    small = cv2.resize(INK * mask, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small > INK / 5).astype(np.uint8)


def percentile(values: NDArray[Any], percent: float) -> float:
    """The least value that at least `percent` of all are no greater than.

    NumPy's own, which interpolates, takes ten times as long for the few pixels of a line.
    """
    place = min(values.size - 1, max(0, math.ceil(values.size * percent / 100) - 1))
    return float(np.partition(values, place, axis=None)[place])


def stroke_width(mask: NDArray[np.uint8]) -> float:
    """The width of the strokes in a mask, in pixels: twice the ink by the length of its outline."""
    area = int(mask.sum())
    if area == 0:
        return 0.0
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=0)
    outline = area - int(inner.sum())
    return 2.0 * area / max(outline, 1) if outline < area else 1.0


def pooled(strength: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Of each square of `factor` by `factor` pixels the strongest, so that hairlines stay black.

    Beyond the last row and column is paper.
    """
    height, width = strength.shape
    padded = np.pad(strength, ((0, -height % factor), (0, -width % factor)))
    rows = padded.reshape(-1, factor, padded.shape[1]).max(axis=1)
    return np.asarray(rows.reshape(len(rows), -1, factor).max(axis=2))


def is_light_on_dark(pixels: NDArray[np.uint8]) -> bool:
    """Whether the writing is lighter than its paper, which is what lies along the border."""
    grey = to_grey(pixels)
    if min(grey.shape) > 100 and _flat_border(pixels) is None:
        dark, light = _fine_strokes(grey)
        darkest, lightest = (percentile(strokes, 99.8) + 1 for strokes in (dark, light))
        if max(darkest, lightest) > 1.3 * min(darkest, lightest):
            return lightest > darkest
        if percentile(dark, 99.98) > 1.3 * percentile(light, 99.98):  # a word on a page
            return False
        low, paper, high = (percentile(grey, share) for share in (0.5, 50, 99.5))
        return high - paper > 1.6 * (paper - low)
    inset = tuple(max(1, round(0.12 * side)) for side in grey.shape)
    outer, inner = _ring(grey, 0, 0), _ring(grey, *inset)
    paper = percentile(outer, 50)
    middle = (float(grey.min()) + float(grey.max())) / 2
    if (paper > middle) != (
        percentile(inner, 50) > middle
    ):  # a rule along the border, or a thick pen
        paper = percentile(grey, 50)
    low, high = percentile(grey, 0.5), percentile(grey, 99.5)
    if high - low < 8:
        return bool(paper < 128)
    return bool(high - paper > 1.6 * (paper - low))


def _fine_strokes(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Where there are thin dark and thin light strokes in a small picture, and how strong."""
    factor = min(1.0, _SMALL_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (3, 3), 0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, kernel)
    light = cv2.morphologyEx(small, cv2.MORPH_TOPHAT, kernel)
    return np.asarray(dark), np.asarray(light)


def _ring(grey: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """The pixels along a rectangle that lies so many rows and columns inside the border."""
    part = grey[rows : len(grey) - rows, columns : grey.shape[1] - columns]
    if part.size == 0:
        part = grey
    return np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])


def _darkness(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """By which share of its paper's brightness each pixel is darker: float32, shaped alike."""
    paper = _paper(pixels)
    darkness = paper - pixels
    darkness /= np.maximum(paper, np.float32(_DARKEST_PAPER))
    if min(pixels.shape[:2]) >= LEAST_PAGE and paper.strides[0]:
        bare = [percentile(channel[::8, ::8], 50) for channel in cv2.split(darkness)]
        darkness -= np.maximum(np.array(bare, np.float32), 0)
    return darkness


def _paper(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the paper alone would look like: float32, shaped as `pixels`."""
    flat = _flat_border(pixels)
    if flat is not None and flat.min() >= 128:
        return np.broadcast_to(flat, pixels.shape)
    height, width = pixels.shape[:2]
    factor = min(1.0, _SMALL_SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = _with_channels(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    small = _with_channels(cv2.medianBlur(small, 3)) if min(size) > 60 else small
    reach = max(3, round(0.4 * min(size))) | 1
    paper, close = _closed(small, reach), max(round(_CLOSE_REACH * min(size)) | 1, 3)
    near = _closed(small, close)
    strokes = _stroke_reach(_share_darker(small, paper), _share_darker(small, near))
    if strokes < reach:
        paper = near if strokes <= close else _closed(small, strokes)
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return _with_channels(paper.astype(np.float32))


def _with_channels(pixels: NDArray[Any]) -> NDArray[Any]:
    """The pixels with the last axis that OpenCV leaves out where it has length 1."""
    return pixels.reshape(*pixels.shape[:2], -1)


def _flat_border(pixels: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """The one colour that nearly all of the border has, as drawing programs leave it."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = np.partition(border, len(border) // 2, axis=0)[len(border) // 2].astype(np.float32)
    is_paper = np.abs(border - paper).max(axis=1) <= 6
    return paper if is_paper.mean() >= 0.75 else None


def _closed(small: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Dark strokes narrower than `reach` pixels filled with the paper beside them, smoothed."""
    kernel = np.ones((reach, reach), np.uint8)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    height, width = closed.shape[:2]
    coarseness = max(1, reach // (2 * _MEDIAN_SIDE))
    size = (max(1, width // coarseness), max(1, height // coarseness))
    coarse = cv2.resize(closed, size, interpolation=cv2.INTER_AREA)
    side = min(_MEDIAN_SIDE, max(3, reach // 2 | 1))
    smooth = cv2.resize(cv2.medianBlur(coarse, side), (width, height))
    return _with_channels(smooth)


def _share_darker(small: NDArray[np.uint8], paper: NDArray[np.uint8]) -> NDArray[np.float32]:
    """By which share of the paper's brightness each pixel is darker, in its darkest channel."""
    brightness = np.maximum(paper, np.float32(_DARKEST_PAPER))
    return _highest(cv2.split((paper.astype(np.float32) - small) / brightness))


def _stroke_reach(darkness: NDArray[np.float32], near: NDArray[np.float32]) -> int:
    """An odd number of pixels that is safely wider than the strokes.

    Args:
        darkness: Of strokes of any width, and of shadows.
        near: Of thin strokes alone.
    """
    full = max(percentile(darkness, 99), percentile(near, 99.95))
    mask = (darkness > max(0.1, 0.5 * full)).astype(np.uint8)
    if not mask.any():
        return 3
    mask = _inner_parts(mask)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    return round(4.5 * percentile(depth[mask > 0], 90) + 3) | 1


def _inner_parts(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The parts that don't touch the border, where there are some as tall as writing."""
    height, width = mask.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    left, top, right, bottom = (
        stats[:, 0],
        stats[:, 1],
        stats[:, 0] + stats[:, 2],
        stats[:, 1] + stats[:, 3],
    )
    inner = (left > 0) & (top > 0) & (right < width) & (bottom < height)
    inner[0] = False
    if not (inner & (stats[:, 3] >= 0.05 * min(height, width))).any():
        return mask
    return np.asarray(inner[labels].astype(np.uint8))


def _highest(channels: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Of each pixel its highest channel: much faster than along an axis of three."""
    return reduce(np.maximum, channels)


def _noise(channels: Sequence[NDArray[np.float32]]) -> float:
    """Standard deviation of bare paper, from how far pixels are from the mean of those around."""
    grey = sum(channels[1:], start=channels[0]) / len(channels)
    fine = cv2.blur(grey, (3, 3))
    np.abs(np.subtract(grey, fine, out=fine), out=fine)  # in place: of large pictures it is much
    if 2 * np.count_nonzero(fine) <= fine.size:  # as programs draw; so many alike take long to sort
        return 0.0
    return 1.4826 * percentile(fine, 50) * 1.06


def _least_strength(noise: float) -> float:
    """The strength from which on a pixel differs from paper at all."""
    return max(0.06, 4 * noise)


def _threshold(strength: NDArray[np.float32], noise: float) -> float:
    """Otsu's threshold among pixels that differ from paper at all."""
    present = strength[strength > _least_strength(noise)]
    if len(present) == 0:
        return 1.0
    levels = np.clip(present * 255, 0, 255).astype(np.uint8)
    otsu, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    top = percentile(present, 95)
    return float(np.clip(0.9 * otsu / 255, 0.3 * top, 0.6 * top))
