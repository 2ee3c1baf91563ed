"""The shell's face: parse, call, print. Everything else stands in the rooms that it calls.

Each command imports what it needs when it runs, so that ``digits --help`` is instant and
``digits read`` nearly so. An error that keras-digits raises on purpose becomes one line on stderr
and exit code 2.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from keras_digits.cli.answers import complain, flush
from keras_digits.cli.datasets import data
from keras_digits.cli.exporting import export
from keras_digits.cli.reading import read
from keras_digits.cli.serving import serve
from keras_digits.cli.training import compare, evaluate, train
from keras_digits.cli.weights import weights
from keras_digits.errors import DigitsError, MissingExtraError

app = typer.Typer(
    name="digits",
    help="Read handwritten digits; train, test and compare networks that do.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(short_help="Read the digits in pictures.")(read)
app.command(short_help="Train a network, test it, write a report.")(train)
app.command(short_help="Test a run on its own or other digits.")(evaluate)
app.command(short_help="Put runs in one table and one picture.")(compare)
app.command(short_help="Write a run's network for use elsewhere.")(export)
app.command(short_help="Show which digits are here; draw samples.")(data)
app.command(short_help="Serve the reader over HTTP, with a page to draw on.")(serve)
app.command(short_help="Show which networks ship.")(weights)

_NOBODY_LISTENS = 1
"""The exit code when the program that took the output has gone, as typer has it."""

_STOPPED = 130
"""The exit code after Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after ``digits``; by default those of the shell.

    Returns:
        The exit code: 0, 1 when the output's reader has gone (``digits ... | head``), 2 for bad
        input, 130 after Ctrl-C.
    """
    _open_closed_streams()
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        code = app(words, prog_name="digits", standalone_mode=False)
        flush()  # here, where a failure can still be told in one line
    except DigitsError as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        message = error.format_message().replace("Value error, ", "").rstrip(".?")
        return _refuse(f"{message}; see {_command(words[0])} --help.")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("keras_digits"):
            raise
        return _refuse(str(MissingExtraError.from_import_error(error)))
    except UnicodeEncodeError:
        return _refuse("a name given here is not valid text (UTF-8). Rename the file or folder.")
    except BrokenPipeError:
        return _NOBODY_LISTENS
    except (typer.Abort, KeyboardInterrupt):
        code = _STOPPED
    if code == _STOPPED:
        print("Stopped.", file=sys.stderr)
    return code if isinstance(code, int) else 0


def _command(word: str) -> str:
    """What to ask for help: the command that a word names, or all of them."""
    names = (one.callback.__name__ for one in app.registered_commands if one.callback)
    return f"digits {word}" if word in names else "digits"


def _open_closed_streams() -> None:
    """Let what nobody wants go nowhere: Python would print it elsewhere, or fail."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # stays


def _refuse(message: str) -> int:
    """Print one line on stderr; the exit code of bad input."""
    complain(message)
    return 2


def _print_version(value: bool) -> None:
    if value:
        from keras_digits import __version__

        print(f"keras-digits {__version__}")
        raise typer.Exit


@app.callback()
def _digits(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass
