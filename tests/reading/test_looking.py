"""A sure line costs one look; a doubtful one is seen in every way that may settle it."""

import numpy as np
import pytest

from keras_digits.reading.catalogue import network_path
from keras_digits.reading.looking import Seen, find, look_at
from keras_digits.reading.network import Network
from pen import write


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(network_path(None))


def looked_at(page: np.ndarray, layout: str, network: Network) -> Seen:
    seen = find(page, layout, max_pixels=10**6)
    assert isinstance(seen, Seen)
    look_at([seen], network, layout)
    return seen


@pytest.mark.parametrize("layout", ["digit", "number", "auto"])
def test_one_look_is_enough_where_it_is_sure(layout: str, network: Network) -> None:
    (line,) = looked_at(write("3"), layout, network).lines
    assert len(line.sights) == 1


@pytest.mark.parametrize(("layout", "stretches"), [("digit", {1.0}), ("number", {0.8, 1.0, 1.25})])
def test_a_doubtful_row_is_seen_narrower_and_wider_too(
    layout: str, stretches: set[float], network: Network
) -> None:
    seen = [
        looked_at(one_over_another(*texts), layout, network)
        for texts in (("25", "52"), ("13", "31"), ("35", "53"), ("28", "85"), ("49", "64"))
    ]
    sights = [sight for one in seen for line in one.lines for sight in line.sights]
    assert {sight.view.stretch for sight in sights} == stretches


def one_over_another(first: str, second: str) -> np.ndarray:
    """Two numbers written in the same place, as nobody can read them surely."""
    pages = write(first), write(second)
    height, width = np.min([page.shape for page in pages], axis=0)
    both: np.ndarray = np.minimum(*(page[:height, :width] for page in pages))
    return both
