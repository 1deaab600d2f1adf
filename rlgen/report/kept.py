"""Results that are kept: bundled into one file, and verified."""

import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlgen.errors import DamagedStoreError, StoreError, UnknownNameError
from rlgen.store import packing
from rlgen.store.integrity import damages
from rlgen.store.opening import opened
from rlgen.store.packing import Bundle
from rlgen.store.run_store import RunStore
from rlgen.util import files

if TYPE_CHECKING:
    from rlgen.analysis.results import Results
    from rlgen.diagnostics.store_health import Problem


def bundle(store: str | Path, file: str | Path, *, weights: bool = False) -> Bundle:
    """Write a store into one file, from which everything that reads a store reads.

    The file is a tar archive, compressed with xz, with a manifest of sizes and SHA-256. If the
    store's ``summary.json`` is not what this code makes of its results, its report is written anew
    before.

    Args:
        store: The store's folder.
        file: The file, such as ``results/depth.tar.xz``; one that is there is replaced.
        weights: Whether the weights of trained agents are in it: to evaluate them further.

    Raises:
        RlgenError: If the store cannot be read, or the file cannot be written.
    """
    from rlgen import report
    from rlgen.analysis.results import Results

    folder, target = Path(store), Path(file)
    if folder.is_file():
        raise StoreError(f"{folder}: is a file; what is bundled is the folder of a store")
    study = RunStore(folder)
    study.declared()  # or it holds none
    packing.check_target(folder, target)
    # The same version of rlgen may have been other code.
    if not report.has_current_summary(study) or any(_differences(study, Results.load(study))):
        report.write(study)
    return packing.write(folder, target, weights=weights)


@dataclass(frozen=True)
class Verification:
    """What was verified.

    Attributes:
        runs: How many runs are there, of agents and of experiments.
        rows: How many records they have.
        differences: A line for each thing that is not as it must be; none if all holds.
        problems: What holds, and from which one should not conclude yet.
    """

    runs: int
    rows: int
    differences: tuple[str, ...]
    problems: "tuple[Problem, ...]" = ()


def verify(path: str | Path) -> Verification:
    """Compute a summary from the rows again, and compare it and all names with what is stored.

    Before, each file is compared with its SHA-256; if some are damaged, all of these are named, and
    nothing is computed from the others. Of a bundle every size and SHA-256 is compared while it is
    unpacked. Of each run: that its files are there, that its id is the hash of its settings, and
    that it has a row for each of its conditions and levels. Numbers may differ in their last
    digits: processors add in other orders. Also, the problems of ``diagnostics.store_health``:
    missing cells, choices by test levels, ...

    Args:
        path: A store or a bundle.

    Raises:
        StoreError: If it cannot be read.
    """
    from rlgen import report
    from rlgen.analysis.results import Results
    from rlgen.diagnostics.store_health import problems
    from rlgen.diagnostics.verification import differences

    try:
        with opened(Path(path)) as store:
            damaged = tuple(damages(store))
            if not report.is_whole(store):
                damaged += ("report.html: is not as it was written; rlgen report writes it anew",)
            if damaged:
                return Verification(0, 0, damaged)
            lines = list(differences(store))
            results = Results.load(store)
            lines += _differences(store, results, _LATER)
            rows = sum(table.num_rows for table in store.record_tables(["level_id"]))
            runs = len(store.done()) + len(store.measurements())
            return Verification(runs, rows, tuple(lines), tuple(problems(store)))
    except (DamagedStoreError, UnknownNameError) as error:
        raise StoreError(*error.args) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise StoreError(f"{path}: a file in it is not as rlgen writes it ({what})") from None


def _differences(store: RunStore, results: "Results", later: Collection[str] = ()) -> Iterator[str]:
    """How the summary of a store differs from that of its results, a line each.

    It, and the tables in it, may lack the keys of ``later``.
    """
    from rlgen.report.summary import summarise

    now = json.loads(json.dumps(summarise(results)))
    if not (store.path / "summary.json").is_file():
        yield "summary.json: is missing"
        return
    kept = files.read_json(store.path / "summary.json")
    kept, now = ({k: v for k, v in each.items() if k not in _OF_WRITER} for each in (kept, now))
    for line in _unequal(kept, now, "", later):
        yield f"summary.json: {line}"


#: Keys of a summary about whoever wrote it, the files that it was computed from, and the moment.
_OF_WRITER = {"rlgen", "state", "sha256", "under_way"}
#: Keys that summaries of earlier versions do not have.
_LATER = {"comparison", "needed_at_least", "gain_per_million"}


def _unequal(kept: Any, now: Any, where: str, later: Collection[str]) -> Iterator[str]:
    """What differs, each by where it is: ``cells[3].gap.mean is 1, and 2 by the rows``."""
    if isinstance(kept, dict) and isinstance(now, dict):
        for key in sorted({*kept, *now} - ({*later} - kept.keys())):
            place = f"{where}.{key}" if where else key
            yield from _unequal(kept.get(key), now.get(key), place, later)
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for i, pair in enumerate(zip(kept, now, strict=True)):
            yield from _unequal(*pair, f"{where}[{i}]", later)
    elif isinstance(kept, int | float) and isinstance(now, int | float):
        if not math.isclose(kept, now, rel_tol=1e-6, abs_tol=1e-9):
            yield f"{where} is {kept}, and {now} by the rows"
    elif kept != now:
        yield f"{where} is {str(kept)[:80]}, and {str(now)[:80]} by the rows"
