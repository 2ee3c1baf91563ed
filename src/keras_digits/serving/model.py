"""What the server has loaded: a network, what it promises, and what is known of it."""

import hashlib
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from keras_digits.declining import DEFAULT_MAX_ERROR, Promises
from keras_digits.errors import ModelFileError
from keras_digits.reading.accepting import Acceptance
from keras_digits.reading.catalogue import network_path, shipped_networks
from keras_digits.reading.network import Network, read_network

_USUAL_ERRORS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Promises that people may choose from."""

_PREFIX = "keras_digits."


@dataclass(frozen=True, eq=False)
class Model:
    """A network's file and what it says of itself.

    Attributes:
        raw: The file's bytes, from which processes start whatever becomes of the file.
        promises: As :class:`keras_digits.reading.network.Network` has them.
        facts: What ``GET /v1/model`` tells.
    """

    raw: bytes
    promises: Mapping[str, Promises]
    facts: Mapping[str, Any]

    def acceptance(self, max_error: float | None) -> Acceptance:
        """Who judges by a promise.

        Raises:
            ModelFileError: The network can't make it.
        """
        return _acceptance(self, max_error)


@lru_cache(maxsize=16)
def _acceptance(model: Model, max_error: float | None) -> Acceptance:
    """Remembered, because finding thresholds takes longer than using them."""
    return Acceptance(model.promises, max_error)


def load(network: str | None) -> Model:
    """Look at a network's file.

    Args:
        network: As for :class:`keras_digits.reading.reader.Reader`.

    Raises:
        ModelFileError: It can't be used.
    """
    path = network_path(network)
    raw = read_network(path)
    opened = Network(raw, str(path))
    shipped = {one.path: one for one in shipped_networks().values()}.get(path)
    figures = shipped.figures() if shipped else None
    facts = {
        "name": shipped.name if shipped else path.name,
        "version": opened.metadata.get(f"{_PREFIX}version"),
        "network": opened.metadata.get(f"{_PREFIX}network"),
        "run": opened.metadata.get(f"{_PREFIX}run"),
        "num_weights": figures["num_weights"] if figures else None,
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "arithmetic": opened.metadata.get(f"{_PREFIX}arithmetic"),
        "temperature": float(opened.metadata.get(f"{_PREFIX}temperature", "1")),
        "reads_lines": opened.reads_lines,
        "default_max_error": DEFAULT_MAX_ERROR,
        "promises": _usual_promises(opened.promises),
        "figures": figures,
        "card": _card(path, is_alone=shipped is None),
    }
    return Model(raw, opened.promises, facts)


def _card(path: Path, is_alone: bool) -> str | None:
    """The model card of a network's file; None without one, or where it can't be read.

    A ``README.md`` beside it is one in a run folder; elsewhere it may be about anything.
    """
    cards = [path.with_suffix(".md")]
    if not is_alone or path.with_name("recipe.json").is_file():
        cards.append(path.with_name("README.md"))
    for card in cards:
        with suppress(OSError):
            return card.read_text("utf-8", "replace")
    return None


def _usual_promises(promises: Mapping[str, Promises]) -> list[dict[str, float | None]]:
    """Of each usual promise, the confidences that it takes; none where it can't be made."""
    rows = []
    for max_error in _USUAL_ERRORS:
        try:
            thresholds = Acceptance(promises, max_error).thresholds
        except ModelFileError:
            continue
        finite = {name: one if math.isfinite(one) else None for name, one in thresholds.items()}
        rows.append({"max_error": max_error, **finite})
    return rows
