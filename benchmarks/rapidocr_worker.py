"""RapidOCR in its own environment: requests on stdin, answers on stdout, a JSON object a line.

    {"path": "7.png", "layout": "digit"}  ->  {"text": "7", "seconds": 0.05, "peak_mib": 180.1}

Recognition only, as a picture of one line wants it; a page also gets RapidOCR's detection, without
which it would see one line there. The models are those that come in its wheel. Of what it reads the
digits 0 to 9 are kept. Runs on the Python of ``build/peers``, so it imports nothing of ours.
"""

import json
import sys
import time

from memory import peak_mib
from rapidocr import RapidOCR


def main() -> None:
    """Answer until the requests end."""
    engine = RapidOCR(params={"Global.log_level": "error"})
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        is_page = request["layout"] == "page"
        output = engine(request["path"], use_det=is_page, use_cls=False, use_rec=True)
        lines = [_digits(text) for text in output.txts or ()]
        text = "\n".join(line for line in lines if line)
        seconds = time.perf_counter() - started
        print(json.dumps({"text": text, "seconds": seconds, "peak_mib": peak_mib()}), flush=True)


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


if __name__ == "__main__":
    main()
