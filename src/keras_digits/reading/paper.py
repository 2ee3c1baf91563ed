"""The paper under the writing: what it alone would look like, and its light.

Knows paper and light; doesn't know what ink is.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.pixels import percentile, ring

_Number = TypeVar("_Number", np.float32, np.uint8)

_SMALL_SIDE = 320
"""Paper is estimated on a picture of this size: its light changes slowly."""

_MEDIAN_SIDE = 5
"""The largest median that OpenCV takes fast; wider ones are taken on a coarser picture."""

_DARKEST_PAPER = np.float32(48)
"""Paper is taken to be at least this bright: below it, noise would look like ink."""

_LEAST_SHARE = 0.5
"""And in each channel at least so bright, as a share of its brightest channel."""

_CLOSE_REACH = 0.1
"""What is darker than its surroundings and so wide, as a share of the shorter side, may be a
shadow."""

_STRONG, _STRONG_IN_CROP = 0.6, 0.5
"""What is so dark, as a share of the darkest, is a stroke, on a page and in a crop, where there are
no shadows, which are fainter."""

FAT = 0.06
"""What lies so far inside of something dark on a page, as a share of the shorter side, lies in no
stroke, but in a shadow."""

_DARKEST_SHADOW = 0.6
"""No shadow is darker, as a share of the light; what is so wide and darker is a broad pen's."""

_FINE = 0.35
"""Thin strokes on a shadow are at least so dark, as a share of the darkest."""

_CORNER = 0.7
"""What is so far inside a shadow, in the reach by which strokes are told from it, is no corner of
it: half the diagonal of a square."""

LEAST_PAGE = 100
"""What has so many pixels on both sides may be paper that is more than a number's background."""


def darkness(pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """By which share of its paper's brightness each pixel is darker.

    Args:
        pixels: uint8 ``(height, width, channels)``.

    Returns:
        float32 ``(height, width)`` for each channel: one after the other they are reckoned in half
        the time.
    """
    flat = flat_border(pixels)
    if flat is not None and flat.min() >= 128:
        shades = np.arange(256, dtype=np.float32)
        return [
            np.asarray(cv2.LUT(channel, (paper - shades) / paper))
            for channel, paper in zip(cv2.split(pixels), flat, strict=True)
        ]
    shares = []
    is_page = min(pixels.shape[:2]) >= LEAST_PAGE
    papers = _paper(pixels)
    least = _least_brightness(papers)
    for channel, paper in zip(cv2.split(pixels), papers, strict=True):
        share = paper - channel
        share /= np.maximum(paper, least)
        if is_page:
            share -= max(np.float32(percentile(share[::8, ::8], 50)), np.float32(0))
        shares.append(share)
    return shares


def flat_border(pixels: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """The one colour that nearly all of the border has, as drawing programs leave it."""
    border = ring(pixels)
    paper = np.partition(border, len(border) // 2, axis=0)[len(border) // 2].astype(np.float32)
    is_paper = np.abs(border - paper).max(axis=1) <= 6
    return paper if is_paper.mean() >= 0.75 else None


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
    bright = paper.astype(np.float32)
    least = _least_brightness(cv2.split(bright))
    return highest(cv2.split((bright - small) / np.maximum(bright, least[..., None])))


def _least_brightness(papers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """How bright paper is taken to be at least, in each channel: float32 ``(height, width)``."""
    return np.asarray(np.maximum(_LEAST_SHARE * highest(papers), _DARKEST_PAPER))


def _stroke_reach(wide: NDArray[np.float32], near: NDArray[np.float32], is_page: bool) -> int:
    """An odd number of pixels that is safely wider than the strokes.

    Args:
        wide: How dark strokes of any width are, and shadows.
        near: How dark thin strokes alone are.
        is_page: Whether there may be shadows, and writing in them.
    """
    least, thin = _STRONG if is_page else _STRONG_IN_CROP, percentile(near, 99.95)
    darkest = max(percentile(wide, 99), thin)
    mask = _stronger(wide, least * darkest)
    if not mask.any():
        return 3
    inner, is_any_inner = _inner_parts(mask)
    if is_page and thin > _FINE * darkest:
        fine = _stronger(near, least * thin)
        inside = _inside_fat(mask, _CORNER * _CLOSE_REACH)
        if (fine[inside].any() and _is_shadow(wide[inside])) or (
            is_any_inner and fine.any() and _is_shadow(wide[_inside_fat(inner, FAT)])
        ):
            inner, _ = _inner_parts(fine)
    depth = cv2.distanceTransform(inner, cv2.DIST_L2, 3)
    return round(4.5 * percentile(depth[inner > 0], 90) + 3) | 1


def _is_shadow(darker: NDArray[np.float32]) -> bool:
    """Whether what is so wide is a shadow by how dark it is, and no broad pen's."""
    return darker.size > 0 and percentile(darker, 50) < _DARKEST_SHADOW


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


def highest(channels: Sequence[NDArray[_Number]]) -> NDArray[_Number]:
    """Of each pixel its highest channel: much faster than along an axis of three."""
    return reduce(np.maximum, channels)
