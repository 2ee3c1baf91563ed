"""The reader: pictures in, numbers out.

Brings the rooms of ``reading`` together, for one picture and for thousands on all cores.
"""

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from operator import length_hint
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras_digits.digits import SIDE, Digit, Images, Probabilities, Reading
from keras_digits.errors import DigitsError, PictureError
from keras_digits.processor import num_cores
from keras_digits.reading.accepting import Acceptance
from keras_digits.reading.catalogue import network_path
from keras_digits.reading.choosing import apart, believable, best_row, join_digits
from keras_digits.reading.limits import MAX_PIXELS
from keras_digits.reading.looking import Seen, SeenLine, find, look_at
from keras_digits.reading.network import Network
from keras_digits.reading.normalising import normalise
from keras_digits.reading.outlining import brackets, outline, slashes, window
from keras_digits.reading.picture import silenced_decoders
from keras_digits.reading.sharing import Shared
from keras_digits.reading.signs import Written, without_doubles, without_signs
from keras_digits.reading.workers import Workers

LAYOUTS = ("auto", "digit", "number", "page")
"""What a picture may hold: unknown, exactly one digit, one number, numbers in lines."""

_PICTURES_AT_ONCE = 16
"""Pictures whose lines are read together: enough to keep the network busy."""

_PIXELS_AT_ONCE = 2_000_000
"""Fewer are read together once they have so many pixels, because their ink is kept meanwhile."""

_FEWEST_A_THREAD, _MOST_A_THREAD = 8, 128
"""Pictures a thread that are read before the first is given: few at the beginning and where they
are large, so that nobody waits; else enough to keep all threads busy."""

_LONG = 0.5
"""Seconds of a round from which on the next one has fewer pictures."""

_MOST_THREADS = 8
"""More threads would wait for Python's lock, and hold more pictures."""

_ALONE = 64
"""So many pictures are read without help: for fewer, starting processes would take longer."""

_MANY = 256
"""For so many, where that is known beforehand, help is called at once."""

_MOST_WORKERS = 2
"""A process that helps holds about 100 MiB."""


