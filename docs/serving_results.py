"""The sections of ``docs/results.md`` about the server and what can't break it."""

from typing import Any

_SERVICES = {"ours": "`digits serve`", "naive": "FastAPI, `model.predict`"}


def serving_section(result: dict[str, Any]) -> str:
    """Throughput, overload, memory."""
    lines = [
        "## Serving",
        "",
        "`benchmarks/serve.py`: the same picture of one digit, 28x28 pixels, asked for by wrk on "
        "the same two cores, beside the service that people write first: FastAPI around "
        "`model.predict`.",
        "",
        "| service | connections | requests a second | half within | 99 % within | refused |",
        "|---|---|---|---|---|---|",
    ]
    for row in sorted(result["rows"], key=lambda row: row["connections"]):
        lines.append(
            f"| {_SERVICES[row['service']]} | {row['connections']} "
            f"| {row['requests_per_second']:,.0f} | {row['p50_ms']:.1f} ms "
            f"| {row['p99_ms']:.1f} ms | {row['refused']:.0f} |"
        )
    half, over, memory = (result[name] for name in ("half", "overload", "memory"))
    lines += [
        "",
        f"At half of its capacity, {half['requested_per_second']:.0f} requests a second: half are "
        f"answered within {half['p50_ms']:.1f} ms, 99 % within {half['p99_ms']:.1f} ms, "
        f"{half['errors']:.0f} answers were anything else than a reading; hey, the program that "
        "asked, doesn't tell of requests that got no answer.",
        "",
        "Four hundred clients would ask for ten times as many pictures as it can read, again at "
        "once where they are told to come back, and came to "
        f"{over['requests_per_second']:,.0f} requests a second: {over['accepted']:,.0f} in ten "
        f"seconds were accepted, 99 % of them answered within {over['accepted_p99_ms']:.0f} ms; "
        f"{over['refused']:,.0f} were told to come back, 99 % of them within "
        f"{over['refused_p99_ms']:.0f} ms; {over['other']:.0f} got anything else. "
        f"A request right after it took {1000 * over['seconds_to_recover']:.0f} ms.",
        "",
        f"Over {memory['requests']:,} requests, {memory['answered']:,} of them answered, memory "
        f"went from {memory['mebibytes_at_first']:.0f} to {memory['mebibytes_at_last']:.0f} MiB.",
    ]
    return "\n".join(lines)


def fuzz_section(result: dict[str, Any]) -> str:
    """What came of bytes that a fuzzer made up."""
    return (
        "## Whatever bytes\n\n"
        f"`benchmarks/fuzz.py`: of {result['inputs']:,} files that a coverage-guided fuzzer made "
        f"out of small pictures of many formats, {result['distinct']:,} of them distinct, "
        f"{result['read']:,} were read as numbers, "
        f"{result['blank']:,} as blank and {result['refused']:,} refused in one line; none did "
        f"anything else; the slowest took {result['slowest_seconds']:.1f} s. A process that read "
        f"them all held {result['mebibytes_after_a_fifth']} MiB after a fifth of them and "
        f"{result['mebibytes_at_last']} MiB at the end."
    )
