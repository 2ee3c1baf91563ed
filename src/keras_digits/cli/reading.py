"""The command that reads pictures."""

import codecs
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from keras_digits.cli.answers import (
    CSV_HEADER,
    NO_DIGITS,
    Answer,
    as_bare_lines,
    as_csv,
    as_json,
    as_named_line,
    complain,
    emit,
    one_line,
)
from keras_digits.cli.weights import NetworkName
from keras_digits.errors import DigitsError
from keras_digits.files import make_folder, replacing

if TYPE_CHECKING:
    from keras_digits.cli.sources import Source
    from keras_digits.digits import Reading
    from keras_digits.reading.reader import Reader

Layout: TypeAlias = Literal["auto", "digit", "number", "page"]
"""The reader's layouts, written out because the reader takes a third of a second to import."""

_PAGED_SUFFIXES = (".tif", ".tiff", ".gif", ".webp")
"""What files are called that may hold several pages."""

_EXPLAINED = Path("explained")
"""Where ``--explain`` puts its pictures when ``--annotate`` names no folder."""


def read(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Pictures, folders with all below them but annotated copies, patterns such "
            "as 'scans/*.png', or - for a picture on stdin.",
        ),
    ],
    layout: Annotated[
        Layout,
        typer.Option(help="What a picture holds: one digit, one line, or lines of numbers."),
    ] = "auto",
    network: NetworkName = None,
    max_error: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Accept answers so that at most this share of them is wrong, such as 0.04, and "
            "put a question mark behind the others; smaller shares, such as 0.002, can mostly be "
            "promised of --layout digit alone. What --json and --csv call accepted is by default "
            "measured by 0.05.",
        ),
    ] = None,
    to_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a picture, one a line.")
    ] = False,
    to_csv: Annotated[
        bool, typer.Option("--csv", help="Print a table, one line a number.")
    ] = False,
    annotate: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Put a copy of each picture there, NAME-annotated.png, with boxes and answers "
            "drawn on it.",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Show beside each copy what the network saw and how sure it is of each digit; "
            f"the copies go to {_EXPLAINED}/ unless --annotate names a folder.",
        ),
    ] = False,
) -> None:
    """Read the digits in pictures and print the numbers.

    A file that can't be read gets a line on stderr, the rest is read, and the exit code is 2. A
    picture without digits gets such a line too, but is no error.
    """
    if max_error is not None and not 0 < max_error < 1:
        raise typer.TyperException(f"--max-error is {max_error}; expected a share, 0 < share < 1.")
    if to_json and to_csv:
        raise typer.TyperException("Give --json or --csv, not both.")
    from keras_digits.cli.sources import copy_paths, find_sources, is_one_picture
    from keras_digits.reading.reader import Reader

    reader = Reader(network, max_error)
    _tell_if_all_are_declined(reader, layout, max_error)
    folder = annotate or (_EXPLAINED if explain else None)
    if folder is not None:
        make_folder(folder)
    sources = find_sources(paths)
    copies = copy_paths(sources, folder) if folder is not None else [None] * len(sources)
    show = as_bare_lines if is_one_picture(paths) else as_named_line
    if isinstance(sys.stdout, io.TextIOWrapper):
        is_utf8 = codecs.lookup(sys.stdout.encoding).name == "utf-8"
        # File names go out as they came in, or where that can't be said, escaped.
        sys.stdout.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")
    if to_json:
        show = as_json
    elif to_csv:
        show = as_csv
        emit(CSV_HEADER)
    num_errors, hint = 0, _hint(layout, is_drawn=folder is not None)
    with _progress(len(sources)) as advance:
        results = _results(reader, sources, layout)
        for source, copy, result in zip(sources, copies, results, strict=True):
            answer = replace(
                _answer(source, result, copy, explain), is_marked=max_error is not None
            )
            num_errors += answer.error is not None
            _tell(answer, show(answer), hint)
            _tell_of_more_pages(source, answer)
            advance()
    if folder is not None and num_errors < len(sources):
        print(f"Annotated copies: {folder}", file=sys.stderr)
    if num_errors:
        raise typer.Exit(2)


def _tell_if_all_are_declined(reader: "Reader", layout: str, max_error: float | None) -> None:
    """Say on stderr why no number will be accepted, where that is so, and what would help."""
    least = None if max_error is None else reader.least_error(layout)
    if max_error is None or least is None or max_error >= least:
        return
    from keras_digits.declining import rounded_up

    complain(
        f"this network can't promise that at most {max_error:g} of the numbers are wrong, so all "
        f"are declined; expected --max-error {rounded_up(least):g} or more"
        + ("." if layout == "digit" else ", or --layout digit for pictures of one digit.")
    )


def _hint(layout: Layout, is_drawn: bool) -> str:
    """What to try where a picture holds no digits."""
    hints = []
    if layout != "digit":
        hints.append("If it shows a single one, try --layout digit.")
    if not is_drawn:
        hints.append("--explain draws what is seen.")
    return " ".join(hints)


def _tell(answer: Answer, text: str | None, hint: str) -> None:
    """Print an answer as `text`, and on stderr what must not go missing there."""
    if text is not None:
        emit(text)
    elif answer.error is None:
        complain(f"{NO_DIGITS} in {answer.name}. {hint}")
    if answer.error is not None:
        complain(answer.error)


def _tell_of_more_pages(source: "Source", answer: Answer) -> None:
    """Say on stderr where a file holds more than was read of it."""
    from keras_digits.reading.picture import count_pages

    content = source.content
    if answer.error is not None or isinstance(content, DigitsError):
        return
    is_paged = isinstance(content, bytes) or Path(content).suffix.lower() in _PAGED_SUFFIXES
    if is_paged and (count := count_pages(content)) > 1:
        complain(f"only the first of {count} pages or frames of {answer.name} is read.")


def _results(
    reader: "Reader", sources: "Sequence[Source]", layout: str
) -> "Iterator[Reading | DigitsError]":
    """A reading or an error for each source, in order."""
    contents = (one.content for one in sources if not isinstance(one.content, DigitsError))
    readings = reader.read_many(contents, layout)
    for source in sources:
        if isinstance(source.content, DigitsError):
            yield source.content
        else:
            yield next(readings)


def _answer(
    source: "Source", result: "Reading | DigitsError", copy: Path | None, is_explained: bool
) -> Answer:
    """What to tell of one picture, once its copy is drawn."""
    if isinstance(result, DigitsError):
        message = one_line(str(result))
        is_unnamed = isinstance(source.content, bytes)
        return Answer(source.name, None, f"{source.copy}: {message}" if is_unnamed else message)
    if copy is not None:
        try:
            _draw(source, result, copy, is_explained)
        except DigitsError as error:
            return Answer(source.name, result, one_line(str(error)))
    return Answer(source.name, result)


def _draw(source: "Source", reading: "Reading", copy: Path, is_explained: bool) -> None:
    """Write the annotated copy of a picture."""
    from keras_digits.reading.annotating import annotate
    from keras_digits.reading.explaining import explain
    from keras_digits.reading.picture import load_picture

    picture = load_picture(source.content)
    drawn = (explain if is_explained else annotate)(picture, reading)
    with replacing(copy) as partial:
        drawn.save(partial, "PNG", compress_level=1)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr, where there is much to wait for and nothing else on screen moves."""
    if total < 2 or sys.stdout.isatty() or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress("Reading", *columns, console=console, redirect_stdout=False) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)
