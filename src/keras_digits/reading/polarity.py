"""Whether writing is darker than its paper or lighter, and in which channels.

Knows paper and strokes of any width; doesn't know what ink is.
"""

import operator
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.paper import LEAST_PAGE, flat_border
from keras_digits.reading.pixels import percentile, ring

_LEAST_PICTURE = 40
"""In smaller pictures, in pixels, there are too few strokes."""

_SMALL_SIDE = 320
"""Strokes are looked for in a picture of this size,"""

_COARSER, _LEAST_SIDE = 3, 12
"""and where they are wider in one so many times smaller, but in none of fewer pixels."""

_STROKE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
"""Strokes are narrower than this."""

_RIM = 3
"""Between strokes and the border of a crop, paper itself is as narrow as a stroke."""

_STRONGEST = 99.8, 99.0, 99.0
"""In each size strokes are as strong as this percentile of how far pixels differ from what is
around them."""

_FEW, _MUCH_STRONGER = 99.98, 1.8
"""A word on a page is but this percentile, and so many times as strong as all else."""

_AS_STRONG = 0.7
"""Wider strokes tell more than fine ones that are weaker than this share of them, which are their
corners and the gaps between them."""

_LESS = 0.6
"""From one size to the next what is strong tells less by this factor, because light differs more
from place to place than from pixel to pixel."""

_CLEARLY_MORE = 1.1
"""Where strokes are darker, there is so many times as much dark in them as there is light."""

_LEAST_STROKES = 5
"""Where strokes differ from what is around them by no more grey levels than this, they are
grain."""

_INSET, _FRAMED = 0.12, 0.25
"""A border that differs from what lies so far inside of it, as a share of the side, by more than
this share of all grey levels that there are is a frame, a rule or a thick pen."""

_MUCH_MORE = 1.6
"""Writing is lighter than paper where what is lighter differs from it so many times as much as what
is darker."""

_LITTLE_WRITING = 48
"""Where all but a hundredth of a page lies within so many grey levels, the rest is its writing."""

_LEAST_CONTRAST = 8
"""What lies within fewer grey levels is bare."""

_OTHER_LIGHT = 12
"""A channel gainsays the others where it differs from them by more grey levels than this."""


class _Contrast(NamedTuple):
    """How writing differs from its paper.

    Attributes:
        is_light: Whether it is lighter.
        strength: By how many grey levels, less what gainsays it.
    """

    is_light: bool
    strength: float


