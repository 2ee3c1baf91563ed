"""All claims of speed, one after the other, for docs/benchmarks.md.

make bench    # the page too; under twenty minutes on two cores

python benchmarks/bench.py classify load    # some of them
"""

import subprocess
import sys
import time
from pathlib import Path

from tutorial import console

BENCHMARKS = (
    "fit",
    "quick",
    "command",
    "augment",
    "load",
    "classify",
    "read",
    "serve",
)
"""By name, in the order in which they run and stand on the page."""

MOST_MINUTES = 20

_FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Run all, or those named; one that fails is told and keeps no other from running."""
    names = sys.argv[1:] or [name for name in BENCHMARKS if _script(name).is_file()]
    if unknown := [name for name in names if not _script(name).is_file()]:
        console.print(f"[red]{unknown[0]} is no benchmark; expected {', '.join(BENCHMARKS)}.[/red]")
        sys.exit(2)
    started, failed = time.perf_counter(), []
    for place, name in enumerate(names, 1):
        console.rule(f"{place} of {len(names)}: {name}, after {_minutes(started):.1f} minutes")
        if subprocess.run([sys.executable, str(_script(name))], check=False).returncode != 0:
            failed.append(name)
    console.rule(f"{_minutes(started):.1f} minutes; at most {MOST_MINUTES} wanted")
    if failed:
        console.print(f"[red]Failed: {', '.join(failed)}. Run them alone to see why.[/red]")
        sys.exit(1)


def _script(name: str) -> Path:
    return _FOLDER / f"{name}.py"


def _minutes(since: float) -> float:
    return (time.perf_counter() - since) / 60


if __name__ == "__main__":
    main()
