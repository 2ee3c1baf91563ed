"""Forms of digits that MNIST's writers seldom used, made of its own digits and a few strokes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.drawing import bow, draw_way
from keras_digits.data.warping import Batch
from keras_digits.digits import INK, SIDE, Labels


def other_forms(batch: Batch, labels: Labels, generator: np.random.Generator) -> Batch:
    """Forms that MNIST's writers seldom used.

    Zeros with a loose end, ones with flag and foot, twos that begin with a curl, sevens with a
    bar, nines whose stem comes from the middle of the loop.
    """
    for index in np.flatnonzero((labels == 0) & (generator.random(len(labels)) < 0.2)):
        _add_loop(batch[index], generator)
    zeros = np.flatnonzero(labels == 0)
    if len(zeros):
        for index in np.flatnonzero((labels == 9) & (generator.random(len(labels)) < 0.25)):
            batch[index] = _nine_of(batch[generator.choice(zeros)], generator)
    for index in np.flatnonzero((labels == 2) & (generator.random(len(labels)) < 0.15)):
        _add_curl(batch[index], generator)
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
        is_long = generator.random() < 0.45  # as long as the stem, as many a European writes it
        reach = generator.uniform(0.65, 1.15) if is_long else generator.uniform(0.15, 0.6)
        length = reach * (bottom - top)
        angle = np.deg2rad(generator.uniform(40, 72) if is_long else generator.uniform(22, 65))
        end = (round(top_x - length * np.cos(angle)), round(top + length * np.sin(angle)))
        cv2.line(one, (round(top_x), top), end, INK, thick, cv2.LINE_AA)
    if kind > 0.5:
        left, right = generator.uniform(2, 7, 2)
        tilt = int(generator.integers(-1, 2))
        ends = (round(bottom_x - left), bottom + tilt), (round(bottom_x + right), bottom - tilt)
        cv2.line(one, *ends, INK, thick, cv2.LINE_AA)


def _add_loop(zero: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Draw the end of the pen's way at the top of a 0, in place, as quick hands leave it."""
    rows, columns = np.nonzero(zero > INK / 2)
    if len(rows) == 0:
        return
    top = int(rows.min()) + 1
    start = (round(float(columns[rows == rows.min()].mean())), top)
    reach, rise = generator.uniform(3, 9), generator.uniform(-4, 3)
    end = (round(start[0] + reach * generator.choice([-1, 1, 1])), round(top + rise))
    cv2.line(zero, start, end, INK, int(generator.integers(2, 4)), cv2.LINE_AA)


def _nine_of(zero: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """A 9 of a loop, for which a 0 is shrunk, and a stem from somewhere below it."""
    width, height = (int(side) for side in generator.integers((9, 8), (19, 14)))
    loop = cv2.resize(zero[3:25, 3:25], (width, height), interpolation=cv2.INTER_AREA)
    nine = np.zeros_like(zero)
    left, top = (SIDE - width) // 2, 3
    nine[top : top + height, left : left + width] = np.minimum(1.4 * loop, INK)
    rows, columns = np.nonzero(nine > INK / 2)
    if len(rows) == 0:
        return zero
    start_row = int(rows.max()) - int(generator.integers(0, 3))
    low = columns[rows >= start_row]
    start = np.array([low.min() + generator.random() * (columns.max() - low.min()), start_row])
    end = np.array([start[0] + generator.uniform(-7, 3), 24.0])
    middle = (start + end) / 2 + (generator.uniform(-1, 4), 0)
    draw_way(nine, bow(start, middle, end, 12), int(generator.integers(2, 4)))
    return nine


def _add_curl(two: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Begin a 2 with a curl, in place."""
    rows, columns = np.nonzero(two[:16] > INK / 2)
    if len(rows) == 0:
        return
    first = int(columns.argmin())
    centre = (int(columns[first]) + int(generator.integers(0, 3)), int(rows[first]) + 1)
    axes = tuple(int(side) for side in generator.integers(2, 5, 2))
    cv2.ellipse(two, centre, axes, 0, 0, 360, INK, int(generator.integers(1, 3)), cv2.LINE_AA)
