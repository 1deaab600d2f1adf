"""Limits applied to every cell of a study, and to its change from another study."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlgen.analysis.further import shifts
from rlgen.analysis.gate.limits import PASSED, LimitResult, Limits, judged, unjudged
from rlgen.analysis.results import Results
from rlgen.analysis.same_levels import differing
from rlgen.analysis.stats import increase
from rlgen.analysis.stats.estimates import gap_to
from rlgen.analysis.stats.intervals import NAN, Estimate, magnitude
from rlgen.analysis.stats.tables import CELL, cell_key
from rlgen.analysis.verdicts import number, setting
from rlgen.errors import DamagedStoreError, StoreError, nearest
from rlgen.store.opening import opened
from rlgen.util.files import real
from rlgen.util.seeding import stream
from rlgen.util.words import counted

Cell = Mapping[str, Any]


def limit_results(path: Path, limits: Limits, against: Path | None = None) -> list[LimitResult]:
    """Apply limits to every cell of a study.

    Args:
        path: A store from which no run is missing.
        limits: At least one.
        against: The baseline, such a store too; required where ``limits.increase`` is given.

    Raises:
        StoreError: If a store cannot be read or is incomplete, or nothing in them is comparable.
    """
    results = complete(path)
    answers: list[LimitResult] = []
    if limits.gap is not None:
        answers += [_gap(results, cell, limits.gap, limits) for cell in results.cells]
    for pool, limit in limits.pools.items():
        if pool not in results.pools:
            hint = nearest(pool, results.pools) or ": there is none"
            raise StoreError(f"{path}: no further pool {pool!r}{hint}")
        answers += [_gap(results, cell, limit, limits, pool) for cell in results.cells]
    if limits.least is not None:
        answers += [_held_out(results, cell, limits.least, limits) for cell in results.cells]
    if limits.increase is not None and against is not None:
        if real(against) == real(path):
            raise StoreError(f"{against}: is the store itself; a gap never exceeds itself")
        baseline = complete(against)
        answers += _increases(results, baseline, limits.increase, limits, (path, against))
    return answers


def complete(path: Path) -> Results:
    """Read a study from which nothing is missing.

    Raises:
        StoreError: If a run or its returns are missing, or the store is damaged; it names the
            first of them.
    """
    try:
        with opened(path) as store:
            results = Results.load(store)
            unnamed = sorted(store.inventory().runs - {cell["id"] for cell in store.plan()})
    except DamagedStoreError as error:
        raise StoreError(*error.args) from None
    if results.missing:
        n, label = len(results.missing), results.missing[0]["label"]
        cells = f"{n} of {counted(len(results.plan), 'cell')} {'is' if n == 1 else 'are'} missing"
        failed = sum(cell["id"] in results.failures for cell in results.missing)
        cells += f", {failed} of them failed" if failed else ""
        raise StoreError(f"{path}: {cells} (the first: {label}); nothing is judged without them")
    if unnamed:
        raise StoreError(f"{path}: plan.json does not name the run {unnamed[0]}")
    if not results.provenance:
        raise StoreError(f"{path}: nothing has been computed")
    rows = results.main_records
    for pool, words in (("train", "training"), ("test", "held-out")):
        have = set(rows["run_id"][rows["split"] == pool].astype(str))
        lacking = sorted(set(results.provenance) - have)
        if lacking:
            raise StoreError(
                f"{path}: the run {lacking[0]} has no returns on {words} levels under "
                f"{results.main!r}"
            )
    return results


def _gap(results: Results, cell: Cell, limit: float, limits: Limits, pool: str = "") -> LimitResult:
    """The limit on the gap to the test pool, or to a further one."""
    estimate = results.estimate(cell, results.main, "return", gap_to(pool or "test"))
    name, kind = (f"gap to {pool}", "pool-gap") if pool else ("gap", "gap")
    answer = unjudged(f"{name} of {setting(cell)}", kind, estimate, limits.confidence)
    missing = _not_measured(results, cell, pool) if pool else ""
    if missing:
        return replace(answer, limit=limit, because=f"cannot be judged, {missing}")
    answer = judged(answer, limit, limits.when, _runs(cell), _size(results, cell))
    if answer.verdict == PASSED and results.verdict(cell).word == "has not learnt":
        score = number(results.estimate(cell, results.main, "normalised", "train").mean)
        note = f"but it has not learnt, training score {score}: a small gap means nothing"
        return replace(answer, because=f"{answer.because}; {note}")
    return answer


def _not_measured(results: Results, cell: Cell, pool: str) -> str:
    """Why not all runs of a cell are on a further pool; empty if they are."""
    shift = next(shift for shift in shifts(results, cell) if shift.pool == pool)
    if shift.left_out:
        return f"the pool is left out: {shift.left_out}"
    return "" if shift.runs == cell["runs"] else f"{shift.runs} of {_runs(cell)} have been measured"


def _held_out(results: Results, cell: Cell, limit: float, limits: Limits) -> LimitResult:
    estimate = results.estimate(cell, results.main, "return", "test")
    name, kind = f"held-out return of {setting(cell)}", "held-out-return"
    answer = unjudged(name, kind, estimate, limits.confidence, "at least")
    return judged(answer, limit, limits.when, _runs(cell), _size(results, cell))


def _size(results: Results, cell: Cell) -> float:
    """The largest magnitude of the returns of a cell."""
    return magnitude(results.records_of(cell)["ret_mean"])


def _runs(cell: Cell) -> str:
    return f"{cell['runs']} run{'' if cell['runs'] == 1 else 's'}"


def _increases(
    results: Results, baseline: Results, limit: float, limits: Limits, paths: tuple[Path, Path]
) -> Iterator[LimitResult]:
    mine, theirs = ({cell_key(cell): cell for cell in each.cells} for each in (results, baseline))
    if results.main != baseline.main:
        raise StoreError(
            f"{paths[1]}: is judged under {baseline.main!r}, and {paths[0]} under {results.main!r}"
        )
    if not mine.keys() & theirs.keys():
        here, there = setting(results.cells[0]), setting(baseline.cells[0])
        raise StoreError(
            f"{paths[1]}: has no cell of {paths[0]}, nothing is comparable (for example {there} "
            f"there, {here} here)"
        )
    for key, cell in mine.items():
        if key in theirs:
            yield _increase(results, baseline, cell, limit, limits)
        else:
            yield _not_comparable(cell, limit, limits, "the baseline has no such cell")
    for key, cell in theirs.items():
        if key not in mine:
            yield _not_comparable(cell, limit, limits, "it is in the baseline and not here")


def _not_comparable(cell: Cell, limit: float, limits: Limits, why: str) -> LimitResult:
    name, nothing = f"gap increase of {setting(cell)}", Estimate(NAN)
    answer = unjudged(name, "gap-increase", nothing, limits.confidence)
    return replace(answer, limit=limit, because=f"cannot be judged, {why}")


def _increase(
    results: Results, baseline: Results, cell: Cell, limit: float, limits: Limits
) -> LimitResult:
    if reason := _other_task(results, baseline, cell):
        return _not_comparable(cell, limit, limits, reason)
    rng = stream(0, "gate", "sign flips")
    change = increase.paired(
        results.records_of(cell), baseline.records_of(cell), limits.confidence, rng
    )
    gaps = [each.estimate(cell, results.main, "return", "gap") for each in (results, baseline)]
    if not change.pairs:
        change = increase.unpaired(gaps[0], gaps[1], change.reason, limits.confidence)
    how = f"runs not paired, {change.reason}"
    if change.pairs:
        p = f", sign-flip p {change.p:.2g}" if change.p == change.p else ""
        how = f"{change.pairs} pairs of runs{p}"
        if change.left_out:
            how += f", {counted(change.left_out, 'run')} of the baseline left out"
    how += f"; was {gaps[1].mean:.4g}, is {gaps[0].mean:.4g}"
    name = f"gap increase of {setting(cell)}"
    answer = unjudged(name, "gap-increase", change.estimate, limits.confidence)
    size = max(_size(each, cell) for each in (results, baseline))
    return judged(answer, limit, limits.when, how, size)


def _other_task(results: Results, baseline: Results, cell: Cell) -> str:
    """In what the levels of two cells with the same names differ; empty where in nothing."""
    if results.imported != baseline.imported:
        one = "the store" if results.imported else "the baseline"
        return (
            f"{one} is imported, which does not say what its levels are (rlgen compare shows the "
            "difference all the same)"
        )
    ours, theirs = (_settings(each, cell) for each in (results, baseline))
    if key := differing(ours, theirs):
        return f"{key} is {ours.get(key)} here and {theirs.get(key)} in the baseline"
    return ""


def _settings(results: Results, cell: Cell) -> Mapping[str, Any]:
    """All settings of the first run of a cell."""
    for entry in results.plan:
        if all(entry["settings"].get(key) == cell[key] for key in CELL):
            return dict(entry["settings"])
    return {}
