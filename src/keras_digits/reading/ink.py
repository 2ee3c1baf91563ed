"""From a colour picture to ink: the paper and its light divided out, strokes left.

Knows pens and what else there is on paper; doesn't know what a digit is.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.paper import (
    FAT,
    LEAST_PAGE,
    darkness,
    highest,
    with_channels,
)
from keras_digits.reading.pixels import grain, has_long_stroke, only_channel, percentile, shrunk
from keras_digits.reading.polarity import dark_on_light
from keras_digits.reading.rules import without_rules
from keras_digits.reading.sheets import spread_paper

_FAINT = 0.7
"""Ink this much fainter than the threshold still counts where it goes on from stronger ink."""

_GRAINY, _SMOOTH = 0.03, 1.5
"""A photograph with more noise than this is smoothed, by a Gaussian of so many pixels."""

CORE_PERCENTILE = 75
"""Ink as strong as this percentile of some strokes' counts as full."""

_FAINTEST = 0.12
"""What is fainter than this is the paper's grain; the faintest pencils leave 0.17."""

_FAR = 0.6
"""What is thin and reaches through so much of a picture is a rule."""

_RULE_WIDTH, _THIN = 0.008, 2.5
"""How wide a rule is at most, as a share of the picture's shorter side; so wide, in pixels, it
always may be."""

_LEAST_PEN, _LEAST_PEN_STRENGTH = 30, 0.3
"""A pen leaves at least so many pixels, and so strong ones."""

_PEN_CONTRAST = 1.5
"""And they are at least so many times as strong as what the paper is ruled with."""

_LEAST_TALL = 0.02
"""And something so tall, as a share of the picture's shorter side."""

_MOST_SPLITS = 4
"""So often what there is is split into a weaker and a stronger half to find it."""

_EDGE, _CORE = 0.005, 0.8
"""The edges of strokes reach so far, as a share of the picture's shorter side; where more than this
share of what there is lies so near, it is all of one pen."""


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
        mask = np.zeros(self.strength.shape, np.uint8)
        if self.threshold >= 1:  # nothing is as strong
            return mask
        faint = (self.strength > _FAINT * self.threshold).view(np.uint8)
        left, top, width, height = cv2.boundingRect(faint)
        box = (slice(top, top + height), slice(left, left + width))
        if width == 0:
            return mask
        count, labels = cv2.connectedComponents(faint[box], connectivity=8)
        is_strong = np.zeros(count, np.uint8)
        is_strong[labels[self.strength[box] > self.threshold]] = 1
        is_strong[0] = 0
        mask[box] = is_strong[labels]
        return mask


def find_ink(pixels: NDArray[np.uint8]) -> Ink:
    """Divide the paper out.

    Args:
        pixels: uint8 ``(height, width, 3)``, dark on light or light on dark.
    """
    pixels = spread_paper(pixels)
    if (grey := only_channel(pixels)) is not None:
        pixels = with_channels(grey)  # a third of the work
    pixels = dark_on_light(pixels)
    channels = darkness(pixels)
    noise = _noise(channels)
    if noise > _GRAINY and min(pixels.shape[:2]) >= LEAST_PAGE:
        channels = [cv2.GaussianBlur(channel, (0, 0), _SMOOTH) for channel in channels]
        noise = _noise(channels)
    strength = np.clip(highest(channels), 0, 1)
    ink = Ink(strength, _threshold(strength, noise))
    is_grain = _is_grain(strength, ink.mask)
    if min(strength.shape) >= LEAST_PAGE:
        present = (strength > _least_strength(noise)).astype(np.uint8)
        if (is_grain or _is_fat(ink.mask) or _is_ruled(present)) and (
            above := _above_clutter(strength, present)
        ):
            return above
    return Ink(strength, 1.0) if is_grain else ink


