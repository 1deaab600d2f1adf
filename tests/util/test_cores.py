"""The number of cores that a process was given, from each of the places that limit it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rlgen.errors import RlgenError
from rlgen.util import cores

MANY = 64
#: Says how many cores it may use.
ASKS = "from rlgen.util.cores import usable_cores; print(usable_cores())"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with many cores, on which this process is in the group that is written down."""
    monkeypatch.setattr(cores, "_affinity", lambda: MANY)

    def make(line, files):
        (tmp_path / "proc" / "self").mkdir(parents=True)
        (tmp_path / "proc" / "self" / "cgroup").write_text(f"4:memory:/elsewhere\n{line}\n")
        for name, text in files.items():
            path = tmp_path / "sys/fs/cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("line", "files", "expected"),
    [
        ("0::/", {}, MANY),
        ("0::/", {"cpu.max": "max 100000"}, MANY),
        ("0::/", {"cpu.max": "200000 100000"}, 2),
        ("0::/", {"cpu.max": "150000 100000"}, 2),
        ("0::/", {"cpu.max": "5000 100000"}, 1),
        # Of a service, whose quota is not at the root; and of the group around it.
        ("0::/system/a.service", {"system/a.service/cpu.max": "300000 100000"}, 3),
        ("0::/pods/one", {"pods/one/cpu.max": "800000 100000", "pods/cpu.max": "4 1"}, 4),
        # A container of an older Docker is told the host's path.
        ("3:cpu:/docker/a", {"cpu/cpu.cfs_quota_us": "70000", "cpu/cpu.cfs_period_us": "10000"}, 7),
        ("3:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, MANY),
        (
            "2:cpu,cpuacct:/job",
            {"cpu,cpuacct/job/cpu.cfs_quota_us": "50", "cpu,cpuacct/job/cpu.cfs_period_us": "10"},
            5,
        ),
        # Both versions at once.
        ("0::/a", {"unified/a/cpu.max": "60 10"}, 6),
        ("2:cpuset:/", {"cpu.max": "1 1"}, MANY),
    ],
)
def test_quotas(line, files, expected, machine):
    assert cores.usable_cores({}, machine(line, files)) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SLURM_CPUS_PER_TASK": "8", "SLURM_CPUS_ON_NODE": "32"}, 8),
        ({"SLURM_CPUS_ON_NODE": "3"}, 3),
        # What a job around it has left in the environment is not more than this one was given.
        ({"SLURM_CPUS_PER_TASK": "8", "SLURM_CPUS_ON_NODE": "1"}, 1),
        ({"SLURM_CPUS_PER_TASK": "1000"}, MANY),
        ({"SLURM_CPUS_PER_TASK": ""}, MANY),
    ],
)
def test_slurm(variables, expected, machine):
    assert cores.usable_cores(variables, machine("0::/", {})) == expected


def test_what_slurm_never_says(machine):
    with pytest.raises(RlgenError, match=r"SLURM_CPUS_PER_TASK = '2\(x3\)': must be a whole"):
        cores.usable_cores({"SLURM_CPUS_PER_TASK": "2(x3)"}, machine("0::/", {}))


def test_another_system_has_no_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "_affinity", lambda: 3)
    assert cores.usable_cores({}, tmp_path) == 3


def asked(**keys):
    command = [sys.executable, "-c", ASKS]
    return int(subprocess.run(command, capture_output=True, check=True, **keys).stdout)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_a_process_that_is_kept_on_one_core():
    core = min(os.sched_getaffinity(0))
    assert asked(preexec_fn=lambda: os.sched_setaffinity(0, {core})) == 1


def test_a_task_of_slurm():
    assert asked(env={**os.environ, "SLURM_CPUS_PER_TASK": "1"}) == 1


def test_a_process_in_a_real_group_with_a_quota():
    """Of either version, where this machine lets us make one."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core cannot become fewer")
    first, second = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    place = (first if first.is_dir() else second) / f"rlgen-test-{os.getpid()}"
    try:
        place.mkdir()
    except OSError as error:
        pytest.skip(f"control groups cannot be made here: {error}")
    try:
        if first.is_dir():
            (place / "cpu.cfs_quota_us").write_text("100000")
        elif (place / "cpu.max").exists():
            (place / "cpu.max").write_text("100000 100000")
        else:
            pytest.skip("control groups do not limit processor time here")
        join = place / "cgroup.procs"
        assert asked(preexec_fn=lambda: join.write_text(str(os.getpid()))) == 1
    finally:
        place.rmdir()
