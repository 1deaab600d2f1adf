"""How many cores this process was given, which may be fewer than the machine has.

Libraries answer for a container only: joblib and loky read the quota at the root of the control
groups, and a task of Slurm or a unit of systemd has its own below it.
"""

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from rlgen.errors import RlgenError

#: What Slurm says of a task; the second where cores were not asked for by task.
SLURM = ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")
#: Where version 1 of control groups is mounted, below /sys/fs/cgroup.
_FIRST_VERSION = ("cpu", "cpu,cpuacct", "cpuacct,cpu")


def usable_cores(environment: Mapping[str, str] = os.environ, root: Path = Path("/")) -> int:
    """The smallest of what the scheduler, the affinity and the control groups allow; at least 1.

    Part of a core counts as one, since nobody else would use it.

    Args:
        environment: Variables, those of ``SLURM`` among them.
        root: Where ``/proc`` and ``/sys`` are.

    Raises:
        RlgenError: If a variable of Slurm's is not a number.
    """
    limits = [float(_affinity()), *_of_slurm(environment), *_quotas(root)]
    return max(1, math.ceil(min(limits)))


def _affinity() -> int:
    """Cores on which the system lets this process run; only Linux restricts them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _of_slurm(environment: Mapping[str, str]) -> Iterator[int]:
    for name in SLURM:
        value = environment.get(name, "")
        if value.isdecimal():
            yield int(value)
        elif value:
            raise RlgenError(f"environment variable {name} = {value!r}: must be a whole number")


def _quotas(root: Path) -> Iterator[float]:
    """Cores' worth of time that each control group around this process allows."""
    for group in _groups(root):
        for file in ("cpu.max", "cpu.cfs_quota_us"):
            try:
                quota, *period = (group / file).read_text().split()
                period = period or [(group / "cpu.cfs_period_us").read_text()]
            except OSError:
                continue  # the group is of the other version, or sets no limit
            if quota not in {"max", "-1"}:
                yield int(quota) / int(period[0])


def _groups(root: Path) -> Iterator[Path]:
    """The folders of the control groups around this process that may limit its processor time.

    In a container the path may be the host's, of which only the mount's own folder is there.
    """
    mounts = root / "sys" / "fs" / "cgroup"
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            places = [mounts, mounts / "unified"]
        elif "cpu" in controllers.split(","):
            places = [mounts / name for name in _FIRST_VERSION]
        else:
            continue
        inside = Path(path.lstrip("/"))
        for place in places:
            yield from (place / folder for folder in (inside, *inside.parents))
