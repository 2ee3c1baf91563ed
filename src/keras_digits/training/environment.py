"""What a figure depends on beside the recipe: versions, processor, commit. Imports none of them."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from keras_digits.processor import cpuinfo, num_cores

_PACKAGES = ("keras-digits", "keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy")


def describe_environment(backend: str) -> dict[str, Any]:
    """Backend, versions, processor, cores, memory, system and commit, as JSON can hold them.

    Args:
        backend: The name of Keras's backend in this process.
    """
    return {
        "backend": backend,
        "python": platform.python_version(),
        "versions": _versions(),
        "processor": _processor(),
        "num_cores": num_cores(),
        "memory_gib": _memory_gib(),
        "system": platform.platform(),
        "commit": _commit(),
    }


def _versions() -> dict[str, str]:
    """Version by package, of those that are installed."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    """The processor's name as its maker gives it."""
    return cpuinfo("model name") or platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    """Physical memory in GiB, where the system tells."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _commit() -> str | None:
    """The commit of the source tree that runs, with ``+`` if it was changed; None outside one."""
    source = Path(__file__).resolve().parent
    try:
        head = _git(source, "rev-parse", "HEAD")
        tracked = _git(source, "ls-files", "--error-unmatch", "environment.py")
        if not head or not tracked:
            return None
        changed = _git(source, "status", "--porcelain", "--untracked-files=no")
        return f"{head}+" if changed else head
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    """What git answers in `folder`; empty where it has none."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
