"""More steps than a study has: cells of them that were mistyped, and so are no part of it."""

from collections.abc import Collection, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from rlgen.util import segments


def withdrawable(steps_of: Mapping[str, int], steps: int, runs: Path) -> Collection[str] | None:
    """Ids of cells that train for more steps than a study has; None if they are to stay.

    They do if one of them is done or being computed, and if no run is done that has trained for
    these steps: then nobody has gone back to what was there, and the others may be waiting to be
    computed. They do also where the study trains nothing, and has 0 steps.

    Args:
        steps_of: By the id of a cell in the plan the steps that it is trained for, or 0.
        steps: Of the study.
        runs: Folder of the runs that are done.
    """
    if steps <= 0:
        return None
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
