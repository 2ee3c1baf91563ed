"""Our Reader in a process of its own: paths on stdin, a line each; what it took as JSON on stdout.

    python benchmarks/reader_worker.py [CORES] < paths.txt  ->  {"seconds": 1.9, "peak_mib": 160.2}

On as many cores as are named, else on all. The seconds are those of ``Reader.read_many``; imports
and loading the network come before. The memory is that of all its processes.
"""

import json
import os
import sys
import time

from memory import peak_mib, peak_mib_of_children

from keras_digits import Reader
from keras_digits.errors import DigitsError


def main() -> None:
    """Read every picture."""
    if sys.argv[1:]:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
    paths = sys.stdin.read().splitlines()
    reader = Reader()
    started = time.perf_counter()
    failed, helping_mib = 0, 0.0
    for index, result in enumerate(reader.read_many(paths)):
        failed += isinstance(result, DigitsError)
        if index % 100 == 0 or index == len(paths) - 1:
            helping_mib = max(helping_mib, peak_mib_of_children())
    seconds = time.perf_counter() - started
    peak = (peak_mib() or 0.0) + helping_mib
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "failed": failed}))


if __name__ == "__main__":
    main()
