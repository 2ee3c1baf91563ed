"""Claim: the server answers many times faster than Keras behind FastAPI, and bends, not breaks.

Runs ``digits serve`` beside the service that people write first (``naive_service.py``), in turn,
both asked by wrk on this machine with the same picture of one digit:

*   throughput and latency at 1, 8 and 64 connections;
*   ours at half of its capacity, at a steady rate (hey);
*   ours asked by as many clients as make ten times its capacity: those accepted, those refused;
*   ours over 100,000 requests: its memory.

Writes ``benchmarks/results/serve.json``.

    python benchmarks/serve.py    # six minutes; wrk and hey are Debian's
"""

import csv
import io
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from claims import Claim
from memory import resident_mib
from peers import train_quickly
from read import DIGITS
from tutorial import ROOT, console, write_result

from keras_digits.errors import DigitsError
from keras_digits.training.environment import describe_environment

PICTURE = ROOT / "docs" / "pictures" / "seven.png"
"""A digit at MNIST's size, in black without shades, as paint programs draw it."""

CONNECTIONS = (1, 8, 64)
ROUNDS = 3
SECONDS = 4
NUM_REQUESTS = 100_000
OVERLOAD = 10
_STEADY = 4
"""hey's clients of a steady rate: they ask at the same instants, so few of them."""

_READ = "/v1/read?layout=digit"
_NAIVE = Path(__file__).with_name("naive_service.py")

_SCRIPT = """
local file = io.open("{picture}", "rb")
local content = file:read("*a")
wrk.method = "POST"
wrk.path = "{path}"
wrk.body = "--edge\\r\\n" ..
  "Content-Disposition: form-data; name=\\"file\\"; filename=\\"a.png\\"\\r\\n" ..
  "Content-Type: image/png\\r\\n\\r\\n" .. content .. "\\r\\n--edge--\\r\\n"
wrk.headers["Content-Type"] = "multipart/form-data; boundary=edge"
"""


def main() -> None:
    """Run all comparisons."""
    for tool in ("wrk", "hey"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is missing. Install it: sudo apt install {tool}")
    with tempfile.TemporaryDirectory() as folder:
        rows = _compare(Path(folder), PICTURE)
        with _ours() as (url, pid):
            capacity = max(row["requests_per_second"] for row in rows if row["service"] == "ours")
            half = _at_rate(url, PICTURE, capacity / 2)
            overload = _overload(url, PICTURE, capacity)
            memory = _endurance(url, PICTURE, pid)
    write_result(
        "serve",
        {
            "claims": _claims(rows, half, overload, memory),
            "rows": rows,
            "half": half,
            "overload": overload,
            "memory": memory,
            "environment": describe_environment("none"),
        },
    )


def _claims(
    rows: list[dict[str, Any]],
    half: dict[str, float],
    overload: dict[str, float],
    memory: dict[str, float],
) -> list[dict[str, Any]]:
    """What is claimed of these figures."""
    by_side = {(row["service"], row["connections"]): row for row in rows}
    naive = "FastAPI, model.predict"
    claims = [
        Claim(
            f"served pictures, {connections} connections",
            "digits serve",
            naive,
            "1/s",
            by_side["ours", connections]["requests_per_second"],
            by_side["naive", connections]["requests_per_second"],
            20 if connections == CONNECTIONS[-1] else None,
            num_rounds=ROUNDS,
        )
        for connections in CONNECTIONS
    ]
    bounds = (
        ("99th percentile at half of capacity", half["p99_ms"], 50),
        (
            f"99th percentile of those accepted where {OVERLOAD} times capacity is asked for",
            overload["accepted_p99_ms"],
            250,
        ),
    )
    claims += [
        Claim(words, "digits serve", f"{limit} ms", "ms", found, limit, 1, "at most", num_rounds=1)
        for words, found, limit in bounds
    ]
    claims.append(
        Claim(
            f"memory over {NUM_REQUESTS:,} requests",
            "at the end",
            "in the second fifth",
            "MiB",
            memory["mebibytes_at_last"],
            memory["mebibytes_at_first"],
            1.05,
            "at most",
            num_rounds=1,
        )
    )
    return [claim.to_dict() for claim in claims]


def _compare(folder: Path, picture: Path) -> list[dict[str, Any]]:
    """Both services at every number of connections, in turn: medians over the rounds."""
    network = train_quickly() / "model.keras"
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    with _ours() as (ours, _), _naive(network) as naive:
        targets = {"ours": (ours, _READ), "naive": (naive, "/predict")}
        for name, (url, path) in targets.items():
            script = folder / f"{name}.lua"
            script.write_text(_SCRIPT.format(picture=picture, path=path))
            _wrk(url, script, 4, 1)  # warm
        for _ in range(ROUNDS):
            for connections in CONNECTIONS:
                for name, (url, _) in targets.items():
                    one = _wrk(url, folder / f"{name}.lua", connections, SECONDS)
                    found.setdefault((name, connections), []).append(one)
    rows = []
    for (name, connections), some in found.items():
        medians = {key: statistics.median(one[key] for one in some) for key in some[0]}
        rows.append({"service": name, "connections": connections, **medians})
        console.print(rows[-1])
    return rows


def _wrk(url: str, script: Path, connections: int, seconds: int) -> dict[str, float]:
    """What wrk measured."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    done = subprocess.run(
        [*command, "-s", str(script), url], capture_output=True, text=True, check=True
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    assert rate, done.stdout
    if "Socket errors" in done.stdout:
        raise DigitsError(f"wrk could not reach {url}: {done.stdout}")
    answered = re.search(r"(\d+) requests in", done.stdout)
    assert answered, done.stdout
    num_refused = int(refused[1]) if refused else 0
    return {
        "requests_per_second": float(rate[1]) * (1 - num_refused / int(answered[1])),
        "p50_ms": _percentile(done.stdout, 50),
        "p99_ms": _percentile(done.stdout, 99),
        "refused": float(num_refused),
    }


def _percentile(text: str, percent: int) -> float:
    """A percentile of wrk's, in milliseconds."""
    found = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s)", text)
    assert found, text
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]


