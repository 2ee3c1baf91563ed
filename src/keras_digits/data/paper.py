"""What pen, paper and camera do to lines of writing. Knows no digit."""

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.styling import blurred, each, stroke_width
from keras_digits.data.warping import Batch
from keras_digits.digits import INK, SIDE


def draw_line(
    strip: NDArray[np.float32],
    start: tuple[float, float],
    end: tuple[float, float],
    thickness: int,
    ink: float = INK,
) -> None:
    """Draw a straight stroke, in place."""
    ends = [tuple(round(float(v) * 16) for v in point) for point in (start, end)]
    cv2.line(strip, ends[0], ends[1], ink, thickness, cv2.LINE_AA, 4)


_NIBS = (np.eye(3, dtype=np.uint8), np.fliplr(np.eye(3, dtype=np.uint8)), np.ones((3, 1), np.uint8))
"""Edges of broad pens, whose strokes are thick across the edge and thin along it."""


def pen(strips: Batch, generator: np.random.Generator) -> Batch:
    """Wider or thinner strokes, broad pens, gaps, ink that fades along the line."""
    broad = np.flatnonzero(generator.random(len(strips)) < 0.12)
    nibs = generator.integers(len(_NIBS), size=len(broad))
    for number, nib in enumerate(_NIBS):
        if len(chosen := broad[nibs == number]):
            strips[chosen] = each(strips[chosen], partial(cv2.dilate, kernel=nib))
    strips = stroke_width(strips, generator, least_ink=0.4)
    for index in np.flatnonzero(generator.random(len(strips)) < 0.2):
        grid = generator.uniform(0.45, 1, (3, 8)).astype(np.float32)
        strips[index] *= cv2.resize(grid, strips.shape[:0:-1], interpolation=cv2.INTER_LINEAR)
    for index in np.flatnonzero(generator.random(len(strips)) < 0.1):
        x, y = generator.uniform((0, 0), (strips.shape[2], SIDE))
        angle = generator.choice([0.0, np.pi / 2, generator.uniform(0, np.pi)])
        reach = generator.uniform(2, 30)
        aside = (reach * np.cos(angle), reach * np.sin(angle))
        level = float(generator.uniform(0, 120))
        draw_line(
            strips[index], (x - aside[0], y - aside[1]), (x + aside[0], y + aside[1]), 1, level
        )
    return strips


def paper(strips: Batch, generator: np.random.Generator) -> Batch:
    """Rules and borders, and what is printed."""
    for index in np.flatnonzero(generator.random(len(strips)) < 0.28):
        for _ in range(int(generator.integers(1, 3))):
            _rule(strips[index], generator)
    return printed(strips, generator)


def printed(strips: Batch, generator: np.random.Generator) -> Batch:
    """Waves as cheques are printed with, and specks."""
    count, height, width = strips.shape
    waved = np.flatnonzero(generator.random(count) < 0.4)
    for _ in range(2):
        if len(waved):
            strips[waved] = np.maximum(strips[waved], _waves(len(waved), width, generator))
        waved = waved[generator.random(len(waved)) < 0.5]
    for index in np.flatnonzero(generator.random(count) < 0.15):
        for _ in range(int(generator.integers(1, 5))):
            x, y = generator.uniform((0, 0), (width, height))
            aside = generator.normal(0, 1, 2)
            ink = float(generator.uniform(80, INK))
            draw_line(
                strips[index],
                (x, y),
                (x + aside[0], y + aside[1]),
                int(generator.integers(1, 3)),
                ink,
            )
    return strips


