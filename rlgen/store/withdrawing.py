"""More steps than a study has: cells of them that were mistyped, and so are no part of it."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rlgen.protocol.schema import Protocol
from rlgen.util import segments


def shortened(
    before: Protocol, now: Protocol, entries: Iterable[Mapping[str, Any]], runs: Path
) -> Protocol:
    """A study with fewer steps than were asked for, if no run has got further: as if mistyped.

    Args:
        before: As declared so far.
        now: As it is asked for.
        entries: Of the plan.
        runs: Folder of the runs that are done.
    """
    if not now.trains or before.steps <= now.steps:
        return before
    is_typo = withdrawable(entries, now.steps, runs) is not None
    return before.model_copy(update={"steps": now.steps}) if is_typo else before


def withdrawable(
    entries: Iterable[Mapping[str, Any]], steps: int, runs: Path
) -> Collection[str] | None:
    """Ids of cells that train for more steps than a study has; None if they are to stay.

    They do if one of them is done or being computed, and if no run is done that has trained for
    these steps: then nobody has gone back to what was there, and the others may be waiting to be
    computed. They do also where the study trains nothing, and has 0 steps.
    """
    if steps <= 0:
        return None
    steps_of = {entry["id"]: trained_for(entry) for entry in entries}
    further = {own for own, n in steps_of.items() if n > steps}
    before = [own for own, n in steps_of.items() if n == steps]
    is_typo = further and any(segments.is_dir(runs / own) for own in before)
    is_typo = is_typo and not any(segments.is_dir(runs / own) for own in further)
    locks = runs.parent / ".rlgen" / "locks"
    return further if is_typo and not any(_is_held(locks / own) for own in further) else None


def _is_held(path: Path) -> bool:
    """Whether another command has claimed the cell whose lock this is."""
    if not path.is_file():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def trained_for(entry: Mapping[str, Any]) -> int:
    """The steps of a run that was trained; 0 of other cells."""
    settings = entry["settings"]
    return int(settings.get("steps", 0)) if settings.get("agent_version") else 0
