"""Claim: whatever bytes come as a picture, there is an answer or one clear refusal.

A coverage-guided fuzzer (Atheris, on libFuzzer) mutates small pictures of many formats 100,000
times, along the very path of a request's picture. A crash, an error that is no PictureError, more
than ten seconds, or memory that grows without end is a failure. Writes
``benchmarks/results/fuzz.json``.

    python benchmarks/fuzz.py    # five minutes; pip install atheris, which is for Linux
"""

import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from tutorial import ROOT, console, write_result

from keras_digits.training.environment import describe_environment

NUM_INPUTS = 100_000
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "ICO", "PCX", "JPEG2000")
_SECONDS_A_PICTURE = 10
_MOST_GROWTH = 100
"""MiB that memory may differ by: the fuzzer keeps a corpus, which grows."""

_WORKER = Path(__file__).with_name("fuzz_worker.py")


def main() -> None:
    """Fuzz in a process of its own, and keep what it told."""
    with tempfile.TemporaryDirectory() as place:
        corpus, told = Path(place) / "corpus", Path(place) / "told.json"
        corpus.mkdir()
        _write_seeds(corpus)
        flags = (f"-runs={NUM_INPUTS}", f"-timeout={_SECONDS_A_PICTURE}", "-rss_limit_mb=1000")
        started = time.perf_counter()
        with console.status(f"{NUM_INPUTS} inputs"):
            done = subprocess.run(
                [
                    sys.executable,
                    str(_WORKER),
                    str(told),
                    *flags,
                    "-max_len=4096",
                    "-seed=1",
                    str(corpus),
                ],
                capture_output=True,
                check=False,
                text=True,
                cwd=place,
            )
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])
        found = json.loads(told.read_text())
    growth = found["mebibytes_at_last"] - found["mebibytes_after_a_fifth"]
    if growth > _MOST_GROWTH:
        raise SystemExit(f"memory grew by {growth} MiB; at most {_MOST_GROWTH} are chance")
    result = {
        "inputs": sum(found[name] for name in ("read", "blank", "refused")),
        "seconds": time.perf_counter() - started,
        **found,
        "environment": describe_environment("none"),
    }
    console.print({name: one for name, one in result.items() if name != "environment"})
    write_result("fuzz", result)


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