class Reader:
    """Reads handwritten digits in pictures.

    Args:
        network: The name of a network that ships (see ``digits weights``), or the path or the
            bytes of a ``digits.onnx`` that ``digits train`` wrote; by default the first that ships.
        max_error: Of the answers accepted, at most this share is to be wrong, on pictures like
            those that :mod:`keras_digits.calibrating` makes; by default one in twenty, or no
            promise where a network can't make it.
        max_pixels: The largest picture that is read.
        num_threads: How many threads may work at once, by default one a core; with 1, no further
            process helps either.

    Raises:
        ModelFileError: `network` is unknown, missing, or no network that can be used, or it can't
            promise what is asked for.
        ValueError: `max_error` is no share between 0 and 1, or `num_threads` is below 1.
    """

    def __init__(
        self,
        network: str | Path | bytes | None = None,
        max_error: float | None = None,
        max_pixels: int = MAX_PIXELS,
        num_threads: int | None = None,
    ) -> None:
        if num_threads is not None and num_threads < 1:
            raise ValueError(f"num_threads is {num_threads}; expected 1 or more, or None.")
        self._num_threads = num_threads or num_cores()
        source = network if isinstance(network, bytes) else network_path(network)
        self._network = Network(source, num_threads=self._num_threads)
        self._max_error, self._max_pixels = max_error, max_pixels
        self._acceptance = Acceptance(self._network.promises, max_error)
        self._line_network = (
            self._network if self._network.reads_lines else Network(network_path(None))
        )

    def least_error(self, layout: str = "auto") -> float | None:
        """The smallest `max_error` under which some numbers are accepted.

        Args:
            layout: As for :meth:`read`.

        Returns:
            A share; None for a network that came without what a promise needs.
        """
        return self._acceptance.least_error(layout)

    def read(self, picture: Any, layout: str = "auto") -> Reading:
        """Read the numbers in one picture.

        Args:
            picture: A path, a file's bytes, a Pillow image or an array, as
                :func:`keras_digits.reading.picture.load_picture` takes it.
            layout: One of ``LAYOUTS``. ``auto`` and ``page`` read every number, ``number`` the
                one number there is, ``digit`` exactly one digit.

        Returns:
            The reading; without numbers where there is nothing that looks like one.

        Raises:
            PictureError: `picture` can't be decoded.
            ValueError: `layout` is unknown.
        """
        (result,) = self.read_many([picture], layout)
        if isinstance(result, DigitsError):
            raise result
        return result

    def read_many(
        self, pictures: Iterable[Any], layout: str = "auto"
    ) -> Iterator[Reading | DigitsError]:
        """Read many pictures, a few at a time, on all cores.

        Args:
            pictures: Each as for :meth:`read`; taken up as they are needed.
            layout: As for :meth:`read`.

        Yields:
            For each picture in turn its reading, or the error that it would have raised.

        Raises:
            ValueError: `layout` is unknown.
        """
        if layout not in LAYOUTS:
            raise ValueError(f"layout is {layout!r}; expected one of {', '.join(LAYOUTS)}.")
        return self._read_stream(iter(pictures), layout, length_hint(pictures) >= _MANY)

    def classify(self, images: Images) -> Probabilities:
        """What the network believes of images as MNIST makes them.

        Args:
            images: uint8 ``(n, 28, 28)``, 0 paper, 255 ink.

        Returns:
            float32 ``(n, 10)``, rows sum to 1.

        Raises:
            ValueError: `images` has another shape or dtype.
        """
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"images is {images.dtype} {images.shape}; expected uint8 (n, {SIDE}, {SIDE}), "
                "0 paper, 255 ink."
            )
        return self._network.probabilities(images)

    def _read_stream(
        self, pictures: Iterator[Any], layout: str, are_many: bool
    ) -> Iterator[Reading | DigitsError]:
        """The loop of :meth:`read_many`: a few pictures a thread at a time."""
        num_threads = min(_MOST_THREADS, self._num_threads)
        num_read, a_thread, workers = 0, _FEWEST_A_THREAD, None
        with ExitStack() as stack:
            threads = stack.enter_context(ThreadPoolExecutor(num_threads))
            while taken := list(itertools.islice(pictures, num_threads * a_thread)):
                if not workers and num_threads > 1 and (are_many or num_read >= _ALONE):
                    count = min(_MOST_WORKERS, num_threads - 1)
                    workers = stack.enter_context(
                        Workers(
                            count,
                            _start_worker,
                            (self._network.raw, self._max_error, self._max_pixels),
                        )
                    )
                    threads = stack.enter_context(ThreadPoolExecutor(num_threads + count))
                read = partial(self._read_here_or_there, layout=layout, workers=workers)
                few = _portions(taken, num_threads)
                started = time.perf_counter()
                with silenced_decoders():
                    if len(few) == 1:
                        results = [read(few[0])]
                    else:
                        with _one_thread_each:
                            results = list(threads.map(read, few))
                is_long = time.perf_counter() - started > _LONG
                a_thread = a_thread // 2 if is_long else 2 * a_thread
                a_thread = min(max(a_thread, _FEWEST_A_THREAD), _MOST_A_THREAD)
                num_read += len(taken)
                yield from itertools.chain.from_iterable(results)

    def _read_here_or_there(
        self, pictures: Sequence[Any], layout: str, workers: Workers | None
    ) -> list[Reading | PictureError]:
        """Read pictures in a process that is free for them, else here."""
        readings = workers.call(_read_in_worker, pictures, layout) if workers else None
        return self.read_few(pictures, layout) if readings is None else readings

    def read_few(self, pictures: Sequence[Any], layout: str) -> list[Reading | PictureError]:
        """Read a few pictures on this thread, as many together as memory allows.

        Args:
            pictures: Each as for :meth:`read`.
            layout: As for :meth:`read`.

        Returns:
            For each its reading, or the error that :meth:`read` would have raised.
        """
        readings: list[Reading | PictureError] = []
        together: list[Seen | PictureError] = []
        for picture in pictures:
            together.append(find(picture, layout, self._max_pixels))
            pixels = [one.ink.strength.size for one in together if isinstance(one, Seen)]
            if sum(pixels) > _PIXELS_AT_ONCE:
                readings += self._read_seen(together, layout)
                together = []
        return readings + self._read_seen(together, layout)

    def _read_seen(
        self, seen: Sequence[Seen | PictureError], layout: str
    ) -> list[Reading | PictureError]:
        """Read pictures whose lines are found together."""
        look_at([one for one in seen if isinstance(one, Seen)], self._line_network, layout)
        return [self._reading(one, layout) for one in seen]

    def _reading(self, seen: Seen | PictureError, layout: str) -> Reading | PictureError:
        """The numbers of a picture, as its layout wants them."""
        if isinstance(seen, PictureError):
            return seen
        written = [
            Written(
                is_low=line.found.is_lower,
                digits=self._digits(line, seen.scale),
                ink=seen.ink_of(line),
            )
            for line in seen.lines
        ]
        if layout != "digit":  # which may be in many pieces
            written = without_signs(written)
        found = without_doubles(written)
        if layout in ("auto", "page"):
            found = believable(list(itertools.chain.from_iterable(map(apart, found))))
        numbers = [join_digits(digits) for digits in found]
        if layout == "number" and numbers:
            numbers = [best_row(numbers)]
        return Reading(tuple(self._acceptance.judge(number, layout) for number in numbers))

    def _digits(self, line: SeenLine, scale: float) -> list[Digit]:
        """The digits of a line, with their boxes in the original picture."""
        chosen = line.chosen
        if chosen is None or not chosen.spots:
            return []
        outlines = outline(chosen.spots, chosen.view, line.found.parts, line.found.group)
        read = [spot.digit for spot in chosen.spots]
        signs = brackets(read, outlines) + slashes(read, outlines)
        found = [
            one
            for index, one in enumerate(
                zip(chosen.spots, chosen.confidences, outlines, strict=True)
            )
            if index not in signs
        ]
        digits = [
            Digit(
                digit=spot.digit,
                confidence=confidence,
                box=outlined.box.scaled(scale),
                probabilities=spot.probabilities,
                image=window(spot, chosen.view),
            )
            for spot, confidence, outlined in found
        ]
        if self._network is self._line_network or not digits:
            return digits
        images = np.stack([normalise(outlined.ink) for _, _, outlined in found])
        answers = zip(*self._network.classify(images), strict=True)
        return [
            replace(
                one,
                digit=int(probabilities.argmax()),
                confidence=min(one.confidence, float(probabilities.max() * is_digit)),
                probabilities=probabilities,
                image=image,
            )
            for one, image, (probabilities, is_digit) in zip(digits, images, answers, strict=True)
        ]


