"""Build the wheel, install it in a clean environment and use it: alone, and with the extra serve.

Not a pytest file: it needs the package index and a minute. ``make wheel-test`` and CI run it.
"""

import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent

SEVEN = """
import sys
from PIL import Image, ImageDraw
picture = Image.new("RGB", (200, 240), "white")
ImageDraw.Draw(picture).line([(60, 60), (140, 62), (95, 180)], "#203080", 12, "curve")
picture.save(sys.argv[1])
"""
"""Draws a digit as somebody's pen would."""


def run(*command: str | Path, expected: int = 0) -> str:
    """Run a command away from the source tree; what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=tempfile.gettempdir())
    if done.returncode != expected:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def main() -> None:
    """Build, install, use."""
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
        (wheel,) = Path(folder).glob("*.whl")
        environment = Path(folder) / "environment"
        venv.create(environment, with_pip=True)
        python, digits = environment / "bin" / "python", environment / "bin" / "digits"
        run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel)
        for word in ("read", "train", "evaluate", "compare", "export", "data", "weights", "serve"):
            assert word in run(digits, "--help"), word
        picture = Path(folder) / "seven.png"
        run(python, "-c", SEVEN, picture)
        assert run(digits, "read", picture) == "7\n"
        assert '"text": "7"' in run(digits, "read", picture, "--json", "--annotate", folder)
        assert '"sha256"' in run(digits, "weights", "--json")
        assert run(digits, "read", picture, "--network", "digits") == "7\n"
        assert "expected one of article" in run(digits, "train", "--network", "x", expected=2)
        line = run(digits, "train", expected=2)
        assert "pip install 'keras-digits[train]'" in line, line
        assert line.count("\n") == 1, line
        assert "pip install 'keras-digits[serve]'" in run(digits, "serve", expected=2)
        files = run(
            python, "-c", "import keras_digits.data as d, os; print(os.listdir(d.__path__[0]))"
        )
        assert "label_review.csv" in files, files
        print(f"{wheel.name}: installed with base dependencies only, and it answers")
        run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", f"{wheel}[serve]")
        ask_server(digits, picture.read_bytes())
        print(f"{wheel.name}: installed with the extra serve, and it answers")


def ask_server(digits: Path, picture: bytes) -> None:
    """Start the server, ask for its page and for a picture's digits."""
    command = [digits, "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        told = server.stderr.readline()
        try:
            url = re.findall(r"http://[\d.:]+", told)[0]
            with urlopen(url) as page:
                assert b"page.js" in page.read()
            request = Request(f"{url}/v1/read", picture, {"Content-Type": "image/png"})
            with urlopen(request) as answer:
                assert json.load(answer)["numbers"][0]["text"] == "7"
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
