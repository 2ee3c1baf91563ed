"""How long work tells how far it is. Knows no screen."""

from collections.abc import Callable
from typing import TypeAlias

ReportProgress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is to do."""
