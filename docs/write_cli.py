"""Write ``docs/cli.md`` from the commands' own help texts; ``make docs`` runs it."""

import subprocess
import sys
from pathlib import Path

COMMANDS = ("", "read", "train", "evaluate", "compare", "export", "data", "serve", "weights")
PATH = Path(__file__).resolve().parent / "cli.md"


def cli_page() -> str:
    """The page: each command's help as the shell prints it, 80 columns wide."""
    parts = ["# The `digits` command\n\nGenerated from the help texts by `make docs`.\n"]
    for command in COMMANDS:
        words = ["digits", *command.split()]
        code = (
            f"import sys; from keras_digits.cli import main; sys.exit(main({words[1:]} + ['-h']))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"COLUMNS": "80", "TERM": "dumb", "PATH": "", "LANG": "C.UTF-8"},
        )
        text = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
        parts.append(f"## `{' '.join(words)}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PATH.write_text(cli_page(), encoding="utf-8")
