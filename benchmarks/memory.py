"""The most memory that a process has held. Standard library only: every worker imports it."""

from pathlib import Path


def peak_mib() -> float | None:
    """This process's peak resident memory in MiB, where Linux tells.

    Not ``getrusage``'s, which counts the parent's memory too in a process that was just forked.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
