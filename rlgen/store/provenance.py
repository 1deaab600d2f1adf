"""Provenance: versions, machine and command, but never environment variables."""

import platform
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("rlgen", "torch", "stable-baselines3", "gymnasium", "numpy", "scipy", "pandas")


class Clock:
    """A stopwatch: wall seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Time the block."""
        began = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - began


def collect(command: Sequence[str]) -> dict[str, Any]:
    """What to record with a run.

    Args:
        command: The command line, recorded without the folder of its program.
    """
    return {
        "command": [*(Path(program).name for program in command[:1]), *command[1:]],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
    }


@cache
def machine() -> dict[str, Any]:
    """The constants of a process and its children, computed once."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "revision": revision(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor() -> str:
    """The processor's name, as the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def revision() -> str | None:
    """The git commit of a source checkout, with "+" if files were changed; None if installed."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD").strip()
        return commit + ("+" if _git(root, "status", "--porcelain").strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout
