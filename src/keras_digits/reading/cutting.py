"""A line of writing taken apart: pieces between cuts, and which runs of them may be one digit.

Every way to cut is kept that might be right; which one is, only the network's answers can tell.
A cut is a path from top to bottom that crosses as little ink as it can; between digits that stand
apart it crosses none. Over-segmentation as in LeCun, Bottou, Bengio, Haffner 1998, section V.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.reading.ink import stroke_width
from keras_digits.reading.strips import Line

MOST_PIECES = 6
"""A digit is at most this many pieces."""

_WIDEST = 1.45
"""A digit is at most this wide, as a share of the line's digit height."""

_LATERAL = 0.12
"""What a sideways step of a cut costs, in pixels of ink: straight cuts are liked better."""

_BARE = 0.1
"""A column without more ink than this is bare."""

_LEAST_INK = 4.0
"""A piece of less ink, in pixels of the strip, is none."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """Ink that may be one digit: a run of pieces.

    Attributes:
        first: The index of its first piece.
        last: The index after its last piece.
        ink: float32 ``(height, width)``, the strip's part that holds it, all other ink removed.
        left: Where in the strip `ink` begins.
        top: Likewise.
        amount: Its ink as a share of the line's ink.
        torn: How much ink the cut at its left goes through, in strokes; 0 where it is bare.
    """

    first: int
    last: int
    ink: NDArray[np.float32]
    left: int
    top: int
    amount: float
    torn: float

    @property
    def width(self) -> int:
        """In pixels of the strip."""
        return int(self.ink.shape[1])

    @property
    def height(self) -> int:
        """In pixels of the strip."""
        return int(self.ink.shape[0])


def cut_line(line: Line, through_ink: bool) -> list[Candidate]:
    """Every run of pieces of a line that may be one digit.

    Args:
        line: The line.
        through_ink: Whether to cut through ink too, as touching digits need, or only where
            columns are bare, which takes a tenth of the time.
    """
    strip = line.strip
    stroke = max(2.0, stroke_width((strip > 0.5).astype(np.uint8)))
    seams = _seams(strip, line.digit_height, 2 * stroke) if through_ink else _gaps(strip)
    owner = np.zeros(strip.shape, np.int32)
    columns = np.arange(strip.shape[1])[None, :]
    for seam in seams:
        owner += columns >= seam[:, None]
    rows = np.arange(len(strip))
    crossed = [float(strip[rows, np.minimum(seam, strip.shape[1] - 1)].sum()) for seam in seams]
    torn = np.array([0.0, *crossed]) / stroke
    return _candidates(strip, owner, torn, line.digit_height)


def _gaps(strip: NDArray[np.float32]) -> list[NDArray[np.intp]]:
    """Straight cuts through the middle of each run of bare columns, but those at the ends."""
    bare = np.concatenate([[True], strip.max(axis=0) < _BARE, [True]])
    changes = np.flatnonzero(np.diff(bare.astype(np.int8)))  # where ink begins and ends, in turn
    ends, begins = changes[1:-1:2], changes[2::2]
    return [
        np.full(len(strip), (end + begin) // 2) for end, begin in zip(ends, begins, strict=True)
    ]


def _candidates(
    strip: NDArray[np.float32],
    owner: NDArray[np.int32],
    torn: NDArray[np.float64],
    digit_height: float,
) -> list[Candidate]:
    """Runs of pieces; pieces of no ink are dropped, and the others numbered anew."""
    amounts = np.bincount(owner.ravel(), strip.ravel(), minlength=len(torn))
    found_boxes = [
        (int(piece), _box((owner == piece) & (strip > 0.3)))
        for piece in np.flatnonzero(amounts >= _LEAST_INK)
    ]
    kept = [piece for piece, box in found_boxes if box is not None]
    boxes = [box for _, box in found_boxes if box is not None]
    total = max(float(amounts[kept].sum()), 1e-6)
    before = [0, *kept[:-1]]  # a dropped piece's cuts count for its sides
    torn_of = [
        float(torn[last + 1 : piece + 1].min(initial=np.inf)) if piece > 0 else 0.0
        for last, piece in zip(before, kept, strict=True)
    ]
    found = []
    for first in range(len(kept)):
        for last in range(first + 1, min(first + MOST_PIECES, len(kept)) + 1):
            run = boxes[first:last]
            left, top = min(b[0] for b in run), min(b[1] for b in run)
            right, bottom = max(b[2] for b in run), max(b[3] for b in run)
            if right - left > _WIDEST * digit_height and last > first + 1:
                break
            area = (slice(max(0, top - 1), bottom + 1), slice(max(0, left - 1), right + 1))
            inside = (owner[area] >= kept[first]) & (owner[area] <= kept[last - 1])
            ink = strip[area] * inside
            amount = float(amounts[kept[first:last]].sum()) / total
            corner = max(0, left - 1), max(0, top - 1)
            found.append(Candidate(first, last, ink, *corner, amount, torn_of[first]))
    return found


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of what is set."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return (left, top, left + width, top + height) if width else None


def _seams(
    strip: NDArray[np.float32], digit_height: float, highest: float
) -> list[NDArray[np.intp]]:
    """Cuts from left to right, each the column of the first pixel right of it in every row.

    Args:
        strip: The line's ink.
        digit_height: How tall its digits are.
        highest: The most ink that a cut may cross, in pixels; a waist may be more.
    """
    middle = _middle_row(strip)
    down, steps_down = _cheapest_paths(strip[: middle + 1])
    up, steps_up = _cheapest_paths(strip[middle:][::-1])
    cost = down + up - strip[middle]
    places = _with_waists(strip, _minima(cost, 0.14 * digit_height, highest), digit_height)
    seams = []
    for place, is_waist in places:
        if is_waist:
            seams.append(np.full(len(strip), place, np.intp))
            continue
        upper = _trace(steps_down, middle, place)
        lower = _trace(steps_up, len(strip) - 1 - middle, place)
        seams.append(np.concatenate([upper, lower[::-1][1:]]))
    return seams


def _with_waists(
    strip: NDArray[np.float32], places: list[int], digit_height: float
) -> list[tuple[int, bool]]:
    """Cuts, and more of them straight through where ink is low between taller ink on both sides.

    Loops that touch, as in 00, cost as much to cut where they touch as anywhere; but there the
    outline has a waist.
    """
    inked = strip > 0.4
    rows = np.arange(len(strip))[:, None]
    top = np.where(inked, rows, len(strip)).min(axis=0)
    bottom = np.where(inked, rows, -1).max(axis=0)
    span = np.maximum(bottom - top + 1, 0).astype(np.float32)
    reach = max(2, round(0.35 * digit_height))
    near = max(2, round(0.1 * digit_height))
    cuts = [(place, False) for place in places]
    for column in range(1, len(span) - 1):
        here = span[column]
        window = span[max(0, column - near) : column + near + 1]
        if here == 0 or here > window.min():
            continue
        left, right = span[max(0, column - reach) : column], span[column + 1 : column + reach + 1]
        prominence = min(left.max(), right.max()) - here
        if prominence < 0.15 * digit_height:
            continue
        if all(abs(column - place) >= near for place, _ in cuts):
            cuts.append((column, True))
    return sorted(cuts)


def _middle_row(strip: NDArray[np.float32]) -> int:
    """The row with as much ink above it as below."""
    mass = np.cumsum(strip.sum(axis=1))
    return int(np.searchsorted(mass, mass[-1] / 2))


def _cheapest_paths(
    strip: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """The ink on the cheapest path from the first row to each pixel of the last.

    Returns:
        float32 ``(width,)``, and each path's last step at each pixel, int8 ``(height, width)``.
    """
    height, width = strip.shape
    steps = np.zeros((height, width), np.int8)
    padded = np.full(width + 2, np.inf, np.float32)
    padded[1:-1] = strip[0]
    for row in range(1, height):
        straight, left, right = padded[1:-1], padded[:-2], padded[2:]
        aside = np.minimum(left, right) + _LATERAL
        steps[row] = np.where(straight <= aside, 0, np.where(left <= right, -1, 1))
        padded[1:-1] = strip[row] + np.minimum(straight, aside)
    return padded[1:-1], steps


def _trace(steps: NDArray[np.int8], row: int, column: int) -> NDArray[np.intp]:
    """The columns of the cheapest path from the top edge to a pixel, top first."""
    path = np.empty(row + 1, np.intp)
    for place in range(row, -1, -1):
        path[place] = column
        column += int(steps[place, column])
    return path


def _minima(cost: NDArray[np.float32], least_distance: float, highest: float) -> list[int]:
    """Where cuts are cheap: the middle of each valley, the cheaper of two that stand close."""
    smooth = cv2.blur(cost[None, :], (3, 1))[0] + cost
    order = np.argsort(smooth, kind="stable")
    chosen: list[int] = []
    for place in _valleys(smooth, order):
        if cost[place] > highest:
            continue
        if all(abs(place - other) >= least_distance for other in chosen):
            chosen.append(place)
    return sorted(chosen)


def _valleys(smooth: NDArray[np.float32], order: NDArray[np.intp]) -> list[int]:
    """Middles of runs that are no higher than both neighbours, the lowest first."""
    found = []
    width = len(smooth)
    seen = np.zeros(width, bool)
    for place in order:
        if seen[place]:
            continue
        left = right = int(place)
        while left > 0 and abs(smooth[left - 1] - smooth[place]) < 0.1:
            left -= 1
        while right < width - 1 and abs(smooth[right + 1] - smooth[place]) < 0.1:
            right += 1
        seen[left : right + 1] = True
        higher_left = left == 0 or smooth[left - 1] > smooth[place]
        higher_right = right == width - 1 or smooth[right + 1] > smooth[place]
        if higher_left and higher_right and left > 0 and right < width - 1:
            found.append((left + right) // 2)
    return found
