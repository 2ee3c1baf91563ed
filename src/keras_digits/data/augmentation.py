"""Digits as people write them, and things that are no digits, made from training digits alone.

:func:`handwriting` bends, leans, thickens, thins, cuts, blurs and soils digits and lets their
neighbours intrude; :func:`non_digits` makes what a reader meets between digits: halves, pairs,
dots, dashes, scribbles, texture. Both work on whole batches, because a picture at a time Python
would take longer than the network. Knows no network; randomness comes in as a generator.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import INK, SIDE, Images, Labels

_BOX_SIDE = 20
"""MNIST's digits fit a box of this side, in pixels."""

_MARGIN = 2
"""Empty pixels around an image, so that nothing leaks from one image of a batch to the next."""

_GRID_SIDE = 5
"""Points a side of the coarse grid that elastic distortion moves."""

Batch = NDArray[np.float32]
"""float32 ``(n, height, width)``, 0 paper, 255 ink."""


def handwriting(images: Images, labels: Labels, generator: np.random.Generator) -> Images:
    """Digits as other hands, pens and cameras would have left them; one for each given.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        labels: uint8 ``(n,)``, 0 to 9: ones get flags and feet, sevens a bar, as many write them.
        generator: Decides everything.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink, still the same digits.
    """
    batch = _other_forms(images.astype(np.float32), labels, generator)
    neighbours = batch[generator.permutation(len(batch))]
    batch = _boxed(_distort(batch, generator), generator)
    neighbours = _distort(neighbours, generator)
    batch = _intrude(batch, neighbours, generator)
    batch = _rule(batch, generator)
    batch = _dot(batch, generator)
    return _style(batch, generator)


def non_digits(images: Images, generator: np.random.Generator) -> Images:
    """Things that are no digits but come from writing or paper; one for each image given.

    Args:
        images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
        generator: Decides everything.

    Returns:
        uint8 ``(n, 28, 28)``, 0 paper, 255 ink.
    """
    makers = (_pairs, _straddles, _parts, _marks, _scribbles, _textures)
    shares = (0.3, 0.25, 0.2, 0.1, 0.1, 0.05)
    kinds = generator.choice(len(makers), len(images), p=shares)
    made = np.zeros((len(images), SIDE, SIDE), np.float32)
    for kind, make in enumerate(makers):
        chosen = np.flatnonzero(kinds == kind)
        if len(chosen):
            made[chosen] = make(images[chosen].astype(np.float32), generator)
    return _style(made, generator)


def _other_forms(batch: Batch, labels: Labels, generator: np.random.Generator) -> Batch:
    """Forms that MNIST's writers seldom used: ones with flag and foot, sevens with a bar."""
    for index in np.flatnonzero((labels == 1) & (generator.random(len(labels)) < 0.6)):
        _add_flag_and_foot(batch[index], generator)
    for index in np.flatnonzero((labels == 7) & (generator.random(len(labels)) < 0.25)):
        image = batch[index]
        row = int(generator.integers(12, 17))
        inked = np.flatnonzero(image[row] > INK / 2)
        if len(inked):
            reach, tilt = generator.uniform(3, 6), int(generator.integers(-2, 3))
            middle = float(inked.mean())
            ends = (round(middle - reach), row + tilt), (round(middle + reach), row - tilt)
            cv2.line(image, *ends, INK, int(generator.integers(1, 4)), cv2.LINE_AA)
    return batch