def dark_on_light(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its writing darker than its paper in all channels.

    Pink and yellow ink on grey paper is darker than it in blue and lighter in red, so that it is
    neither in their mean; and so is blue ink on yellow paper. The channel that tells most then
    takes the place of those that gainsay it.

    Args:
        pixels: uint8 ``(height, width, 1 or 3)``.

    Returns:
        Shaped alike.
    """
    contrasts = _contrasts(pixels)
    best = max(range(len(contrasts)), key=lambda index: contrasts[index].strength)
    is_light = contrasts[best].is_light
    gainsay = [one.is_light != is_light and one.strength > _OTHER_LIGHT for one in contrasts]
    if any(gainsay):
        places = [best if gainsays else index for index, gainsays in enumerate(gainsay)]
        pixels = np.ascontiguousarray(pixels[..., places])
    return 255 - pixels if is_light else pixels


def _contrasts(pixels: NDArray[np.uint8]) -> list[_Contrast]:
    """How writing differs from its paper in each channel."""
    channels = cv2.split(pixels)
    if min(pixels.shape[:2]) < _LEAST_PICTURE or flat_border(pixels) is not None:
        inset = tuple(max(1, round(_INSET * side)) for side in pixels.shape[:2])
        papers = zip(_median(ring(pixels)), _median(ring(pixels, *inset)), strict=True)
        return [
            _beside_border(channel, *paper) for channel, paper in zip(channels, papers, strict=True)
        ]
    return [
        _of_strokes(channel) or _beside_most(channel, percentile(channel, 50))
        for channel in channels
    ]


def _of_strokes(channel: NDArray[np.uint8]) -> _Contrast | None:
    """How strokes differ from what is around them; None where there are none that tell.

    In the finest size in which they are about as strong as in any: the gaps between strokes are
    strokes too, but where these are thin, most gaps are wider. Nothing is lighter than paper by
    less than something is darker.
    """
    sizes = list(_strokes(channel))
    if not sizes:
        return None
    strengths = [
        _strength(strokes, percent) for strokes, percent in zip(sizes, _STRONGEST, strict=False)
    ]
    weights = [_LESS**index for index in range(len(sizes))]
    witnesses = [
        one
        for one in zip(strengths, sizes, weights, strict=True)
        if one[0] >= _AS_STRONG * max(strengths)
    ]
    few = _strength(sizes[0], _FEW)
    if few > _MUCH_STRONGER * max(map(operator.mul, strengths, weights)):
        witnesses.insert(0, (few, sizes[0], 1.0))
    paper = percentile(channel, 50)
    may_be_light = percentile(channel, 99.5) - paper >= paper - percentile(channel, 0.5)
    for strength, strokes, weight in witnesses:
        dark, light = (float(one[one > strength / 2].sum(dtype=np.int64)) for one in strokes)
        less, more = sorted((dark, light))
        is_clear = strength > _LEAST_STROKES and more > _CLEARLY_MORE * less
        if is_clear and (may_be_light or dark > light):
            return _Contrast(light > dark, strength * weight * (1 - less / more))
    return None


def _strength(strokes: Sequence[NDArray[np.uint8]], percent: float) -> float:
    """How far the strongest strokes differ from what is around them, dark or light."""
    return max(percentile(one, percent) for one in strokes)


def _strokes(channel: NDArray[np.uint8]) -> Iterator[Sequence[NDArray[np.uint8]]]:
    """Where there are dark and light strokes in smaller and smaller pictures."""
    factor = min(1.0, _SMALL_SIDE / max(channel.shape))
    for _ in _STRONGEST:
        height, width = (round(side * factor) for side in channel.shape)
        if min(height, width) < _LEAST_SIDE:
            return
        channel = cv2.resize(channel, (width, height), interpolation=cv2.INTER_AREA)
        factor = 1 / _COARSER
        small = cv2.GaussianBlur(channel, (3, 3), 0)
        inner = (slice(_RIM, len(small) - _RIM), slice(_RIM, small.shape[1] - _RIM))
        dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, _STROKE)[inner]
        light = cv2.morphologyEx(small, cv2.MORPH_TOPHAT, _STROKE)[inner]
        yield dark, light


def _beside_border(channel: NDArray[np.uint8], paper: float, inner: float) -> _Contrast:
    """How writing differs from its paper, which is what lies along the border, but for a frame.

    Args:
        channel: uint8 ``(height, width)``.
        paper: How light most of the border is.
        inner: How light most is inside of it.
    """
    if abs(paper - inner) > _FRAMED * float(np.ptp(channel)):
        paper = percentile(channel, 50)
    return _beside_most(channel, paper)


def _beside_most(channel: NDArray[np.uint8], paper: float) -> _Contrast:
    """How writing differs from its paper, which is as light as this."""
    low, high = percentile(channel, 0.5), percentile(channel, 99.5)
    if min(channel.shape) >= LEAST_PAGE and high - low < _LITTLE_WRITING:
        low, high = percentile(channel, 0.02), percentile(channel, 99.98)
    if high - low < _LEAST_CONTRAST:
        return _Contrast(paper < 128, 0.0)
    is_light = high - paper > _MUCH_MORE * (paper - low)
    return _Contrast(is_light, abs(high + low - 2 * paper))


def _median(pixels: NDArray[np.uint8]) -> list[float]:
    """How light most of some pixels are in each channel; uint8 ``(n, channels)``."""
    middle = (len(pixels) - 1) // 2
    return [float(one) for one in np.partition(pixels, middle, axis=0)[middle]]
