"""Where in a picture's ink the lines of writing are: rules, borders and specks dropped.

Knows strokes and lines; what a line's pieces say is for others to tell.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.digits import Box
from keras_digits.reading.ink import Ink

STRIP_HEIGHT = 40
"""A line's digits are brought to about this height, in pixels, before they are taken apart."""

_MOST_PARTS = 600
"""More parts are texture, not writing; the largest count."""

_WIDEST_GAP = 2.2
"""Digits of one number are at most this far apart, in their height."""

_CORE = 75
_FLOOR = 0.4
_THICK = 0.07
_SLANTS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, eq=False)
class Line:
    """One line of writing, cut out and scaled.

    Attributes:
        strip: float32 ``(height, width)``, 0 paper, 1 ink: this line's ink alone.
        digit_height: How tall its digits are, in pixels of the strip; about ``STRIP_HEIGHT``.
        slant: How far the writing leaned to the right before it was set upright, columns by rows.
        shift: What a column of the strip gains besides, on the way back to the leaning writing.
        left: Where in the picture the strip begins, in pixels of the picture.
        top: Likewise.
        scale: Pixels of the picture that one pixel of the strip stands for.
        edges: Left, top, right and bottom of the whole picture, in pixels of the strip.
    """

    strip: NDArray[np.float32]
    digit_height: float
    slant: float
    shift: float
    left: float
    top: float
    scale: float
    edges: tuple[float, float, float, float]

    def box_of(self, ink: NDArray[np.float32], left: int, top: int, picture_scale: float) -> Box:
        """Where in the original picture a part of the strip is.

        Args:
            ink: float32 ``(height, width)``, what counts of that part.
            left: Where in the strip it begins.
            top: Likewise.
            picture_scale: Pixels of the original that one pixel of the picture stands for.
        """
        rows, columns = np.nonzero(ink > 0.3)
        if len(rows) == 0:
            rows, columns = np.nonzero(np.ones_like(ink))
        y = rows + top
        x = columns + left - self.slant * y + self.shift
        scale = self.scale * picture_scale
        first_x, first_y = self.left * picture_scale, self.top * picture_scale
        x0, x1 = first_x + scale * x.min(), first_x + scale * (x.max() + 1)
        y0, y1 = first_y + scale * y.min(), first_y + scale * (y.max() + 1)
        width, height = max(1, round(x1 - x0)), max(1, round(y1 - y0))
        return Box(max(0, round(x0)), max(0, round(y0)), width, height)


@dataclass(frozen=True, eq=False)
class _Part:
    """A connected piece of ink: its label, box and area in pixels."""

    label: int
    left: int
    top: int
    width: int
    height: int
    area: int

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def right(self) -> int:
        return self.left + self.width


def find_lines(ink: Ink) -> list[list[Line]]:
    """The lines of writing from top to bottom, printed rules left out.

    Returns:
        For each line the ways to see it: as it is written, and set upright where it leans.
    """
    labels, parts = _parts(_without_rules(ink.mask))
    groups = _group_lines(parts, labels.shape) if parts else []
    return [_ways_to_see(group, labels, ink) for group in groups]


def find_one(ink: Ink) -> list[list[Line]]:
    """All the ink as one line, for a picture that holds a single digit.

    What looks like a printed rule there may be the bar of a 5, so it is seen with and without.

    Returns:
        The line in all its ways; nothing where there is no ink.
    """
    whole, cleaned = ink.mask, _without_rules(ink.mask)
    ways = []
    for mask in [cleaned] if np.array_equal(whole, cleaned) else [cleaned, whole]:
        labels, parts = _parts(mask)
        if parts:
            ways += _ways_to_see(parts, labels, ink)
    return [ways] if ways else []


def _ways_to_see(parts: list[_Part], labels: NDArray[np.int32], ink: Ink) -> list[Line]:
    """A line as it is written, and set upright where it leans."""
    written = _cut_line(parts, labels, ink)
    slant = estimate_slant(written.strip)
    return [written] if slant == 0 else [written, _set_upright(written, slant)]


