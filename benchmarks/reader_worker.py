"""Our Reader in a process of its own: paths on stdin, a line each; what it took as JSON on stdout.

    python benchmarks/reader_worker.py < paths.txt  ->  {"seconds": 1.9, "peak_mib": 160.2, ...}

The seconds are those of ``Reader.read_many``; imports and loading the network come before.
"""

import json
import sys
import time

from memory import peak_mib

from keras_digits import Reader
from keras_digits.errors import DigitsError


def main() -> None:
    """Read every picture."""
    paths = sys.stdin.read().splitlines()
    reader = Reader()
    started = time.perf_counter()
    failed = sum(isinstance(result, DigitsError) for result in reader.read_many(paths))
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib(), "failed": failed}))


if __name__ == "__main__":
    main()
