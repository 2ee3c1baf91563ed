"""Paper that lies on something darker or lighter: a receipt on a scanner, a slate on a table.

Knows pixels and paper; doesn't know what ink is.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.paper import LEAST_PAGE, highest
from keras_digits.reading.pixels import grain, only_channel, percentile, ring

_SMALL_SIDE = 320
"""A sheet is looked for in a picture of this size."""

_LEAST_SHARE = 0.03
"""A sheet takes up at least this share of the picture."""

_MOST_BORDERS, _AT_BORDER = 2, 0.1
"""A sheet runs along at most so many of the picture's borders, each for more than this share."""

_LEAST_CONVEX, _LEAST_STRAIGHT = 0.9, 0.9
"""And of its convex hull, of which the polygon that its corners make takes up so much; that of an
ellipse takes up 0.83."""

_LEAST_SQUARE = 0.7
"""And the hull so much of the smallest rectangle around it: seen aslant it still is nearly one."""

_CORNERS, _MOST_ASIDE = (4, 6), 0.03
"""A sheet has so many corners, more than four where the picture's border cuts some off, between
which its edge runs at most so far aside, as a share of its length all around."""

_LEAST_CONTRAST = 50
"""And differs so much from what it lies on, in shades as of grey levels."""

_LEAST_STEP = 25
"""And its edge is a step: within two pixels shades change by so much. The border between light
and shadow on one paper is none."""

_LEAST_WRITTEN, _MOST_WRITTEN = 0.002, 0.4
"""The share of it that is written on, at least and at most. Where a large sheet is hardly
written on, any stroke is enough."""

_BARE = 0.1
"""A dark one has a bare place that reaches so far, as a share of the shorter side of the picture; a
digit in a broad pen has none."""

_WIDEST, _STROKE_CONTRAST, _FEWEST_PIXELS = 17, 25, 6
"""A stroke of a small picture is narrower than so many pixels, differs from what is around it by
more than this, of 255, and has so many pixels."""

_NARROWEST, _LEAST_WEIGHT = 4.0, 0.01
"""The narrowest window by which light is carried on beyond a sheet's edge, in pixels of the small
picture; and the least share of one that is paper."""

_SEED = 0
"""Of the grain that paper is given beyond its edges: the same picture is to be read alike."""


