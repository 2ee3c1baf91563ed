"""Whatever bytes a coverage-guided fuzzer makes up, they are read, blank or refused in one line."""

import platform
from pathlib import Path

import pytest
from fuzz import fuzz


@pytest.mark.slow
@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the fuzzer runs there"
)
def test_made_up_bytes_are_answered_or_refused(tmp_path: Path) -> None:
    found = fuzz(3000, tmp_path)
    assert found["inputs"] >= 3000
    assert min(found[name] for name in ("read", "blank", "refused")) > 100
    assert found["distinct"] > 1500
