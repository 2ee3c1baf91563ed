"""The command that serves the reader to programs and people."""

import os
import signal
import sys
from contextlib import suppress
from typing import Annotated

import typer

from keras_digits.cli.weights import NetworkName
from keras_digits.errors import ServingError
from keras_digits.processor import num_cores
from keras_digits.reading.limits import MAX_PIXELS
from keras_digits.serving.settings import MILLION, MOST_BYTES, MOST_PROCESSES, Settings

_VARIABLE = "KERAS_DIGITS_TOKEN"
"""The variable that holds a token."""


def serve(
    network: NetworkName = None,
    host: Annotated[
        str, typer.Option(help="The address to listen at; 0.0.0.0 lets other machines in.")
    ] = Settings.host,
    port: Annotated[int, typer.Option(help="The port; 0 takes any that is free.")] = Settings.port,
    token: Annotated[
        str | None,
        typer.Option(
            envvar=_VARIABLE,
            help="What clients must send as a bearer token; better given in the environment, "
            "where others on the machine don't see it.",
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Another site whose pages may ask, such as https://example.org; may be repeated.",
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(metavar="N", help="Processes that read; by default one a core."),
    ] = None,
    max_megabytes: Annotated[
        float, typer.Option(help="The largest request, in millions of bytes.")
    ] = Settings.max_bytes // MILLION,
    max_megapixels: Annotated[
        float, typer.Option(help="The largest picture, in millions of pixels.")
    ] = Settings.max_pixels // MILLION,
) -> None:
    """Serve the reader over HTTP: a page to draw on, and an API for programs.

    Ctrl-C or SIGTERM stops it once requests in flight are answered; SIGHUP reloads the network,
    but stops it too where it was started in a terminal, which sends that when it is closed.
    """
    num_processes = min(num_cores(), MOST_PROCESSES) if processes is None else processes
    for flag, value, least, most in (
        ("processes", num_processes, 1, MOST_PROCESSES),
        ("max-megabytes", max_megabytes, 1 / MILLION, MOST_BYTES // MILLION),
        ("max-megapixels", max_megapixels, 1 / MILLION, MAX_PIXELS // MILLION),
    ):
        if not least <= value <= most:
            expected = f"from 1 to {most}" if least == 1 else f"above 0, at most {most}"
            raise ServingError(f"--{flag} is {value:g}; expected a number {expected}.")
    with suppress(AttributeError):  # none on Windows; else it would end what is still starting
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from keras_digits.serving.running import serve as run

    if token is None and _VARIABLE in os.environ:  # the shell's options take an empty one for none
        token = os.environ[_VARIABLE]
    settings = Settings(
        network=network,
        host=host,
        port=port,
        token=token,
        allowed_origins=tuple(allow_origin or ()),
        num_processes=num_processes,
        max_bytes=round(max_megabytes * MILLION),
        max_pixels=round(max_megapixels * MILLION),
    )
    run(settings, lambda line: print(line, file=sys.stderr, flush=True))
