"""What memory a process holds, and the most it has held. Standard library: every worker has it."""

from pathlib import Path


def peak_mib(process: int | str = "self") -> float | None:
    """A process's peak resident memory in MiB, where Linux tells.

    Not ``getrusage``'s, which counts the parent's memory too in a process that was just forked.
    """
    return _mib("VmHWM:", process)


def resident_mib(process: int | str = "self") -> float | None:
    """A process's resident memory in MiB now, where Linux tells."""
    return _mib("VmRSS:", process)


def _mib(name: str, process: int | str) -> float | None:
    """What the system's account of a process says under a name, in MiB."""
    status = Path(f"/proc/{process}/status")
    if not status.is_file():
        return None
    found = [line for line in status.read_text().splitlines() if line.startswith(name)]
    return int(found[0].split()[1]) / 1024 if found else None  # one that has ended has none


def peak_mib_of_children() -> float:
    """The sum of the peaks of all processes that this one has started and that still run."""
    children = Path("/proc/self/task").glob("*/children")
    numbers = [number for file in children for number in file.read_text().split()]
    return sum(peak_mib(int(number)) or 0.0 for number in numbers)
