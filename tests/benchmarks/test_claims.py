"""A claim's ratio says how much better we are, and is held against its target the right way."""

import pytest
from claims import Claim, in_turn


@pytest.mark.parametrize(
    ("unit", "bound", "ours", "peers", "target", "ratio", "reached"),
    [
        ("s", "at least", 2.0, 10.0, 5.0, 5.0, True),
        ("s", "at least", 2.0, 10.0, 5.1, 5.0, False),
        ("s", "at least", 2.0, 10.0, None, 5.0, None),
        ("1/s", "at least", 10.0, 2.0, 2.0, 5.0, True),
        ("ms", "at most", 1.0, 10.0, 0.1, 0.1, True),
        ("MiB", "at most", 300.0, 200.0, 1.0, 1.5, False),
        ("1/s", "at most", 2.0, 1.0, 1.0, 0.5, True),
    ],
)
def test_ratio_is_held_against_its_target(
    unit: str,
    bound: str,
    ours: float,
    peers: float,
    target: float | None,
    ratio: float,
    reached: bool | None,
) -> None:
    claim = Claim("speed", "ours", "peer", unit, ours, peers, target, bound)
    assert claim.ratio == ratio
    assert claim.to_dict()["reached"] is reached


def test_sides_are_measured_in_turn_and_once_before() -> None:
    calls: list[str] = []

    def side(name: str) -> float:
        calls.append(name)
        return float(len(calls))

    found = in_turn({"a": lambda: side("a"), "b": lambda: side("b")}, 3, "sides")
    assert calls == ["a", "b"] * 4
    assert found["a"] == {"values": [3.0, 5.0, 7.0], "median": 5.0}
