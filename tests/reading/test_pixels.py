"""Small measures are what they say, however they are taken."""

import numpy as np
import pytest

from keras_digits.reading.pixels import percentile


@pytest.mark.parametrize("shape", [(7, 9), (200, 300), (60_001,)])
@pytest.mark.parametrize("percent", [0, 0.02, 0.5, 50, 99.98, 100])
def test_percentile_is_the_least_value_that_so_many_are_no_greater_than(
    shape: tuple[int, ...], percent: float
) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    for some in (values, values[::2], values.astype(np.float32)):
        found = percentile(some, percent)
        assert found in some
        assert 100 * np.mean(some <= found) >= percent
        assert 100 * np.mean(some < found) < max(percent, 1e-9) or found == some.min()
