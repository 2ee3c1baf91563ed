"""The server under load, at its limits, and at its end."""

import asyncio
import io
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from memory import peak_mib
from PIL import Image
from starlette.requests import Request

from keras_digits.errors import ServingError
from keras_digits.reading.catalogue import network_path
from keras_digits.serving.app import create_app
from keras_digits.serving.bodies import Memory, Order, body_of, order_of
from keras_digits.serving.guarding import Guard
from keras_digits.serving.options import ReadOptions, RequestError
from keras_digits.serving.processes import ClassifyTask, Failure, ReadingProcess, ReadTask
from keras_digits.serving.queueing import BusyError, Queue
from keras_digits.serving.running import close_silent
from keras_digits.serving.service import FailureError, Service
from keras_digits.serving.settings import Settings
from keras_digits.serving.watching import Watch
from pen import encode, write
from servers import Server, serving

SEVEN = encode(write("7", height=40, thickness=4))
PNG = {"content-type": "image/png"}


def in_process(settings: Settings, ask: Callable[[httpx.AsyncClient], Any]) -> httpx.Response:
    """One answer of an application whose processes never begin."""

    async def answer() -> httpx.Response:
        service = Service(settings)
        try:
            transport = httpx.ASGITransport(create_app(service, "0"))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                response: httpx.Response = await ask(client)
                return response
        finally:
            await service.close()

    return asyncio.run(answer())


def test_without_the_token_nobody_reads_but_the_page_is_there() -> None:
    settings = Settings(token="s3cret")
    for headers in ({}, {"authorization": "Bearer other"}, {"authorization": "s3cret"}):
        answer = in_process(settings, lambda c, h=headers: c.post("/v1/read", headers=h))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        for path in ("/v1/read%0A", "/metrics%0A", "/v1/model%0A", "/v1/model/"):
            answer = in_process(settings, lambda c, h=headers, p=path: c.get(p, headers=h))
            assert answer.status_code in (401, 404)
        assert in_process(settings, lambda c, h=headers: c.get("/metrics", headers=h)).is_error
    assert in_process(settings, lambda c: c.get("/healthz")).is_success
    headers = {"authorization": "bearer s3cret"}
    assert in_process(settings, lambda c: c.get("/v1/model", headers=headers)).is_success


def test_pages_of_other_sites_may_ask_only_where_they_are_named() -> None:
    settings = Settings(allowed_origins=("https://friend.example",), token="s3cret")
    for origin, allowed in (("https://friend.example", True), ("https://foe.example", False)):
        headers = {"origin": origin, "access-control-request-method": "POST"}
        for ask in (
            lambda c, h=headers: c.options("/v1/read", headers=h),
            lambda c, h=headers: c.get("/v1/model", headers=h),
        ):
            answer = in_process(settings, ask)
            assert (answer.headers.get("access-control-allow-origin") == origin) is allowed


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"num_processes": 0}, "num_processes is 0"),
        ({"max_pixels": 10**9}, "max_pixels"),
        ({"port": 70000}, "port is 70000"),
        ({"token": ""}, "empty"),
        ({"token": "ключ"}, "header"),
        ({"allowed_origins": ("example.org",)}, "https://example.org"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ServingError, match=words):
        Settings(**settings)


