"""Digits as people write them, made from training digits and from strokes that a program draws.

Other forms, other hands, other pens and cameras, neighbours and rules that intrude. Works on whole
batches. Knows no network; randomness comes in as a generator.
"""

import cv2
import numpy as np

from keras_digits.data.drawing import draw
from keras_digits.data.forms import other_forms
from keras_digits.data.styling import style
from keras_digits.data.warping import Batch, beside, boxed, distort, one_side, vary
from keras_digits.digits import INK, SIDE, Images, Labels

_DRAWN_SHARE = 0.2
"""The share of digits that are drawn anew instead of taken from MNIST."""


def sway(images: Images, generator: np.random.Generator) -> Images:
    """Digits as the same hands might have written them another time; one for each given.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        generator: Decides everything.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink: turned, leaned, stretched, moved and bent a little.
    """
    return vary(images.astype(np.float32), generator).astype(np.uint8)


def handwriting(images: Images, labels: Labels, generator: np.random.Generator) -> Images:
    """Digits as other hands, pens and cameras would have left them; one for each given.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        labels: uint8 ``(n,)``, 0 to 9: ones get flags and feet, sevens a bar, as many write them,
            and some digits are drawn anew.
        generator: Decides everything.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink, still the same digits.
    """
    batch = other_forms(images.astype(np.float32), labels, generator)
    drawn = np.flatnonzero(generator.random(len(batch)) < _DRAWN_SHARE)
    batch[drawn] = draw(labels[drawn], generator)
    neighbours = batch[generator.permutation(len(batch))]
    batch = boxed(_shave(distort(batch, generator, labels), labels, generator), generator)
    neighbours = distort(neighbours, generator)
    batch = _intrude(batch, neighbours, generator)
    batch = _rule(batch, generator)
    batch = _dot(batch, generator)
    return style(batch, generator)


def _shave(batch: Batch, labels: Labels, generator: np.random.Generator) -> Batch:
    """Take a little off a side of some digits, which a neighbour that touched them has kept."""
    for keep_right, shares in ((True, (0.0, 0.2)), (False, (0.8, 1.0))):
        chosen = np.flatnonzero((labels != 1) & (generator.random(len(batch)) < 0.06))
        batch[chosen] = one_side(batch[chosen], generator, shares, keep_right)
    return batch


def _intrude(batch: Batch, neighbours: Batch, generator: np.random.Generator) -> Batch:
    """Let neighbours look into some images from left, right or both."""
    count = len(batch)
    others = neighbours[generator.permutation(count)]
    for intruders, on_right in ((neighbours, True), (others, False)):
        chosen = np.flatnonzero(generator.random(count) < 0.12)
        gap = generator.integers(-2, 6, len(chosen))
        moved = beside(batch[chosen], intruders[chosen], gap, on_right)
        batch[chosen] = np.maximum(batch[chosen], moved)
    return batch


def _rule(batch: Batch, generator: np.random.Generator) -> Batch:
    """Draw a printed rule through some images: below, above, or a border at a side."""
    for index in np.flatnonzero(generator.random(len(batch)) < 0.12):
        thickness = int(generator.integers(1, 3))
        ink = float(generator.uniform(60, INK))
        place = int(generator.integers(0, 7))
        place = SIDE - 1 - place if generator.random() < 0.6 else place
        tilt = int(generator.integers(-1, 2))
        ends = ((0, place), (SIDE - 1, place + tilt))
        if generator.random() < 0.4:
            ends = ((place, 0), (place + tilt, SIDE - 1))
        line = np.zeros((SIDE, SIDE), np.float32)
        cv2.line(line, *ends, ink, thickness, cv2.LINE_AA if generator.random() < 0.5 else 8)
        batch[index] = np.maximum(batch[index], line)
    return batch


def _dot(batch: Batch, generator: np.random.Generator) -> Batch:
    """Leave a full stop, a comma or a speck in some images."""
    for index in np.flatnonzero(generator.random(len(batch)) < 0.12):
        x, y = int(generator.integers(0, SIDE)), int(generator.integers(0, SIDE))
        if generator.random() < 0.6:
            x, y = int(generator.integers(20, SIDE)), int(generator.integers(19, 26))
        end = (x - int(generator.integers(0, 3)), y + int(generator.integers(0, 4)))
        speck = np.zeros((SIDE, SIDE), np.float32)
        cv2.line(
            speck, (x, y), end, float(generator.uniform(100, INK)), int(generator.integers(1, 4))
        )
        batch[index] = np.maximum(batch[index], speck)
    return batch
