"""How claims of speed are measured and kept: sides in turn, medians, a ratio, a target.

Each file in ``benchmarks/results`` that has ``claims`` gives docs/benchmarks.md as many rows.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.progress import track
from tutorial import console

LEAST_ROUNDS = 5
"""Of so many rounds a median is taken to be worth keeping."""


@dataclass(frozen=True)
class Claim:
    """Ours beside a peer's, measured in one run.

    Attributes:
        claim: What is claimed of, such as "one digit, warm, in process".
        ours: What we ran.
        peer: What the peer ran.
        unit: Of both values: ``s``, ``ms``, ``MiB``, ``1/s``.
        our_value: The median of ours.
        peer_value: The median of the peer's.
        target: What the ratio is to be; None where the peer is there for orientation.
        bound: Whether the ratio is to be ``at least`` or ``at most`` the target.
        num_rounds: How often each side had its turn.
        why: What keeps us from the target, where that is known; said where it isn't reached.
    """

    claim: str
    ours: str
    peer: str
    unit: str
    our_value: float
    peer_value: float
    target: float | None
    bound: str = "at least"
    num_rounds: int = LEAST_ROUNDS
    why: str = ""

    @property
    def ratio(self) -> float:
        """How many times as good as the peer we are, or for ``at most`` our share of the peer's."""
        is_rate, is_share = self.unit == "1/s", self.bound == "at most"
        return (
            self.our_value / self.peer_value
            if is_rate != is_share
            else self.peer_value / self.our_value
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, with the ratio and whether the target was reached."""
        reached = None
        if self.target is not None:
            is_share = self.bound == "at most"
            reached = self.ratio <= self.target if is_share else self.ratio >= self.target
        return {**asdict(self), "ratio": self.ratio, "reached": reached}


def in_turn(
    sides: Mapping[str, Callable[[], float]], num_rounds: int, words: str
) -> dict[str, dict[str, Any]]:
    """What each side measures, round after round, once unmeasured before.

    Args:
        sides: By name what measures once.
        num_rounds: How often.
        words: What the progress bar says.

    Returns:
        By name the ``values`` and their ``median``.
    """
    for measure in sides.values():
        measure()
    values: dict[str, list[float]] = {name: [] for name in sides}
    for _ in track(range(num_rounds), words, console=console):
        for name, measure in sides.items():
            values[name].append(measure())
    return {
        name: {"values": found, "median": statistics.median(found)}
        for name, found in values.items()
    }


def clocked(work: Callable[[], object], times: int = 1) -> Callable[[], float]:
    """What measures the seconds that some work takes: the median of so many times."""

    def measure() -> float:
        seconds = []
        for _ in range(times):
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
        return statistics.median(seconds)

    return measure


def show(claims: Sequence[Claim]) -> None:
    """A line each."""
    for claim in claims:
        found = claim.to_dict()
        aim = "" if claim.target is None else f", {claim.bound} {claim.target:g} wanted"
        console.print(
            f"{claim.claim}, beside {claim.peer}: {claim.our_value:.4g} against "
            f"{claim.peer_value:.4g} {claim.unit}, ratio {found['ratio']:.3g}{aim}"
        )
