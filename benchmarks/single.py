"""Claim: one digit is read however it was drawn or photographed, in any pen on any ground.

Digits of MNIST's test set, 30 of each kind. Those drawn in programs have the strokes of a test
digit's skeleton (Zhang and Suen 1984, by scikit-image), drawn anew in a pen of another width; those
photographed are its own, written on sheets as in ``sheets.py``. Everybody is told that there is one
digit. Writes ``benchmarks/results/single.json``.

    make peers                            # once
    python benchmarks/single.py           # some two minutes; then make docs
    python benchmarks/single.py --reuse   # anew for us alone, of the same pictures
    python benchmarks/single.py --only ours --out DIR
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from sheets import (
    NUM_SHEETS,
    SEED,
    Colour,
    File,
    Only,
    Out,
    Reuse,
    Sheet,
    Writer,
    compare,
    corners_of,
    described,
    mixed,
    warped,
)
from skimage.morphology import skeletonize

from keras_digits.digits import Images, Labels

EVERYBODY = ("tutorial", "inverted", "tesseract", "rapidocr", "ours")

_ENLARGED, _IS_INK = 84, 110
"""The side on which a skeleton is found, in pixels, and what there is ink."""

_NEXT = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Where a skeleton may go on from a pixel, rows and columns."""

_SMOOTHINGS = 3
"""So often each pixel of a skeleton moves half the way to the middle of its neighbours."""

_LEAST_CONTRAST = 70
"""How much lighter or darker than its ground a pen is, in grey levels of 255."""

_DESKS = ((70.0, 50.0, 40.0), (200.0, 190.0, 170.0), (90.0, 100.0, 110.0), (30.0, 30.0, 30.0))

_NOTES = (
    (240.0, 240.0, 235.0),
    (250.0, 240.0, 140.0),
    (250.0, 200.0, 205.0),
    (190.0, 150.0, 110.0),
)

_MARKERS = ((30.0, 60.0, 150.0), (20.0, 20.0, 20.0), (190.0, 35.0, 40.0), (30.0, 130.0, 60.0))

Segments: TypeAlias = NDArray[np.float64]
"""float64 ``(n, 2, 2)``, where straight strokes begin and end, columns and rows."""


class Artist(Writer):
    """Draws single digits as people do in programs."""

    def strokes(self, digit: int) -> Segments:
        """A test digit's skeleton, upright, its height 1, about its own middle."""
        image = self._images[self.random.choice(self._places[digit])]
        large = cv2.resize(image, (_ENLARGED, _ENLARGED), interpolation=cv2.INTER_CUBIC)
        segments = _smooth(_segments(skeletonize(large > _IS_INK)))
        points = segments.reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        return np.asarray((segments - (low + high) / 2) / max(high[1] - low[1], 1.0))

    def colours(self) -> tuple[Colour, Colour]:
        """A ground and a pen that can be told from it."""
        while True:
            ground, pen = self.random.uniform(0, 255, (2, 3))
            if abs(float((pen - ground) @ (0.299, 0.587, 0.114))) > _LEAST_CONTRAST:
                return _colour(ground), _colour(pen)

    def draw(self, digit: int, ground: Sheet, pen: Colour, thickness: float) -> Sheet:
        """A digit somewhere on a ground, its strokes so thick, as a share of its height."""
        random, (height, width) = self.random, ground.shape[:2]
        size = height * random.uniform(0.45, 0.8)
        lean = np.array([[random.uniform(0.85, 1.15), random.normal(0, 0.1)], [0.0, 1.0]])
        segments = self.strokes(digit) @ lean.T * size
        reach = np.abs(segments).max(axis=(0, 1))
        room = np.maximum(np.array([width, height]) / 2 - reach - size * thickness / 2 - 1, 0)
        segments = segments + np.array([width, height]) / 2 + random.uniform(-room, room)
        mask = np.zeros((height, width), np.uint8)
        is_smooth = random.random() < 0.5
        for begin, end in np.round(16 * segments).astype(int).tolist():
            line_type = cv2.LINE_AA if is_smooth else cv2.LINE_8
            cv2.line(mask, begin, end, 255, max(1, round(size * thickness)), line_type, 4)
        share = mask[..., None].astype(np.float32) / 255
        return mixed(ground, pen, share)

    def canvas(self, ground: Colour) -> Sheet:
        """A ground of some size."""
        side = int(self.random.choice([64, 100, 200, 280, 400, 800]))
        return self.sheet(ground, (side, round(side * self.random.uniform(0.8, 1.4))))

    def thickness(self) -> float:
        """Of a pen, fine or broad."""
        return float(self.random.uniform(0.03, 0.15))