def _at_rate(url: str, picture: Path, rate: float) -> dict[str, float]:
    """Latencies at a steady rate of requests."""
    rows = _hey(url, picture, clients=_STEADY, a_second=rate / _STEADY, seconds=10)
    times = [row["seconds"] for row in rows if row["status"] == 200]
    found = {
        "requested_per_second": rate,
        "requests_per_second": len(rows) / 10,
        "p50_ms": 1000 * _quantile(times, 0.5),
        "p99_ms": 1000 * _quantile(times, 0.99),
        "errors": sum(row["status"] != 200 for row in rows),
    }
    console.print("half of capacity", found)
    return found


def _overload(url: str, picture: Path, capacity: float) -> dict[str, float]:
    """What happens to those accepted and refused, and how soon all is well again."""
    rows = _hey(url, picture, clients=400, a_second=OVERLOAD * capacity / 400, seconds=10)
    accepted = [row["seconds"] for row in rows if row["status"] == 200]
    started = time.perf_counter()
    recovered = httpx.post(f"{url}/v1/read", files={"file": picture.read_bytes()}).is_success
    found = {
        "requests_per_second": len(rows) / 10,
        "accepted": len(accepted),
        "refused": sum(row["status"] == 503 for row in rows),
        "other": sum(row["status"] not in (200, 503) for row in rows),
        "accepted_p99_ms": 1000 * _quantile(accepted, 0.99),
        "refused_p99_ms": 1000
        * _quantile([row["seconds"] for row in rows if row["status"] == 503] or [0.0], 0.99),
        "seconds_to_recover": time.perf_counter() - started if recovered else float("inf"),
    }
    console.print("overload", found)
    return found


def _hey(
    url: str, picture: Path, clients: int, a_second: float, seconds: int
) -> list[dict[str, Any]]:
    """Each request's time and status, from hey."""
    command = ["hey", "-z", f"{seconds}s", "-c", str(clients), "-q", f"{a_second:.3f}", "-t", "30"]
    done = subprocess.run(
        [*command, *_posting(picture), "-o", "csv", f"{url}{_READ}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        {"seconds": float(row["response-time"]), "status": int(row["status-code"])}
        for row in csv.DictReader(io.StringIO(done.stdout))
    ]


def _posting(picture: Path) -> list[str]:
    """Hey's words for a picture as a raw body."""
    return ["-m", "POST", "-T", "image/png", "-D", str(picture)]


def _endurance(url: str, picture: Path, pid: int) -> dict[str, float]:
    """Memory of the server and its processes over many requests."""
    samples: list[float] = []
    is_over = threading.Event()

    def sample() -> None:
        while not is_over.wait(0.5):
            samples.append(_memory(pid))

    thread = threading.Thread(target=sample)
    thread.start()
    command = ["hey", "-n", str(NUM_REQUESTS), "-c", "16", "-t", "30", *_posting(picture)]
    with console.status(f"{NUM_REQUESTS} requests"):
        done = subprocess.run(
            [*command, f"{url}{_READ}"],
            capture_output=True,
            text=True,
            check=True,
        )
    is_over.set()
    thread.join()
    answered = re.search(r"\[200\]\s+(\d+) responses", done.stdout)
    if answered is None or int(answered[1]) < NUM_REQUESTS:
        raise SystemExit(f"not all of {NUM_REQUESTS} requests were answered: {done.stdout}")
    fifth = max(1, len(samples) // 5)
    found = {
        "requests": NUM_REQUESTS,
        "answered": int(answered[1]),
        "mebibytes_at_first": statistics.median(samples[fifth : 2 * fifth]),
        "mebibytes_at_last": statistics.median(samples[-fifth:]),
    }
    console.print("memory", found)
    return found


def _memory(pid: int) -> float:
    """MiB in memory of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(resident_mib(one) or 0.0 for one in (str(pid), *children))


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@contextmanager
def _ours() -> Iterator[tuple[str, int]]:
    """Our server's address and process."""
    with _started([str(DIGITS), "serve", "--port", (port := _free_port())], port) as pid:
        yield f"http://127.0.0.1:{port}", pid


@contextmanager
def _naive(network: Path) -> Iterator[str]:
    """The other service's address."""
    command = [sys.executable, str(_NAIVE), str(network), (port := _free_port())]
    with _started(command, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _started(command: list[str], port: str) -> Iterator[int]:
    """A service that listens; its process's number."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


if __name__ == "__main__":
    main()
