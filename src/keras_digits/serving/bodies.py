"""What a request holds: its pictures or images, and its options; or what is wrong with it.

A picture comes as a raw body, as one or several fields ``file`` of a form, or in base64 in JSON;
options in the query, or beside the picture in the form or JSON. All of it stays in memory.
"""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from keras_digits.serving.options import JsonPictures, ReadOptions, RequestError, validated
from keras_digits.serving.queueing import BusyError
from keras_digits.serving.settings import MILLION, Settings

CLIENT_GONE = 499
"""The status that is counted for requests whose clients did not wait; nginx counts them so."""

UNNAMED = "-"
"""What a picture is called that came without a name, as ``digits read`` calls that of stdin."""

_COPIES = 4
"""How often what was sent is in memory at worst: as a body, decoded, pickled, in a process."""

_LEAST_RATE = 100_000
"""A large request is given a second more for each so many of its bytes: telephones send slowly."""

_MAX_JSON_VALUES = 1000
"""More values than pictures and options can have are not even parsed."""

_SECONDS_FOR_ROOM = 1
"""When to come back where memory is full of other requests."""

_PICTURE_WANTED = "a picture as image/png or the like, multipart/form-data or application/json"


@dataclass(frozen=True)
class Order:
    """What a client wants read.

    Attributes:
        pictures: Files' bytes, each with the name that the client gave.
        are_several: Whether the client sent them as several, and wants a list.
        options: How they are to be read.
    """

    pictures: tuple[tuple[str, bytes], ...]
    are_several: bool
    options: ReadOptions


class Memory:
    """What all requests together hold, which has a bound.

    Args:
        max_bytes: The bound.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._num_held = max_bytes, 0

    def take(self, num_bytes: int) -> None:
        """Hold so many more.

        Raises:
            BusyError: There is no room.
        """
        if self._num_held + num_bytes > self._max_bytes:
            raise BusyError(_SECONDS_FOR_ROOM)
        self._num_held += num_bytes

    def give_back(self, num_bytes: int) -> None:
        """Hold so many less."""
        self._num_held -= num_bytes


@asynccontextmanager
async def body_of(request: Request, settings: Settings, memory: Memory) -> AsyncIterator[bytes]:
    """A request's whole body, accounted for as long as it is needed.

    Raises:
        RequestError: It is too large, or comes too slowly.
        BusyError: Memory is full of other requests.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > settings.max_bytes:
        raise _too_large(settings)
    chunks: list[bytes] = []
    num_bytes = 0
    try:
        try:
            async with asyncio.timeout(settings.timeout_seconds) as limit:
                async for chunk in request.stream():
                    due = limit.when()
                    assert due is not None
                    limit.reschedule(due + len(chunk) / _LEAST_RATE)
                    memory.take(_COPIES * len(chunk))
                    num_bytes += len(chunk)
                    chunks.append(chunk)
                    if num_bytes > settings.max_bytes:
                        raise _too_large(settings)
        except TimeoutError as error:
            message = f"the request came more slowly than {_LEAST_RATE // 1000} kB a second."
            raise RequestError(408, f"{message} Send less, or try again.") from error
        except ClientDisconnect as error:
            raise RequestError(CLIENT_GONE, "the client has gone.") from error
        body = b"".join(chunks)
        chunks.clear()
        yield body
    finally:
        memory.give_back(_COPIES * num_bytes)


def media_type(request: Request) -> str:
    """What a request says that its body is."""
    header = request.headers.get("content-type", "application/octet-stream")
    return header.partition(";")[0].strip().lower()


async def order_of(request: Request, body: bytes, settings: Settings) -> Order:
    """The pictures and options of a request.

    Args:
        request: Its headers and query count.
        body: Its body.
        settings: How many pictures are allowed.

    Raises:
        RequestError: It is none that can be understood.
    """
    kind = media_type(request)
    if kind == "multipart/form-data":
        order = await _order_of_form(request, body, settings)
    elif kind == "application/json":
        order = _order_of_json(json_of(body, _MAX_JSON_VALUES), request.query_params, settings)
    elif kind == "application/octet-stream" or kind.startswith("image/"):
        order = Order(((UNNAMED, body),), False, _options({}, request.query_params))
    else:
        raise RequestError(415, f"the body is {kind[:60]!r}; expected {_PICTURE_WANTED}.")
    return order


