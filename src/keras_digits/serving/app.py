"""The application: which path is answered by what."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, JSONResponse
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from keras_digits.serving import describing
from keras_digits.serving.bodies import CLIENT_GONE, body_of, media_type, order_of
from keras_digits.serving.guarding import CLASSIFY_PATH, READ_PATH, Guard, busy_refusal
from keras_digits.serving.images import images_of
from keras_digits.serving.options import RequestError
from keras_digits.serving.queueing import BusyError
from keras_digits.serving.service import FailureError, Service

_PAGE = Path(str(files("keras_digits") / "serving" / "page"))
_DOCS = Path(str(files("keras_digits") / "serving" / "docs"))
_SWAGGER = Path(str(files("fastapi_offline") / "static"))
"""Swagger UI as a package of PyPI brings it, so that documents need no other host."""

_SECONDS_UNWATCHED = 0.2
"""Only after so long it is looked whether a client still waits."""

_WATCHING: list[str | Enum] = ["watching"]

_DESCRIPTION = (
    "Reads handwritten digits in pictures. The page for people is at [/](/); what is loaded, and "
    "how well it reads, at [/v1/model](/v1/model)."
)


def create_app(service: Service, version: str) -> ASGIApp:
    """Make the application around a service, which it closes in the end.

    Args:
        service: What reads, opened.
        version: Of keras-digits, for the description.

    Returns:
        An ASGI application.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await service.close()

    app = FastAPI(
        title="keras-digits",
        version=version,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(HTTPBearer(auto_error=False))] if service.settings.token else [],
    )
    _add_reading(app, service)
    _add_watching(app, service)
    _add_pages(app)
    _add_refusals(app)
    known = frozenset(path for route in app.routes if (path := getattr(route, "path", None)))
    guarded = Guard(app, service.settings, service.check, service.watch, known)
    if not (origins := service.settings.allowed_origins):
        return guarded
    return CORSMiddleware(  # outermost, so that their pages can read refusals too
        guarded,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["retry-after"],
    )


def _add_reading(app: FastAPI, service: Service) -> None:
    """The paths that read."""
    settings, memory = service.settings, service.memory

    @app.post(
        READ_PATH,
        tags=["reading"],
        summary="Read the digits in one picture or several.",
        response_model=describing.PictureAnswer | list[describing.PictureAnswer],
        response_model_exclude_unset=True,
        responses=describing.refusals(400, 401, 408, 413, 415, 422, 503),
        openapi_extra=describing.reading(),
    )
    async def read(request: Request) -> Response:
        """One picture is answered by an object, several by a list of them, in order."""
        async with body_of(request, settings, memory) as body:
            order = await order_of(request, body, settings)
            return await _answer_to(request, service.read(order))

    @app.post(
        CLASSIFY_PATH,
        tags=["reading"],
        summary="Classify images as MNIST makes them.",
        response_model=describing.ClassifyAnswer,
        responses=describing.refusals(400, 401, 408, 413, 415, 422, 503),
        openapi_extra=describing.classifying(),
    )
    async def classify(request: Request) -> Response:
        """28x28 images, 0 paper, 255 ink, as JSON or as a NumPy file of uint8."""
        async with body_of(request, settings, memory) as body:
            images = images_of(media_type(request), body, settings.max_images)
            return await _answer_to(request, service.classify(images))


def _add_watching(app: FastAPI, service: Service) -> None:
    """The paths that tell how it is."""

    @app.get(
        "/v1/model",
        tags=_WATCHING,
        summary="What is loaded, and how good it is.",
        responses=describing.refusals(401),
    )
    async def model() -> dict[str, Any]:
        return dict(service.facts())

    @app.get("/healthz", tags=_WATCHING, summary="Whether the server is alive.")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(
        "/readyz",
        tags=_WATCHING,
        summary="Whether it can read.",
        responses=describing.refusals(503),
    )
    async def readyz() -> Response:
        if not await service.is_ready():
            raise BusyError(1, "the reader is not ready")
        return JSONResponse({"status": "ready"})

    @app.get(
        "/metrics",
        tags=_WATCHING,
        summary="Counters for Prometheus.",
        response_class=Response,
        responses=describing.refusals(401),
    )
    async def metrics() -> Response:
        return Response(service.watch.text(), media_type="text/plain; version=0.0.4")


def _add_pages(app: FastAPI) -> None:
    """The page, and the API's description for people."""

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(_DOCS / "index.html")

    app.mount("/page", StaticFiles(directory=_PAGE))
    app.mount("/docs/files", StaticFiles(directory=_DOCS))
    app.mount("/docs/swagger", StaticFiles(directory=_SWAGGER))


def _add_refusals(app: FastAPI) -> None:
    """One line for whatever goes wrong."""

    @app.exception_handler(RequestError)
    async def refuse(_: Request, error: RequestError) -> Response:
        return JSONResponse({"error": str(error)}, error.status)

    @app.exception_handler(BusyError)
    async def put_off(_: Request, error: BusyError) -> Response:
        status, message, (name, value) = busy_refusal(error)
        return JSONResponse({"error": message}, status, {name: value})

    @app.exception_handler(Exception)
    async def fail(_: Request, error: Exception) -> Response:
        """Starlette raises the error again once this is sent, for the guard's log."""
        kind = str(error) if isinstance(error, FailureError) else type(error).__name__
        message = f"the server failed ({kind}), by a mistake of its own."
        return JSONResponse({"error": message}, 500)

    @app.exception_handler(HTTPException)
    async def miss(request: Request, error: HTTPException) -> Response:
        message = f"{request.method} {request.url.path[:100]}: {error.detail}. See /docs."
        return JSONResponse({"error": message}, error.status_code, error.headers)


async def _answer_to(request: Request, work: Coroutine[Any, Any, Any]) -> Response:
    """The answer that comes of some work, which ends where the client goes before.

    Whether it goes is looked for only where it has to wait: a task more for each request would
    take turns of the loop from all.
    """
    loop, answering = asyncio.get_running_loop(), asyncio.current_task()
    assert answering is not None
    watching: list[asyncio.Task[None]] = []
    is_gone = False

    async def watch() -> None:
        nonlocal is_gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        answering.cancel()

    timer = loop.call_later(_SECONDS_UNWATCHED, lambda: watching.append(loop.create_task(watch())))
    try:
        return _as_json(await work)
    except asyncio.CancelledError:
        if not is_gone:
            raise
        answering.uncancel()
        return Response(status_code=CLIENT_GONE)
    finally:
        timer.cancel()
        for task in watching:
            task.cancel()


def _as_json(answered: Any) -> Response:
    """An answer that is not checked against its description again; tests do that."""
    return Response(json.dumps(answered), media_type="application/json")
