"""Checkpoints of a cell that trains: written with what its bits depend on, and read again."""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from rlgen.errors import DamagedStoreError
from rlgen.store import provenance
from rlgen.study.workspace import Workspace
from rlgen.training.state import State
from rlgen.util import checked_json, files, sums

#: In a checkpoint's folder: where the run has been computed so far.
MACHINE = "machine.json"
#: Packages of which another version may compute other bits.
DECIDING = ("rlgen", "torch", "stable-baselines3", "gymnasium", "numpy")
#: In the provenance of a run: at which steps it was taken up again, and on which processor it had
#: been computed until then.
CONTINUED = "continued"
#: The largest last state that is kept, for the case that the study gets more steps.
MOST_BYTES = 64_000_000
_TABLE: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def keep(workspace: Workspace, state: State, *, last: bool, extends: bool) -> None:
    """Keep the state of a run; the last one only if training for more steps can begin with it.

    Args:
        workspace: Of the run.
        state: Where it stands.
        last: Whether it has ended.
        extends: Whether to train for more steps would be to train on.
    """
    if last and not (extends and state.n_bytes <= MOST_BYTES):
        return
    if state.n_bytes >= sums.MOST_BYTES:
        size = f"{state.n_bytes / 1e9:.1f} GB, and at most {sums.MOST_BYTES / 1e9:.1f} can be kept"
        workspace.report("note", text=f"not saved at step {state.step:,}: its state has {size}")
        return

    def write(folder: Path) -> None:
        state.write(folder)
        own = {"versions": _versions(), "processor": provenance.processor()}
        own[CONTINUED] = workspace.origin.get(CONTINUED, [])
        files.write_json(folder / MACHINE, own)

    workspace.keep(state.step, write, last=last)


def last_state(workspace: Workspace) -> State | None:
    """The state in which the run was left; says so if it cannot go on from there."""
    folder = workspace.checkpoint
    if folder is None:
        return None
    try:
        machine = checked_json.read(folder / MACHINE, _TABLE)
        state = State.read(folder)
        here, there = _versions(), machine.get("versions")
        if there != here:
            raise DamagedStoreError(f"{folder}: its versions are {there}, and here {here}")
    except DamagedStoreError as error:
        workspace.report("note", text=f"begins again, as its checkpoint cannot be used: {error}")
        return None
    before = {"step": state.step, "processor": machine.get("processor")}
    workspace.origin[CONTINUED] = [*machine.get(CONTINUED, []), before]
    workspace.report("note", text=f"goes on at step {state.step:,}")
    return state


def _versions() -> dict[str, str | None]:
    own: dict[str, str | None] = provenance.machine()["versions"]
    return {name: own[name] for name in DECIDING}
