"""A calibration from end to end: agents and readings by workers, then the verdict on the checks."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rlgen.diagnostics.calibration.population import HELD_OUT, READ_LEVELS, Subject, task_id, tasks
from rlgen.errors import StoreError
from rlgen.levels.family import Family
from rlgen.study.executors.fork_server import ForkServer
from rlgen.util import files

#: Raised whenever the same subject would be read differently.
VERSION = 2
PRELOAD = ("rlgen.diagnostics.calibration.job", "rlgen.study.process:prepare")
#: How often a task is tried when its worker is killed.
ATTEMPTS = 2


def collect(
    family: Family,
    subjects: Sequence[Subject],
    checks: Sequence[str],
    out: Path,
    *,
    jobs: int,
    say: Callable[[str], None],
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The readings of all subjects; what the folder holds already is not made again.

    Args:
        family: Of the levels.
        subjects: The population.
        checks: Names.
        out: A folder; ``readings/`` in it is filled.
        jobs: Worker processes.
        say: Told of every finished task.

    Returns:
        The readings, in the order of the subjects' tasks, and why tasks failed, by label.
    """
    settings = {
        "version": VERSION,
        "family": [family.name, family.version, dict(family.options)],
        "checks": list(checks),
        "levels": [READ_LEVELS, HELD_OUT],
    }
    wanted = {task_id(settings, members): members for members in tasks(subjects)}
    folder = out / "readings"
    try:
        for needed in (folder, out / "logs"):
            needed.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{out}: cannot be written to: {error.strerror or error}") from None
    todo = [name for name in wanted if not (folder / f"{name}.json").exists()]
    failed: dict[str, str] = {}
    if todo:
        say(f"{len(todo)} of {len(wanted)} tasks to do on {jobs} workers")
        failed = _work(family, wanted, todo, checks, out, jobs, say)
    told = [
        entry
        for name in wanted
        if (folder / f"{name}.json").exists()
        for entry in files.read_json(folder / f"{name}.json")
    ]
    return told, failed


def _work(
    family: Family,
    wanted: dict[str, list[Subject]],
    todo: list[str],
    checks: Sequence[str],
    out: Path,
    jobs: int,
    say: Callable[[str], None],
) -> dict[str, str]:
    waiting, running, failed = list(todo), set[str](), dict[str, str]()
    tried = dict.fromkeys(todo, 0)
    finished = 0
    with ForkServer(out / "logs", PRELOAD) as executor:
        while waiting or running:
            while waiting and len(running) < jobs:
                name = waiting.pop(0)
                tried[name] += 1
                running.add(name)
                arguments = {
                    "family": family.name,
                    "options": dict(family.options),
                    "checks": list(checks),
                    "subjects": [asdict(one) for one in wanted[name]],
                    "into": str((out / "readings" / f"{name}.json").resolve()),
                    "cache": str((out / "reference").resolve()),
                }
                executor.start(name, "rlgen.diagnostics.calibration.job:run", arguments)
            for event in executor.events(timeout=0.5):
                name = event["id"]
                if event["event"] != "ended" or name not in running:
                    continue
                running.discard(name)
                label = _label(wanted[name])
                if event["status"] == 0:
                    finished += 1
                    say(f"[{finished}/{len(todo)}] {label}")
                elif event["status"] < 0 and tried[name] < ATTEMPTS:
                    say(f"{label}: its worker was killed; once more")
                    waiting.append(name)
                else:
                    log = (out / "logs" / f"{name}.log").read_text(errors="replace").strip()
                    failed[label] = (log.splitlines() or [f"exit status {event['status']}"])[-1]
                    say(f"FAILED {label}: {failed[label]}")
    return failed


def _label(members: Sequence[Subject]) -> str:
    one = members[0]
    return one.label if len(members) == 1 else f"{len(members)} controls, pool {one.pool_seed}"
