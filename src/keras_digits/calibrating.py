"""Finding out, on digits that a network did not learn from, how far its confidence can be trusted.

The result goes into the metadata of ``digits.onnx``: the temperature that its logits are divided
by, and what was measured of answers by their confidence, from which a reader takes the thresholds
that keep a promise (:mod:`keras_digits.declining`).

The pictures are drawn independently, each from digits drawn at random; so what is promised is
promised of pictures that are made in this way of these digits, and of others as far as they are
like them. Numbers are measured one a picture, as ``layout="number"`` reads them.
"""

import difflib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keras_digits.data.augmentation import handwriting
from keras_digits.data.formats import Digits
from keras_digits.data.lines import Case
from keras_digits.data.numbers import draw_digit, draw_number, draw_other
from keras_digits.declining import Promises
from keras_digits.digits import Labels, Reading
from keras_digits.errors import DigitsError
from keras_digits.progress import ReportProgress
from keras_digits.reading.network import Network, energies
from keras_digits.reading.reader import Reader

NUM_SINGLE, NUM_NUMBERS = 15_000, 6_500
"""Pictures read of one digit and of a number; on fewer than 4,380 without a mistake, one error in a
thousand can't be promised."""

_SINGLE_A_DIGIT, _NUMBERS_A_DIGIT = 3, 1.5
"""At most so many for each held-out digit, because more would say little new."""

_OTHERS_SHARE, _NO_DIGIT = 0.05, ""
"""The share of pictures of one thing that show no digit, and what they say; so an answer to one of
them is wrong."""

_MOST_DIGITS = 7
"""The longest number, in digits."""

_TEMPERATURES = np.geomspace(0.25, 4, 401)


def measure_temperature(path: Path, held_out: Digits, seed: int) -> float:
    """The temperature of a network, on digits as they are and as other hands and cameras have them.

    Args:
        path: A ``digits.onnx``.
        held_out: Digits that it did not learn from.
        seed: Decides how they are changed.

    Returns:
        What its logits are to be divided by, from 0.25 to 4.
    """
    images, labels = held_out.images, held_out.known_labels()
    changed = handwriting(images, labels, np.random.default_rng(seed))
    logits = Network(path).logits(np.concatenate([images, changed]))
    return fit_temperature(logits, np.concatenate([labels, labels]))


def measure_promises(
    path: Path, held_out: Digits, seed: int, report_progress: ReportProgress | None = None
) -> dict[str, Promises]:
    """Read pictures made of held-out digits, and count right answers by their confidence.

    The pictures are independent given the digits, each of which is in up to three of one digit;
    so the bound is about pictures of these very digits. Their temperature is fitted on them too.

    ``single`` and ``number`` count at most one answer a picture. ``digit`` counts up to seven, and
    these tend to be wrong together, while the bound of :mod:`keras_digits.declining` takes them as
    independent. On 6,500 numbers of MNIST's test digits, the variance of the share of errors of an
    earlier network that shipped was 1.2 times what it then would be (the design effect) where all
    are counted, and as it would be from a confidence of 0.99 on.

    Args:
        path: A ``digits.onnx``, its temperature set.
        held_out: Digits that it did not learn from.
        seed: Decides the pictures.
        report_progress: Told how many of the pictures are read.

    Returns:
        What was measured, by :data:`keras_digits.reading.accepting.PROMISES`.
    """
    # Whoever measures on more of them, because fewer did not suffice, meets none of those again.
    generator = np.random.default_rng((seed, NUM_SINGLE))
    reader = Reader(path)
    case = Case(held_out.images, held_out.known_labels(), generator)
    num_single = min(NUM_SINGLE, round(_SINGLE_A_DIGIT * len(held_out)))
    num_numbers = min(NUM_NUMBERS, round(_NUMBERS_A_DIGIT * len(held_out)))
    num_others = round(_OTHERS_SHARE * num_single)
    count = itertools.count(1)

    def report() -> None:
        if report_progress:
            report_progress("", next(count), num_single + num_numbers)

    singles = itertools.chain(
        (draw_digit(case, generator) for _ in range(num_single - num_others)),
        ((draw_other(generator), _NO_DIGIT) for _ in range(num_others)),
    )
    read_singles = _read(reader, singles, "digit", report)
    lengths = generator.integers(1, _MOST_DIGITS + 1, num_numbers)
    numbers = (draw_number(case, int(length), generator) for length in lengths)
    read_numbers = _read(reader, numbers, "number", report)
    return {
        "single": _counted(_whole(read_singles)),
        "number": _counted(_whole(read_numbers)),
        "digit": _counted(_digit_by_digit(read_numbers)),
    }


def fit_temperature(logits: NDArray[np.float32], labels: Labels) -> float:
    """What to divide logits by so that their softmax is as likely as can be.

    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks" (2017), section 4.2.

    Args:
        logits: float32 ``(n, 10)``.
        labels: uint8 ``(n,)``, 0 to 9.

    Returns:
        From 0.25 to 4.
    """
    return float(min(_TEMPERATURES, key=lambda one: _mean_loss(logits / one, labels)))


def _mean_loss(logits: NDArray[np.floating], labels: Labels) -> float:
    """Cross-entropy of a softmax over logits, in nats."""
    return float((energies(logits) - logits[np.arange(len(labels)), labels]).mean())


def _read(
    reader: Reader,
    drawn: Iterable[tuple[NDArray[np.uint8], str]],
    layout: str,
    report: Callable[[], None],
) -> list[tuple[Reading, str]]:
    """What was read in pictures, drawn as they are needed, and what stands in them."""
    texts: list[str] = []

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for picture, text in drawn:
            texts.append(text)
            yield picture

    pairs = []
    for index, reading in enumerate(reader.read_many(pictures(), layout)):
        if isinstance(reading, DigitsError):
            raise reading
        pairs.append((reading, texts[index]))
        report()
    return pairs


def _whole(pairs: Sequence[tuple[Reading, str]]) -> Iterator[tuple[float, bool]]:
    """The confidence of each number that was read, and whether it is what was written."""
    for reading, text in pairs:
        for number in reading.numbers:
            yield number.confidence, number.text == text


def _digit_by_digit(pairs: Sequence[tuple[Reading, str]]) -> Iterator[tuple[float, bool]]:
    """The confidence of each digit that was read, and whether it stands in what was written."""
    for reading, text in pairs:
        found = [digit for number in reading.numbers for digit in number.digits]
        read = "".join(str(one.digit) for one in found)
        is_right = np.zeros(len(found), np.bool_)
        matcher = difflib.SequenceMatcher(None, read, text, autojunk=False)
        for block in matcher.get_matching_blocks():
            is_right[block.a : block.a + block.size] = True
        for one, right in zip(found, is_right, strict=True):
            yield one.confidence, bool(right)


def _counted(answers: Iterable[tuple[float, bool]]) -> Promises:
    """Answers by their confidence."""
    table = np.array([*answers], np.float64).reshape(-1, 2)
    return Promises.measure(table[:, 0], table[:, 1] > 0)
