"""Jobs that a fork server is given in tests."""

import os
import sys
import time
from pathlib import Path

from helpers import TINY
from planning import cells_of

CALLS: list[int] = []


def prepare():
    CALLS.append(os.getpid())


def tell(*, report, text=""):
    report("told", pid=os.getpid(), parent=os.getppid(), prepared=CALLS, length=len(text))


def where(*, report):
    folder, told = str(Path.cwd()), os.environ.get("RLGEN_TEST")
    report("where", server=os.getppid(), folder=folder, told=told)


def broken(*, report):
    raise RuntimeError("broken")


def wait(*, report, until):
    while not Path(until).exists():
        time.sleep(0.05)


def tiny_cell(*, report, folder):
    """A cell of the tiny study, and what its process imported on the way."""
    from rlgen.protocol import schema
    from rlgen.study import worker

    protocol = schema.parse(TINY, "tiny")
    cell = cells_of(protocol, "tiny")[0]
    Path(folder).mkdir()
    before = set(sys.modules)
    worker.run(
        report=lambda event, **_: None,
        cell=cell.id,
        kind=cell.kind,
        settings=cell.settings,
        folder=folder,
        cache=str(Path(folder).parent),
        wanted=list(protocol.conditions),
        device="cpu",
    )
    report("imported", late=sorted(set(sys.modules) - before))
