"""Build the wheel, install it alone with base dependencies in a clean environment, and use it.

Not a pytest file: it needs the package index and a minute. ``make wheel-test`` and CI run it.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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
        for word in ("train", "evaluate", "compare", "data"):
            assert word in run(digits, "--help"), word
        assert "expected one of article" in run(digits, "train", "--network", "x", expected=2)
        line = run(digits, "train", expected=2)
        assert "pip install 'keras-digits[train]'" in line, line
        assert line.count("\n") == 1, line
        files = run(
            python, "-c", "import keras_digits.data as d, os; print(os.listdir(d.__path__[0]))"
        )
        assert "label_review.csv" in files, files
    print(f"{wheel.name}: installed with base dependencies only, and it answers")


if __name__ == "__main__":
    main()