def _colour(values: NDArray[np.float64]) -> Colour:
    red, green, blue = values.tolist()
    return red, green, blue


def _segments(skeleton: NDArray[np.bool_]) -> Segments:
    """The steps from pixel to pixel of a skeleton; aslant only where there is no other way."""
    pixels = {(int(row), int(column)) for row, column in np.argwhere(skeleton)}
    steps = [
        ((column, row), (column + right, row + down))
        for row, column in sorted(pixels)
        for down, right in _NEXT
        if (row + down, column + right) in pixels
        and not (down and right and {(row, column + right), (row + down, column)} & pixels)
    ]
    return np.array(steps or [((column, row), (column, row)) for row, column in pixels], float)


def _smooth(segments: Segments) -> Segments:
    """Strokes without the steps of their pixels."""
    points, ends = np.unique(segments.reshape(-1, 2), axis=0, return_inverse=True)
    first, second = ends.reshape(-1, 2).T
    counts = np.bincount(ends.ravel(), minlength=len(points))
    for _ in range(_SMOOTHINGS):
        sums = np.zeros_like(points)
        np.add.at(sums, first, points[second])
        np.add.at(sums, second, points[first])
        moved = (points + sums / np.maximum(counts, 1)[:, None]) / 2
        points = np.where((counts == 2)[:, None], moved, points)
    return points[ends].reshape(-1, 2, 2)


def hairline(artist: Artist, digit: int) -> Sheet:
    """In a pen one pixel wide, 28 x 28, off centre."""
    return artist.draw(digit, artist.sheet((255.0,) * 3, (28, 28)), (0.0,) * 3, 0.0)


def black(artist: Artist, digit: int) -> Sheet:
    """Black on white, in a fine or a broad pen, small or large."""
    return artist.draw(digit, artist.canvas((255.0,) * 3), (0.0,) * 3, artist.thickness())


def coloured(artist: Artist, digit: int) -> Sheet:
    """In any two colours, one lighter."""
    ground, pen = artist.colours()
    return artist.draw(digit, artist.canvas(ground), pen, artist.thickness())


def grainy(artist: Artist, digit: int) -> Sheet:
    """In any two colours, one lighter, grainy."""
    picture = coloured(artist, digit)
    noise = artist.random.normal(0, artist.random.uniform(3, 12), picture.shape)
    return picture + noise.astype(np.float32)


def grid(artist: Artist, digit: int) -> Sheet:
    """On a program's grid, dark or light."""
    ground, pen = ((255.0,) * 3, (0.0,) * 3)[:: int(artist.random.choice([1, -1]))]
    canvas = artist.canvas(ground)
    step = max(8, int(len(canvas) * artist.random.uniform(0.06, 0.2)))
    canvas[::step] = canvas[:, ::step] = mixed(canvas[0, 0], pen, 0.15)
    return artist.draw(digit, canvas, pen, artist.thickness())


def shaded(artist: Artist, digit: int) -> Sheet:
    """On a ground that grows like the pen to one side."""
    ground, pen = artist.colours()
    canvas = artist.canvas(ground)
    share = np.linspace(0, 0.3, canvas.shape[1], dtype=np.float32)[None, :, None]
    return artist.draw(digit, mixed(canvas, pen, share), pen, artist.thickness())


