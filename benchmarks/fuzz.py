"""Claim: whatever bytes come as a picture, there is an answer or one clear refusal.

A coverage-guided fuzzer (Atheris, on libFuzzer) mutates small pictures of many formats 100,000
times, along the very path of a request's picture. Then a process that holds a reader and nothing
else reads all of it once more. A crash, an error that is no PictureError, more than ten seconds, or
memory that grows is a failure. Writes ``benchmarks/results/fuzz.json``.

    python benchmarks/fuzz.py    # a quarter of an hour; on Linux
"""

import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_inputs import kept_in
from PIL import Image
from tutorial import ROOT, console, write_result

from keras_digits.training.environment import describe_environment

NUM_INPUTS = 100_000
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "ICO", "PCX", "JPEG2000")
_A_ROUND = 10_000
"""Inputs that one process of the fuzzer makes up: it keeps much, so another goes on."""

_SECONDS_A_PICTURE = 10
_MOST_GROWTH = 16
"""MiB that memory may differ by."""

_FOLDER = Path(__file__).parent
_KEPT = ROOT / "build" / "fuzz-culprit"


def main() -> None:
    """Fuzz, and keep what came of it."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place, console.status(f"{NUM_INPUTS} inputs"):
        found = fuzz(NUM_INPUTS, Path(place))
    growth = found["mebibytes_at_last"] - found["mebibytes_after_a_fifth"]
    if growth > _MOST_GROWTH:
        raise SystemExit(f"memory grew by {growth} MiB; at most {_MOST_GROWTH} are chance")
    result = {
        **found,
        "seconds": time.perf_counter() - started,
        "environment": describe_environment("none"),
    }
    console.print({name: one for name, one in result.items() if name != "environment"})
    write_result("fuzz", result)


def fuzz(num_inputs: int, place: Path) -> dict[str, Any]:
    """Make inputs up, read them twice, and tell what came of them.

    Args:
        num_inputs: How many.
        place: A folder for them, some hundred bytes to four thousand each.

    Raises:
        SystemExit: Something came of one that should not; says what.
    """
    corpus, inputs, told = place / "corpus", place / "inputs", place / "told.json"
    corpus.mkdir()
    _write_seeds(corpus)
    for start in range(0, num_inputs, _A_ROUND):
        flags = (f"-runs={min(_A_ROUND, num_inputs - start)}", f"-seed={start + 1}")
        limits = (f"-timeout={_SECONDS_A_PICTURE}", "-rss_limit_mb=2000", "-max_len=4096")
        _run(place, "fuzz_worker.py", inputs, *flags, *limits, corpus)
    _run(place, "fuzz_reader.py", inputs, told)
    found: dict[str, Any] = json.loads(told.read_text())
    num_read = sum(found[name] for name in ("read", "blank", "refused"))
    distinct = len({hash(raw) for raw in kept_in(inputs)})
    return {"inputs": num_read, "distinct": distinct, **found}


def _run(place: Path, program: str, *arguments: str | Path) -> None:
    """Run one of the processes to its end."""
    command = [sys.executable, str(_FOLDER / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, cwd=place)
    if done.returncode:
        for culprit in (*place.glob("crash-*"), *place.glob("timeout-*"), *place.glob("oom-*")):
            _KEPT.parent.mkdir(exist_ok=True)
            _KEPT.write_bytes(culprit.read_bytes())
            console.print(f"The input is kept: {_KEPT}")
        raise SystemExit(done.stdout[-3000:] + done.stderr[-500:])


def _write_seeds(corpus: Path) -> None:
    """Small pictures of every format and colour mode."""
    sys.path.insert(0, str(ROOT / "tests"))
    from pen import write

    seven = Image.fromarray(write("7", height=24, thickness=3))
    for mode in ("L", "RGB", "RGBA", "P", "1", "CMYK", "I;16"):
        for kind in FORMATS:
            file = io.BytesIO()
            picture = (
                Image.fromarray(np.asarray(seven, np.uint16) * 257)
                if mode == "I;16"
                else seven.convert(mode)
            )
            try:
                picture.save(file, kind)
            except (OSError, ValueError, KeyError):  # a format without this mode
                continue
            name = f"{kind}-{mode}".replace(";", "")
            (corpus / name).write_bytes(file.getvalue())


if __name__ == "__main__":
    main()
