"""Frames are decoded to rows of digits, and rows are as believable as the frames make them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_digits.digits import NOTHING
from keras_digits.reading.decoding import row_probabilities, spots


def frames_of(*answers: int, belief: float = 0.9) -> np.ndarray:
    """Frames that believe these answers most."""
    beliefs = np.full((len(answers), NOTHING + 1), (1 - belief) / NOTHING, np.float32)
    beliefs[np.arange(len(answers)), answers] = belief
    return beliefs


def random_frames(seed: int, count: int) -> np.ndarray:
    weights = np.random.default_rng(seed).random((count, NOTHING + 1)) ** 4
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def collapsed(answers: tuple[int, ...]) -> tuple[int, ...]:
    """A row of frames' answers without repeats and nothings, by the definition."""
    return tuple(digit for digit, _ in itertools.groupby(answers) if digit != NOTHING)


def row_probability(beliefs: np.ndarray, row: list[int]) -> float:
    return float(row_probabilities([beliefs], [(0, row)])[0])


def test_runs_of_frames_are_digits() -> None:
    found = spots(frames_of(10, 3, 3, 10, 3, 7, 7, 7, 10))
    assert [spot.digit for spot in found] == [3, 3, 7]
    assert [spot.frame for spot in found] == pytest.approx([1.5, 4, 6])
    assert all(spot.confidence == pytest.approx(0.9) for spot in found)
    assert all(spot.probabilities.sum() == pytest.approx(1) for spot in found)


def test_nothing_is_no_digit() -> None:
    assert spots(frames_of(10, 10, 10)) == []
    assert row_probability(frames_of(10, 10), []) == pytest.approx(0.81)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), row=st.lists(st.integers(0, 2), max_size=3))
def test_row_s_probability_is_the_sum_over_all_ways_to_tell_it(seed: int, row: list[int]) -> None:
    beliefs = random_frames(seed, 4)
    ways = itertools.product(range(NOTHING + 1), repeat=4)
    expected = sum(
        np.prod([beliefs[frame, answer] for frame, answer in enumerate(way)], dtype=np.float64)
        for way in ways
        if collapsed(way) == tuple(row)
    )
    assert row_probability(beliefs, row) == pytest.approx(expected, rel=1e-5)


def test_views_and_rows_of_different_lengths_are_told_apart_as_alone() -> None:
    views = [random_frames(seed, length) for seed, length in ((1, 9), (2, 4), (3, 7))]
    rows = [[], [2], [2, 2], [1, 0, 1]]
    asked = list(itertools.product(range(len(views)), rows))
    alone = [row_probability(views[view], row) for view, row in asked]
    np.testing.assert_allclose(row_probabilities(views, asked), alone, rtol=1e-9)


def test_doubt_at_a_digit_s_border_leaves_it_believable() -> None:
    beliefs = frames_of(10, 4, 4, 4, 10, belief=0.999)
    beliefs[1, [4, NOTHING]] = beliefs[3, [4, NOTHING]] = 0.4999
    assert row_probability(beliefs, [4]) > 0.98


def test_another_digit_beside_it_makes_a_row_doubtful() -> None:
    beliefs = frames_of(10, 4, 4, 10, 10, belief=0.999)
    beliefs[4, [1, NOTHING]] = 0.45, 0.54
    assert row_probability(beliefs, [4]) < 0.6
