"""The contract that both wings share: what an image, a label and a probability are.

*   ``images``: uint8 ``(n, 28, 28)``, 0 is paper and 255 is ink, as MNIST has them.
*   ``labels``: uint8 ``(n,)``, 0 to 9, the truth.
*   ``probabilities``: float32 ``(n, 10)``, column ``d`` the belief in digit ``d``; rows sum to 1.

Knows no file format and no network.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

SIDE = 28
"""Height and width of an image in pixels."""

NUM_CLASSES = 10
"""The digits 0 to 9."""

PAPER, INK = 0, 255
"""The values of a pixel without any ink and of one full of it."""

Images: TypeAlias = NDArray[np.uint8]
"""uint8 ``(n, 28, 28)``, 0 paper, 255 ink."""

Labels: TypeAlias = NDArray[np.uint8]
"""uint8 ``(n,)``, 0 to 9."""

Probabilities: TypeAlias = NDArray[np.float32]
"""float32 ``(n, 10)``, rows sum to 1."""
