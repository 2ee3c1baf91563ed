"""The server's life: its socket, its signals, its end."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import uvicorn
from uvicorn.loops.auto import auto_loop_factory
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from keras_digits.errors import DigitsError, ServingError
from keras_digits.serving.app import create_app
from keras_digits.serving.service import Service
from keras_digits.serving.settings import Settings

if sys.platform != "win32":
    import resource

_SECONDS_TO_FINISH = 60
"""How long requests in flight may take once the server is asked to stop."""

_SECONDS_TO_KEEP_ALIVE = 30
"""How long a connection may stay without another request; one that never had any, twice as long."""

_MOST_CONNECTIONS = 2000
"""More at once are told to come back."""

_MOST_HEAD = 65_536
"""A request's line and headers may have about so many bytes."""

_OTHER_FILES = 500
"""What may be open besides connections."""


def serve(settings: Settings, tell: Callable[[str], None]) -> None:
    """Answer requests until a signal ends it.

    SIGTERM and SIGINT let requests in flight be answered first; SIGHUP reloads the network, but
    stops a server that was started in a terminal.

    Args:
        settings: How.
        tell: Called with a line for the person who started it: the address, what SIGHUP did.

    Raises:
        ServingError: The address can't be had.
        ModelFileError: The network can't be used.
    """
    _allow_connections()
    with (
        _listening(settings) as listening,
        asyncio.Runner(loop_factory=auto_loop_factory()) as runner,  # uvloop's, where there is one
    ):
        runner.run(_serve(settings, listening, tell))


async def _serve(settings: Settings, listening: socket.socket, tell: Callable[[str], None]) -> None:
    """The server from its first to its last request."""
    service = Service(settings)
    _reload_on_hangup(service, tell)
    await service.open()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(service, version("keras-digits")),
            http=ShortHeads,
            access_log=False,  # its lines would hold what clients sent
            log_level="warning",
            lifespan="on",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_SECONDS_TO_KEEP_ALIVE,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
            ws="none",
        )
    )
    listening.listen()
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    tell(f"Reading at http://{shown}:{port}; its API is described at http://{shown}:{port}/docs")
    closing = asyncio.create_task(close_silent(server, _SECONDS_TO_KEEP_ALIVE))
    try:
        await server.serve(sockets=[listening])
    finally:
        closing.cancel()


class ShortHeads(HttpToolsProtocol):
    """HTTP for requests whose line and headers are short.

    uvicorn with httptools takes headers for as long as some come, into memory that no other limit
    sees, before anybody was asked for a token.
    """

    _num_head = 0
    _is_in_head = True

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._num_head, self._is_in_head = 0, True

    def on_headers_complete(self) -> None:
        """What follows is a body."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What follows is another request."""
        super().on_message_complete()
        self._num_head, self._is_in_head = 0, True

    def data_received(self, data: bytes) -> None:
        """Refuse a head that has grown too long."""
        self._num_head += len(data)
        super().data_received(data)
        if self._is_in_head and self._num_head > _MOST_HEAD and not self.transport.is_closing():
            self.send_400_response(f"The request's head has more than {_MOST_HEAD:,} bytes.")


async def close_silent(server: uvicorn.Server, seconds: float) -> None:
    """Close connections on which nothing goes on, for ever.

    Those that hold no request and have begun none for so long: uvicorn itself closes only those
    that had an answer. Who dribbles a request's head is closed as well; how long a body takes is
    seen to where it is read. And those whose client has taken nothing of an answer for so long.

    Args:
        server: Whose connections.
        seconds: How long; they may last twice as long.
    """
    silent_before: dict[Any, Any] = {}
    stalled_before: dict[Any, int] = {}
    while True:
        await asyncio.sleep(seconds)
        connections: set[Any] = {*server.server_state.connections}
        silent = {
            one: one.cycle for one in connections if not one.cycle or one.cycle.response_complete
        }
        for one, cycle in silent.items():
            if one in silent_before and silent_before[one] is cycle:  # each request has another
                one.transport.close()
        stalled = {
            one: one.transport.get_write_buffer_size()
            for one in connections
            if one.flow.write_paused
        }
        for one, size in stalled.items():
            if stalled_before.get(one) == size:
                one.transport.abort()  # to close would wait until all is taken
        silent_before, stalled_before = silent, stalled


def _allow_connections() -> None:
    """Let the process have as many files open as it may have connections, if the system does."""
    if sys.platform == "win32":
        return
    with suppress(OSError, ValueError):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _MOST_CONNECTIONS + _OTHER_FILES
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _reload_on_hangup(service: Service, tell: Callable[[str], None]) -> None:
    """Let SIGHUP reload the network, where there is that signal.

    A terminal sends it when it is closed; who was started in one is stopped by it.
    """
    reloads: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        try:
            await service.reload()
        except DigitsError as error:
            tell(f"Not reloaded: {error}")
        else:
            tell("Reloaded.")

    def begin() -> None:
        task = asyncio.get_running_loop().create_task(reload())
        reloads.add(task)  # or it may be collected before it is done
        task.add_done_callback(reloads.discard)

    def stop() -> None:
        signal.raise_signal(signal.SIGTERM)

    with suppress(AttributeError, NotImplementedError):  # on Windows
        handler = stop if sys.stdin is not None and sys.stdin.isatty() else begin
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, handler)


def _listening(settings: Settings) -> socket.socket:
    """A socket at the settings' address.

    Raises:
        ServingError: It can't be had.
    """
    place = (settings.host, settings.port)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ServingError(
            f"{settings.host!r} is no address here ({reason}); expected one such as 127.0.0.1."
        ) from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except OSError as error:
        opened.close()
        raise ServingError(
            f"{settings.host}:{settings.port} can't be had ({error.strerror}). Choose another: "
            "--port 8001, or --port 0 for any that is free."
        ) from error
    return opened