def _add_flag_and_foot(one: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Draw a flag, a foot or both on the image of a 1, in place."""
    rows = np.flatnonzero((one > INK / 2).any(axis=1))
    if len(rows) < 8:
        return
    top, bottom = int(rows[0]) + 1, int(rows[-1]) - 1
    top_x, bottom_x = (float(one[row].argmax()) for row in (top, bottom))
    thick = int(generator.integers(2, 4))
    kind = generator.random()
    if kind < 0.85:
        length = generator.uniform(0.2, 0.95) * (bottom - top)
        angle = np.deg2rad(generator.uniform(20, 72))
        end = (round(top_x - length * np.cos(angle)), round(top + length * np.sin(angle)))
        cv2.line(one, (round(top_x), top), end, INK, thick, cv2.LINE_AA)
    if kind > 0.5:
        left, right = generator.uniform(2, 7, 2)
        tilt = int(generator.integers(-1, 2))
        ends = (round(bottom_x - left), bottom + tilt), (round(bottom_x + right), bottom - tilt)
        cv2.line(one, *ends, INK, thick, cv2.LINE_AA)


def _boxed(batch: Batch, generator: np.random.Generator) -> Batch:
    """Most digits brought to MNIST's box again after distortion, as a reader does it."""
    chosen = np.flatnonzero(generator.random(len(batch)) < 0.7)
    batch[chosen] = _fit_box(batch[chosen], generator)
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


def _distort(batch: Batch, generator: np.random.Generator) -> Batch:
    """Turn, lean, stretch, shift and bend each digit."""
    count = len(batch)
    angle = generator.normal(0, np.deg2rad(7), count)
    slants = generator.random(count) < 0.25
    lean = np.where(slants, generator.uniform(-0.2, 0.75, count), generator.normal(0, 0.2, count))
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


def _fit_box(batch: Batch, generator: np.random.Generator) -> Batch:
    """Scale what each image holds to MNIST's box and lay its mass on the centre, roughly."""
    inked = batch > INK / 3
    height, width = batch.shape[1:]
    left, right = _extent(inked.any(axis=1))
    top, bottom = _extent(inked.any(axis=2))
    scale = np.maximum(np.maximum(right - left, bottom - top), 1) / _BOX_SIDE
    scale = (scale * generator.uniform(0.9, 1.1, len(batch))).astype(np.float32)
    mass = np.maximum(batch.sum(axis=(1, 2)), 1)
    centre_x = (batch.sum(axis=1) * np.arange(width)).sum(axis=1) / mass - (width - 1) / 2
    centre_y = (batch.sum(axis=2) * np.arange(height)).sum(axis=1) / mass - (height - 1) / 2
    matrices = np.zeros((len(batch), 2, 3), np.float32)
    matrices[:, 0, 0] = matrices[:, 1, 1] = scale
    matrices[:, 0, 2], matrices[:, 1, 2] = centre_x, centre_y
    return _affine(batch, matrices)


def _extent(inked: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First inked and first blank-again place along each row of a bool ``(n, length)``."""
    first = inked.argmax(axis=1)
    last = inked.shape[1] - inked[:, ::-1].argmax(axis=1)
    return first, last


def _beside(batch: Batch, others: Batch, gap: NDArray[np.intp], on_right: bool) -> Batch:
    """`others` moved to stand `gap` pixels beside what `batch` holds, on the same canvas."""
    width = batch.shape[2]
    left, right = _extent((batch > INK / 3).any(axis=1))
    other_left, other_right = _extent((others > INK / 3).any(axis=1))
    move = (right + gap - other_left) if on_right else (left - gap - other_right)
    columns = np.arange(width)[None, :] - move[:, None]
    inside = (columns >= 0) & (columns < width)
    taken = np.take_along_axis(others, np.clip(columns, 0, width - 1)[:, None, :], axis=2)
    return np.asarray(taken * inside[:, None, :], np.float32)


def _intrude(batch: Batch, neighbours: Batch, generator: np.random.Generator) -> Batch:
    """Let neighbours look into some images from left, right or both."""
    count = len(batch)
    others = neighbours[generator.permutation(count)]
    for beside, on_right in ((neighbours, True), (others, False)):
        chosen = np.flatnonzero(generator.random(count) < 0.22)
        gap = generator.integers(-2, 6, len(chosen))
        moved = _beside(batch[chosen], beside[chosen], gap, on_right)
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
        cv2.line(speck, (x, y), end, float(generator.uniform(100, INK)), int(generator.integers(1, 4)))
        batch[index] = np.maximum(batch[index], speck)
    return batch


def _pairs(batch: Batch, generator: np.random.Generator) -> Batch:
    """Two digits in one box."""
    wide, other = _two_on_canvas(batch, generator)
    return _fit_box(np.maximum(wide, other), generator)


def _straddles(batch: Batch, generator: np.random.Generator) -> Batch:
    """The right part of one digit and the left part of the next."""
    wide, other = _two_on_canvas(batch, generator)
    kept = _part(wide, generator, keep_right=True)
    other = _part(other, generator, keep_right=False)
    return _fit_box(np.maximum(kept, other), generator)


def _parts(batch: Batch, generator: np.random.Generator) -> Batch:
    """Half a digit; a piece as thin as a 1 is not made, because it would be one."""
    wide = np.pad(batch, ((0, 0), (0, 0), (SIDE // 2, SIDE // 2)))
    cut = np.where(
        (generator.random(len(batch)) < 0.5)[:, None, None],
        _part(wide, generator, keep_right=True),
        _part(wide, generator, keep_right=False),
    )
    left, right = _extent((cut > INK / 3).any(axis=1))
    top, bottom = _extent((cut > INK / 3).any(axis=2))
    is_thin = (right - left) < 0.45 * (bottom - top)
    pairs = _pairs(batch, generator)
    return np.where(is_thin[:, None, None], pairs, _fit_box(cut, generator))


def _part(wide: Batch, generator: np.random.Generator, keep_right: bool) -> Batch:
    """What lies on one side of a leaning cut through each digit."""
    left, right = _extent((wide > INK / 3).any(axis=1))
    share = generator.uniform(0.35, 0.6, len(wide))
    place = left + share * (right - left)
    lean = generator.normal(0, 0.25, len(wide))
    row = np.arange(wide.shape[1]) - wide.shape[1] / 2
    border = place[:, None] - lean[:, None] * row[None, :]
    is_right = np.arange(wide.shape[2])[None, None, :] >= border[:, :, None]
    return np.asarray(wide * (is_right == keep_right), np.float32)


def _two_on_canvas(batch: Batch, generator: np.random.Generator) -> tuple[Batch, Batch]:
    """Each digit, and beside it another one, on canvases of twice the width."""
    batch = _distort(batch, generator)
    others = batch[generator.permutation(len(batch))]
    margin = ((0, 0), (0, 0), (SIDE // 2, SIDE // 2))
    wide, other = np.pad(batch, margin), np.pad(others, margin)
    gap = generator.integers(-4, 4, len(batch))
    half = wide.shape[2] // 4
    wide = np.roll(wide, -half, axis=2)
    return wide, _beside(wide, other, gap, on_right=True)


def _marks(batch: Batch, generator: np.random.Generator) -> Batch:
    """Full stops, commas, dashes, equals signs, grown to the size of digits as a box makes them."""
    made = np.zeros_like(batch)
    for image in made:
        kind = generator.integers(5)
        thick = int(generator.integers(2, 8))
        y = int(generator.integers(11, 18))
        tilt = int(generator.integers(-3, 4))
        if kind == 0:
            axes = (int(generator.integers(6, 12)), int(generator.integers(6, 12)))
            cv2.ellipse(image, (14, 14), axes, float(generator.uniform(0, 180)), 0, 360, INK, -1)
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


def _scribbles(batch: Batch, generator: np.random.Generator) -> Batch:
    """Smooth random strokes, crossings and crosses."""
    made = np.zeros_like(batch)
    for image in made:
        for _ in range(int(generator.integers(1, 4))):
            points = np.cumsum(generator.normal(0, 5, (int(generator.integers(3, 9)), 2)), axis=0)
            points = points - points.mean(axis=0)
            steps = np.linspace(0, len(points) - 1, 30)
            knots = np.arange(len(points))
            curve = np.stack([np.interp(steps, knots, points[:, axis]) for axis in (0, 1)], axis=1)
            curve = cv2.blur(curve.astype(np.float32), (1, 7)) + (SIDE - 1) / 2
            pixels = np.round(curve * 16).astype(np.int32)
            thick = int(generator.integers(2, 5))
            cv2.polylines(image, [pixels], False, INK, thick, cv2.LINE_AA, 4)
    return _fit_box(made, generator)


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


def _style(batch: Batch, generator: np.random.Generator) -> Images:
    """Pen, scanner and camera: stroke width, gaps, sharpness, contrast, noise."""
    ink_before = batch.sum(axis=(1, 2))
    whole = batch.copy()
    batch = _stroke_width(batch, generator)
    is_lost = batch.sum(axis=(1, 2)) < 0.35 * ink_before  # a hairline thinned to nothing
    batch[is_lost] = whole[is_lost]
    batch = _cuts(batch, generator)
    batch = _sharpness(batch, generator)
    count = (len(batch), 1, 1)
    gamma = np.exp(generator.normal(0, 0.3, count))
    batch = np.power(np.clip(batch / INK, 0, 1), gamma)
    gain = np.where(generator.random(count) < 0.35, generator.uniform(1, 6, count), 1)
    highest = np.maximum(batch.max(axis=(1, 2), keepdims=True), 1e-3)
    batch = np.clip((batch - 0.4 * highest) * gain + 0.4 * highest * np.minimum(gain, 1.2), 0, 1)
    level = np.where(generator.random(count) < 0.3, generator.uniform(0, 0.15, count), 0)
    batch = batch + generator.normal(0, 1, batch.shape) * level
    return np.asarray(np.clip(batch * INK, 0, INK), np.uint8)


def _stroke_width(batch: Batch, generator: np.random.Generator) -> Batch:
    """Thicker or thinner strokes, by up to about two pixels."""
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
            changed = _each(batch[chosen], change)
            batch[chosen] += strength[chosen] * (changed - batch[chosen])
    return batch


def _each(batch: Batch, change) -> Batch:  # type: ignore[no-untyped-def]
    """Apply an OpenCV neighbourhood operation to all images at once, stacked with margins."""
    tall = np.pad(batch, ((0, 0), (_MARGIN, _MARGIN), (0, 0))).reshape(-1, batch.shape[2])
    return np.asarray(change(tall).reshape(len(batch), -1, batch.shape[2])[:, _MARGIN:-_MARGIN])


def _cuts(batch: Batch, generator: np.random.Generator) -> Batch:
    """Leave gaps where a pen skipped or a rule was taken out."""
    for index in np.flatnonzero(generator.random(len(batch)) < 0.15):
        middle = generator.uniform(6, SIDE - 6, 2)
        angle = generator.choice([0.0, 0.0, np.pi / 2, generator.uniform(0, np.pi)])
        reach = generator.uniform(2, 20) * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(int(v) for v in np.round(middle + sign * reach)) for sign in (-1, 1)]
        cv2.line(batch[index], *ends, float(generator.uniform(0, 120)), int(generator.integers(1, 3)))
    return batch


def _sharpness(batch: Batch, generator: np.random.Generator) -> Batch:
    """Blur some images, and draw some anew from fewer pixels."""
    kind = generator.choice(4, len(batch), p=(0.6, 0.15, 0.1, 0.15))
    for number, sigma in ((1, 0.6), (2, 1.0)):
        chosen = np.flatnonzero(kind == number)
        if len(chosen):
            batch[chosen] = _each(
                batch[chosen], lambda tall, s=sigma: cv2.GaussianBlur(tall, (5, 5), s)
            )
    for index in np.flatnonzero(kind == 3):
        side = int(generator.integers(12, 22))
        small = cv2.resize(batch[index], (side, side), interpolation=cv2.INTER_AREA)
        if generator.random() < 0.5:
            small = np.where(small > 90, np.float32(INK), np.float32(0))
        way = cv2.INTER_NEAREST if generator.random() < 0.4 else cv2.INTER_LINEAR
        batch[index] = cv2.resize(small, (SIDE, SIDE), interpolation=way)
    return batch