def test_a_taken_port_costs_one_line(server: Server, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    with (
        pytest.raises(AssertionError, match=f"{port} can't be had"),
        serving(tmp_path, "--port", port),
    ):
        pass


def test_a_full_queue_says_at_once_when_to_come_back() -> None:
    async def answer() -> httpx.Response:
        service = Service(Settings(max_wait_seconds=0.05))
        waiting = asyncio.gather(  # for processes that nobody has told to begin
            *(service._queue.do([ReadTask(SEVEN, "auto")] * 40) for _ in range(2)),
            return_exceptions=True,
        )
        await asyncio.sleep(0)
        transport = httpx.ASGITransport(create_app(service, "0"))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            response = await client.post("/v1/read", content=SEVEN, headers=PNG)
        await service.open()
        outcomes = await waiting
        assert isinstance(outcomes[1], BusyError)
        assert len(outcomes[0]) == 40
        await service.close()
        return response

    answer_ = asyncio.run(answer())
    assert answer_.status_code == 503
    assert int(answer_.headers["retry-after"]) >= 1
    assert "try again in" in answer_.json()["error"]


async def _ask_when_full(num_clients: int, send: Callable[[int, Any], None]) -> None:
    """Let clients ask at one time where there is no room; `send` is told whose message it is."""

    def check() -> None:
        raise BusyError(1)

    async def unreachable(*_: Any) -> None:
        raise AssertionError("let through")

    guard = Guard(unreachable, Settings(), check, Watch(lambda: 0), frozenset())

    async def ask(number: int) -> None:
        async def receive() -> dict[str, Any]:
            raise AssertionError("a body was read")

        async def send_one(message: Any) -> None:
            send(number, message)

        scope = {"type": "http", "method": "POST", "path": "/v1/read", "headers": []}
        await guard(scope, receive, send_one)

    await asyncio.gather(*(ask(number) for number in range(num_clients)))


def test_who_is_refused_is_told_at_once_and_heard_again_later() -> None:
    sent: list[tuple[int, str, float]] = []

    def send(number: int, message: Any) -> None:
        is_end = message["type"].endswith("body") and not message.get("more_body")
        kind = "end" if is_end else "words"
        if message.get("body"):
            assert "busy" in json.loads(message["body"])["error"]
        sent.append((number, kind, time.monotonic()))

    asyncio.run(_ask_when_full(600, send))
    kinds = [kind for _, kind, _ in sent]
    assert kinds == ["words"] * 1200 + ["end"] * 600  # all have theirs before anybody is heard
    assert sent[-1][2] - sent[0][2] >= 0.1  # 600 of 6,000 a second


def test_a_refused_client_has_its_answer_and_can_ask_again_on_its_connection() -> None:
    request = (
        b"POST /v1/read HTTP/1.1\r\nhost: here\r\ncontent-type: image/png\r\n"
        b"content-length: %d\r\n\r\n%s" % (len(SEVEN), SEVEN)
    )

    async def ask() -> list[bytes]:
        service = Service(Settings(max_wait_seconds=0.05))
        waiting = asyncio.create_task(service._queue.do([ReadTask(SEVEN, "auto")] * 40))
        await asyncio.sleep(0)
        config = uvicorn.Config(create_app(service, "0"), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            life = asyncio.create_task(server.serve(sockets=[listening]))
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            answers = []
            for _ in range(3):
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head)
                assert length
                answers.append(head.split(b"\r\n")[0] + await reader.readexactly(int(length[1])))
            writer.close()
            server.should_exit = True
            await life
        await service.open()
        await waiting
        await service.close()
        return answers

    answers = asyncio.run(asyncio.wait_for(ask(), 60))
    assert all(b"503" in answer and b"try again in 1 s" in answer for answer in answers)


@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_a_server_that_has_much_else_to_do_takes_less_on(seconds: float) -> None:
    async def number_refused() -> int:
        service = Service(Settings(max_wait_seconds=1))  # longer than a busy machine makes it wait
        await service.open()
        first = asyncio.create_task(service._queue.do([ReadTask(SEVEN, "auto")]))
        await asyncio.sleep(0.01)
        time.sleep(seconds)  # what else there is to do
        await first
        more = (service._queue.do([ReadTask(SEVEN, "auto")]) for _ in range(12))
        outcomes = await asyncio.gather(*more, return_exceptions=True)
        await service.close()
        return sum(isinstance(outcome, BusyError) for outcome in outcomes)

    assert (asyncio.run(number_refused()) > 0) == (seconds > 0)


def test_memory_for_bodies_has_a_bound() -> None:
    memory = Memory(1000)
    memory.take(600)
    memory.take(400)
    with pytest.raises(BusyError):
        memory.take(1)
    memory.give_back(400)
    memory.take(1)


@pytest.mark.parametrize("max_bytes", [1000, 60_000_000])
def test_two_of_the_largest_requests_have_room(max_bytes: int) -> None:
    async def sizes() -> list[int]:
        settings = Settings(max_bytes=max_bytes)
        pieces = itertools.cycle([bytes(max_bytes // 10)] * 9 + [b""])

        async def receive() -> Any:
            piece = next(pieces)
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}

        memory = Memory(settings.max_bytes_at_once)
        first, second = (
            Request({"type": "http", "method": "POST", "headers": []}, receive) for _ in range(2)
        )
        async with (
            body_of(first, settings, memory) as one,
            body_of(second, settings, memory) as two,
        ):
            return [len(one), len(two)]

    assert asyncio.run(sizes()) == [max_bytes // 10 * 9] * 2


def test_who_says_nothing_is_not_listened_to_for_ever() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def connect() -> tuple[bytes, bytes, bytes]:
        server = uvicorn.Server(uvicorn.Config(slow, log_level="error", lifespan="off"))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            life = asyncio.create_task(server.serve(sockets=[listening]))
            closing = asyncio.create_task(close_silent(server, 0.2))
            links = [await asyncio.open_connection(*listening.getsockname()) for _ in range(3)]
            (silent, _), (slow_head, head_writer), (good, writer) = links
            head_writer.write(b"GET / HTTP/1.1\r\nhost:")
            writer.write(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
            said = (await silent.read(), await slow_head.read(), await good.readline())
            for _, one in links:
                one.close()
            closing.cancel()
            server.should_exit = True
            await life
        return said

    silent, head, good = asyncio.run(asyncio.wait_for(connect(), 20))
    assert (silent, head) == (b"", b"")
    assert good == b"HTTP/1.1 204 No Content\r\n"


def test_who_takes_nothing_of_an_answer_is_not_waited_for() -> None:
    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})

    async def stall() -> int:
        server = uvicorn.Server(uvicorn.Config(large, log_level="critical", lifespan="off"))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            life = asyncio.create_task(server.serve(sockets=[listening]))
            closing = asyncio.create_task(close_silent(server, 0.2))
            link = socket.create_connection(listening.getsockname())
            link.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")  # and not a byte is read
            await asyncio.sleep(0.1)
            begun = len(server.server_state.connections)
            while server.server_state.connections:
                await asyncio.sleep(0.1)
            closing.cancel()
            link.close()
            server.should_exit = True
            await life
        return begun

    assert asyncio.run(asyncio.wait_for(stall(), 20)) == 1


def test_a_mistake_of_the_servers_is_one_line_too() -> None:
    async def ask() -> httpx.Response:
        service = Service(Settings())
        del service._model
        transport = httpx.ASGITransport(create_app(service, "0"), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            answer = await client.get("/v1/model")
        await service.close()
        return answer

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert "the server failed (AttributeError)" in answer.json()["error"]


@pytest.fixture
def own_server(tmp_path: Path) -> Any:
    """A server to be stopped, its network a copy that can be spoiled."""
    shutil.copy(network_path(None), tmp_path / "mine.onnx")
    with serving(tmp_path, "--network", str(tmp_path / "mine.onnx"), "--processes", "2") as one:
        yield one


class Load:
    """Clients that ask again and again."""

    def __init__(self, url: str, num_clients: int = 4) -> None:
        self.statuses: list[int] = []
        self.failures: list[Exception] = []
        self._is_ending = False
        self._url = url
        self._threads = [threading.Thread(target=self._ask) for _ in range(num_clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        while len(self.statuses) < 20:
            time.sleep(0.01)
        return self

    def __exit__(self, *error: object) -> None:
        self._is_ending = True
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with httpx.Client(timeout=30, trust_env=False) as client:
            while not self._is_ending:
                try:
                    answer = client.post(f"{self._url}/v1/read", content=SEVEN, headers=PNG)
                except httpx.HTTPError as error:
                    self.failures.append(error)
                    return
                self.statuses.append(answer.status_code)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
def test_a_server_ends_with_the_terminal_that_it_was_started_in(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "keras_digits.cli", "serve", "--port", "0", "--processes", "1"],
            stdin=theirs,
            stdout=log,
            stderr=log,
        )
    while server.poll() is None and "http://" not in (tmp_path / "log").read_text():
        time.sleep(0.02)
    server.send_signal(signal.SIGHUP)
    server.wait(30)
    os.close(ours)
    os.close(theirs)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_stop_while_a_network_is_loaded_leaves_nothing_behind(own_server: Server) -> None:
    own_server.signal(signal.SIGHUP)
    time.sleep(0.05)
    children = own_server.children()
    own_server.signal(signal.SIGTERM)
    while own_server.process.poll() is None:
        children += own_server.children()
        time.sleep(0.01)
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_server_asked_to_stop_answers_what_it_accepted(own_server: Server) -> None:
    answers: list[httpx.Response] = []
    large = encode(write("7", height=900, thickness=40))

    def ask() -> None:
        files = [("file", (str(number), large)) for number in range(12)]
        answers.append(
            httpx.post(f"{own_server.url}/v1/read", files=files, timeout=30, trust_env=False)
        )

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    while "digits_waiting 0.0" in httpx.get(f"{own_server.url}/metrics", trust_env=False).text:
        assert not answers, "answered before it could be asked to stop"
    children = own_server.children()
    own_server.signal(signal.SIGTERM)
    for client in clients:
        client.join()
    own_server.process.wait(20)
    assert [one.status_code for one in answers] == [200, 200]
    texts = [one["numbers"][0]["text"] for answer in answers for one in answer.json()]
    assert texts == ["7"] * 24
    assert len(children) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def test_a_new_network_is_taken_up_without_losing_a_request(
    own_server: Server, tmp_path: Path
) -> None:
    children = own_server.children()
    (tmp_path / "mine.onnx").write_bytes(network_path(None).read_bytes())
    with Load(own_server.url) as load:
        own_server.signal(signal.SIGHUP)
        _wait_for(own_server.log, "Reloaded.")
        (tmp_path / "mine.onnx").write_bytes(b"spoiled")
        own_server.signal(signal.SIGHUP)
        _wait_for(own_server.log, "Not reloaded:")
        os.kill(own_server.children()[0], signal.SIGKILL)  # its successor has the old network too
        time.sleep(0.3)
    assert load.failures == []
    assert set(load.statuses) <= {200, 503}  # 503 where processes start and a core is short
    assert load.statuses.count(200) > 20
    assert not set(children) & set(own_server.children())


def _wait_for(log: Path, words: str) -> None:
    started = time.monotonic()
    while words not in log.read_text():
        assert time.monotonic() - started < 30, log.read_text()
        time.sleep(0.02)


def test_a_reading_process_that_dies_is_replaced(own_server: Server) -> None:
    before = own_server.children()
    os.kill(before[0], signal.SIGKILL)
    with httpx.Client(base_url=own_server.url, timeout=30, trust_env=False) as client:
        answers = [client.post("/v1/read", content=SEVEN, headers=PNG) for _ in range(6)]
    assert [one.json()["numbers"][0]["text"] for one in answers] == ["7"] * 6
    assert len(own_server.children()) == 2


def test_requests_that_come_together_are_read_together(server: Server) -> None:
    before = _num_batches(server)
    with Load(server.url, num_clients=8):
        pass
    assert _num_batches(server) > before


def _num_batches(server: Server) -> float:
    """Calls of a process that had more than one task."""
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    counts = {
        line.split('"')[1]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("digits_batch_size_bucket")
    }
    return counts["+Inf"] - counts["1.0"]


def test_a_client_that_dawdles_is_sent_away() -> None:
    async def answer() -> int:
        service = Service(Settings(timeout_seconds=0.1))
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.sleep(5)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/read",
            "query_string": b"",
            "headers": [(b"content-type", b"image/png"), (b"content-length", b"9")],
        }
        await create_app(service, "0")(scope, receive, send)
        await service.close()
        return int(sent[0]["status"])

    assert asyncio.run(answer()) == 408


def test_a_large_request_may_take_longer_than_a_small_one() -> None:
    async def receive_slowly(chunk: int, seconds: float) -> int:
        async def receive() -> Any:
            await asyncio.sleep(seconds)
            return {"type": "http.request", "body": bytes(chunk), "more_body": next(more)}

        more = iter([True] * 9 + [False])
        request = Request({"type": "http", "method": "POST", "headers": []}, receive)
        async with body_of(request, Settings(timeout_seconds=0.3), Memory(10**9)) as body:
            return len(body)

    assert asyncio.run(receive_slowly(40_000, 0.1)) == 400_000  # it takes a second, and has four
    with pytest.raises(RequestError, match="more slowly than 100 kB a second"):
        asyncio.run(receive_slowly(400, 0.1))


def test_only_its_arrival_makes_a_request_late() -> None:
    async def work_on_a_body() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"all of it", "more_body": False}

        request = Request({"type": "http", "method": "POST", "headers": []}, receive)
        memory = Memory(1000)
        with pytest.raises(TimeoutError):
            async with body_of(request, Settings(), memory) as body:
                assert body == b"all of it"
                raise TimeoutError
        memory.take(1000)  # what the body held was given back
        with pytest.raises(BusyError):
            memory.take(1)

    asyncio.run(work_on_a_body())


def test_a_broken_connection_harms_nobody(server: Server, client: httpx.Client) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /v1/read HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\nabc")
    assert client.post("/v1/read", content=SEVEN, headers=PNG).status_code == 200


@pytest.mark.parametrize("length", [40, 60_000], ids=["many short headers", "some long ones"])
def test_a_request_s_head_is_short(server: Server, client: httpx.Client, length: int) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    header = b"x: " + b"y" * length + b"\r\n"
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(b"GET /v1/health HTTP/1.1\r\nhost: x\r\n" + header)
        with suppress(ConnectionError):  # refused while it is being sent
            for _ in range(2_000_000 // len(header)):
                connection.sendall(header)
        with suppress(ConnectionError):
            assert b"400" in connection.recv(1000).split(b"\r\n")[0]
    assert client.post("/v1/read", content=SEVEN, headers=PNG).status_code == 200


def test_nothing_that_a_client_sends_is_written_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise AssertionError("written to disk")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", refuse)
    large = bytes(5_000_000)  # above a megabyte, Starlette's own parser goes to disk
    request = httpx.Request("POST", "http://here/v1/read", files={"file": ("a.png", large)})
    scope = {
        "type": "http",
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }
    order = asyncio.run(order_of(Request(scope), request.read(), Settings()))
    assert order.pictures == (("a.png", large),)


def test_nothing_that_a_client_sends_is_written_to_the_log(
    server: Server, client: httpx.Client
) -> None:
    client.post("/v1/read", files={"file": ("my-secret.png", b"my-secret")})
    client.post("/v1/classify", content=b"\x93NUMPY\x01\x00\x0a\x00my-secret(")
    broken = {"content-type": "multipart/form-data; boundary=edge"}
    client.post("/v1/read", content=b"--edge\rmy-secret--edge--", headers=broken)
    client.get("/my-secret")
    log = server.log.read_text()
    assert "secret" not in log
    assert "Traceback" not in log
    assert log.count("\n") == 1  # where it reads


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_a_decompression_bomb_is_cheap(server: Server, client: httpx.Client, mode: str) -> None:
    huge = b"P5 40000 30000 255\n" + bytes(1000)  # and no more, whatever it says
    largest = io.BytesIO()
    Image.new(mode, (5000, 5000)).save(largest, "PNG", transparency=0 if mode == "P" else None)
    client.post("/v1/read", content=SEVEN, headers=PNG)
    for bomb in (huge, largest.getvalue()):
        pids = (server.process.pid, *server.children())
        before = {pid: _forget_peak(pid) for pid in pids}
        answer = client.post("/v1/read", content=bomb, headers=PNG)
        assert answer.status_code == (422 if bomb is huge else 200)
        assert max(_peak_mib(pid) - before[pid] for pid in pids) * 2**20 < 200e6


def _forget_peak(pid: int) -> float:
    """Let a process's peak be what it holds now; the MiB."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _peak_mib(pid)


def _peak_mib(pid: int) -> float:
    """The most MiB that a running process held."""
    found = peak_mib(pid)
    assert found is not None
    return found


def queue_of_one_process(**settings: Any) -> Queue:
    """A queue, not open yet, before one process with the network that ships."""
    network = network_path(None).read_bytes()
    return Queue(Settings(num_processes=1, **settings), network, lambda num_tasks: None)


def test_a_picture_that_no_process_survives_costs_itself_alone() -> None:
    async def answer() -> list[Any]:
        queue = queue_of_one_process(max_pixels=10**6, timeout_seconds=5)
        await queue.open()
        good, bad = ReadTask(SEVEN, "auto"), ReadTask(_Deadly(SEVEN), "auto")
        outcomes = await queue.do([good, bad, good])
        await queue.close()
        return outcomes

    first, second, third = asyncio.run(answer())
    assert first.text == third.text == "7"
    assert "too much for this reader" in str(second)


def test_a_mistake_in_a_process_is_told_and_the_process_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer() -> list[Any]:
        queue = queue_of_one_process()
        await queue.open()
        (before,) = queue._processes[0]._executor._processes
        odd = ClassifyTask(np.zeros((1, 5, 5), np.uint8))  # no request has it
        tasks = (odd, ReadTask(SEVEN, "auto"), ClassifyTask(np.zeros((2, 28, 28), np.uint8)))
        outcomes = await queue.do(tasks)
        (after,) = queue._processes[0]._executor._processes
        await queue.close()
        return [*outcomes, before == after]

    odd, seven, images, is_same = asyncio.run(answer())
    assert isinstance(odd, Failure)
    assert (seven.text, images.shape, is_same) == ("7", (2, 10), True)
    (line,) = [record.getMessage() for record in caplog.records]
    assert ".py:" in line
    assert "in a process that reads" in line


def test_a_mistake_of_ours_at_one_picture_stops_no_other() -> None:
    class Failing(Queue):
        async def do(self, tasks: Any) -> Any:
            failure = Failure("KeyError", "here.py:1")
            if len(tasks) == 1:
                return [failure]
            first, *others = await super().do(tasks)
            return [first, failure, *others[1:]]

    async def ask() -> list[Any]:
        service = Service(Settings(num_processes=1))
        service._queue.__class__ = Failing
        await service.open()
        several = Order((("a", SEVEN), ("b", SEVEN), ("c", SEVEN)), True, ReadOptions())
        answers = await service.read(several)
        with pytest.raises(FailureError, match="KeyError"):
            await service.read(Order((("a", SEVEN),), False, ReadOptions()))
        await service.close()
        assert 'digits_pictures_total{outcome="error"} 2.0' in service.watch.text().decode()
        assert isinstance(answers, list)
        return answers

    first, failed, third = asyncio.run(ask())
    assert failed["error"] == "the server failed (KeyError), by a mistake of its own."
    assert [first["error"], third["error"], failed["numbers"]] == [None, None, []]


def test_nobody_reads_for_a_client_that_has_gone() -> None:
    async def leave() -> tuple[int, int]:
        queue = queue_of_one_process()
        await queue.open()
        first, second = (asyncio.create_task(queue.do([ReadTask(SEVEN, "auto")])) for _ in range(2))
        second_later = asyncio.create_task(queue.do([ReadTask(SEVEN, "auto")] * 9))
        await asyncio.sleep(0)
        before = queue.num_waiting
        second_later.cancel()
        await asyncio.gather(first, second, second_later, return_exceptions=True)
        after = queue.num_waiting
        await asyncio.wait_for(queue.close(), 10)
        return before, after

    before, after = asyncio.run(leave())
    assert before == 11
    assert after == 0


def test_a_client_that_goes_leaves_its_place(own_server: Server) -> None:
    large, address = encode(np.full((4000, 5000), 255, np.uint8)), httpx.URL(own_server.url)
    for _ in range(40):
        with socket.create_connection((address.host, address.port)) as link:
            head = f"POST /v1/read HTTP/1.1\r\nhost: x\r\ncontent-length: {len(large)}\r\n"
            link.sendall(f"{head}content-type: image/png\r\n\r\n".encode() + large)
            time.sleep(0.02)
    assert 'status="499"' in httpx.get(f"{own_server.url}/metrics").text


def test_a_process_that_has_no_successor_yet_gets_one_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer() -> list[Any]:
        queue = queue_of_one_process()
        await queue.open()

        def fail(process: ReadingProcess) -> Any:
            raise OSError(24, "Too many open files")

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(ReadingProcess, "_start", fail)
            with pytest.raises(BusyError, match="no process that reads can start"):
                await queue.do([ReadTask(_Deadly(SEVEN), "auto")])
            assert not await queue.is_able()
        outcomes = await queue.do([ReadTask(SEVEN, "auto")])
        await queue.close()
        return outcomes

    (outcome,) = asyncio.run(asyncio.wait_for(answer(), 60))
    assert outcome.text == "7"


def test_it_is_ready_only_while_a_process_can_start() -> None:
    async def answer() -> list[int]:
        service = Service(Settings(num_processes=1))
        transport = httpx.ASGITransport(create_app(service, "0"))
        statuses = []
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:

            async def ask() -> None:
                statuses.append((await client.get("/readyz")).status_code)

            await ask()
            await service.open()
            await ask()
            (process,) = service._queue._processes
            good, process._arguments = process._arguments, (b"no network", 10**6, os.getpid())
            with pytest.raises(BusyError):
                await service._queue.do([ReadTask(_Deadly(SEVEN), "auto")])
            await ask()
            process._arguments = good
            await ask()
            (outcome,) = await service._queue.do([ReadTask(_Deadly(SEVEN), "auto")])
            assert "too much for this reader" in str(outcome)
            await ask()  # the picture was to blame
            await service.close()
            await ask()
        return statuses

    assert asyncio.run(answer()) == [503, 200, 503, 200, 200, 503]


class _Deadly(bytes):
    """A picture whose arrival ends a process, as one that breaks a decoder would."""

    def __reduce__(self) -> Any:
        return os._exit, (1,)
