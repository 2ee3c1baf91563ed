"""How tall a line's digits are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_digits.reading.parts import digit_height


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=60))
def test_digits_are_as_tall_as_three_fifths_of_the_large_parts(heights: list[int]) -> None:
    large = [height for height in heights if height >= max(heights) / 2]
    assert digit_height(heights) == pytest.approx(np.percentile(large, 60))


def test_dots_and_dashes_do_not_make_digits_low() -> None:
    assert digit_height([2, 3, 40, 40, 40, 4, 2]) == 40
