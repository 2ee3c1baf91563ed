"""The process that ``fuzz.py`` starts last: reads what was made up once more, and watches itself.

The fuzzer's own process grows by what the fuzzer keeps; this one holds a reader and nothing else.

python benchmarks/fuzz_reader.py INPUTS TOLD.json
"""

import json
import sys
import time
import warnings
from pathlib import Path

from fuzz_inputs import MAX_PIXELS, kept_in
from memory import resident_mib

from keras_digits.errors import PictureError
from keras_digits.reading.reader import Reader

_EVERY = 100


def main() -> None:
    """Read all inputs, and tell what came of them."""
    warnings.simplefilter("ignore")
    reader = Reader(max_pixels=MAX_PIXELS)
    counts = {"read": 0, "blank": 0, "refused": 0}
    memory: list[float] = []
    slowest = 0.0
    for number, raw in enumerate(kept_in(Path(sys.argv[1]))):
        started = time.perf_counter()
        (result,) = reader.read_few([raw], "auto")
        slowest = max(slowest, time.perf_counter() - started)
        if isinstance(result, PictureError):
            counts["refused"] += 1
            assert str(result).strip()
            assert "\n" not in str(result)
        else:
            counts["read" if result.numbers else "blank"] += 1
        if number % _EVERY == 0:
            memory.append(resident_mib() or 0.0)
    told = {
        **counts,
        "slowest_seconds": slowest,
        "mebibytes_after_a_fifth": round(memory[len(memory) // 5]),
        "mebibytes_at_last": round(memory[-1]),
    }
    Path(sys.argv[2]).write_text(json.dumps(told))


if __name__ == "__main__":
    main()
