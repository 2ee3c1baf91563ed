"""What the shell prints: answers on stdout in one of three forms, refusals on stderr."""

import csv
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keras_digits.files import cannot_write

if TYPE_CHECKING:
    from rich.table import Table

    from keras_digits.digits import Reading

NO_DIGITS = "no digits"
"""What stands where a picture's numbers would."""

CSV_HEADER = "file,number,text,confidence,accepted,x,y,width,height,error"
"""The columns of ``--csv``; `number` counts a picture's numbers from 1."""


@dataclass(frozen=True)
class Answer:
    """What came of one picture.

    Attributes:
        name: What the picture is called.
        reading: What was read in it, or None.
        error: Why it could not be read or its copy not be written, in one line, or None.
        is_marked: Whether numbers that aren't accepted are to show it.
    """

    name: str
    reading: "Reading | None"
    error: str | None = None
    is_marked: bool = False

    @property
    def texts(self) -> list[str]:
        """The numbers, as they are to be shown."""
        numbers = self.reading.numbers if self.reading else ()
        return [one.marked_text if self.is_marked else one.text for one in numbers]


def as_json(answer: Answer) -> str:
    """One line: ``{"file": ..., "numbers": [...], "error": ...}``."""
    reading = answer.reading.to_dict() if answer.reading else {"numbers": []}
    return json.dumps({"file": answer.name, **reading, "error": answer.error})


def as_csv(answer: Answer) -> str:
    """A line a number under ``CSV_HEADER``; one without a number where there is none."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    numbers = answer.reading.numbers if answer.reading else ()
    for index, number in enumerate(numbers, start=1):
        belief = (round(number.confidence, 4), _yes_or_no(number.accepted))
        writer.writerow([answer.name, index, number.text, *belief, *number.box, answer.error or ""])
    if not numbers:
        writer.writerow([answer.name, *[""] * 8, answer.error or ""])
    return lines.getvalue().rstrip("\n")


def _yes_or_no(accepted: bool | None) -> str:
    """What a table says of a number that is accepted or not; nothing without a promise."""
    return "" if accepted is None else ("yes" if accepted else "no")


def as_named_line(answer: Answer) -> str | None:
    """``name: 12 345``, one line a picture; nothing for one that could not be read."""
    if answer.reading is None:
        return None
    return f"{answer.name}: {' '.join(answer.texts) or NO_DIGITS}"


def as_bare_lines(answer: Answer) -> str | None:
    """The numbers alone, one a line; nothing where there is none, so that scripts get nothing."""
    return "\n".join(answer.texts) or None


def emit(text: str) -> None:
    """Print on stdout at once.

    Raises:
        OutputError: stdout can't be written to, say because the disk is full.
        BrokenPipeError: Whoever read stdout has gone.
    """
    try:
        print(text)
    except OSError as error:
        _give_up_on_stdout(error)
    flush()


def emit_table(table: "Table") -> None:
    """Print a table of rich's, as wide as it is where stdout is no terminal; as :func:`emit`."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 200)
    with console.capture() as captured:
        console.print(table)
    emit(captured.get().removesuffix("\n"))


def flush() -> None:
    """Send what was printed on its way; raises as :func:`emit` does."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _give_up_on_stdout(error)


def _give_up_on_stdout(error: OSError) -> None:
    """Let what is left of stdout go nowhere, or Python fails on it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise error if isinstance(error, BrokenPipeError) else cannot_write(Path("stdout"), error)


def complain(message: str) -> None:
    """Print one line on stderr."""
    print(f"digits: {one_line(message)}", file=sys.stderr)


def one_line(message: str) -> str:
    """The message without line breaks, whatever somebody's file is called."""
    return " ".join(message.split())
