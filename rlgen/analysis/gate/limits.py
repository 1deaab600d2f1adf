"""From a store, and one to compare with, to checks that pass, fail or cannot be judged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rlgen.analysis.results import Results
from rlgen.analysis.stats import increase
from rlgen.analysis.stats.intervals import ALIKE, NAN, Estimate, student
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import number, setting
from rlgen.errors import DamagedStoreError, StoreError
from rlgen.store.run_store import RunStore
from rlgen.util.seeding import stream

PASSED, FAILED, ERROR = "passed", "failed", "error"
#: Settings of a cell that must be equal for two gaps to be comparable, beside ``CELL``.
TASK = ("family_options", "family_version")

Cell = Mapping[str, Any]


@dataclass(frozen=True)
class Limits:
    """What is asked of every cell of a study, in units of return; None where nothing is.

    Attributes:
        gap: The gap is at most this.
        increase: The gap is at most this much larger than in the other study.
        least: The mean held-out return is at least this.
        when: When a limit counts as broken: "likely", the estimate is beyond it; "sure", the whole
            interval is; "possible", any of it is.
        confidence: Of the intervals.
    """

    gap: float | None = None
    increase: float | None = None
    least: float | None = None
    when: str = "likely"
    confidence: float = 0.95


@dataclass(frozen=True)
class Check:
    """One limit put to one cell.

    Attributes:
        name: What is measured, of which cell.
        kind: "gap", "gap-increase" or "held-out-return".
        measured: The estimate; nan where there is none.
        limit: What it is compared with; nan where nothing can be.
        relation: "at most" or "at least".
        low: Lower end of the interval; nan where there is none.
        high: Upper end.
        confidence: Of the interval.
        verdict: ``PASSED``, ``FAILED`` or ``ERROR``, which cannot be judged.
        because: How sure that is, how it was measured, or why it cannot be judged.
    """

    name: str
    kind: str
    measured: float
    limit: float
    relation: str
    low: float
    high: float
    confidence: float
    verdict: str
    because: str

    @property
    def numbers(self) -> str:
        """Measured, limit, interval and reason."""
        interval = "no interval"
        if self.low == self.low:
            interval = f"{100 * self.confidence:g} % interval [{self.low:.4g}, {self.high:.4g}]"
        limit = f"{self.relation} {self.limit:g}, " if self.limit == self.limit else ""
        measured = f"{self.measured:.4g}, " if self.measured == self.measured else ""
        return f"{measured}{limit}{interval}: {self.because}"

    @property
    def line(self) -> str:
        """All of it."""
        word = self.verdict if self.verdict == PASSED else self.verdict.upper()
        return f"{word}  {self.name}: {self.numbers}"


def checks(path: Path, limits: Limits, against: Path | None = None) -> list[Check]:
    """Put the limits to every cell of a study.

    Args:
        path: A store in which nothing that was asked for is missing.
        limits: At least one of them.
        against: Such a store too; where ``limits.increase`` is given.

    Raises:
        StoreError: If a store cannot be read or is incomplete, or nothing in them is comparable.
    """
    study = complete(path)
    told: list[Check] = []
    if limits.gap is not None:
        told += [_gap(study, cell, limits.gap, limits) for cell in study.cells]
    if limits.least is not None:
        told += [_held_out(study, cell, limits.least, limits) for cell in study.cells]
    if limits.increase is not None and against is not None:
        if against.resolve() == path.resolve():
            raise StoreError(f"{against}: is the store itself; a gap never exceeds itself")
        told += _increases(study, complete(against), limits.increase, limits, (path, against))
    return told


def complete(path: Path) -> Results:
    """A study of which nothing is missing.

    Raises:
        StoreError: Naming what is missing; and for damage, which is no failed check.
    """
    try:
        study = Results.load(RunStore(path))
    except DamagedStoreError as error:
        raise StoreError(str(error)) from None
    if study.missing:
        n, label = len(study.missing), study.missing[0]["label"]
        cells = f"{n} of {len(study.plan)} cells {'is' if n == 1 else 'are'} missing"
        failed = sum(cell["id"] in study.failures for cell in study.missing)
        cells += f", {failed} of them failed" if failed else ""
        raise StoreError(f"{path}: {cells} (the first: {label}); nothing is judged without them")
    if not study.provenance:
        raise StoreError(f"{path}: nothing has been computed")
    unknown = sorted(set(study.provenance) - {cell["id"] for cell in study.plan})
    if unknown:
        raise StoreError(f"{path}: plan.json does not name the run {unknown[0]}")
    rows = study.main_records
    for pool, words in (("train", "training"), ("test", "held-out")):
        have = set(rows["run_id"][rows["split"] == pool].astype(str))
        lacking = sorted(set(study.provenance) - have)
        if lacking:
            raise StoreError(
                f"{path}: the run {lacking[0]} has no returns on {words} levels under "
                f"{study.main!r}"
            )
    return study


def _gap(study: Results, cell: Cell, limit: float, limits: Limits) -> Check:
    told = _check(
        f"gap of {setting(cell)}", "gap", study.estimate(cell, study.main, "return", "gap"), limits
    )
    told = _judged(told, limit, limits.when, _runs(cell))
    verdict = study.verdict(cell)
    if told.verdict == PASSED and verdict.word == "has not learnt":
        score = number(study.estimate(cell, study.main, "normalised", "train").mean)
        note = f"but it has not learnt, training score {score}: a small gap means nothing"
        return replace(told, because=f"{told.because}; {note}")
    return told


def _held_out(study: Results, cell: Cell, limit: float, limits: Limits) -> Check:
    estimate = study.estimate(cell, study.main, "return", "test")
    told = _check(f"held-out return of {setting(cell)}", "held-out-return", estimate, limits)
    return _judged(replace(told, relation="at least"), limit, limits.when, _runs(cell))


def _runs(cell: Cell) -> str:
    return f"{cell['runs']} run{'' if cell['runs'] == 1 else 's'}"


def _increases(
    study: Results, other: Results, limit: float, limits: Limits, paths: tuple[Path, Path]
) -> Iterator[Check]:
    mine, theirs = ({_key(cell): cell for cell in each.cells} for each in (study, other))
    if study.main != other.main:
        raise StoreError(
            f"{paths[1]}: is judged under {other.main!r}, and {paths[0]} under {study.main!r}"
        )
    if not mine.keys() & theirs.keys():
        here, there = setting(study.cells[0]), setting(other.cells[0])
        raise StoreError(
            f"{paths[1]}: has no cell of {paths[0]}, nothing is comparable (for example {there} "
            f"there, {here} here)"
        )
    for key, cell in mine.items():
        if key in theirs:
            yield _increase(study, other, cell, limit, limits)
        else:
            yield _lost(cell, limit, limits, "the baseline has no such cell")
    for key, cell in theirs.items():
        if key not in mine:
            yield _lost(cell, limit, limits, "it is in the baseline and not here")


def _key(cell: Cell) -> tuple[Any, ...]:
    return tuple(cell[key] for key in CELL)


def _lost(cell: Cell, limit: float, limits: Limits, why: str) -> Check:
    told = _check(f"gap increase of {setting(cell)}", "gap-increase", Estimate(NAN), limits)
    return replace(told, limit=limit, because=f"cannot be judged, {why}")


def _increase(study: Results, other: Results, cell: Cell, limit: float, limits: Limits) -> Check:
    if reason := _other_task(study, other, cell):
        return _lost(cell, limit, limits, reason)
    rng = stream(0, "gate", "sign flips")
    told = increase.paired(study.records_of(cell), other.records_of(cell), limits.confidence, rng)
    gaps = [each.estimate(cell, study.main, "return", "gap") for each in (study, other)]
    if not told.pairs:
        told = increase.unpaired(gaps[0], gaps[1], told.reason, limits.confidence)
    how = f"runs not paired, {told.reason}"
    if told.pairs:
        p = f", sign-flip p {told.p:.2g}" if told.p == told.p else ""
        how = f"{told.pairs} pairs of runs{p}"
    how += f"; was {gaps[1].mean:.4g}, is {gaps[0].mean:.4g}"
    check = _check(f"gap increase of {setting(cell)}", "gap-increase", told.estimate, limits)
    return _judged(check, limit, limits.when, how)


def _other_task(study: Results, other: Results, cell: Cell) -> str:
    """In what the levels of two cells with the same names differ; empty where in nothing."""
    ours, theirs = (_settings(each, cell) for each in (study, other))
    for key in TASK:
        if ours.get(key) != theirs.get(key):
            return f"{key} is {ours.get(key)} here and {theirs.get(key)} in the baseline"
    return ""


def _settings(study: Results, cell: Cell) -> Mapping[str, Any]:
    """All settings of the first run of a cell."""
    for entry in study.plan:
        if all(entry["settings"].get(key) == cell[key] for key in CELL):
            return dict(entry["settings"])
    return {}


def _check(name: str, kind: str, estimate: Estimate, limits: Limits) -> Check:
    """Not judged yet, with its interval for the confidence that is asked for."""
    low, high = estimate.low, estimate.high
    if estimate.variance == estimate.variance:
        again = student(estimate.mean, estimate.variance, estimate.df, limits.confidence)
        low, high = again.low, again.high
    elif estimate.reason == ALIKE:
        # Nothing varies: every run has this very number.
        low = high = estimate.mean
    return Check(
        name,
        kind,
        estimate.mean,
        NAN,
        "at most",
        low,
        high,
        limits.confidence,
        ERROR,
        estimate.reason,
    )


def _judged(check: Check, limit: float, when: str, how: str) -> Check:
    """The check with its verdict.

    Args:
        check: From ``_check``; its ``because`` says why there is no interval.
        limit: What its number is compared with.
        when: See ``Limits``.
        how: How the number was got.
    """
    told = replace(check, limit=limit)
    if check.measured != check.measured:
        return replace(told, because=f"cannot be judged, {check.because or 'not a number'} ({how})")
    # A number that must not be too small is one whose negative must not be too large.
    sign = 1 if check.relation == "at most" else -1
    beyond, within = ("above", "below") if sign > 0 else ("below", "above")
    measured, low, high = (sign * value for value in (check.measured, check.low, check.high))
    low, high = min(low, high), max(low, high)
    out = measured > sign * limit
    if low == low:
        broken = {"likely": out, "sure": low > sign * limit, "possible": high > sign * limit}[when]
        if out:
            sure = f"surely {beyond}" if low > sign * limit else f"the interval reaches {within} it"
        else:
            sure = f"the interval reaches {beyond} it" if high > sign * limit else "surely within"
    else:
        # Without an interval nothing is sure; what the estimate alone does not decide is open.
        if (when == "sure" and out) or (when == "possible" and not out):
            why = f"cannot be judged, {check.because}; --when likely judges by the estimate"
            return replace(told, because=f"{why} ({how})")
        broken, sure = (out and when != "sure"), check.because
    return replace(told, verdict=FAILED if broken else PASSED, because=f"{sure} ({how})")
