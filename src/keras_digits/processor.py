"""What the processor has to work with: cores, units for bfloat16, a name. Imports nothing slow."""

import os
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def num_cores() -> int:
    """The cores that this process may use, at least 1; a container's quota counts."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    return max(1, min(allowed, _quota() or allowed))


def multiplies_bfloat16() -> bool:
    """Whether the processor has units for bfloat16: AMX or AVX-512's; told on Linux alone."""
    return bool({"amx_bf16", "avx512_bf16"} & set(cpuinfo("flags").split()))


def cpuinfo(name: str) -> str:
    """What Linux says of the first core under a name; empty elsewhere."""
    if not _CPUINFO.is_file():
        return ""
    for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _quota() -> int | None:
    """How many cores' time a container may take, rounded up; None where there is no bound."""
    try:
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):  # no such file, or "max"
        return None
