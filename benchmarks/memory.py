"""The most memory that a process has held. Standard library only: every worker imports it."""

from pathlib import Path


def peak_mib(process: int | str = "self") -> float | None:
    """A process's peak resident memory in MiB, where Linux tells.

    Not ``getrusage``'s, which counts the parent's memory too in a process that was just forked.
    """
    status = Path(f"/proc/{process}/status")
    if not status.is_file():
        return None
    peaks = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(peaks[0].split()[1]) / 1024 if peaks else None  # one that has ended has none


def peak_mib_of_children() -> float:
    """The sum of the peaks of all processes that this one has started and that still run."""
    children = Path("/proc/self/task").glob("*/children")
    numbers = [number for file in children for number in file.read_text().split()]
    return sum(peak_mib(int(number)) or 0.0 for number in numbers)
