"""The paper under the writing: whether it is dark, what it alone would look like, its light.

Knows paper and light; doesn't know what ink is.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.picture import to_grey
from keras_digits.reading.pixels import percentile

_SMALL_SIDE = 320
"""Paper is estimated on a picture of this size: its light changes slowly."""

_MEDIAN_SIDE = 5
"""The largest median that OpenCV takes fast; wider ones are taken on a coarser picture."""

_DARKEST_PAPER = np.float32(48)
"""Paper is taken to be at least this bright: below it, noise would look like ink."""

_CLOSE_REACH = 0.1
"""What is darker than its surroundings and so wide, as a share of the shorter side, may be a
shadow."""

_STRONG, _STRONG_IN_CROP = 0.6, 0.5
"""What is so dark, as a share of the darkest, is a stroke, on a page and in a crop, where there are
no shadows, which are fainter."""

FAT = 0.06
"""What lies so far inside of something dark on a page, as a share of the shorter side, lies in no
stroke, but in a shadow."""

_CORNER = 0.7
"""What is so far inside a shadow, in the reach by which strokes are told from it, is no corner of
it: half the diagonal of a square."""

_RIM = 3
"""Between strokes and the border of a crop, paper itself is as narrow as a stroke."""

_OTHER_LIGHT, _LEAST_OTHER_LIGHT = 1.3, 12
"""A channel says that writing is lighter than paper, or darker, where the strokes that do are so
many times as strong as those that don't, and at least so strong, of 255."""

_MORE, _CLEARLY_MORE, _MUCH_MORE = 1.15, 1.3, 1.6
"""What differs from paper so many times as much as the rest tells whether writing is darker: a few
strokes, all strokes, or all that is darker and lighter."""

_LITTLE_WRITING = 48
"""Where all but a hundredth of a page lies within so many grey levels, the rest is its writing."""

_LEAST_STROKES = 5
"""Where thin strokes differ from what is around them by no more grey levels than this, they are
grain."""

_FAINT_STROKES = 0.12, 0.4
"""Where many thin strokes differ by no more than this share of all that grey levels do, and few by
no more than that, they are the edges of a broad pen, or the paper's."""

LEAST_PAGE = 100
"""What has so many pixels on both sides may be paper that is more than a number's background."""


def in_one_light(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in those channels alone in which writing is darker than paper, or all lighter.

    Pink and yellow ink on grey paper is darker than it in blue and lighter in red, so that it is
    neither in their mean; and so is blue ink on yellow paper.

    Args:
        pixels: uint8 ``(height, width, 3)``.

    Returns:
        Shaped alike: the channel with the strongest strokes in the place of those that gainsay it;
        the picture itself where none does.
    """
    if min(pixels.shape[:2]) < LEAST_PAGE:
        return pixels
    dark, light = (
        np.array([percentile(channel, 99.8) for channel in cv2.split(strokes)])
        for strokes in _fine_strokes(pixels)
    )
    best = int(np.maximum(dark, light).argmax())
    if dark[best] < light[best]:
        dark, light = light, dark
    gainsays = light > np.maximum(_OTHER_LIGHT * dark, _LEAST_OTHER_LIGHT)
    if not gainsays.any():
        return pixels
    return np.stack([pixels[..., best if gainsays[c] else c] for c in range(3)], axis=2)


def is_light_on_dark(pixels: NDArray[np.uint8]) -> bool:
    """Whether the writing is lighter than its paper, which is what lies along the border."""
    grey = to_grey(pixels)
    is_page = min(grey.shape) >= LEAST_PAGE
    low, high = percentile(grey, 0.5), percentile(grey, 99.5)
    if is_page and _flat_border(pixels) is None:
        dark, light = _fine_strokes(grey)
        darkest, lightest = (percentile(strokes, 99.8) + 1 for strokes in (dark, light))
        least = max(_LEAST_STROKES, _CLEARLY_MORE * min(darkest, lightest))
        few = [percentile(strokes, 99.98) for strokes in (dark, light)]  # a word on a page
        many_reach, few_reach = (share * (high - low) for share in _FAINT_STROKES)
        are_thin = max(darkest, lightest) > many_reach or max(few) > few_reach
        if are_thin and max(darkest, lightest) > least:
            return lightest > darkest
        if few[0] > _MORE * few[1]:
            return False
        paper = percentile(grey, 50)
        return high - paper > _MUCH_MORE * (paper - low)
    inset = tuple(max(1, round(0.12 * side)) for side in grey.shape)
    outer, inner = _ring(grey, 0, 0), _ring(grey, *inset)
    paper = percentile(outer, 50)
    middle = (float(grey.min()) + float(grey.max())) / 2
    if (paper > middle) != (
        percentile(inner, 50) > middle
    ):  # a rule along the border, or a thick pen
        paper = percentile(grey, 50)
    if is_page and high - low < _LITTLE_WRITING:
        low, high = percentile(grey, 0.02), percentile(grey, 99.98)
    if high - low < 8:
        return bool(paper < 128)
    return bool(high - paper > _MUCH_MORE * (paper - low))


def _fine_strokes(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Where there are thin dark and thin light strokes in a small picture, in each channel."""
    factor = min(1.0, _SMALL_SIDE / max(pixels.shape))
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (3, 3), 0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    rim = min(_RIM, (min(small.shape[:2]) - 1) // 2)
    inner = (slice(rim, len(small) - rim), slice(rim, small.shape[1] - rim))
    dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, kernel)[inner]
    light = cv2.morphologyEx(small, cv2.MORPH_TOPHAT, kernel)[inner]
    return np.asarray(dark), np.asarray(light)


def _ring(grey: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """The pixels along a rectangle that lies so many rows and columns inside the border."""
    part = grey[rows : len(grey) - rows, columns : grey.shape[1] - columns]
    if part.size == 0:
        part = grey
    return np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])


