"""The connected pieces of a mask."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Part:
    """A connected piece of ink: its label, box and area in pixels."""

    label: int
    left: int
    top: int
    width: int
    height: int
    area: int

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """The first column right of it."""
        return self.left + self.width


def components(mask: NDArray[np.uint8]) -> tuple[int, NDArray[np.int32], list[Part]]:
    """The connected pieces of a mask: how many labels there are, each pixel's, and the pieces.

    Args:
        mask: uint8 ``(height, width)``, 1 where there is ink.

    Returns:
        The number of labels, that of paper among them; int32 ``(height, width)``, each pixel's
        label, 0 for paper; and the pieces.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    parts = [Part(label, *row) for label, row in enumerate(stats.tolist()) if label > 0]
    return count, np.asarray(labels), parts
