"""A pen that writes digits: the pictures that tests and documents need, drawn by ourselves."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "0": [
        [
            (0.32, 0.02),
            (0.1, 0.2),
            (0.04, 0.55),
            (0.14, 0.9),
            (0.34, 0.98),
            (0.54, 0.85),
            (0.6, 0.5),
            (0.54, 0.15),
            (0.34, 0.02),
        ]
    ],
    "1": [[(0.14, 0.22), (0.24, 0.14), (0.34, 0.02), (0.33, 0.35), (0.31, 0.7), (0.3, 1.0)]],
    "2": [
        [
            (0.06, 0.22),
            (0.14, 0.06),
            (0.34, 0.01),
            (0.54, 0.1),
            (0.55, 0.3),
            (0.4, 0.58),
            (0.2, 0.82),
            (0.05, 0.98),
        ],
        [(0.05, 0.97), (0.3, 0.96), (0.62, 0.97)],
    ],
    "3": [
        [(0.07, 0.12), (0.25, 0.02), (0.47, 0.06), (0.54, 0.22), (0.42, 0.42), (0.24, 0.48)],
        [(0.24, 0.48), (0.48, 0.53), (0.58, 0.72), (0.46, 0.94), (0.24, 0.99), (0.05, 0.9)],
    ],
    "4": [
        [(0.38, 0.02), (0.24, 0.3), (0.06, 0.62)],
        [(0.06, 0.63), (0.35, 0.63), (0.64, 0.61)],
        [(0.46, 0.36), (0.45, 0.7), (0.43, 1.0)],
    ],
    "5": [
        [(0.14, 0.04), (0.13, 0.25), (0.1, 0.46)],
        [
            (0.1, 0.45),
            (0.3, 0.38),
            (0.52, 0.48),
            (0.58, 0.7),
            (0.46, 0.93),
            (0.24, 0.99),
            (0.05, 0.92),
        ],
        [(0.14, 0.04), (0.35, 0.05), (0.57, 0.03)],
    ],
    "6": [
        [
            (0.48, 0.02),
            (0.28, 0.16),
            (0.12, 0.42),
            (0.06, 0.72),
            (0.16, 0.94),
            (0.36, 0.99),
            (0.54, 0.86),
            (0.55, 0.66),
            (0.4, 0.53),
            (0.2, 0.58),
            (0.08, 0.74),
        ]
    ],
    "7": [
        [(0.04, 0.06), (0.3, 0.05), (0.58, 0.04)],
        [(0.58, 0.04), (0.42, 0.38), (0.28, 0.7), (0.2, 1.0)],
    ],
    "8": [
        [
            (0.5, 0.14),
            (0.32, 0.02),
            (0.13, 0.1),
            (0.12, 0.28),
            (0.3, 0.45),
            (0.5, 0.6),
            (0.56, 0.8),
            (0.4, 0.98),
            (0.18, 0.95),
            (0.08, 0.78),
            (0.2, 0.58),
            (0.4, 0.42),
            (0.52, 0.26),
            (0.5, 0.14),
        ]
    ],
    "9": [
        [
            (0.52, 0.16),
            (0.36, 0.02),
            (0.14, 0.1),
            (0.08, 0.3),
            (0.2, 0.46),
            (0.4, 0.42),
            (0.52, 0.2),
        ],
        [(0.53, 0.1), (0.52, 0.4), (0.48, 0.7), (0.42, 1.0)],
    ],
    ".": [[(0.06, 0.96), (0.08, 0.98)]],
    ",": [[(0.1, 0.94), (0.08, 1.02), (0.03, 1.1)]],
    "-": [[(0.05, 0.55), (0.4, 0.54)]],
    "/": [[(0.45, 0.0), (0.05, 1.0)]],
    "(": [[(0.24, -0.15), (0.1, 0.1), (0.04, 0.45), (0.1, 0.8), (0.24, 1.1)]],
    ")": [[(0.04, -0.15), (0.18, 0.1), (0.24, 0.45), (0.18, 0.8), (0.04, 1.1)]],
    "%": [
        [
            (0.28, 0.1),
            (0.2, 0.02),
            (0.08, 0.06),
            (0.04, 0.18),
            (0.14, 0.28),
            (0.26, 0.22),
            (0.28, 0.1),
        ],
        [(0.68, 0.02), (0.36, 0.5), (0.06, 0.98)],
        [
            (0.7, 0.8),
            (0.62, 0.72),
            (0.5, 0.76),
            (0.46, 0.88),
            (0.56, 0.98),
            (0.68, 0.92),
            (0.7, 0.8),
        ],
    ],
}
"""Each character's strokes: points of a unit high box, x to the right and y down."""  # fmt: skip

_SPACE = 0.45


def encode(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file's bytes."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write(
    text: str,
    height: float = 60,
    thickness: float = 5,
    *,
    spacing: float = 0.25,
    lean: float = 0.0,
    margin: int = 20,
    ink: int = 30,
    paper: int = 245,
) -> NDArray[np.uint8]:
    """Write `text`, digits and separators, on a line of paper.

    Args:
        text: What to write.
        height: The digits' height in pixels.
        thickness: The pen's width in pixels.
        spacing: Between characters, as a share of the height; below 0 they touch.
        lean: How far the writing leans to the right, columns by rows.
        margin: Bare paper around, in pixels.
        ink: The pen's grey level.
        paper: The paper's grey level.

    Returns:
        uint8 ``(height, width)``, 0 black, 255 white.
    """
    lines: list[NDArray[np.float64]] = []
    x = 0.0
    for character in text:
        if character == " ":
            x += _SPACE
            continue
        strokes = [_smooth(stroke) for stroke in STROKES[character]]
        lines += [stroke + np.array([x, 0]) for stroke in strokes]
        x += max(float(stroke[:, 0].max()) for stroke in strokes) + spacing
    points = [
        np.stack([stroke[:, 0] + lean * (1 - stroke[:, 1]), stroke[:, 1]], axis=1) * height
        for stroke in lines
    ]
    everything = np.concatenate(points)
    low, high = everything.min(axis=0) - thickness / 2, everything.max(axis=0) + thickness / 2
    size = np.ceil(high - low).astype(int) + 2 * margin
    page = np.full((size[1], size[0]), paper, np.uint8)
    for stroke in points:
        place = np.round((stroke - low + margin) * 16).astype(np.int32)
        width = max(1, round(thickness))
        cv2.polylines(page, [place], False, ink, width, cv2.LINE_AA, shift=4)
    return page


def _smooth(points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """A Catmull-Rom curve through some points, float64 ``(n, 2)``."""
    knots = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        curve = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
        parts.append((curve + (3 * b - a - 3 * c + d) * t**3) / 2)
    return np.concatenate([*parts, knots[-1:]])


def climbing(page: NDArray[np.uint8], slope: float) -> NDArray[np.uint8]:
    """Written paper, its line falling by `slope`, rows by columns; below 0 it climbs."""
    height, width = page.shape
    rise = round(abs(slope) * width)
    fall = np.array([[1, 0, 0], [slope, 1, max(0, -slope) * width]])
    paper = int(page[0, 0])
    fallen = cv2.warpAffine(page, fall, (width, height + rise), borderValue=paper)
    return np.asarray(fallen, np.uint8)