def spread_paper(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with the paper of sheets all around that lie on something darker, or lighter.

    Args:
        pixels: uint8 ``(height, width, 3)``.

    Returns:
        Shaped alike; the picture itself where it shows no such sheet.
    """
    height, width = pixels.shape[:2]
    factor = min(1.0, _SMALL_SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    colours = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    small = _most_different(colours)
    level, bright = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    is_page = min(height, width) >= LEAST_PAGE
    is_dark = bool(np.median(ring(small)) > level)  # as a slate on a table is
    seen = colours
    if is_dark:
        small, bright, seen = 255 - small, 1 - bright, 255 - colours
        if not (is_page and _has_bare_place(bright)):
            return pixels
    sheet = _sheets(seen, bright, is_page)
    if not sheet.any() or _num_borders(sheet) > _MOST_BORDERS:
        return pixels
    is_paper = (sheet & bright) > 0
    if is_dark and _is_written_beside(small, sheet):
        return pixels
    if np.median(small[is_paper]) - np.median(small[sheet == 0]) < _LEAST_CONTRAST:
        return pixels
    if not _ends_in_a_step(small, sheet):
        return pixels
    inner = cv2.erode(sheet, np.ones((5, 5), np.uint8), borderValue=0)
    is_bare = is_paper & (inner > 0)
    return _spread(pixels, inner, _extended(colours, is_bare)) if is_bare.any() else pixels


def _most_different(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The shades in which a picture's colours differ most: brown paper may be as light as a desk.

    Args:
        colours: uint8 ``(height, width, 3)``.

    Returns:
        uint8 ``(height, width)``: of grey pictures their own, less the darkest.
    """
    if (grey := only_channel(colours)) is not None:  # which is told much faster
        return np.asarray(grey - grey.min())
    each = colours.reshape(-1, 3).astype(np.float32)
    _, axes = cv2.PCACompute(each, mean=None, maxComponents=1)
    axis = axes[0] * np.copysign(1, axes[0].sum()) / math.sqrt(3)
    shades = (each @ axis).reshape(colours.shape[:2])
    return np.asarray(np.rint(np.clip(shades - shades.min(), 0, 255)).astype(np.uint8))


def _spread(
    pixels: NDArray[np.uint8], inner: NDArray[np.uint8], light: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """The picture with paper all around, as grainy as the sheets.

    Args:
        pixels: uint8 ``(height, width, 3)``.
        inner: uint8, a small picture, 1 where sheets lie, without their edges.
        light: float32, shaped alike, with channels: what paper looks like in each place.
    """
    height, width = pixels.shape[:2]
    outside = cv2.resize(1 - inner, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    noise = np.random.default_rng(_SEED).standard_normal(int(outside.sum()), np.float32)
    noise *= np.float32(grain(grey, ~outside))
    spread = pixels.copy()
    for channel in range(3):  # one after the other: of large pictures it is much
        paper = cv2.resize(light[..., channel], (width, height))[outside]
        spread[outside, channel] = np.rint(np.clip(paper + noise, 0, 255)).astype(np.uint8)
    return spread


def _extended(colours: NDArray[np.uint8], is_paper: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What paper would look like beyond its edge, lit as it is there: float32, shaped like colours.

    By normalised convolution (Knutsson and Westin 1993) with wider and wider windows.
    """
    bare = cv2.erode(is_paper.astype(np.uint8), np.ones((3, 3), np.uint8))  # no strokes' edges
    weight = (bare if bare.any() else is_paper).astype(np.float32)
    weighted = colours * weight[..., None]
    light = np.zeros_like(weighted)
    is_known = np.zeros_like(is_paper)
    sigma = _NARROWEST
    while not is_known.all():
        near = cv2.GaussianBlur(weight, (0, 0), sigma)
        reached = ~is_known & ((near > _LEAST_WEIGHT) | (sigma > max(weight.shape)))
        mean = cv2.GaussianBlur(weighted, (0, 0), sigma)[reached] / near[reached, None]
        light[reached] = mean
        is_known |= reached
        sigma *= 2
    return light


def _sheets(
    colours: NDArray[np.uint8], bright: NDArray[np.uint8], is_page: bool
) -> NDArray[np.uint8]:
    """The written sheets among what is bright, uint8, 1 where they lie, their writing included.

    Args:
        colours: A small picture, its sheets bright.
        bright: uint8, shaped alike, 1 where it is bright.
        is_page: Whether the picture is so large that a sheet may be hardly written on.
    """
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    sheets = np.zeros_like(bright)
    for outline in outlines:
        if cv2.contourArea(outline) < _LEAST_SHARE * bright.size:
            continue
        sheet = cv2.drawContours(np.zeros_like(bright), [outline], -1, 1, cv2.FILLED)
        written = 1 - int((sheet & bright).sum()) / int(sheet.sum())
        if not _has_straight_edges(outline, bright.shape) or written > _MOST_WRITTEN:
            continue
        if written >= _LEAST_WRITTEN or (is_page and _is_hardly_written_on(colours, sheet)):
            sheets |= sheet
    return sheets


def _has_straight_edges(outline: NDArray[np.int32], shape: tuple[int, int]) -> bool:
    """Whether an outline in a picture of some shape is a sheet's, seen from whatever side."""
    hull = cv2.convexHull(outline)
    corners = cv2.approxPolyDP(hull, _MOST_ASIDE * cv2.arcLength(hull, closed=True), closed=True)
    area, (fewest, most) = cv2.contourArea(hull), _CORNERS
    _, (length, breadth), _ = cv2.minAreaRect(hull)
    last = np.array(shape[::-1]) - 1
    num_cut_off = int(((corners == 0) | (corners == last)).any(axis=-1).sum())
    return bool(
        fewest <= len(corners) <= min(most, fewest + num_cut_off // 2)
        and area >= _LEAST_SQUARE * length * breadth
        and cv2.contourArea(corners) >= _LEAST_STRAIGHT * area
        and cv2.contourArea(outline) >= _LEAST_CONVEX * area
    )


def _has_bare_place(mask: NDArray[np.uint8]) -> bool:
    """Whether some part of a mask lies far inside it."""
    deepest = cv2.distanceTransform(mask, cv2.DIST_L2, 3).max()
    return bool(deepest >= _BARE * min(mask.shape))


def _is_hardly_written_on(colours: NDArray[np.uint8], sheet: NDArray[np.uint8]) -> bool:
    """Whether there are dark strokes on a bright sheet; on a stroke of chalk there are none."""
    window = np.ones((_WIDEST, _WIDEST), np.uint8)
    strokes = cv2.split(cv2.morphologyEx(colours, cv2.MORPH_BLACKHAT, window))
    return _are_any(highest(strokes), cv2.erode(sheet, window))


def _is_written_beside(inverted: NDArray[np.uint8], sheet: NDArray[np.uint8]) -> bool:
    """Whether there are dark strokes beside a dark sheet, in a picture that is inverted.

    Then that is the paper, and the sheet is a phone or a mug.
    """
    window = np.ones((_WIDEST, _WIDEST), np.uint8)
    strokes = cv2.morphologyEx(inverted, cv2.MORPH_TOPHAT, window)
    return _are_any(strokes, 1 - cv2.dilate(sheet, window))


def _are_any(strokes: NDArray[np.uint8], where: NDArray[np.uint8]) -> bool:
    """Whether strokes that differ by so much from what is around them are among some pixels."""
    return bool(np.count_nonzero(strokes[where > 0] > _STROKE_CONTRAST) >= _FEWEST_PIXELS)


def _num_borders(sheet: NDArray[np.uint8]) -> int:
    """Along how many of the picture's borders there is a sheet.

    A straight shadow leaves a light part along three; a page with a strip of desk is read without.
    """
    borders = (sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1])
    return sum(bool(border.mean() > _AT_BORDER) for border in borders)


def _ends_in_a_step(small: NDArray[np.uint8], sheet: NDArray[np.uint8]) -> bool:
    """Whether shades change at once along nearly all of the sheets' edges."""
    near = np.ones((5, 5), np.uint8)
    steps = cv2.dilate(small, near) - cv2.erode(small, near)
    edge = sheet - cv2.erode(sheet, np.ones((3, 3), np.uint8), borderValue=1)
    return edge.any() and percentile(steps[edge > 0], 10) >= _LEAST_STEP
