"""What stands before every request: who may ask, whether there is room, and safe headers.

Plain ASGI, so that a refusal costs next to nothing, and comes before a body is read.
"""

import asyncio
import hmac
import json
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, NamedTuple

from keras_digits.serving.queueing import BusyError
from keras_digits.serving.settings import Settings
from keras_digits.serving.watching import Watch

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

READ_PATH, CLASSIFY_PATH = "/v1/read", "/v1/classify"

_NEEDS_ROOM = (READ_PATH, CLASSIFY_PATH)
"""Paths whose requests wait for a process."""

_OPEN_PATHS = ("/", "/docs", "/openapi.json", "/healthz", "/readyz")
_OPEN_FOLDERS = ("/page/", "/docs/")
"""What needs no token: the page and its files tell nothing, and must be there to ask for one."""

_REFUSALS_A_SECOND = 6000
"""So many are told a second, at most, that there is no room. Refusing takes time that those who are
read need, and some clients ask again at once."""

_LONGEST_HOLD = 1.0
"""Seconds after which everybody is heard again: the least that they are asked to wait."""

_log = logging.getLogger(__name__)

_HEADERS = tuple(
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(self), microphone=(), geolocation=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }.items()
)
"""A page that could load or frame nothing foreign."""


class Refusal(NamedTuple):
    """An answer to who is turned away.

    Attributes:
        status: The HTTP status.
        message: Why, in one line.
        header: A header that goes with it.
    """

    status: int
    message: str
    header: tuple[str, str] = ("cache-control", "no-store")


class Guard:
    """ASGI middleware around everything that is answered.

    Args:
        app: What answers.
        settings: The token.
        check: Raises :class:`BusyError` where there is no room.
        watch: Told of each request.
        known_paths: Paths that are counted by name; others are counted together.
    """

    def __init__(
        self,
        app: App,
        settings: Settings,
        check: Callable[[], None],
        watch: Watch,
        known_paths: frozenset[str],
    ) -> None:
        self._app = app
        self._authorization = f"bearer {settings.token}".encode() if settings.token else None
        self._check, self._watch, self._known_paths = check, watch, known_paths
        self._num_held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        expects = any(name == b"expect" for name, _ in scope["headers"])

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # Who was told not to send a body mustn't send the next request in its place.
                closing = [(b"connection", b"close")] if expects and status >= 400 else []
                headers = list(message.get("headers", ()))
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", _caching(scope["path"])))
                message["headers"] = [*headers, *_HEADERS, *closing]
            await send(message)

        is_full = False
        try:
            if refusal := self._refusal(scope):
                is_full = refusal.status == HTTPStatus.SERVICE_UNAVAILABLE
                await _refuse(send_safely, refusal, is_last=not is_full)
            else:
                await self._app(scope, receive, send_safely)
        except Exception as error:
            kind = type(error).__name__
            *_, place = traceback.extract_tb(error.__traceback__)
            _log.error("%s at %s:%s", kind, place.filename, place.lineno)  # no words of a client's
        finally:
            path = scope["path"] if scope["path"] in self._known_paths else "other"
            self._watch.request(path, status, time.perf_counter() - started)
        if is_full:
            await self._hold(send)

    async def _hold(self, send: Send) -> None:
        """End the request of a client that has its refusal, and so hear its next, only later."""
        self._num_held += 1
        try:
            await asyncio.sleep(min(self._num_held / _REFUSALS_A_SECOND, _LONGEST_HOLD))
        finally:
            self._num_held -= 1
        await send({"type": "http.response.body"})

    def _refusal(self, scope: Scope) -> Refusal | None:
        """With what a request is turned away, if it is."""
        path = scope["path"]
        if not path.isprintable():  # a route's pattern may match before a line's end
            return Refusal(404, "the path has characters that no path here has.")
        if self._authorization and not _is_open(path):
            scheme, _, token = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")
            given = scheme.lower() + b" " + token.strip()
            if not hmac.compare_digest(given, self._authorization):
                message = "this reader wants a token; send it as Authorization: Bearer TOKEN."
                return Refusal(401, message, ("www-authenticate", "Bearer"))
        if path in _NEEDS_ROOM and scope["method"] == "POST":
            try:
                self._check()
            except BusyError as busy:
                return busy_refusal(busy)
        return None


def _caching(path: str) -> bytes:
    """What browsers may keep: no answers; files if they ask each time, or half would be old."""
    return b"no-cache" if _is_open(path) else b"no-store"


def _is_open(path: str) -> bool:
    """Whether a path needs no token."""
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDERS)


def busy_refusal(busy: BusyError) -> Refusal:
    """The answer to those for whom there is no room."""
    return Refusal(503, str(busy), ("retry-after", str(busy.retry_after)))


async def _refuse(send: Send, refusal: Refusal, is_last: bool = True) -> None:
    """Answer with one line; the client has all of it even where the request is not ended yet."""
    body = json.dumps({"error": refusal.message}).encode()
    name, value = refusal.header
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (name.encode(), value.encode()),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not is_last})
