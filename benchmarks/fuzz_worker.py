"""The process that ``fuzz.py`` starts: reads what libFuzzer makes up, and tells how it went.

python benchmarks/fuzz_worker.py TOLD.json FLAGS-OF-LIBFUZZER… CORPUS
"""

import json
import sys
import warnings
from pathlib import Path

import atheris
from memory import resident_mib

with atheris.instrument_imports(include=["PIL", "keras_digits.reading"]):
    import PIL.Image

    PIL.Image.init()
    from keras_digits.errors import PictureError
    from keras_digits.reading.reader import Reader

_EVERY = 1000
_told = Path(sys.argv.pop(1))
_reader = Reader(max_pixels=1_000_000)
_counts = {"read": 0, "blank": 0, "refused": 0}
_memory: list[int] = []


def read(raw: bytes) -> None:
    """Read one input; now and then write down how it goes."""
    (result,) = _reader.read_few([raw], "auto")
    if isinstance(result, PictureError):
        _counts["refused"] += 1
        assert str(result).strip()
    else:
        _counts["read" if result.numbers else "blank"] += 1
    if sum(_counts.values()) % _EVERY == 0:
        _memory.append(round(resident_mib() or 0))
        fifth = max(1, len(_memory) // 5)
        _told.write_text(
            json.dumps(
                {
                    **_counts,
                    "mebibytes_after_a_fifth": _memory[fifth - 1],
                    "mebibytes_at_last": _memory[-1],
                }
            )
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