def _portions(pictures: Sequence[Any], num_threads: int) -> list[Sequence[Any]]:
    """Pictures in portions that shrink towards the end, so that all threads end at one time.

    Guided self-scheduling (Polychronopoulos and Kuck 1987).
    """
    portions, start = [], 0
    while start < len(pictures):
        fair = math.ceil((len(pictures) - start) / (2 * num_threads))
        portions.append(pictures[start : start + min(_PICTURES_AT_ONCE, fair)])
        start += len(portions[-1])
    return portions


@contextmanager
def _opencv_on_one_thread() -> Iterator[None]:
    """Keep OpenCV from starting threads of its own beside those that read."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


_one_thread_each = Shared(_opencv_on_one_thread)
"""OpenCV's number of threads belongs to the whole process, and so does this."""

_reader_of_worker: Reader | None = None
"""In a process that helps, its reader."""


def _start_worker(network: bytes, max_error: float | None, max_pixels: int) -> None:
    """Make a process ready to help."""
    global _reader_of_worker  # noqa: PLW0603  # what a process keeps between calls has no other place
    _reader_of_worker = Reader(network, max_error, max_pixels)
    cv2.setNumThreads(1)


def _read_in_worker(pictures: Sequence[Any], layout: str) -> list[Reading | PictureError]:
    """Read pictures for another process."""
    assert _reader_of_worker is not None
    with silenced_decoders():
        return _reader_of_worker.read_few(pictures, layout)