def framed(artist: Artist, digit: int) -> Sheet:
    """In a frame of another colour."""
    picture = black(artist, digit)
    height, width = picture.shape[:2]
    thickness = int(artist.random.integers(1, 4))
    frame = _colour(artist.random.uniform(0, 200, 3))
    cv2.rectangle(picture, (0, 0), (width - 1, height - 1), frame, thickness)
    return picture if artist.random.random() < 0.5 else 255 - picture


def close_up(artist: Artist, digit: int) -> NDArray[np.uint8]:
    """Photographed close up, in any pen on any paper, ruled or not, unevenly lit."""
    random = artist.random
    height = int(random.integers(250, 600))
    paper, pen = (each[random.integers(len(each))] for each in (_NOTES, _MARKERS))
    sheet = artist.sheet(paper, (height, round(height * random.uniform(0.8, 1.5))))
    if random.random() < 0.4:
        pale = _colour(np.array(paper) * random.uniform(0.55, 0.85))
        artist.rule(sheet, int(height * random.uniform(0.08, 0.35)), pale)
    size = height * random.uniform(0.3, 0.7)
    artist.write(sheet, str(digit), size, pen, thick=int(random.integers(1 + int(0.06 * size))))
    shade, noise, tilt = (float(random.uniform(*one)) for one in ((0.1, 0.6), (1, 10), (1, 5)))
    return artist.photograph(sheet, shade=shade, noise=noise, tilt=tilt)


def aslant(artist: Artist, digit: int) -> NDArray[np.uint8]:
    """Photographed on a note of any colour on any desk, aslant."""
    random = artist.random
    note, pen = (each[random.integers(len(each))] for each in (_NOTES, _MARKERS))
    sheet = artist.sheet(note, (400, 500))
    artist.write(sheet, str(digit), float(random.uniform(120, 220)), pen, int(random.integers(8)))
    scene = artist.put_on(sheet, _DESKS[random.integers(len(_DESKS))])
    seen, first = corners_of(scene), int(random.integers(4))
    second = (first + 1) % 4
    shift = random.uniform(0.05, 0.2) * (seen[second] - seen[first])
    seen[first] += shift  # the far side is shorter
    seen[second] -= shift
    return artist.photograph(warped(scene, seen), shade=float(random.uniform(0.1, 0.5)))


KINDS: dict[str, Callable[[Artist, int], NDArray[np.generic]]] = {
    kind.__name__: kind
    for kind in (hairline, black, coloured, grainy, grid, shaded, framed, close_up, aslant)
}
"""How a digit is drawn or photographed, by name."""


def main(only: Only = None, out: Out = None, reuse: Reuse = False) -> None:
    """Draw and photograph single digits in every way, and let every peer read them."""
    words = described(KINDS.values())
    compare("single", words, _pictures, only, out, reuse, "digit", EVERYBODY)


def _pictures(images: Images, labels: Labels, folder: Path) -> Iterator[File]:
    """Make all pictures: drawings as PNG, or as JPEG where chance says so, photographs as JPEG."""
    for number, (kind, make) in enumerate(KINDS.items()):
        artist = Artist(images, labels, np.random.default_rng([SEED, 400 + number]))
        for index in range(NUM_SHEETS):
            digit = index % 10
            pixels = np.clip(make(artist, digit), 0, 255).astype(np.uint8)
            is_jpeg = make in (close_up, aslant) or artist.random.random() < 0.25
            path = folder / f"{kind}_{index:02}_{digit}.{'jpg' if is_jpeg else 'png'}"
            Image.fromarray(pixels).save(path, quality=int(artist.random.integers(50, 95)))
            yield File(kind, str(digit), path)


if __name__ == "__main__":
    typer.run(main)
