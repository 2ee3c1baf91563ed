"""Geometry on whole batches of images: bending, leaning, scaling, standing side by side.

A picture at a time Python would take longer than the network; here one call of OpenCV warps a
batch that stands stacked in one tall picture.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK, SIDE, Labels
from keras_digits.reading.normalising import BOX_SIDE

Batch: TypeAlias = NDArray[np.float32]
"""float32 ``(n, height, width)``, 0 paper, 255 ink."""

_MARGIN = 2
"""Empty pixels around an image, so that nothing leaks from one image of a batch to the next."""

_GRID_SIDE = 5
"""Points a side of the coarse grid that elastic distortion moves."""


def boxed(batch: Batch, generator: np.random.Generator) -> Batch:
    """Most digits brought to MNIST's box again after distortion, as a reader does it."""
    chosen = np.flatnonzero(generator.random(len(batch)) < 0.7)
    batch[chosen] = fit_box(batch[chosen], generator)
    return batch


def _warp(batch: Batch, x: Batch, y: Batch) -> Batch:
    """Take from each image the points ``(x, y)``, float32 ``(n, 28, 28)``; outside is paper."""
    count, height, width = batch.shape
    margins = ((0, 0), (_MARGIN, _MARGIN), (_MARGIN, _MARGIN))
    tall = np.pad(batch, margins).reshape(-1, width + 2 * _MARGIN)
    x = np.clip(x, -1, width) + _MARGIN
    y = np.clip(y, -1, height) + _MARGIN
    y = y + np.arange(count, dtype=np.float32)[:, None, None] * (height + 2 * _MARGIN)
    warped = np.empty((count, SIDE, SIDE), np.float32)
    for start in range(0, count, 512):  # OpenCV's maps reach 32,767 rows
        part = slice(start, start + 512)
        first = start * (height + 2 * _MARGIN)
        rows = tall[first : first + 512 * (height + 2 * _MARGIN)]
        map_x = np.ascontiguousarray(x[part].reshape(-1, SIDE), np.float32)
        map_y = np.ascontiguousarray(y[part].reshape(-1, SIDE) - first, np.float32)
        warped[part] = cv2.remap(rows, map_x, map_y, cv2.INTER_LINEAR).reshape(-1, SIDE, SIDE)
    return warped


def _affine(batch: Batch, matrices: NDArray[np.float32], shift: Batch | None = None) -> Batch:
    """Warp by ``(n, 2, 3)`` matrices from centred output to centred input coordinates."""
    middle_y, middle_x = (batch.shape[1] - 1) / 2, (batch.shape[2] - 1) / 2
    axis = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    column, row = axis[None, None, :], axis[None, :, None]
    m = matrices[:, :, :, None, None]
    x = m[:, 0, 0] * column + m[:, 0, 1] * row + m[:, 0, 2] + middle_x
    y = m[:, 1, 0] * column + m[:, 1, 1] * row + m[:, 1, 2] + middle_y
    if shift is not None:
        x, y = x + shift[:, 0], y + shift[:, 1]
    return _warp(batch, x, y)


def distort(batch: Batch, generator: np.random.Generator, labels: Labels | None = None) -> Batch:
    """Turn, lean, stretch, shift and bend each digit.

    Where `labels` tells them, sevens are not leaned to the left: with an upright stem they would be
    the ones of those who write a flag.
    """
    count = len(batch)
    angle = generator.normal(0, np.deg2rad(7), count)
    slants = generator.random(count) < 0.25
    lean = np.where(slants, generator.uniform(-0.2, 0.75, count), generator.normal(0, 0.2, count))
    if labels is not None:
        is_seven = labels == 7
        angle = np.where(is_seven, np.minimum(angle, 0.03), angle)
        lean = np.where(is_seven, np.maximum(lean, -0.03), lean)
    size = generator.uniform(0.9, 1.2, count) * np.where(slants, 1.15, 1)
    aspect = np.exp(generator.normal(0, 0.12, count))
    is_odd = generator.random(count) < 0.2
    aspect = np.where(is_odd, np.exp(generator.uniform(-0.4, 0.25, count)), aspect)
    matrices = np.empty((count, 2, 3), np.float32)
    cos, sin = np.cos(angle), np.sin(angle)
    matrices[:, 0, 0] = size * aspect * cos
    matrices[:, 0, 1] = size * aspect * (lean * cos - sin)
    matrices[:, 1, 0] = size / aspect * sin
    matrices[:, 1, 1] = size / aspect * (lean * sin + cos)
    matrices[:, :, 2] = generator.normal(0, 1.0, (count, 2))
    return _affine(batch, matrices, _elastic(count, generator))


def vary(batch: Batch, generator: np.random.Generator) -> Batch:
    """Turn, lean, stretch, shift and bend each digit a little."""
    count = len(batch)
    angle, lean = generator.normal(0, np.deg2rad(6), count), generator.normal(0, 0.12, count)
    across, along = np.exp(generator.normal(0, 0.07, (2, count)))
    matrices = np.empty((count, 2, 3), np.float32)
    matrices[:, 0, 0] = across * np.cos(angle)
    matrices[:, 0, 1] = across * (lean * np.cos(angle) - np.sin(angle))
    matrices[:, 1, 0] = along * np.sin(angle)
    matrices[:, 1, 1] = along * (lean * np.sin(angle) + np.cos(angle))
    matrices[:, :, 2] = generator.normal(0, 0.8, (count, 2))
    return _affine(batch, matrices, _elastic(count, generator))


