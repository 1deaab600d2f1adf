"""What is installed on a machine of which the bits of a cell depend; imports none of it."""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

#: Packages of which another version may compute other bits.
DECIDING = ("torch", "numpy", "stable-baselines3", "gymnasium")


@cache
def versions() -> dict[str, str]:
    """Versions by name, with a hash of the source of rlgen: a checkout changes between versions.

    Builds of torch for processors and for GPUs have the same version.
    """
    own = {name: _version(name) for name in DECIDING}
    return {"Python": platform.python_version(), "rlgen": _rlgen(), **own}


def _version(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "none"


def _rlgen() -> str:
    from rlgen.util.version import __version__

    digest = hashlib.sha256()
    for package in ("rlgen", "rlgen_envs", "rlgen_protocols"):
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        root = Path(spec.origin).parent
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{__version__} (source {digest.hexdigest()[:8]})"


def difference(there: dict[str, str], here: dict[str, str]) -> str:
    """What a machine has of other versions than the driver's; empty if nothing."""
    names = [name for name in here if there.get(name) != here[name]]
    return ", ".join(f"{name} {there.get(name, 'none')} (here {here[name]})" for name in names)
