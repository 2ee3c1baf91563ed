"""Lines of digits are written as people write, and what each frame shows is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from keras_digits.data import lines as lines_module
from keras_digits.data.datasets import Dataset
from keras_digits.data.lines import Case, make_batch, make_lines, make_single, single_answers
from keras_digits.digits import FRAME_WIDTH, NOTHING, SIDE


@pytest.fixture(scope="module")
def case(optdigits: Dataset) -> Case:
    labels = optdigits.train.known_labels()
    return Case(optdigits.train.images, labels, np.random.default_rng(0))


@pytest.mark.parametrize("width", [48, 96, 160])
def test_lines_have_an_answer_for_every_frame(case: Case, width: int) -> None:
    lines = make_lines(case, 40, width, np.random.default_rng(1))
    assert lines.images.shape == (40, SIDE, width)
    assert lines.images.dtype == np.uint8
    assert lines.answers.shape == (40, width // FRAME_WIDTH, NOTHING + 1)
    assert lines.answers.any(axis=2).all()


def test_same_generator_writes_the_same_lines(case: Case) -> None:
    one, same = (make_lines(case, 20, 96, np.random.default_rng(7)) for _ in range(2))
    other = make_lines(case, 20, 96, np.random.default_rng(8))
    np.testing.assert_array_equal(one.images, same.images)
    np.testing.assert_array_equal(one.answers, same.answers)
    assert not np.array_equal(one.images, other.images)


def test_digits_stand_where_the_answers_say(case: Case) -> None:
    lines = make_lines(case, 200, 96, np.random.default_rng(2))
    certain = lines.answers[:, :, NOTHING] == 0
    ink = lines.images.reshape(200, SIDE, -1, FRAME_WIDTH).mean(axis=(1, 3))
    per_digit = lines.answers[certain].sum(axis=1)
    assert certain.any(axis=1).mean() > 0.9
    assert ink[certain].mean() > 1.5 * ink[~certain].mean()
    assert (per_digit == 1).mean() > 0.8  # elsewhere digits overlap


def test_signs_words_and_brackets_are_no_digits(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, NDArray[np.float32]] = {}

    def seen(name: str) -> Callable[..., NDArray[np.float32]]:
        draw = getattr(lines_module, name)

        def draw_and_see(*arguments: Any) -> NDArray[np.float32]:
            drawn[name] = draw(*arguments)
            return drawn[name]

        return draw_and_see

    for name in ("draw_currencies", "draw_percents", "draw_letters", "draw_brackets"):
        monkeypatch.setattr(lines_module, name, seen(name))
    labels = np.tile(np.arange(10, dtype=np.uint8), 500)
    digits, ends = np.zeros((5000, SIDE, SIDE), np.float32), np.arange(5, 5001, 5)
    lines_module._mix_signs(digits, labels, ends - 5, ends, np.random.default_rng(0))
    is_none = labels == NOTHING
    counts = {name: len(images) for name, images in drawn.items()}
    assert np.count_nonzero(is_none) == sum(counts.values()) + counts["draw_brackets"]
    assert counts["draw_currencies"] == pytest.approx(75, abs=30)
    assert counts["draw_percents"] == pytest.approx(25, abs=15)
    assert counts["draw_letters"] == pytest.approx(80 * 3, abs=90)
    assert counts["draw_brackets"] == pytest.approx(40, abs=20)
    rows = np.pad(is_none.reshape(1000, 5), ((0, 0), (1, 1)))
    is_letter = (rows[:, 1:-1] & (rows[:, :-2] | rows[:, 2:])).ravel()
    assert np.count_nonzero(is_letter) == counts["draw_letters"]
    assert (digits[is_none & ~is_letter].max(axis=(1, 2)) > 200).all()
    assert (digits[is_letter].max(axis=(1, 2)) > 120).all()  # some are thin
    assert not digits[~is_none].any()
    are_read = (~is_none).reshape(1000, 5)
    assert are_read.any(axis=1).all()  # every line keeps a digit
    words = np.flatnonzero(is_none.reshape(1000, 5).sum(axis=1) > 2)
    assert len(words) > 20
    for one in are_read[words]:  # in one piece
        assert np.flatnonzero(np.diff(one, prepend=True, append=True)).size == 2


def test_letters_of_a_word_stand_closer_than_digits() -> None:
    def width_of(label: int) -> float:
        labels, widths = np.full(4, label, np.uint8), []
        for seed in range(60):
            strip = np.zeros((SIDE, 240), np.float32)
            answers = np.zeros((60, NOTHING + 1), np.uint8)
            digits = np.zeros((4, SIDE, SIDE), np.float32)
            digits[:, 4:24, 11:17] = 255
            generator = np.random.default_rng(seed)
            lines_module.Hand(generator, 240).write(strip, answers, digits, labels, left=20.0)
            inked = np.flatnonzero(strip.max(axis=0) > 80)
            widths.append(inked[-1] - inked[0])
        return float(np.mean(widths))

    assert width_of(NOTHING) < 0.74 * width_of(3)  # being smaller alone makes it 0.79


def test_batches_are_rows_of_one_width_with_about_the_pixels_asked_for(case: Case) -> None:
    for size in (3, 32, 100):
        batch = make_batch(case, size, np.random.default_rng(size))
        count, height, width = batch.images.shape
        assert (height, width) == (SIDE, 160)
        assert batch.answers.shape == (count, 40, NOTHING + 1)
        assert batch.answers.any(axis=2).all()
        assert count == max(4, round(size * 96 / 160))


def test_single_digits_are_lines_of_one(optdigits: Dataset) -> None:
    labels = optdigits.train.known_labels()
    lines = make_single(optdigits.train.images, labels, 40, np.random.default_rng(3))
    assert lines.images.shape == (40, SIDE, SIDE)
    middle = lines.answers[:, 3]
    assert (middle[:32, NOTHING] == 0).all()
    assert (middle[:32].sum(axis=1) == 1).all()
    assert (lines.answers[32:, :, NOTHING] == 1).all()  # a fifth shows no digits
    assert lines.answers[32:, :, :NOTHING].sum() == 0


def test_answers_of_single_digits_name_the_label_in_the_middle() -> None:
    answers = single_answers(np.array([4, 9], np.uint8))
    assert answers.shape == (2, 7, 11)
    assert answers[:, 3].argmax(axis=1).tolist() == [4, 9]
    assert answers[0, 2].nonzero()[0].tolist() == [4, NOTHING]
    assert answers[0, 0].nonzero()[0].tolist() == [NOTHING]


def test_digits_that_are_missing_are_not_written(optdigits: Dataset) -> None:
    labels = optdigits.train.known_labels()
    few = np.isin(labels, (3, 7))
    case = Case(optdigits.train.images[few], labels[few], np.random.default_rng(0))
    batch = make_batch(case, 24, np.random.default_rng(0))
    written = np.flatnonzero(batch.answers.any(axis=(0, 1)))
    assert written.tolist() == [3, 7, NOTHING]
