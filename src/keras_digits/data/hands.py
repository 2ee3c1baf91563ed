"""How one hand sets digits on a line: sizes, lean, distances, and what stands between them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.drawing import bow, draw_way
from keras_digits.data.paper import draw_line
from keras_digits.data.warping import Batch
from keras_digits.digits import FRAME_WIDTH, INK, NOTHING, NUM_CLASSES, SIDE


class Hand:
    """How one line is written: sizes, lean, distances."""

    def __init__(self, generator: np.random.Generator, width: int) -> None:
        self._random = generator
        self._width = width
        self._height = float(np.clip(generator.normal(20, 2.8), 11, 27))
        kind = generator.random()
        self._lean = generator.normal(0, 0.08) if kind < 0.45 else generator.uniform(-0.25, 0.85)
        self._stretch = float(np.exp(generator.normal(0, 0.13)))
        self._unevenness = float(generator.choice([0.03, 0.07, 0.14]))
        self._gap = (
            generator.uniform(-0.12, 0.1)
            if generator.random() < 0.35
            else generator.uniform(0.05, 0.55)
        )
        if generator.random() < 0.06:
            self._gap = generator.uniform(0.5, 1.2)
        self._baseline = (SIDE + self._height) / 2 + generator.normal(0, 1.6)
        self._slope = generator.normal(0, 0.03)
        self._separates = generator.random() < 0.35
        self._joins = generator.random() < 0.16
        self._sizes, self._drops = np.ones(NUM_CLASSES + 1), np.zeros(NUM_CLASSES + 1)
        if generator.random() < 0.3:  # the zeros of an amount are small, on the line or above it
            self._sizes[0] = generator.uniform(0.5, 0.95)
            self._drops[0] = generator.uniform(-0.5, 0.5) * (1 - self._sizes[0])
        if generator.random() < 0.25:  # some digits hang below the line and others rise above it
            self._drops[[4, 7, 9]] += generator.uniform(0.05, 0.35)
            self._drops[[6, 8]] -= generator.uniform(0.0, 0.2)
        if generator.random() < 0.2:
            self._sizes[[1, 4, 7]] *= generator.uniform(1.0, 1.35)
        self._sizes[NOTHING] = generator.uniform(0.85, 1.35)
        self._capital = generator.uniform(0.8, 1.2)
        self._small = self._capital * generator.uniform(0.5, 0.75)
        self._letter_gap = generator.uniform(-0.1, 0.2)
        self._joins_letters = generator.random() < 0.6
        self._first, self._first_drop = 1.0, 0.0
        if generator.random() < 0.12:  # a large beginning, on the line or below it
            self._first = generator.uniform(1.05, 1.7)
            self._first_drop = generator.uniform(-0.5, 0.3) * (self._first - 1)

    def write(
        self,
        strip: NDArray[np.float32],
        answers: NDArray[np.uint8],
        digits: Batch,
        labels: NDArray[np.uint8],
        left: float | None = None,
    ) -> None:
        """Write digits into `strip`, all in place, until it is full or they end.

        The first begins at column `left`, where they then stand alone on the paper; by default near
        the strip's left end if they fill it, with the lines above and below looking in.

        Where things that are no digits stand beside each other, they are a word's letters.
        """
        random, is_alone = self._random, left is not None
        if left is None:
            is_full = len(digits) * 11 > 0.9 * self._width
            left = random.uniform(-14, 9) if is_full else random.uniform(-2, 0.6 * self._width)
        previous_end, joins = None, False
        letters = _are_letters(labels)
        pairs = zip(letters, np.append(letters, False)[1:], strict=True)
        for digit, label, (is_letter, is_next) in zip(digits, labels, pairs, strict=True):
            size, drop = self._size(label, previous_end is None, is_letter)
            patch, ink_left, ink_right = self._patch(digit, size)
            if patch is None:
                continue
            row = self._baseline - self._height / 2 + self._slope * (left - self._width / 2)
            row += self._height * (drop + random.normal(0, 0.6 * self._unevenness))
            _lay(strip, patch, round(left) - ink_left, round(row) - len(patch) // 2)
            if joins and previous_end is not None and random.random() < 0.6:
                self._join(strip, previous_end, left, row)
            previous_end = left + ink_right - ink_left
            self._tell(answers, label, left, previous_end)
            left = self._go_on(strip, previous_end, is_letter, is_next)
            joins = is_letter == is_next and (self._joins_letters if is_letter else self._joins)
            if left > self._width + 12:
                break
        else:
            if previous_end is not None and random.random() < 0.5:
                self._close(strip, left)
        if not is_alone:
            self._surround(strip, digits)

    def _go_on(
        self, strip: NDArray[np.float32], end: float, is_letter: bool, is_next: bool
    ) -> float:
        """Where writing goes on behind column `end`, a separator drawn between if there is one.

        What stood there is a word's letter or not, and so is what comes next.
        """
        random = self._random
        if is_letter and is_next:
            return end + self._height * float(self._letter_gap + random.normal(0, 0.05))
        if is_letter or is_next:
            return end + self._height * float(random.uniform(0.0, 0.9))
        if self._separates and random.random() < 0.3:
            return self._separate(strip, end)
        left = end + self._height * float(self._gap + random.normal(0, 0.07))
        return left + (self._height * random.uniform(0.3, 1.2) if random.random() < 0.05 else 0)

    def _size(self, label: int, is_first: bool, is_letter: bool) -> tuple[float, float]:
        """How large this hand writes a digit, and how far below its place, in heights."""
        if is_letter:
            size = self._small if self._random.random() < 0.65 else self._capital
            hangs = 0.3 * size if self._random.random() < 0.15 else 0.0
            return size, (1 - size) / 2 + hangs
        size, drop = self._sizes[label], self._drops[label]
        return (size * self._first, drop + self._first_drop) if is_first else (size, drop)

    def _patch(
        self, digit: NDArray[np.float32], size: float = 1.0
    ) -> tuple[NDArray[np.float32] | None, int, int]:
        """A digit in this hand's size and lean, and where its ink begins and ends."""
        rows = np.flatnonzero(digit.max(axis=1) > INK / 3)
        if len(rows) < 3:
            return None, 0, 0
        random = self._random
        columns = np.flatnonzero(digit.max(axis=0) > INK / 3)
        tall, wide = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
        height = self._height * size * np.exp(random.normal(0, self._unevenness))
        scale = height / max(tall, 0.62 * wide)
        across = scale * self._stretch * np.exp(random.normal(0, 0.06))
        lean = self._lean + random.normal(0, 0.05)
        side = int(np.ceil(1.45 * height)) + 6
        reach = int(np.ceil(wide * across + abs(lean) * side)) + 6
        middle_x, middle_y = (columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2
        matrix = np.array(
            [
                [across, -lean * scale, 0.0],
                [0.0, scale, side / 2 - scale * middle_y],
            ]
        )
        matrix[0, 2] = reach / 2 - across * middle_x + lean * scale * middle_y
        if scale < 0.8:
            digit = cv2.GaussianBlur(digit, (3, 3), 0.35 / scale)
        patch = cv2.warpAffine(digit, matrix, (reach, side))
        inked = np.flatnonzero(patch.max(axis=0) > INK / 3)
        if len(inked) == 0:
            return None, 0, 0
        return patch, int(inked[0]), int(inked[-1]) + 1

    def _tell(self, answers: NDArray[np.uint8], label: int, left: float, right: float) -> None:
        """Mark the frames that a digit from column `left` to `right` stands over."""
        if label == NOTHING:
            return
        half = max((right - left) / 2, 3.0)
        visible = (min(right, self._width) - max(left, 0)) / max(right - left, 1)
        if visible < 0.45:
            return
        middles = np.arange(len(answers)) * FRAME_WIDTH + FRAME_WIDTH / 2
        distance = np.abs(middles - (left + right) / 2)
        inner = distance <= max(0.3 * half, FRAME_WIDTH / 2)
        answers[distance <= 0.8 * half, label] = 1
        answers[(distance <= 0.8 * half) & ~inner, NOTHING] = 1
        if visible < 0.8:
            answers[inner, NOTHING] = 1

    def _separate(self, strip: NDArray[np.float32], after: float) -> float:
        """Draw a separator, and tell where writing goes on."""
        random, height = self._random, self._height
        x = after + height * random.uniform(0.1, 0.35)
        base = self._baseline + random.normal(0, 0.06 * height)
        kind = random.random()
        thick = max(1, round(height * random.uniform(0.05, 0.16)))
        if kind < 0.07:
            return self._operate(strip, x + 0.1 * height, min(thick, 3))
        if kind < 0.11:
            return self._slash(strip, x, min(thick, 3))
        if kind < 0.15:
            for raised in (random.uniform(0.05, 0.2), random.uniform(0.4, 0.65)):
                draw_line(strip, (x, base - raised * height), (x, base - raised * height), thick)
        elif kind < 0.6:
            end = (x - random.uniform(0, 0.15) * height, base + random.uniform(0, 0.12) * height)
            draw_line(strip, (x, base), end, thick)
        elif kind < 0.8:
            end = (
                x - random.uniform(0.05, 0.2) * height,
                base + random.uniform(0.1, 0.35) * height,
            )
            draw_line(strip, (x, base - 0.05 * height), end, thick)
        elif kind < 0.95:
            level = base - height * random.uniform(0.3, 0.6)
            length = height * random.uniform(0.25, 0.7)
            draw_line(
                strip, (x, level), (x + length, level + random.normal(0, 1)), max(1, thick - 1)
            )
            x += length
        else:
            draw_line(strip, (x, base - height), (x, base - 0.75 * height), max(1, thick - 1))
        return float(x + height * random.uniform(0.1, 0.45))

    def _slash(self, strip: NDArray[np.float32], x: float, thick: int) -> float:
        """Draw a stroke that leans more than this hand's ones, and tell where writing goes on."""
        random, height = self._random, self._height
        foot = self._baseline + height * random.uniform(0.05, 0.3)
        top = self._baseline - height * random.uniform(1.1, 1.4)
        wide = max((self._lean + random.uniform(0.35, 0.65)) * (foot - top), 0.1 * height)
        draw_line(strip, (x, foot), (x + wide, top), thick)
        return float(x + wide + height * random.uniform(-0.1, 0.3))

    def _operate(self, strip: NDArray[np.float32], x: float, thick: int) -> float:
        """Draw a plus or an equals sign, and tell where writing goes on."""
        random, height = self._random, self._height
        wide = height * random.uniform(0.4, 0.8)
        level = self._baseline - height * random.uniform(0.35, 0.6)
        apart = height * random.uniform(0.18, 0.35)
        if random.random() < 0.6:
            self._dash(strip, x, x + wide, level, thick)
            tall = wide * random.uniform(0.8, 1.2) / 2
            middle = x + wide * random.uniform(0.4, 0.6)
            tilt = self._lean * random.uniform(0, 1) * tall
            draw_line(strip, (middle + tilt, level - tall), (middle - tilt, level + tall), thick)
        else:
            for place in (level - apart / 2, level + apart / 2):
                self._dash(strip, x, x + wide, place, thick)
        return float(x + wide + height * random.uniform(0.2, 0.5))

    def _join(self, strip: NDArray[np.float32], end: float, start: float, row: float) -> None:
        """Draw the way of a pen that was not lifted between two digits."""
        random, height = self._random, self._height
        first = (end - random.uniform(0, 0.3) * height, row + random.uniform(-0.5, 0.5) * height)
        last = (start + random.uniform(0, 0.3) * height, row + random.uniform(-0.5, 0.3) * height)
        sag = ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2 + random.normal(0, 0.12) * height)
        draw_way(strip, bow(first, sag, last, 8), int(random.integers(1, 3)))

    def _close(self, strip: NDArray[np.float32], left: float) -> None:
        """Draw what people close an amount with: a dash, two, crossed ones, a stop, a stroke."""
        random, height = self._random, self._height
        thick = max(1, round(height * random.uniform(0.05, 0.14)))
        is_small = random.random() < 0.4  # raised, as over the line that stands for cents
        length = height * (random.uniform(0.2, 0.5) if is_small else random.uniform(0.3, 1.8))
        raised = random.uniform(0.55, 1.1) if is_small else random.uniform(0.3, 0.65)
        x, level = left + random.uniform(-0.35, 0.2) * height, self._baseline - height * raised
        kind = random.random()
        self._dash(strip, x, x + length, level, thick)
        if kind < 0.45:
            apart = height * random.uniform(0.12, 0.35)
            end = x + length * random.uniform(0.7, 1.2)
            self._dash(strip, x + random.normal(0, 0.06) * height, end, level + apart, thick)
            for place in random.uniform(0.2, 0.8, int(random.choice([0, 0, 0, 1, 2]))):
                foot = (x + place * length, level + apart * random.uniform(1.3, 2.2))
                head = (foot[0] + height * random.uniform(0, 0.3), level - apart * random.random())
                draw_line(strip, foot, head, thick)
        elif kind < 0.65:
            draw_line(strip, (left, self._baseline), (left, self._baseline + 1), thick + 1)

    def _dash(
        self, strip: NDArray[np.float32], start: float, end: float, level: float, thick: int
    ) -> None:
        """Draw a stroke across, straight or bent."""
        tilt, sag = self._random.normal(0, 0.07, 2) * self._height
        middle = ((start + end) / 2, level + 2 * sag)
        draw_way(strip, bow((start, level), middle, (end, level + tilt), 6), thick)

    def _surround(self, strip: NDArray[np.float32], digits: Batch) -> None:
        """Let the lines above and below look in."""
        random = self._random
        for above in (True, False):
            if random.random() > 0.1 or len(digits) == 0:
                continue
            apart = self._height * random.uniform(1.0, 1.6)
            row = self._baseline - self._height / 2 + (-apart if above else apart)
            left = random.uniform(-10, self._width)
            for digit in digits[-int(random.integers(1, 4)) :]:
                patch, ink_left, ink_right = self._patch(digit)
                if patch is not None:
                    y = round(row) - len(patch) // 2
                    _lay(strip, patch, round(left) - ink_left, y)
                    left += ink_right - ink_left + self._height * 0.2


def _are_letters(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of a line's things are no digits and stand beside others of their kind."""
    is_none = np.pad(labels == NOTHING, 1)
    return np.asarray(is_none[1:-1] & (is_none[:-2] | is_none[2:]))


def _lay(strip: NDArray[np.float32], patch: NDArray[np.float32], x: int, y: int) -> None:
    """Lay ink over ink, in place; what is outside is lost."""
    height, width = strip.shape
    top, left = max(0, y), max(0, x)
    bottom, right = min(height, y + patch.shape[0]), min(width, x + patch.shape[1])
    if bottom > top and right > left:
        part = strip[top:bottom, left:right]
        np.maximum(part, patch[top - y : bottom - y, left - x : right - x], out=part)