def json_of(body: bytes, max_values: int) -> dict[str, Any]:
    """A body that must be a JSON object.

    Args:
        body: The body.
        max_values: So many values may be in it; to parse more would take long.

    Raises:
        RequestError: It is none.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > max_values:
        raise RequestError(413, f"the JSON has more than {max_values} values. Send less at once.")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"the body is no JSON ({error}); expected an object.") from error
    if not isinstance(found, dict):
        raise RequestError(422, f"the body is a JSON {type(found).__name__}; expected an object.")
    return found


async def _order_of_form(request: Request, body: bytes, settings: Settings) -> Order:
    """Pictures from a form's fields ``file``."""
    form = await _form(request, body, settings)
    files = [one for name, one in form.multi_items() if name == "file"]
    fields = [(name, one) for name, one in form.multi_items() if name != "file"]
    _check_count(len(files), settings)
    if not files or not all(isinstance(one, UploadFile) for one in files):
        raise RequestError(422, "the form has no picture; expected one in a file field, file.")
    for name, one in fields:
        if isinstance(one, UploadFile):
            raise RequestError(422, f"the form has a file {name[:60]!r}; expected file.")
    pictures = [(one.filename or UNNAMED, await one.read()) for one in files]  # type: ignore[union-attr]
    values = _once_each([(name, str(value)) for name, value in fields], "form")
    await form.close()
    options = _options(values, request.query_params)
    return Order(tuple(pictures), len(pictures) > 1, options)


_MOST_PARTS = 1000
"""Parts of a form that are counted at all."""

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # its lines hold what clients sent


class _InMemoryParser(MultiPartParser):
    """Starlette's parser, which else writes large files to disk."""

    spool_max_size = 1000 * MILLION


async def _form(request: Request, body: bytes, settings: Settings) -> FormData:
    """A form's fields."""

    async def chunks() -> Any:
        yield body

    parser = _InMemoryParser(
        request.headers,
        chunks(),
        max_files=_MOST_PARTS,
        max_fields=_MOST_PARTS,
        max_part_size=10_000,
    )
    _, parameters = parse_options_header(request.headers["content-type"])
    end = b"--" + parameters.get(b"boundary", b"") + b"--"
    if end not in body:
        raise RequestError(400, "the form does not end as it should; send it again.")
    try:
        return await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        reason = str(getattr(error, "message", error))
        raise RequestError(400, f"the form can't be read ({reason}); send it again.") from error


def _order_of_json(found: dict[str, Any], query: QueryParams, settings: Settings) -> Order:
    """Pictures in base64, from JSON."""
    asked = validated(JsonPictures, found, is_strict=True)
    if (asked.picture is None) == (asked.pictures is None):
        given_both = "both picture and pictures" if asked.pictures is not None else "no picture"
        raise RequestError(422, f"the JSON has {given_both}; expected one of picture and pictures.")
    _check_count(len(asked.pictures or ()), settings)
    are_several = asked.pictures is not None
    texts = asked.pictures if asked.pictures is not None else [asked.picture or ""]
    if not texts:
        raise RequestError(422, "pictures is empty; expected at least one.")
    given = {name: value for name, value in found.items() if name not in ("picture", "pictures")}
    options = validated(ReadOptions, given, is_strict=True)
    if query:
        options = _options(given, query)
    return Order(tuple((UNNAMED, _from_base64(text)) for text in texts), are_several, options)


def _from_base64(text: str) -> bytes:
    """A file's bytes, also from a ``data:`` URL, which is what browsers make of a canvas."""
    head, comma, content = text.partition(",")
    is_url = comma and head.startswith("data:") and head.endswith(";base64")
    try:
        return base64.b64decode(content if is_url else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(
            422, f"a picture is no base64 ({error}); expected a file's bytes in base64 alone."
        ) from error


def _options(given: dict[str, Any], query: QueryParams) -> ReadOptions:
    """Options from the query and from beside the picture, none of them twice."""
    asked = _once_each(query.multi_items(), "query")
    if twice := given.keys() & asked.keys():
        raise RequestError(422, f"{min(twice)} stands in the query too; expected it once.")
    return validated(ReadOptions, given | asked)


def _once_each(pairs: list[tuple[str, str]], place: str) -> dict[str, str]:
    """Names with their values, where no name comes twice."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise RequestError(422, f"the {place} names an option twice; expected each once.")
    return values


def _check_count(num_pictures: int, settings: Settings) -> None:
    """Refuse more pictures than a request may have."""
    if num_pictures > settings.max_pictures:
        raise RequestError(
            413,
            f"the request has {num_pictures} pictures; expected {settings.max_pictures} at most. "
            "Send several requests.",
        )


def _too_large(settings: Settings) -> RequestError:
    limit = f"{settings.max_bytes / MILLION:g} million bytes"
    return RequestError(413, f"the request has more than {limit}. Send smaller pictures, or fewer.")
