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
    scribble = np.full((90, 120), 245, np.uint8)
    generator = np.random.default_rng(3)
    for x, y in generator.integers((15, 15), (100, 75), (40, 2)):
        scribble[y : y + 6, x : x + 6] = 30
    (line, *_) = looked_at(scribble, layout, network).lines
    assert {sight.view.stretch for sight in line.sights} == stretches
