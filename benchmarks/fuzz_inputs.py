"""The file of inputs that one process of ``fuzz.py`` keeps and another reads."""

from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path

MAX_PIXELS = 1_000_000
"""The largest picture that either reads."""

_LENGTH_BYTES = 4
"""Before each input stands how long it is, in so many bytes."""


def keep(raw: bytes, file: RawIOBase) -> None:
    """Add an input."""
    file.write(len(raw).to_bytes(_LENGTH_BYTES, "big") + raw)


def kept_in(path: Path) -> Iterator[bytes]:
    """The inputs that are kept, one by one."""
    with path.open("rb") as file:
        while length := file.read(_LENGTH_BYTES):
            yield file.read(int.from_bytes(length, "big"))