def _rule(strip: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Draw a printed line: below, above, through, or a border at a side."""
    height, width = strip.shape
    ink, thick = float(generator.uniform(60, INK)), int(generator.integers(1, 4))
    if generator.random() < 0.8:
        ranges = ((0, 6), (height - 8, height), (0, height))
        y = generator.uniform(*ranges[generator.choice(3, p=(0.3, 0.5, 0.2))])
        tilt = generator.normal(0, 0.02) * width
        if generator.random() < 0.2:  # dotted
            for x in range(0, width, int(generator.integers(3, 6))):
                row = y + tilt * x / width
                draw_line(strip, (x, row), (x + 1, row), thick, ink)
            return
        start = 0.0 if generator.random() < 0.8 else generator.uniform(0, width)
        draw_line(strip, (start, y), (width, y + tilt), thick, ink)
    else:
        sides = [generator.uniform(0, 5), generator.uniform(width - 5, width)]
        x = generator.choice([*sides, generator.uniform(0, width)], p=(0.35, 0.35, 0.3))
        tilt = generator.normal(0, 1)
        draw_line(strip, (x, 0), (x + tilt, height), thick + int(generator.integers(0, 3)), ink)


def _waves(count: int, width: int, generator: np.random.Generator) -> Batch:
    """Fine lines that wave, as cheques are printed with; float32 ``(count, 28, width)``."""
    shape = (count, 1, 1)
    x = np.arange(width, dtype=np.float32)[None, None, :]
    y = np.arange(SIDE, dtype=np.float32)[None, :, None]
    angle = generator.normal(0, 0.5, shape).astype(np.float32)
    period = generator.uniform(2.5, 8, shape).astype(np.float32)
    length = generator.uniform(12, 90, shape).astype(np.float32)
    reach = generator.uniform(0, 3, shape).astype(np.float32)
    start = generator.uniform(0, 6.28, shape).astype(np.float32)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle) + reach * np.sin(along * (6.28 / length) + start)
    wave = np.cos(across * (6.28 / period))
    sharp = generator.uniform(0.3, 1.0, shape).astype(np.float32)
    level = (generator.uniform(0.1, 0.65, shape) * INK).astype(np.float32)
    return np.asarray(np.clip((wave - 1 + sharp) / sharp, 0, 1) * level, np.float32)


_FARTHEST_MOVE = 3
"""How far a camera that moves goes at most to either side, in pixels."""


def camera(strips: Batch, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Motion, sharpness, resolution, contrast and noise."""
    for index in np.flatnonzero(generator.random(len(strips)) < 0.08):
        strips[index] = _moved(strips[index], generator)
    kind = generator.choice(5, len(strips), p=(0.45, 0.17, 0.12, 0.06, 0.2))
    for number, sigma in ((1, 0.6), (2, 1.0), (3, 1.5)):
        if len(chosen := np.flatnonzero(kind == number)):
            strips[chosen] = blurred(strips[chosen], sigma)
    for index in np.flatnonzero(kind == 4):
        strips[index] = _coarse(strips[index], generator)
    shape = (len(strips), 1, 1)
    shade = np.clip(strips / INK, 0, 1)
    shade = np.power(shade, np.exp(generator.normal(0, 0.25, shape)).astype(np.float32))
    shade *= generator.uniform(0.75, 1.4, shape).astype(np.float32)
    level = np.where(generator.random(shape) < 0.4, generator.uniform(0, 0.13, shape), 0)
    noise = generator.standard_normal(strips.shape, np.float32)
    if len(coarse := np.flatnonzero(generator.random(len(strips)) < 0.5)):
        noise[coarse] = 1.6 * blurred(noise[coarse], 0.7, side=3)
    shade = shade + noise * level.astype(np.float32)
    return np.asarray(np.clip(shade * INK, 0, INK), np.uint8)


def _moved(strip: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """A line as a camera shows it that moved, most likely sideways or up."""
    angle = generator.choice([0.0, np.pi / 2, generator.uniform(0, np.pi)])
    reach = generator.uniform(1, _FARTHEST_MOVE)
    x, y = reach * np.cos(angle), reach * np.sin(angle)
    way = np.zeros((2 * _FARTHEST_MOVE + 1, 2 * _FARTHEST_MOVE + 1), np.float32)
    middle = _FARTHEST_MOVE
    draw_line(way, (middle - x, middle - y), (middle + x, middle + y), 1)
    return np.asarray(cv2.filter2D(strip, -1, way / way.sum()))


def _coarse(strip: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """A line as fewer pixels show it, sometimes black and white ones."""
    height, width = strip.shape
    share = generator.uniform(0.42, 0.85)
    size = (max(8, round(share * width)), max(8, round(share * height)))
    small = cv2.resize(strip, size, interpolation=cv2.INTER_AREA)
    if generator.random() < 0.4:
        small = np.where(small > 0.4 * INK, np.float32(INK), np.float32(0))
    way = cv2.INTER_NEAREST if generator.random() < 0.35 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small, (width, height), interpolation=way))