def _parts(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int32], list[_Part]]:
    """Which part each pixel belongs to, int32 ``(height, width)``, and the parts that count."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    parts = [_Part(label, *(int(v) for v in stats[label])) for label in range(1, count)]
    return labels, _without_specks(parts, mask.shape)


def stroke_width(mask: NDArray[np.uint8]) -> float:
    """The width of the strokes in a mask, in pixels: twice the ink by the length of its outline."""
    area = int(mask.sum())
    if area == 0:
        return 0.0
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=0)
    outline = area - int(inner.sum())
    return 2.0 * area / max(outline, 1) if outline < area else 1.0


def _without_rules(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask without printed rules and cell borders: thin, straight, from edge to edge."""
    cleaned = mask.copy()
    for horizontal in (True, False):
        seen = mask if horizontal else np.ascontiguousarray(mask.T)
        anywhere = horizontal or mask.shape[1] < 2 * mask.shape[0]
        rules = _rules(seen, anywhere)
        if rules is not None:
            cleaned &= ~(rules if horizontal else rules.T) & 1
    return cleaned if cleaned.sum() > 0.1 * mask.sum() else mask


def _rules(mask: NDArray[np.uint8], anywhere: bool) -> NDArray[np.uint8] | None:
    """Horizontal rules of a mask, where strokes cross them left standing.

    Args:
        mask: Turned so that the rules looked for are horizontal.
        anywhere: Whether they may lie within the picture, or only along its edges.
    """
    across, length = mask.shape
    bridged = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 7), np.uint8))
    least = max(8, round(0.2 * length))
    runs = cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    if not runs.any():
        return None
    thickest = max(2.0, 0.1 * across)
    margin = 0.01 * length + 1
    rules = np.zeros_like(mask)
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((3, max(3, least)), np.uint8))
    runs &= mask
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for label in range(1, count):
        left, top, run, _, _ = (int(v) for v in stats[label])
        bottom = top + int(stats[label][3])
        here = (labels == label) & (runs > 0)
        thickness = float(here.sum()) / max(1, int(here.any(axis=0).sum()))
        ends = (left <= margin) + (left + run >= length - margin)
        at_edge = top <= 0.06 * across or bottom >= 0.94 * across
        if here.any(axis=0).sum() < 0.75 * run:
            continue
        is_rule = ends == 2 and run > 0.9 * length and (anywhere or at_edge)
        is_rule |= at_edge and ends > 0 and run > max(0.5 * length, 2 * across)
        if is_rule and thickness <= (1.5 if at_edge else 1.0) * thickest:
            rules |= _straight_band(here) & mask
    return _spare_crossings(rules, mask) if rules.any() else None