def bend(batch: Batch, labels: Labels, generator: np.random.Generator) -> Batch:
    """Turn and bend each digit, most a little; sevens don't turn to the left (see `distort`)."""
    angle = generator.normal(0, np.deg2rad(5), len(batch))
    is_odd = (generator.random(len(batch)) < 0.1) & (labels != 1)
    angle = np.where(is_odd, np.deg2rad(generator.uniform(-25, 25, len(batch))), angle)
    angle = np.where(labels == 7, np.minimum(angle, 0.03), angle)
    matrices = np.zeros((len(batch), 2, 3), np.float32)
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angle)
    matrices[:, 1, 0] = np.sin(angle)
    matrices[:, 0, 1] = -matrices[:, 1, 0]
    return _affine(batch, matrices, 0.8 * _elastic(len(batch), generator))


def _elastic(count: int, generator: np.random.Generator) -> Batch:
    """Smooth random shifts, float32 ``(n, 2, 28, 28)`` in pixels (Simard et al. 2003's idea)."""
    strength = generator.choice([0.0, 2.0, 3.5, 5.0], (count, 1, 1, 1))
    coarse = generator.normal(0, 1, (count, 2, _GRID_SIDE, _GRID_SIDE)) * strength
    bends = _smooth_upsampling()
    return np.asarray(bends @ coarse @ bends.T, np.float32)


def _smooth_upsampling() -> NDArray[np.float64]:
    """The ``(28, 5)`` matrix that spreads coarse grid values with Gaussian weights."""
    places = np.linspace(0, SIDE - 1, _GRID_SIDE)
    distance = np.arange(SIDE)[:, None] - places[None, :]
    weights = np.exp(-0.5 * (distance / (SIDE / _GRID_SIDE)) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def fit_box(batch: Batch, generator: np.random.Generator) -> Batch:
    """Scale what each image holds to MNIST's box and lay its mass on the centre, roughly."""
    height, width = batch.shape[1:]
    left, right = extent(batch, axis=1)
    top, bottom = extent(batch, axis=2)
    scale = np.maximum(np.maximum(right - left, bottom - top), 1) / BOX_SIDE
    scale = (scale * generator.uniform(0.9, 1.1, len(batch))).astype(np.float32)
    mass = np.maximum(batch.sum(axis=(1, 2)), 1)
    centre_x = (batch.sum(axis=1) * np.arange(width)).sum(axis=1) / mass - (width - 1) / 2
    centre_y = (batch.sum(axis=2) * np.arange(height)).sum(axis=1) / mass - (height - 1) / 2
    matrices = np.zeros((len(batch), 2, 3), np.float32)
    matrices[:, 0, 0] = matrices[:, 1, 1] = scale
    matrices[:, 0, 2], matrices[:, 1, 2] = centre_x, centre_y
    return _affine(batch, matrices)


def extent(batch: Batch, axis: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the ink of each image begins and where it is over, along the other axis.

    Args:
        batch: The images.
        axis: The axis that is looked along: 1 gives columns, 2 rows.
    """
    inked: NDArray[np.bool_] = np.asarray((batch > INK / 3).any(axis=axis))
    return inked.argmax(axis=1), inked.shape[1] - inked[:, ::-1].argmax(axis=1)


def beside(batch: Batch, others: Batch, gap: NDArray[np.intp], on_right: bool) -> Batch:
    """`others` moved to stand `gap` pixels beside what `batch` holds, on the same canvas."""
    width = batch.shape[2]
    left, right = extent(batch, axis=1)
    other_left, other_right = extent(others, axis=1)
    move = (right + gap - other_left) if on_right else (left - gap - other_right)
    columns = np.arange(width)[None, :] - move[:, None]
    inside = (columns >= 0) & (columns < width)
    taken = np.take_along_axis(others, np.clip(columns, 0, width - 1)[:, None, :], axis=2)
    return np.asarray(taken * inside[:, None, :], np.float32)


def one_side(
    batch: Batch, generator: np.random.Generator, shares: tuple[float, float], keep_right: bool
) -> Batch:
    """What lies on one side of a leaning cut through each digit.

    Args:
        batch: The images.
        generator: Decides place and lean.
        shares: Between which shares of a digit's width the cut stands, from its left.
        keep_right: Which side stays.
    """
    left, right = extent(batch, axis=1)
    place = left + generator.uniform(*shares, len(batch)) * (right - left)
    lean = generator.normal(0, 0.25, len(batch))
    row = np.arange(batch.shape[1]) - batch.shape[1] / 2
    border = place[:, None] - lean[:, None] * row[None, :]
    is_right = np.arange(batch.shape[2])[None, None, :] >= border[:, :, None]
    return np.asarray(batch * (is_right == keep_right), np.float32)
