"""The API keeps what its description says, whatever is sent."""

import subprocess
import sys
from pathlib import Path

from servers import Server

_CHECK = "positive_data_acceptance"
"""Schemathesis takes any bytes for a picture; that those are refused is right."""

_CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
"""What refuses wrong data."""


def test_every_answer_is_as_the_description_says(server: Server) -> None:
    schemathesis = Path(sys.executable).with_name("schemathesis")
    flags = ["--checks", "all", "--exclude-checks", _CHECK, "--max-examples", "15", "--no-color"]
    done = subprocess.run(
        [
            *(schemathesis, "--config-file", _CONFIGURATION),
            *("run", f"{server.url}/openapi.json", *flags),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "Tested: 6" in done.stdout
