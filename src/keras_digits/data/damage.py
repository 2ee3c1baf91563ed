"""What befalls a picture of a digit on its way: ink and paper exchanged, hollow strokes, clouds.

None of these is one that :mod:`keras_digits.evaluation.corruptions` measures with, but each is of
the kind of one: bands of its stripe, outlines of its edges, clouds of its fog, scratches of its
zigzag, blots of its spatter.
"""

import cv2
import numpy as np

from keras_digits.data.styling import blurred
from keras_digits.data.warping import Batch
from keras_digits.digits import INK, SIDE, Images

_SHARE = 0.25
"""The share of images to which something happens."""


def damage(images: Images, generator: np.random.Generator) -> Images:
    """Spoil some images, so that the digit can still be read.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        generator: Decides which, and how.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
    """
    makers = (_bands, _hollow, _clouds, _scratched, _blotted)
    happens = generator.random(len(images)) < _SHARE
    kinds = generator.choice(len(makers), len(images), p=(0.25, 0.25, 0.2, 0.2, 0.1))
    spoilt = images.copy()
    for kind, make in enumerate(makers):
        chosen = np.flatnonzero(happens & (kinds == kind))
        if len(chosen):
            made = make(images[chosen].astype(np.float32), generator)
            spoilt[chosen] = np.clip(made, 0, INK).astype(np.uint8)
    return spoilt


def _bands(batch: Batch, generator: np.random.Generator) -> Batch:
    """Ink and paper exchanged in a band from edge to edge, most often an upright one."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    for image in batch:
        angle = generator.choice([0.0, 0.0, np.pi / 2, generator.uniform(0, np.pi)])
        across = columns * np.cos(angle) + rows * np.sin(angle)
        crossed = across[tuple(generator.integers(5, SIDE - 5, 2))]
        is_inside = np.abs(across - crossed) < generator.uniform(0.8, 6)
        image[is_inside] = INK - image[is_inside]
    return batch


def _hollow(batch: Batch, generator: np.random.Generator) -> Batch:
    """Nothing but the outlines of strokes, as some people draw digits."""
    square, cross = np.ones((3, 3), np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for image in batch:
        seen = cv2.GaussianBlur(image, (5, 5), float(generator.uniform(0.3, 1.4)))
        filled = np.where(seen > generator.uniform(0.2, 0.5) * INK, np.float32(INK), np.float32(0))
        kernel = square if generator.random() < 0.5 else cross
        if generator.random() < 0.6:
            image[:] = cv2.dilate(filled, kernel) - filled
        else:
            image[:] = filled - cv2.erode(filled, kernel)
    return batch


def _clouds(batch: Batch, generator: np.random.Generator) -> Batch:
    """Haze that lies more densely here than there, over paper and ink."""
    for image in batch:
        haze = np.zeros((SIDE, SIDE), np.float32)
        for side in (2, 4, 8, 16):
            grid = generator.random((side, side), np.float32) * np.float32(1 / side)
            haze += cv2.resize(grid, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        haze -= haze.min()
        level = generator.uniform(0.3, 1.1)
        hazy = image + haze * np.float32(level * INK / max(float(haze.max()), 1e-3))
        is_dimmed = generator.random() < 0.5
        image[:] = hazy * np.float32(INK / hazy.max()) if is_dimmed else hazy
    return batch


def _scratched(batch: Batch, generator: np.random.Generator) -> Batch:
    """Crossed out, in straight strokes to and fro."""
    for image in batch:
        num_points = int(generator.integers(2, 9))
        along = np.linspace(generator.uniform(-4, 8), SIDE - generator.uniform(-4, 8), num_points)
        aside = generator.uniform(3, SIDE - 3) + generator.normal(0, 4, num_points)
        points = np.stack([along, aside], axis=1)
        points = points if generator.random() < 0.7 else points[:, ::-1]
        thick = int(generator.choice([1, 1, 2]))
        pixels = np.round(points * 16).astype(np.int32)
        cv2.polylines(image, [pixels], False, INK, thick, cv2.LINE_AA, 4)
    return batch


def _blotted(batch: Batch, generator: np.random.Generator) -> Batch:
    """Blots of ink and of what wipes it out."""
    grain = blurred(generator.standard_normal(batch.shape, np.float32), 1.2)
    grain /= np.float32(grain.std() + 1e-6)
    level = generator.uniform(1.3, 2.2, (len(batch), 1, 1))
    batch = np.where(grain > level, np.float32(INK), batch)
    return np.where(grain < -level, np.float32(0), batch)
