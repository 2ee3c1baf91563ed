"""What pen, scanner and camera do to an image: stroke width, gaps, sharpness, contrast, noise."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.warping import Batch
from keras_digits.digits import INK, SIDE, Images

_MARGIN = 2
"""Empty rows between images that are worked on together."""


def style(batch: Batch, generator: np.random.Generator) -> Images:
    """Pen, scanner and camera: stroke width, gaps, sharpness, contrast, noise."""
    batch = stroke_width(batch, generator, least_ink=0.35)
    batch = _cuts(batch, generator)
    batch = _sharpness(batch, generator)
    count = (len(batch), 1, 1)
    gamma = np.exp(generator.normal(0, 0.3, count))
    shade = np.power(np.clip(batch / INK, 0, 1), gamma)
    gain = np.where(generator.random(count) < 0.35, generator.uniform(1, 6, count), 1)
    highest = np.maximum(shade.max(axis=(1, 2), keepdims=True), 1e-3)
    shade = np.clip((shade - 0.4 * highest) * gain + 0.4 * highest * np.minimum(gain, 1.2), 0, 1)
    level = np.where(generator.random(count) < 0.15, generator.uniform(0, 0.15, count), 0)
    shade = shade + generator.normal(0, 1, batch.shape) * level
    return np.asarray(np.clip(shade * INK, 0, INK), np.uint8)


def stroke_width(batch: Batch, generator: np.random.Generator, least_ink: float) -> Batch:
    """Thicker or thinner strokes, by up to about two pixels.

    Args:
        batch: The images.
        generator: Decides which and how much.
        least_ink: The share of its ink that an image keeps; a hairline that would be thinned to
            less stays as it is.
    """
    ink_before = batch.sum(axis=(1, 2))
    whole = batch.copy()
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    square = np.ones((3, 3), np.uint8)
    kind = generator.choice(4, len(batch), p=(0.4, 0.25, 0.1, 0.25))
    strength = generator.uniform(0, 1, (len(batch), 1, 1)).astype(np.float32)
    for number, change in (
        (1, lambda tall: cv2.dilate(tall, cross)),
        (2, lambda tall: cv2.dilate(cv2.dilate(tall, square), cross)),
        (3, lambda tall: cv2.erode(tall, cross)),
    ):
        chosen = np.flatnonzero(kind == number)
        if len(chosen):
            changed = each(batch[chosen], change)
            batch[chosen] += strength[chosen] * (changed - batch[chosen])
    is_lost = batch.sum(axis=(1, 2)) < least_ink * ink_before
    batch[is_lost] = whole[is_lost]
    return batch


def each(batch: Batch, change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Batch:
    """Apply an OpenCV neighbourhood operation to all images at once, stacked with margins."""
    tall = np.pad(batch, ((0, 0), (_MARGIN, _MARGIN), (0, 0))).reshape(-1, batch.shape[2])
    return np.asarray(change(tall).reshape(len(batch), -1, batch.shape[2])[:, _MARGIN:-_MARGIN])


def _cuts(batch: Batch, generator: np.random.Generator) -> Batch:
    """Leave gaps where a pen skipped or a rule was taken out."""
    for index in np.flatnonzero(generator.random(len(batch)) < 0.15):
        middle = generator.uniform(6, SIDE - 6, 2)
        angle = generator.choice([0.0, 0.0, np.pi / 2, generator.uniform(0, np.pi)])
        reach = generator.uniform(2, 20) * np.array([np.cos(angle), np.sin(angle)])
        (x0, y0), (x1, y1) = np.round([middle - reach, middle + reach]).astype(int).tolist()
        level, width = float(generator.uniform(0, 120)), int(generator.integers(1, 3))
        cv2.line(batch[index], (x0, y0), (x1, y1), level, width)
    return batch


def blurred(batch: Batch, sigma: float, side: int = 5) -> Batch:
    """All images blurred by `sigma` pixels, with a kernel of `side` pixels."""
    return each(batch, partial(cv2.GaussianBlur, ksize=(side, side), sigmaX=sigma))


def _sharpness(batch: Batch, generator: np.random.Generator) -> Batch:
    """Blur some images, and draw some anew from fewer pixels."""
    kind = generator.choice(4, len(batch), p=(0.6, 0.15, 0.1, 0.15))
    for number, sigma in ((1, 0.6), (2, 1.0)):
        chosen = np.flatnonzero(kind == number)
        if len(chosen):
            batch[chosen] = blurred(batch[chosen], sigma)
    for index in np.flatnonzero(kind == 3):
        side = int(generator.integers(12, 22))
        small = cv2.resize(batch[index], (side, side), interpolation=cv2.INTER_AREA)
        if generator.random() < 0.5:
            small = np.where(small > 90, np.float32(INK), np.float32(0))
        way = cv2.INTER_NEAREST if generator.random() < 0.4 else cv2.INTER_LINEAR
        batch[index] = cv2.resize(small, (SIDE, SIDE), interpolation=way)
    return batch