def darkness(pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """By which share of its paper's brightness each pixel is darker.

    Args:
        pixels: uint8 ``(height, width, channels)``.

    Returns:
        float32 ``(height, width)`` for each channel: one after the other they are reckoned in half
        the time.
    """
    flat = _flat_border(pixels)
    if flat is not None and flat.min() >= 128:
        shades = np.arange(256, dtype=np.float32)
        return [
            np.asarray(cv2.LUT(channel, (paper - shades) / max(paper, _DARKEST_PAPER)))
            for channel, paper in zip(cv2.split(pixels), flat, strict=True)
        ]
    shares = []
    is_page = min(pixels.shape[:2]) >= LEAST_PAGE
    for channel, paper in zip(cv2.split(pixels), _paper(pixels), strict=True):
        share = paper - channel
        share /= np.maximum(paper, _DARKEST_PAPER)
        if is_page:
            share -= max(np.float32(percentile(share[::8, ::8], 50)), np.float32(0))
        shares.append(share)
    return shares


def _paper(pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """What the paper alone would look like: float32 ``(height, width)`` for each channel."""
    height, width = pixels.shape[:2]
    factor = min(1.0, _SMALL_SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = with_channels(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    small = with_channels(cv2.medianBlur(small, 3)) if min(size) > 60 else small
    reach = max(3, round(0.4 * min(size))) | 1
    paper, close = _closed(small, reach), max(round(_CLOSE_REACH * min(size)) | 1, 3)
    near = _closed(small, close)
    is_page = min(height, width) >= LEAST_PAGE
    darker = _share_darker(small, paper)
    strokes = _stroke_reach(darker, _share_darker(small, near), is_page)
    if strokes <= close and not (is_page and _inside_fat(_stronger(darker, 0), FAT).any()):
        paper = near
    elif strokes < reach:
        paper = _closed(small, strokes)
    return [
        cv2.resize(channel, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        for channel in cv2.split(paper)
    ]


def with_channels(pixels: NDArray[Any]) -> NDArray[Any]:
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
    return with_channels(smooth)


def _share_darker(small: NDArray[np.uint8], paper: NDArray[np.uint8]) -> NDArray[np.float32]:
    """By which share of the paper's brightness each pixel is darker, in its darkest channel."""
    brightness = np.maximum(paper, _DARKEST_PAPER)
    return highest(cv2.split((paper.astype(np.float32) - small) / brightness))


def _stroke_reach(wide: NDArray[np.float32], near: NDArray[np.float32], is_page: bool) -> int:
    """An odd number of pixels that is safely wider than the strokes.

    Args:
        wide: How dark strokes of any width are, and shadows.
        near: How dark thin strokes alone are.
        is_page: Whether there may be shadows, and writing in them.
    """
    least, thin = _STRONG if is_page else _STRONG_IN_CROP, percentile(near, 99.95)
    mask = _stronger(wide, least * max(percentile(wide, 99), thin))
    if not mask.any():
        return 3
    inner, is_any_inner = _inner_parts(mask)
    if is_page:
        fine = _stronger(near, least * thin)
        is_shadow = is_any_inner and _inside_fat(inner, FAT).any()
        is_written_on = (fine & _inside_fat(mask, _CORNER * _CLOSE_REACH)).any()
        if fine.any() and (is_shadow or is_written_on):
            inner, _ = _inner_parts(fine)
    depth = cv2.distanceTransform(inner, cv2.DIST_L2, 3)
    return round(4.5 * percentile(depth[inner > 0], 90) + 3) | 1


def _stronger(darker: NDArray[np.float32], least: float) -> NDArray[np.uint8]:
    """What is darker than paper by a share, and by a tenth: uint8, 1 where it is."""
    return np.asarray(darker > max(0.1, least)).astype(np.uint8)


def _inside_fat(mask: NDArray[np.uint8], depth: float) -> NDArray[np.bool_]:
    """What lies so far inside of something dark, as a share of a picture's shorter side."""
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    return np.asarray(inside > depth * min(mask.shape))


def _inner_parts(mask: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
    """The parts that don't touch the border, if any are as tall as writing, else all; and if so."""
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
        return mask, False
    return np.asarray(inner[labels].astype(np.uint8)), True


def highest(channels: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Of each pixel its highest channel: much faster than along an axis of three."""
    return reduce(np.maximum, channels)
