"""What all views of a line say is added up."""

import numpy as np
import pytest

from keras_digits.digits import NOTHING, NUM_CLASSES, SIDE, Box, Digit
from keras_digits.reading.choosing import (
    Sight,
    apart,
    believable,
    choose_one,
    choose_rows,
)
from keras_digits.reading.views import Level, View


def sight(*answers: int, belief: float, left: float = 0.0) -> Sight:
    """A sight whose frames believe these answers, and as much as is left in nothing."""
    beliefs = np.zeros((len(answers), NOTHING + 1), np.float32)
    beliefs[:, NOTHING] = 1 - belief
    beliefs[np.arange(len(answers)), answers] += belief
    strip = np.zeros((SIDE, 4 * len(answers)), np.uint8)
    return Sight(View(strip, 1.0, 0.0, 1.0, left, Level(14.0)), beliefs)


def row(*sights: Sight) -> list[int]:
    return [spot.digit for spot in choose_rows([sights])[0].spots]


def rows_believed(*beliefs: float) -> list[list[Digit]]:
    """Rows of one digit on a page."""
    nothing, image = np.full(NUM_CLASSES, 0.1, np.float32), np.zeros((SIDE, SIDE), np.uint8)
    return [[Digit(1, belief, Box(0, 0, 9, 20), nothing, image)] for belief in beliefs]


def test_of_much_that_is_mostly_doubtful_only_what_is_certain_counts() -> None:
    grain = rows_believed(0.99, *[0.8] * 20)
    assert believable(grain) == grain[:1]
    for page in (rows_believed(*[0.99] * 7, *[0.8] * 13), rows_believed(0.99, *[0.8] * 5)):
        assert believable(page) == page
    doubtful = rows_believed(0.4, 0.9)
    assert believable(doubtful) == doubtful[1:]
    assert believable(rows_believed(0.3)) == believable([]) == []


def test_only_thing_in_a_picture_needs_less_belief() -> None:
    alone = rows_believed(0.4)
    assert believable(alone) == alone


def test_several_that_say_the_same_outweigh_one_that_says_else() -> None:
    one, other = sight(10, 3, 10, 8, 10, belief=0.97), sight(10, 3, 10, 6, 10, belief=0.8)
    assert row(one, other) == [3, 8]
    assert row(one, other, other) == [3, 6]


def test_digits_are_shown_in_the_view_that_believes_them_most() -> None:
    weak, strong = sight(10, 5, 10, belief=0.7), sight(10, 5, 10, belief=0.95)
    (chosen,) = choose_rows([[weak, strong, weak]])
    assert chosen.view is strong.view
    assert chosen.spots[0].confidence == pytest.approx(0.95)
    assert chosen.confidences == pytest.approx([0.95])


def test_disagreement_costs_confidence_and_certainty() -> None:
    (chosen,) = choose_rows([[sight(10, 1, 10, belief=0.9), sight(10, 7, 10, belief=0.8)]])
    assert [spot.digit for spot in chosen.spots] == [1]
    assert 0.4 * 0.9 < chosen.confidences[0] < 0.7 * 0.9
    assert not chosen.is_sure


def test_row_that_passes_over_an_upright_stroke_counts_for_less() -> None:
    without, with_one = sight(10, 3, 10, 10, belief=0.95), sight(10, 3, 10, 1, belief=0.7)
    stroke = [(12.0, 16.0)]  # where the last frame stands
    (usual,) = choose_rows([[without, with_one]])
    (chosen,) = choose_rows([[without, with_one]], [stroke])
    assert [spot.digit for spot in usual.spots] == [3]
    assert [spot.digit for spot in chosen.spots] == [3, 1]
    (alone,) = choose_rows([[without]], [stroke])
    assert [spot.digit for spot in alone.spots] == [3]
    assert choose_rows([[without]])[0].is_sure
    assert not alone.is_sure


def test_one_digit_is_the_one_in_the_middle() -> None:
    frames = sight(4, 10, 10, 9, 9, 10, 10, 4, belief=0.9)
    chosen = choose_one([frames], width=32)
    assert [spot.digit for spot in chosen.spots] == [9]
    assert chosen.spots[0].probabilities.argmax() == 9
    assert chosen.spots[0].frame == pytest.approx(3.5)


def test_one_digit_that_hardly_anything_speaks_for_is_none() -> None:
    assert choose_one([sight(10, 6, 10, belief=0.05)], width=12).spots == []
    assert len(choose_one([sight(10, 6, 10, belief=0.3)], width=12).spots) == 1


def test_digit_in_one_view_alone_is_believed_less_than_in_all() -> None:
    seen, unseen = sight(10, 4, 10, belief=0.9), sight(10, 10, 10, belief=0.9)
    (always,) = choose_one([seen, seen], width=12).confidences
    (once,) = choose_one([seen, unseen], width=12).confidences
    assert always == pytest.approx(0.9, abs=0.01)
    assert once == pytest.approx(0.9 * 0.5**0.5, abs=0.01)


@pytest.mark.parametrize(
    ("gaps", "counts"),
    [
        ((2, 3, 2), [4]),  # one number
        ((2, 30, 2), [2, 2]),  # two columns
        ((30, 2, 30, 2), [1, 2, 2]),
        ((30, 2), [1, 2]),
        ((30, 28, 33), [4]),  # a digit in each of its cells
        ((30,), [2]),  # nothing to hold it against
        ((2, 15, 2), [4]),  # thousands set apart
        ((-3, 30, -2), [2, 2]),  # digits that overlap
        ((), [1]),
    ],
)
def test_columns_are_numbers_of_their_own(gaps: tuple[int, ...], counts: list[int]) -> None:
    lefts = [0, *np.cumsum([14 + gap for gap in gaps])]
    believed, image = np.full(NUM_CLASSES, 0.1, np.float32), np.zeros((SIDE, SIDE), np.uint8)
    digits = [
        Digit(
            digit=7, confidence=0.9, box=Box(int(x), 5, 14, 20), probabilities=believed, image=image
        )
        for x in lefts
    ]
    numbers = apart(digits)
    assert [len(number) for number in numbers] == counts
    assert [digit for number in numbers for digit in number] == digits
