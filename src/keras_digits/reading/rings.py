"""What is drawn or printed around digits: rings, and boxes."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.components import Part, components
from keras_digits.reading.ink import Ink
from keras_digits.reading.rules import frame_rules

_RING_INK = 0.35
"""A ring around digits is thin: its ink covers at most this share of its box."""

_LEAST_FRAME = 24
"""A box around a digit has sides so long, in pixels."""

_FRAMES_AREA = 3
"""So many times the picture's area boxes are looked for in; those beside one another have it once,
and some in some others twice."""

_RING_FILLED = 0.33
"""What it is drawn around reaches this share of its height at least."""

_RING_GAP = 0.06
"""It may be open for this share of its height."""

_RING_OFF_CENTRE = 0.2
"""And lies at most so far from its middle, in its width and height: the loop of a hollow 6 does
not."""


def rings_among(parts: Sequence[Part], labels: NDArray[np.int32]) -> list[Part]:
    """The parts that are drawn around others, as people circle numbers."""
    if len(parts) < 2:
        return []
    left, top, width, height = np.array([(p.left, p.top, p.width, p.height) for p in parts]).T
    right, bottom = left + width, top + height
    holds = (left[:, None] < left) & (right < right[:, None])
    holds &= (top[:, None] < top) & (bottom < bottom[:, None])
    held = {
        index: [parts[other] for other in np.flatnonzero(holds[index]).tolist()]
        for index in np.flatnonzero(holds.any(axis=1)).tolist()
    }
    return [
        parts[index] for index, inside in held.items() if _is_ring(parts[index], inside, labels)
    ]


def frames_among(parts: Sequence[Part], labels: NDArray[np.int32]) -> NDArray[np.uint8] | None:
    """The pixels of boxes printed around digits, whether or not these touch them.

    Returns:
        uint8, shaped as `labels`, 1 where a box is; None without any.
    """
    pixels = np.zeros(labels.shape, np.uint8)
    room = _FRAMES_AREA * labels.size
    for part in parts:
        area = part.width * part.height
        if min(part.width, part.height) < _LEAST_FRAME or part.area > _RING_INK * area:
            continue
        room -= area
        if room < 0:
            break
        box = (slice(part.top, part.bottom), slice(part.left, part.right))
        rules = frame_rules((labels[box] == part.label).astype(np.uint8))
        if rules is None:
            continue
        written = ((labels[box] > 0) & (rules == 0)).astype(np.uint8)
        _, _, inside = components(written)
        if any(one.height >= _RING_FILLED * part.height for one in inside):
            pixels[box] |= rules
    return pixels if pixels.any() else None


def _is_ring(ring: Part, inside: Sequence[Part], labels: NDArray[np.int32]) -> bool:
    """Whether a part is drawn around those whose boxes lie in its own."""
    if ring.area > _RING_INK * ring.width * ring.height:
        return False
    if max(one.height for one in inside) < _RING_FILLED * ring.height:
        return False
    left, right = min(one.left for one in inside), max(one.right for one in inside)
    top, bottom = min(one.top for one in inside), max(one.bottom for one in inside)
    aside = abs(left + right - ring.left - ring.right) / 2 / ring.width
    above = abs(top + bottom - ring.top - ring.bottom) / 2 / ring.height
    return max(aside, above) <= _RING_OFF_CENTRE and _is_closed_around(ring, inside, labels)


def _is_closed_around(ring: Part, inside: Sequence[Part], labels: NDArray[np.int32]) -> bool:
    """Whether no way leads from the tallest of some parts past a ring, its small gaps closed."""
    box = labels[ring.top : ring.bottom, ring.left : ring.right]
    reach = round(_RING_GAP / 2 * ring.height)
    margin = reach + 1
    around = np.pad((box == ring.label).astype(np.uint8), margin)
    wide = cv2.dilate(around, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    _, areas = cv2.connectedComponents(1 - wide, connectivity=4)
    tallest = max(inside, key=lambda one: one.height)
    where = areas[margin:-margin, margin:-margin][box == tallest.label]
    return bool((where != areas[0, 0]).all())


def without(unwanted: NDArray[Any], ink: Ink, spared: NDArray[Any]) -> Ink:
    """The ink without what is drawn around it and the faint edges of that.

    Args:
        unwanted: bool or uint8 ``(height, width)``, where it is.
        ink: The ink.
        spared: Shaped alike, where what may stand close to it is.
    """
    wide = cv2.dilate(unwanted.astype(np.uint8), np.ones((5, 5), np.uint8))
    gone = (wide > 0) & (spared == 0)
    return Ink(np.where(gone, np.float32(0), ink.strength), ink.threshold)
