"""What may befall an image while its digit stays what it is: noise, blur, weather, lines, shifts.

The fifteen corruptions are those of Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer
Vision" (2019, arXiv:1906.02337), written anew from the paper's descriptions; so figures on them
are not figures on MNIST-C's own images. Each comes in three severities, of which the middle one is
meant to be about as hard as the paper's.

NumPy and OpenCV only; knows no network, no label and no file.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK, SIDE, Images

SEVERITIES = (1, 2, 3)
"""From what is hardly in the way to what people must look at twice."""

Shades: TypeAlias = NDArray[np.float32]
"""float32 ``(n, 28, 28)``, 0 paper, 1 ink; what a corruption gives may reach beyond."""

_COLUMN = np.arange(SIDE, dtype=np.float32)[None, None, :] - (SIDE - 1) / 2
_ROW = np.arange(SIDE, dtype=np.float32)[None, :, None] - (SIDE - 1) / 2
"""Where a pixel lies, in pixels from the middle of the image."""

_CANNY_THRESHOLDS = (60, 160)
"""Gradients, of grey values, from which an edge goes on and from which it begins."""


class Corruption(NamedTuple):
    """One kind of harm.

    Attributes:
        change: Does it to :data:`Shades`, with a strength and a generator; the first stay as they
            are.
        strengths: How much at each of ``SEVERITIES``, in the unit that `change` names.
    """

    change: Callable[[Shades, float, np.random.Generator], Shades]
    strengths: tuple[float, float, float]


def corrupt(images: Images, name: str, severity: int, generator: np.random.Generator) -> Images:
    """Images as a corruption leaves them.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink; they stay as they are.
        name: One of ``CORRUPTIONS``.
        severity: One of ``SEVERITIES``.
        generator: Decides what is random in it, which is another thing for each image.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink.

    Raises:
        ValueError: `name` or `severity` is unknown.
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"name is {name!r}; expected one of {', '.join(CORRUPTIONS)}.")
    if severity not in SEVERITIES:
        known = ", ".join(map(str, SEVERITIES))
        raise ValueError(f"severity is {severity!r}; expected one of {known}.")
    change, strengths = CORRUPTIONS[name]
    shades: Shades = np.asarray(images, np.float32) / np.float32(INK)
    changed = change(shades, strengths[SEVERITIES.index(severity)], generator)
    return np.asarray(np.rint(np.clip(changed, 0, 1) * INK), np.uint8)


