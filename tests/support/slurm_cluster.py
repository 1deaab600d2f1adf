"""A real Slurm of one node, started in a folder of its own and ended afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

#: What Debian installs with ``slurm-wlm`` and ``munge``.
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "scancel")

CONF = """\
ClusterName=rlgen
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
KillWait=20
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class NotHereError(Exception):
    """Slurm's daemons do not start on this machine, and what they say of it."""


def why_not():
    """Why Slurm cannot be started here; empty if it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "Slurm's daemons must be started by root"
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"not installed: {', '.join(lacking)} (Debian: slurm-wlm, munge)" if lacking else ""


@contextmanager
def cluster():
    """Start a node with two cores; yields the environment in which its commands find it.

    Raises:
        NotHereError: If it does not start.
    """
    # A socket's path has at most 108 characters, which a test's own folder may exceed.
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rlgen-slurm-")))
        folder.chmod(0o755)
        for name in ("state", "spool"):
            (folder / name).mkdir()
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        controller, node = _free_ports(2)
        text = CONF.format(
            host=socket.gethostname().partition(".")[0],
            controller=controller,
            node=node,
            folder=folder,
        )
        (folder / "slurm.conf").write_text(text)
        environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        files = {"key": "key", "socket": "socket", "pid": "pid", "log": "log", "seed": "seed"}
        munged = ["munged", "--foreground", "--force"]
        munged += [f"--{name}-file={folder}/munge.{name}" for name in files if name != "socket"]
        munged.append(f"--socket={folder}/munge.socket")
        try:
            for command in (munged, ["slurmctld", "-D"], ["slurmd", "-D"]):
                stack.enter_context(_daemon(command, environment, folder))
                _wait_for(lambda: (folder / "munge.socket").exists(), folder)
            _wait_for(lambda: "idle" in _output("sinfo", environment), folder)
        except TimeoutError as error:
            raise NotHereError(str(error)) from None
        try:
            yield environment
        finally:
            subprocess.run(["scancel", "--user=root"], env=environment, check=False)
            with suppress(TimeoutError):
                _wait_for(lambda: not _output("squeue", environment, "--noheader"), folder)


def _free_ports(count):
    """Ports that nobody listens on, all of them different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def _daemon(command, environment, folder):
    """A daemon in the foreground, ended with the block."""
    with (folder / f"{command[0]}.out").open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _output(program, environment, *arguments):
    command = [program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout


def _wait_for(condition, folder, seconds=60):
    """Wait until a condition holds; the daemons' words tell why it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            words = [path.read_text(errors="replace")[-500:] for path in folder.glob("*.out")]
            raise TimeoutError("\n".join(words))
        time.sleep(0.1)
