"""The networks that ship, by name: where each lies and what it is worth.

Each is ``weights/NAME.onnx`` with ``weights/NAME.json`` beside it, the figures that
:mod:`keras_digits.export.figures` wrote. Knows files alone, so that a list of them costs no import
that takes time.
"""

import json
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from keras_digits.errors import ModelFileError

DEFAULT_NAME = "digits"
"""The network that reads where nobody names one."""

_FOLDER = Path(str(files("keras_digits") / "weights"))


@dataclass(frozen=True)
class ShippedNetwork:
    """A network in the package.

    Attributes:
        name: What ``--network`` and ``Reader`` call it.
        path: Its ONNX file.
    """

    name: str
    path: Path

    @property
    def num_bytes(self) -> int:
        """How large the file is."""
        return self.path.stat().st_size

    def figures(self) -> dict[str, Any]:
        """What it is and what it is worth, as :func:`keras_digits.export.figures.figures` says."""
        figures: dict[str, Any] = json.loads(self.path.with_suffix(".json").read_text("utf-8"))
        return figures


def shipped_networks() -> dict[str, ShippedNetwork]:
    """The networks in the package by name, that which reads by default first."""
    paths = sorted(_FOLDER.glob("*.onnx"), key=lambda path: (path.stem != DEFAULT_NAME, path.stem))
    return {path.stem: ShippedNetwork(path.stem, path) for path in paths}


def network_path(network: str | Path | None) -> Path:
    """The absolute path of a network's file.

    Args:
        network: The name of one that ships, or the path of a file or of a run folder, which has a
            ``digits.onnx``; a string without folder and suffix is a name. By default the one that
            ships as ``digits``.

    Raises:
        ModelFileError: No network that ships has this name.
    """
    shipped = shipped_networks()
    if network is None:
        return shipped[DEFAULT_NAME].path
    path = Path(network)
    if isinstance(network, Path) or path.name != network or path.suffix:
        is_folder = os.path.isdir(path)  # noqa: PTH112  # Path's raises where a name is too long
        return (path / "digits.onnx" if is_folder else path).absolute()
    if network not in shipped:
        raise ModelFileError(
            f"no network called {network!r} ships; expected one of {', '.join(shipped)}, or a "
            "file such as runs/mine/digits.onnx. See them: digits weights"
        )
    return shipped[network].path
