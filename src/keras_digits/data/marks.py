"""Things that are no digits: what a reader meets between digits, and what people try it with."""

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.drawing import draw_symbols, draw_way
from keras_digits.data.styling import style
from keras_digits.data.warping import Batch, beside, distort, extent, fit_box, one_side
from keras_digits.digits import INK, SIDE, Images

_HALF = (0.35, 0.6)
"""Where half a digit is cut, as shares of its width."""

_BLOTS = 0.2
"""The share of scribbles that are blots."""


def non_digits(images: Images, generator: np.random.Generator) -> Images:
    """Things that are no digits but come from hands or paper; one for each image given.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        generator: Decides everything.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
    """
    makers = (_pairs, _straddles, _parts, _symbols, _marks, scribbles, _textures)
    shares = (0.16, 0.14, 0.12, 0.38, 0.08, 0.07, 0.05)
    kinds = generator.choice(len(makers), len(images), p=shares)
    made = np.zeros((len(images), SIDE, SIDE), np.float32)
    for kind, make in enumerate(makers):
        chosen = np.flatnonzero(kinds == kind)
        if len(chosen):
            made[chosen] = make(images[chosen].astype(np.float32), generator)
    return style(made, generator)


def _pairs(batch: Batch, generator: np.random.Generator) -> Batch:
    """Two digits in one box."""
    wide, other = _two_on_canvas(batch, generator)
    return fit_box(np.maximum(wide, other), generator)


def _straddles(batch: Batch, generator: np.random.Generator) -> Batch:
    """The right part of one digit and the left part of the next."""
    wide, other = _two_on_canvas(batch, generator)
    kept = one_side(wide, generator, _HALF, keep_right=True)
    other = one_side(other, generator, _HALF, keep_right=False)
    return fit_box(np.maximum(kept, other), generator)


def _parts(batch: Batch, generator: np.random.Generator) -> Batch:
    """Half a digit; a piece as thin as a 1 is not made, because it would be one."""
    wide = np.pad(batch, ((0, 0), (0, 0), (SIDE // 2, SIDE // 2)))
    cut = np.where(
        (generator.random(len(batch)) < 0.5)[:, None, None],
        one_side(wide, generator, _HALF, keep_right=True),
        one_side(wide, generator, _HALF, keep_right=False),
    )
    left, right = extent(cut, axis=1)
    top, bottom = extent(cut, axis=2)
    is_thin = (right - left) < 0.45 * (bottom - top)
    pairs = _pairs(batch, generator)
    return np.where(is_thin[:, None, None], pairs, fit_box(cut, generator))


def _two_on_canvas(batch: Batch, generator: np.random.Generator) -> tuple[Batch, Batch]:
    """Each digit, and beside it another one, on canvases of twice the width."""
    batch = distort(batch, generator)
    others = batch[generator.permutation(len(batch))]
    margin = ((0, 0), (0, 0), (SIDE // 2, SIDE // 2))
    wide, other = np.pad(batch, margin), np.pad(others, margin)
    gap = generator.integers(-4, 4, len(batch))
    half = wide.shape[2] // 4
    wide = np.roll(wide, -half, axis=2)
    return wide, beside(wide, other, gap, on_right=True)


def _symbols(batch: Batch, generator: np.random.Generator) -> Batch:
    """Letters and signs."""
    return fit_box(distort(draw_symbols(len(batch), generator), generator), generator)


def _marks(batch: Batch, generator: np.random.Generator) -> Batch:
    """Full stops, commas, dashes, equals signs, grown to the size of digits as a box makes them."""
    made = np.zeros_like(batch)
    for image in made:
        kind = generator.integers(5)
        thick = int(generator.integers(2, 8))
        y = int(generator.integers(11, 18))
        tilt = int(generator.integers(-3, 4))
        if kind == 0:
            _blot(image, generator)
        elif kind == 1:
            start = (int(generator.integers(13, 18)), int(generator.integers(3, 8)))
            end = (int(generator.integers(6, 13)), int(generator.integers(19, 25)))
            cv2.line(image, start, end, INK, int(generator.integers(6, 11)))
            cv2.circle(image, start, int(generator.integers(3, 8)), INK, -1)
        elif kind == 2:
            cv2.line(image, (4, y), (23, y + tilt), INK, thick)
        else:
            space = int(generator.integers(3, 7))
            if kind == 4:  # a hash or a double cross
                lean = int(generator.integers(0, 7))
                cv2.line(image, (11 - space + lean, 4), (11 - space, 23), INK, max(1, thick // 2))
                cv2.line(image, (13 + space + lean, 4), (13 + space, 23), INK, max(1, thick // 2))
            cv2.line(image, (4, y - space), (23, y - space + tilt), INK, max(1, thick // 2))
            cv2.line(image, (4, y + space), (23, y + space + tilt), INK, max(1, thick // 2))
    return made


def _blot(image: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Fill an ellipse that is not as slim as a 1, in place; its edge may be soft."""
    long = generator.uniform(7, 13)
    axes = (round(long), round(max(long * generator.uniform(0.45, 1), 5)))
    cv2.ellipse(image, (14, 14), axes, float(generator.uniform(0, 180)), 0, 360, INK, -1)
    if generator.random() < 0.5:
        image[:] = cv2.GaussianBlur(image, (0, 0), float(generator.uniform(0.5, 2)))


def scribbles(batch: Batch, generator: np.random.Generator) -> Batch:
    """Smooth random strokes, crossings and crosses, and blots as coins and shadows leave them."""
    made = np.zeros_like(batch)
    for image in made:
        if generator.random() < _BLOTS:
            _blot(image, generator)
            continue
        for _ in range(int(generator.integers(1, 4))):
            points = np.cumsum(generator.normal(0, 5, (int(generator.integers(3, 9)), 2)), axis=0)
            points = points - points.mean(axis=0)
            steps = np.linspace(0, len(points) - 1, 30)
            knots = np.arange(len(points))
            curve = np.stack([np.interp(steps, knots, points[:, axis]) for axis in (0, 1)], axis=1)
            curve = cv2.blur(curve.astype(np.float32), (1, 7)) + (SIDE - 1) / 2
            draw_way(image, curve, int(generator.integers(2, 5)))
    return fit_box(made, generator)


def _textures(batch: Batch, generator: np.random.Generator) -> Batch:
    """Paper's grain, smudges and hatching."""
    made = np.zeros_like(batch)
    for image in made:
        grain = generator.normal(0, 1, (SIDE, SIDE)).astype(np.float32)
        sigma_x, sigma_y = generator.choice([0.5, 1, 2, 4, 8], 2)
        grain = cv2.GaussianBlur(grain, (0, 0), float(sigma_x), None, float(sigma_y))
        grain = (grain - grain.mean()) / (grain.std() + 1e-6)
        image[:] = np.clip((grain - generator.uniform(0, 1)) * 150, 0, INK)
    return made
