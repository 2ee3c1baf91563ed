"""Draw the pictures of the how-to, and what ``digits read`` shows of them; ``make docs`` runs it.

We drew them: a note under a lamp, a number on squared paper, a 7 as a drawing program leaves it, an
amount on ruled paper. Only the lines of writing are set with MNIST digits.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

DOCS = Path(__file__).resolve().parent
FOLDER = DOCS / "pictures"
sys.path.insert(0, str(DOCS.parent / "tests"))

from pen import write  # noqa: E402  # the pen that the tests draw with


def note() -> NDArray[np.uint8]:
    """Three numbers on paper, photographed under a lamp with the phone's shadow: RGB."""
    lines = [write(text, 70, 4, lean=0.15, margin=0) for text in ("40 75", "1 926", "38")]
    page = np.full((560, 640), 245, np.uint8)
    for line, (x, y) in zip(lines, ((120, 80), (150, 230), (110, 390)), strict=True):
        page[y : y + len(line), x : x + line.shape[1]] = line
    turn = cv2.getRotationMatrix2D((320, 280), 2.5, 1)
    page = cv2.warpAffine(page, turn, page.shape[::-1], borderValue=245)
    ink = (245 - page.astype(float))[..., None] / 215
    colours = (1 - ink) * np.array([244, 236, 218]) + ink * np.array([38, 52, 120])
    light = np.linspace(1, 0.55, 640)[None, :] * np.linspace(0.95, 0.8, 560)[:, None]
    shadow = np.zeros((560, 640), np.float32)
    cv2.rectangle(shadow, (330, 330), (640, 560), 1, -1)
    light *= 1 - 0.4 * cv2.GaussianBlur(shadow, (0, 0), 14)
    noise = np.random.default_rng(7).normal(0, 4, colours.shape)
    return np.asarray((colours * light[..., None] + noise).clip(0, 255), np.uint8)


def squared() -> NDArray[np.uint8]:
    """A number on a page of squared paper that lies aslant, in uneven light: RGB."""
    page = np.full((600, 800, 3), (242, 242, 236), np.float32)
    for place in range(10, 800, 32):
        cv2.line(page, (place, 0), (place, 600), (165, 180, 205), 1, cv2.LINE_AA)
        cv2.line(page, (0, place), (800, place), (165, 180, 205), 1, cv2.LINE_AA)
    number = write("60389", 78, 5, lean=0.2, margin=0)
    ink = ((245 - number.astype(np.float32)) / 215).clip(0, 1)[..., None]
    part = page[250 : 250 + len(number), 230 : 230 + number.shape[1]]
    part[:] = (1 - ink) * part + ink * np.array([35, 45, 110], np.float32)
    corners = np.array([[0, 0], [800, 0], [800, 600], [0, 600]], np.float32)
    seen = np.array([[-30, 10], [790, -35], [850, 610], [-10, 640]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    page = cv2.warpPerspective(page, matrix, (800, 600), borderMode=cv2.BORDER_REPLICATE)
    light = np.array([[1.0, 0.8, 0.6], [0.95, 0.9, 0.8], [0.7, 0.85, 1.0]], np.float32)
    light = cv2.resize(light, (800, 600), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(3).normal(0, 4, page.shape)
    return np.asarray((page * light[..., None] + noise).clip(0, 255), np.uint8)


def drawing() -> NDArray[np.uint8]:
    """A 7 drawn at 28x28 with a hard pencil of one pixel: grey."""
    seven = write("7", 17, 1, margin=4)
    canvas = np.full((28, 28), 255, np.uint8)
    canvas[1 : 1 + len(seven), 9 : 9 + seven.shape[1]] = np.where(seven > 140, 255, 0)
    return canvas


def amount() -> NDArray[np.uint8]:
    """An amount on ruled paper: grey."""
    page = write("2.480,-", 60, 5, spacing=0.16, lean=0.3, margin=24)
    for row in (20, len(page) - 22):
        page[row : row + 2] = np.minimum(page[row : row + 2], 120)
    return page


def lines() -> NDArray[np.uint8]:
    """Lines that the network in the package learned from, dark on light: grey."""
    from keras_digits import load_mnist
    from keras_digits.data.lines import Case, make_lines

    (images, labels), _ = load_mnist()
    generator = np.random.default_rng(4)
    case = Case(images[:10_000], labels[:10_000], generator)
    made = 255 - make_lines(case, 24, 96, generator).images
    cells = np.pad(
        np.repeat(np.repeat(made, 2, axis=1), 2, axis=2),
        ((0, 0), (0, 4), (0, 4)),
        constant_values=160,
    )
    rows = [np.hstack(list(cells[start : start + 4])) for start in range(0, 24, 4)]
    return np.asarray(np.vstack(rows), np.uint8)


def main() -> None:
    """Draw all, then read them as the how-to tells."""
    from keras_digits.cli import main as digits

    FOLDER.mkdir(exist_ok=True)
    cv2.imwrite(str(FOLDER / "note.jpg"), note()[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    cv2.imwrite(str(FOLDER / "squared.jpg"), squared()[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    cv2.imwrite(str(FOLDER / "seven.png"), drawing())
    cv2.imwrite(str(FOLDER / "amount.png"), amount())
    cv2.imwrite(str(FOLDER / "lines.png"), lines())
    pictures = [
        str(FOLDER / name) for name in ("note.jpg", "squared.jpg", "seven.png", "amount.png")
    ]
    sys.exit(digits(["read", *pictures, "--annotate", str(FOLDER), "--explain"]))


if __name__ == "__main__":
    main()