def _shot_noise(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Light comes in grains: full ink is 1 / `strength` of them on average."""
    return np.asarray(generator.poisson(shades / strength) * strength, np.float32)


def _impulse_noise(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """A share of `strength` of all pixels is ink or paper by chance."""
    drawn = generator.random(shades.shape, np.float32)
    return np.where(drawn < strength, np.float32(drawn < strength / 2), shades)


def _glass_blur(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """As through frosted glass: each pixel shows one at most `strength` pixels away."""
    row, column = (
        np.clip(np.rint(place + moved + (SIDE - 1) / 2), 0, SIDE - 1).astype(np.intp)
        for place in (_ROW, _COLUMN)
        for moved in [generator.uniform(-strength, strength, shades.shape)]
    )
    behind = _smoothed(shades, 0.6)
    return _smoothed(behind[np.arange(len(shades))[:, None, None], row, column], 0.6)


def _motion_blur(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """The camera moved by `strength` pixels, in any direction."""
    reach = int(np.ceil(strength / 2))
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    along, across = _turned(axis[None, None, :], axis[None, :, None], len(shades), generator)
    on_the_way = np.clip((strength + 1) / 2 - np.abs(along), 0, 1)
    kernels = np.clip(1 - np.abs(across), 0, 1) * on_the_way
    kernels /= kernels.sum(axis=(1, 2), keepdims=True)
    blurred = np.empty_like(shades)
    for place, (shade, kernel) in enumerate(zip(shades, kernels, strict=True)):
        blurred[place] = cv2.filter2D(shade, -1, kernel, borderType=cv2.BORDER_CONSTANT)
    return blurred


def _shear(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Leaning to either side, by `strength` pixels a row."""
    matrices = _unmoved(len(shades))
    matrices[:, 0, 1] = strength * _signs(len(shades), generator)
    return _warped(shades, matrices)


def _scale(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Smaller: 1 / `strength` of the height and of the width."""
    return _warped(shades, strength * _unmoved(len(shades)))


def _rotate(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Turned to either side, by `strength` degrees."""
    angles = np.deg2rad(strength) * _signs(len(shades), generator)
    matrices = _unmoved(len(shades))
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angles)
    matrices[:, 0, 1], matrices[:, 1, 0] = np.sin(angles), -np.sin(angles)
    return _warped(shades, matrices)


def _brightness(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Brighter by `strength`: paper, which is black in MNIST, turns grey."""
    return shades + np.float32(strength)


def _translate(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Moved by `strength` pixels towards one of the corners."""
    matrices = _unmoved(len(shades))
    for axis in (0, 1):
        matrices[:, axis, 2] = strength * _signs(len(shades), generator)
    return _warped(shades, matrices)


def _stripe(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Ink and paper exchanged in an upright stripe in the middle, `strength` pixels wide."""
    return np.where(np.abs(_COLUMN) < strength / 2, 1 - shades, shades)


def _fog(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Under clouds of all sizes, which are `strength` times as bright as ink where densest."""
    sizes = (1.5, 3, 6, 12)
    clouds = sum(size * _random_field(len(shades), size, generator) for size in sizes)
    lowest = np.min(clouds, axis=(1, 2), keepdims=True)
    highest = np.max(clouds, axis=(1, 2), keepdims=True)
    mist = strength * (clouds - lowest) / (highest - lowest)
    return np.asarray((shades + mist) / (1 + strength), np.float32)


def _spatter(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Grey splotches hide about a share of `strength` of the image."""
    field = _random_field(len(shades), 1.6, generator)
    count = round(strength * SIDE * SIDE)
    shores = np.sort(field.reshape(len(shades), SIDE * SIDE))[:, -count, None, None]
    splotches = np.clip(2 * (field - shores) + 0.5, 0, 1)
    grey = _drawn(0.4, 0.8, len(shades), generator)
    return np.asarray(shades + splotches * (grey - shades), np.float32)


def _dotted_line(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Straight lines of dots across the image, `strength` of them."""
    radius, period = 0.7, 3.5
    for _ in range(round(strength)):
        along, across = _turned(_COLUMN, _ROW, len(shades), generator)
        across = across + _drawn(-8, 8, len(shades), generator)
        along = along + _drawn(0, period, len(shades), generator)
        distance = np.hypot(across, (along % period) - period / 2)
        dots = np.clip(radius + 0.5 - distance, 0, 1)
        shades = np.maximum(shades, dots, dtype=np.float32)
    return shades


def _zigzag(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """A zigzag across the image, drawn with a pen `strength` pixels wide."""
    height, period = 8.0, 9.0
    along, across = _turned(_COLUMN, _ROW, len(shades), generator)
    across = across + _drawn(-4, 4, len(shades), generator)
    phase = (along / period + _drawn(0, 1, len(shades), generator)) % 1
    ridge = height * (np.abs(2 * phase - 1) - 0.5)
    distance = np.abs(across - ridge) / np.hypot(1, 2 * height / period)
    line = np.clip(strength / 2 + 0.5 - distance, 0, 1)
    return np.asarray(np.maximum(shades, line), np.float32)


def _canny_edges(shades: Shades, strength: float, generator: np.random.Generator) -> Shades:
    """Nothing but edges (Canny 1986), found after a blur of `strength` pixels."""
    grey = np.rint(np.clip(_smoothed(shades, strength), 0, 1) * INK).astype(np.uint8)
    edges = np.empty_like(shades)
    for place, image in enumerate(grey):
        edges[place] = cv2.Canny(image, *_CANNY_THRESHOLDS)
    return np.asarray(edges / np.float32(INK))


CORRUPTIONS: Mapping[str, Corruption] = MappingProxyType(
    {
        "shot_noise": Corruption(_shot_noise, (0.2, 0.35, 0.6)),
        "impulse_noise": Corruption(_impulse_noise, (0.06, 0.12, 0.2)),
        "glass_blur": Corruption(_glass_blur, (1.2, 1.6, 2)),
        "motion_blur": Corruption(_motion_blur, (4, 6, 9)),
        "shear": Corruption(_shear, (0.25, 0.4, 0.6)),
        "scale": Corruption(_scale, (1.2, 1.4, 1.6)),
        "rotate": Corruption(_rotate, (15, 25, 35)),
        "brightness": Corruption(_brightness, (0.25, 0.45, 0.65)),
        "translate": Corruption(_translate, (2, 3, 4)),
        "stripe": Corruption(_stripe, (2, 4, 8)),
        "fog": Corruption(_fog, (0.7, 1.2, 1.8)),
        "spatter": Corruption(_spatter, (0.04, 0.08, 0.16)),
        "dotted_line": Corruption(_dotted_line, (1, 2, 3)),
        "zigzag": Corruption(_zigzag, (0.7, 1, 1.6)),
        "canny_edges": Corruption(_canny_edges, (0.3, 0.8, 1.4)),
    }
)
"""By the paper's names and in its order; what a strength means stands with its function."""


def _signs(count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """1 or -1 for each of `count` images."""
    return generator.choice(np.array([-1, 1], np.float32), count)


def _drawn(
    low: float, high: float, count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Something between `low` and `high` for each of `count` images, ``(count, 1, 1)``."""
    return generator.uniform(low, high, (count, 1, 1)).astype(np.float32)


def _turned(
    x: NDArray[np.float32], y: NDArray[np.float32], count: int, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coordinates along and across a random direction, ``(count, height, width)`` each."""
    angle = _drawn(0, 2 * np.pi, count, generator)
    cos, sin = np.cos(angle), np.sin(angle)
    return x * cos + y * sin, y * cos - x * sin


def _unmoved(count: int) -> NDArray[np.float32]:
    """Matrices ``(count, 2, 3)`` that leave every pixel where it is."""
    return np.repeat(np.eye(2, 3, dtype=np.float32)[None], count, axis=0)


def _warped(shades: Shades, matrices: NDArray[np.float32]) -> Shades:
    """Each image by its matrix from where a pixel is to whence it comes, around the middle."""
    middle = np.full(2, (SIDE - 1) / 2, np.float32)
    from_corner = matrices.copy()
    from_corner[:, :, 2] += middle - matrices[:, :, :2] @ middle
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = np.empty_like(shades)
    for place, (shade, matrix) in enumerate(zip(shades, from_corner, strict=True)):
        warped[place] = cv2.warpAffine(shade, matrix, (SIDE, SIDE), flags=flags)
    return warped


def _neighbours(sigma: float) -> NDArray[np.float32]:
    """The ``(28, 28)`` matrix of Gaussian weights that a pixel gives to those in its row."""
    place = np.arange(SIDE)
    weights = np.exp(-0.5 * ((place[:, None] - place[None, :]) / sigma) ** 2)
    return weights.astype(np.float32)


def _smoothed(shades: Shades, sigma: float) -> Shades:
    """Blurred by `sigma` pixels; the border counts as going on."""
    weights = _neighbours(sigma)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights @ shades @ weights.T)


def _random_field(count: int, sigma: float, generator: np.random.Generator) -> Shades:
    """Normal noise, mean 0 and variance 1, that stays alike over about `sigma` pixels."""
    weights = _neighbours(sigma)
    weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True))
    noise = generator.standard_normal((count, SIDE, SIDE), np.float32)
    return np.asarray(weights @ noise @ weights.T)