def _above_clutter(strength: NDArray[np.float32], present: NDArray[np.uint8]) -> Ink | None:
    """The ink of a pen that is stronger than what else there is; None without such.

    On ruled and squared paper the rules, on bare paper its grain, its folds and a hand's shadow. A
    margin's line may be as strong as the pen: where no pen is above all, it may be above all but
    what is told as a rule afterwards.

    Args:
        strength: As :class:`Ink` has it.
        present: uint8 ``(height, width)``, 1 where it differs from paper at all.
    """
    candidates: list[Ink] = []
    for one in _above(strength, present):
        if _is_clean(strength, one.mask):
            return one
        candidates.append(one)
    return next((one for one in candidates if _is_clean(strength, without_rules(one.mask))), None)


def _above(strength: NDArray[np.float32], present: NDArray[np.uint8]) -> Iterator[Ink]:
    """What is stronger than the rest, from weak to strong, as :func:`_above_clutter` asks it."""
    mask = present
    for _ in range(_MOST_SPLITS):
        values = strength[mask > 0]
        levels, otsu = _otsu(values)
        other, pen = values[levels <= otsu], values[levels > otsu]
        if len(pen) < _LEAST_PEN or len(other) == 0:
            return
        mask = (strength > otsu / 255).astype(np.uint8)
        full, strongest = percentile(pen, 50), percentile(other, 95)
        if full < max(_LEAST_PEN_STRENGTH, _PEN_CONTRAST * percentile(other, 50)):
            continue
        above = Ink(strength, float(np.clip(strongest / _FAINT, 0.4 * full, 0.75 * full)))
        if not _is_core(above.mask, present):
            yield above


def _is_core(pen: NDArray[np.uint8], present: NDArray[np.uint8]) -> bool:
    """Whether what is strong is but the middle of nearly all strokes that there are."""
    reach = max(3, round(_EDGE * min(pen.shape)))
    near = cv2.dilate(pen, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return int((present & near).sum()) > _CORE * int(present.sum())


def _is_clean(strength: NDArray[np.float32], mask: NDArray[np.uint8]) -> bool:
    """Whether there is ink that may be writing, and none that isn't, but for specks."""
    small = shrunk(mask)
    _, _, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    is_writing = bool((stats[1:, 3] >= _LEAST_TALL * min(small.shape)).any())
    return is_writing and not (_is_grain(strength, mask) or _is_fat(small) or _is_ruled(small))


def _is_grain(strength: NDArray[np.float32], mask: NDArray[np.uint8]) -> bool:
    """Whether what counts as ink is too faint to be written."""
    written = strength[mask > 0]
    return len(written) > 0 and percentile(written, 50) < _FAINTEST


def _is_fat(mask: NDArray[np.uint8]) -> bool:
    """Whether some ink is wider than any stroke, as shadows are."""
    small = shrunk(mask)
    deepest = FAT * min(small.shape)
    if np.count_nonzero(small) < math.pi * deepest**2:
        return False
    return bool(cv2.distanceTransform(small, cv2.DIST_L2, 3).max() > deepest)


def _is_ruled(mask: NDArray[np.uint8]) -> bool:
    """Whether thin ink runs through most of a picture, as on ruled or squared paper."""
    small = shrunk(mask)
    height, width = small.shape
    thickest = max(_RULE_WIDTH * min(height, width), _THIN)
    return has_long_stroke(small, thickest, _FAR * width, _FAR * height)


def _noise(channels: Sequence[NDArray[np.float32]]) -> float:
    """Standard deviation of bare paper."""
    return grain(np.asarray(sum(channels[1:], start=channels[0]) / len(channels), np.float32))


def _least_strength(noise: float) -> float:
    """The strength from which on a pixel differs from paper at all."""
    return max(0.06, 4 * noise)


def _threshold(strength: NDArray[np.float32], noise: float) -> float:
    """Otsu's threshold among pixels that differ from paper at all."""
    present = strength[strength > _least_strength(noise)]
    if len(present) == 0:
        return 1.0
    _, otsu = _otsu(present)
    top = percentile(present, 95)
    return float(np.clip(0.9 * otsu / 255, 0.3 * top, 0.6 * top))


def _otsu(values: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float]:
    """Values from 0 to 1 in levels up to 255, and the level that parts weak from strong (Otsu)."""
    levels = np.clip(values * 255, 0, 255).astype(np.uint8)
    otsu, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return levels, otsu
