"""Jobs that a fork server is given in tests."""

import os
import sys
import time
from pathlib import Path

from helpers import TINY

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


def tiny_cell(*, report, store):
    """A cell of the tiny study, and what its process imported on the way."""
    from rlgen.protocol import schema
    from rlgen.store.run_store import RunStore
    from rlgen.study import cell, plan, worker

    asked = schema.parse(TINY, "tiny")
    planned = plan.plan(asked, "tiny")
    RunStore.create(Path(store), asked, cell.entries(planned))
    before = set(sys.modules)
    worker.run(
        report=lambda event, **_: None,
        store=store,
        kind=planned[0].kind,
        settings=planned[0].settings,
        wanted=list(asked.conditions),
        device="cpu",
        command=[],
    )
    report("imported", late=sorted(set(sys.modules) - before))
