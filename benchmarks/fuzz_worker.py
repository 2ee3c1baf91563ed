"""The process that ``fuzz.py`` starts: reads what libFuzzer makes up, and keeps each input.

python benchmarks/fuzz_worker.py INPUTS FLAGS-OF-LIBFUZZER… CORPUS
"""

import sys
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["PIL", "keras_digits.reading"]):
    import PIL.Image

    PIL.Image.init()
    from keras_digits.reading.reader import Reader

from fuzz_inputs import MAX_PIXELS, keep


def main() -> None:
    """Fuzz; add the inputs to the file INPUTS."""
    warnings.simplefilter("ignore")
    reader = Reader(max_pixels=MAX_PIXELS)
    with Path(sys.argv.pop(1)).open("ab", buffering=0) as kept:

        def read(raw: bytes) -> None:
            keep(raw, kept)
            reader.read_few([raw], "auto")

        atheris.Setup(sys.argv, read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