def _straight_band(run: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The straight line along a run, as thick as the run mostly is: strokes that join it stay."""
    columns = np.flatnonzero(run.any(axis=0))
    thickness = run.sum(axis=0)[columns]
    usual = float(np.percentile(thickness, 40))
    middle = (run * np.arange(len(run))[:, None]).sum(axis=0)[columns] / thickness
    thin = thickness <= usual + 1
    slope, level = np.polyfit(columns[thin], middle[thin], 1)
    line = level + slope * np.arange(run.shape[1])
    distance = np.abs(np.arange(len(run))[:, None] - line[None, :])
    return (distance <= usual / 2 + 0.8).astype(np.uint8)


def _spare_crossings(rules: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels of rules with no stroke both above and below them in their column."""
    others = mask & ~rules & 1
    kernel = np.ones((5, 3), np.uint8)
    above = cv2.dilate(others, kernel, anchor=(1, 4))
    below = cv2.dilate(others, kernel, anchor=(1, 0))
    return rules & ~(above & below) & 1


def _without_specks(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Parts that are big enough beside the biggest, and no borders."""
    height, width = shape
    kept = []
    typical = _typical_height(parts, width, height) if parts else 0.0
    for part in parts:
        touches_side = part.left == 0 or part.right == width
        touches_end = part.top == 0 or part.bottom == height
        is_border = (touches_side and part.width <= 0.08 * width and part.height > 0.9 * height) or (
            touches_end and part.height <= 0.08 * height and part.width > 0.6 * width
        )
        is_frame = part.width > 0.9 * width and part.height > 0.9 * height and (
            part.area < 0.1 * width * height
        )
        touches = touches_side or touches_end
        is_thing = touches and max(part.width, part.height) > 8 * typical
        if not (is_border or is_thing or (is_frame and len(parts) > 1)):
            kept.append(part)
    if not kept:
        return []
    typical = _typical_height(kept, width, height)
    return [p for p in kept if max(p.height, p.width) >= 0.08 * typical and p.area >= 2]


def _typical_height(parts: list[_Part], width: int, height: int) -> float:
    """The height that most ink stands in, not counting what the picture's border cuts off."""
    inner = [
        p for p in parts if p.left > 0 and p.top > 0 and p.right < width and p.bottom < height
    ]
    if sum(p.area for p in inner) < 0.02 * sum(p.area for p in parts):
        inner = parts
    inner = sorted(inner, key=lambda part: part.height)
    areas = np.cumsum([part.area for part in inner])
    return float(inner[int(np.searchsorted(areas, areas[-1] / 2))].height)


def _group_lines(parts: list[_Part], shape: tuple[int, ...]) -> list[list[_Part]]:
    """Parts that stand beside one another, together; small ones with the line that they are in."""
    tall = 0.4 * _typical_height(parts, shape[1], shape[0])
    parts = sorted(parts, key=lambda part: -part.area)[:_MOST_PARTS]
    large = [part for part in parts if part.height >= tall]
    groups = _connected(_stand_together(large))
    line_of = np.zeros(len(large), int)
    for number, group in enumerate(groups):
        line_of[group] = number
    lines = [[large[index] for index in group] for group in groups]
    for part in (part for part in parts if part.height < tall):
        distances = _distances(part, large)
        nearest = int(np.argmin(distances))
        if distances[nearest] < 1:
            lines[line_of[nearest]].append(part)
    return _in_reading_order(lines)


def _stand_together(parts: list[_Part]) -> NDArray[np.bool_]:
    """Which large parts may belong to one number with which: bool ``(n, n)``."""
    left, top, width, height = np.array(
        [(part.left, part.top, part.width, part.height) for part in parts]
    ).T
    right, bottom = left + width, top + height
    shorter = np.minimum(height[:, None], height[None, :])
    taller = np.maximum(height[:, None], height[None, :])
    overlap = np.minimum(bottom[:, None], bottom[None, :]) - np.maximum(top[:, None], top[None, :])
    gap = np.maximum(left[:, None], left[None, :]) - np.minimum(right[:, None], right[None, :])
    return np.asarray(
        (overlap > 0.4 * shorter) & (gap < _WIDEST_GAP * taller) & (taller < 6 * shorter)
    )


def _connected(linked: NDArray[np.bool_]) -> list[list[int]]:
    """The groups of indices that are linked, directly or through others."""
    remaining = np.ones(len(linked), bool)
    groups = []
    while remaining.any():
        group = np.zeros(len(linked), bool)
        group[int(remaining.argmax())] = True
        while (grown := linked[group].any(axis=0) | group).sum() > group.sum():
            group = grown
        remaining &= ~group
        groups.append([int(index) for index in np.flatnonzero(group)])
    return groups


def _distances(part: _Part, large: list[_Part]) -> NDArray[np.float64]:
    """How far a small part is from each large one, in that one's height: float64 ``(n,)``."""
    left, top, width, height = np.array([(p.left, p.top, p.width, p.height) for p in large]).T
    beside = np.maximum(left, part.left) - np.minimum(left + width, part.right)
    above = np.maximum(top, part.top) - np.minimum(top + height, part.bottom)
    return np.asarray(np.maximum(beside, 2.5 * above) / height)


def _in_reading_order(lines: list[list[_Part]]) -> list[list[_Part]]:
    """Lines from top to bottom, and those side by side from left to right."""
    boxes = [
        (min(p.top for p in line), max(p.bottom for p in line), min(p.left for p in line))
        for line in lines
    ]
    order = sorted(range(len(lines)), key=lambda index: boxes[index][0] + boxes[index][1])
    rows: list[list[int]] = []
    for index in order:
        top, bottom, _ = boxes[index]
        if rows:
            first_top, first_bottom, _ = boxes[rows[-1][0]]
            overlap = min(bottom, first_bottom) - max(top, first_top)
            if overlap > 0.5 * min(bottom - top, first_bottom - first_top):
                rows[-1].append(index)
                continue
        rows.append([index])
    return [lines[i] for row in rows for i in sorted(row, key=lambda index: boxes[index][2])]


def _digit_height(parts: list[_Part]) -> float:
    """How tall a line's digits are: the typical height of its large parts."""
    heights = np.array([part.height for part in parts], float)
    large = heights[heights >= 0.5 * heights.max()]
    return float(np.percentile(large, 60))


def _cut_line(parts: list[_Part], labels: NDArray[np.int32], ink: Ink) -> Line:
    """A line's strip, its strokes wide enough to survive the scaling."""
    left, right = min(p.left for p in parts), max(p.right for p in parts)
    top, bottom = min(p.top for p in parts), max(p.bottom for p in parts)
    height = _digit_height(parts)
    margin = max(2, round(0.1 * height))
    left0, top0 = max(0, left - margin), max(0, top - margin)
    box = (slice(top0, bottom + margin), slice(left0, right + margin))
    wanted = np.zeros(int(labels.max()) + 1, np.uint8)
    wanted[[part.label for part in parts]] = 1
    mask = wanted[labels[box]]
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    strength = ink.strength[box] * near
    core = float(np.percentile(strength[mask > 0], _CORE))
    floor = _FLOOR * ink.threshold
    strip = np.clip((strength - floor) / max(core - floor, 1e-3), 0, 1).astype(np.float32)
    strip = _thickened(strip, mask, height)
    scale = height / STRIP_HEIGHT
    size = (max(2, round(strip.shape[1] / scale)), max(2, round(strip.shape[0] / scale)))
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    strip = np.clip(cv2.resize(strip, size, interpolation=way), 0, 1)
    picture_height, picture_width = ink.strength.shape
    edges = (
        -left0 / scale,
        -top0 / scale,
        (picture_width - left0) / scale,
        (picture_height - top0) / scale,
    )
    return Line(strip, STRIP_HEIGHT, 0.0, 0.0, left0, top0, scale, edges)


def _set_upright(line: Line, slant: float) -> Line:
    """A line whose writing leans to the right by `slant`, without that."""
    strip = _sheared(line.strip, slant)
    return replace(line, strip=strip, slant=slant, shift=-_shear_shift(line.strip, slant))


def estimate_slant(strip: NDArray[np.float32]) -> float:
    """How far writing leans to the right: columns by rows, 0 upright, 1 at 45 degrees.

    The shear under which ink gathers in the fewest columns (as in Vinciarelli and Luettin 2001).
    """
    height, width = strip.shape
    small = cv2.resize(strip, (max(4, width // 2), max(4, height // 2)), interpolation=cv2.INTER_AREA)
    scores = [_gathered(_sheared(small, slant)) - 0.02 * abs(slant) for slant in _SLANTS]
    return float(_SLANTS[int(np.argmax(scores))])


def _gathered(strip: NDArray[np.float32]) -> float:
    """How much a strip's ink gathers in few columns."""
    columns = strip.sum(axis=0)
    return float((columns**2).sum() / max(float(columns.sum()) ** 2, 1e-6) * len(strip))


def _sheared(strip: NDArray[np.float32], slant: float) -> NDArray[np.float32]:
    """A strip leaning to the right by `slant` set upright, on a canvas wide enough."""
    height, width = strip.shape
    matrix = np.array([[1.0, slant, _shear_shift(strip, slant)], [0.0, 1.0, 0.0]])
    reach = int(np.ceil(width + abs(slant) * height))
    return np.asarray(cv2.warpAffine(strip, matrix, (reach, height)))


def _shear_shift(strip: NDArray[np.float32], slant: float) -> float:
    """How many columns the top row moves to the right when a strip is set upright."""
    return -slant * (len(strip) - 1) if slant < 0 else 0.0


def _thickened(
    strip: NDArray[np.float32], mask: NDArray[np.uint8], height: float
) -> NDArray[np.float32]:
    """Hairlines on a tall line made wide enough that shrinking leaves them black."""
    missing = _THICK * height - stroke_width(mask)
    if missing < 1.5:
        return strip
    side = 2 * round(missing / 2) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(strip, kernel))
