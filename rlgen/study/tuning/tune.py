"""Search for settings on validation levels; the test pool is never played."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from rlgen.errors import ProtocolError, RlgenError, StoreError
from rlgen.levels.split import Split
from rlgen.protocol import suite
from rlgen.protocol.completing import seed_list
from rlgen.protocol.schema import Protocol
from rlgen.protocol.suite import ProtocolLike, Seeds
from rlgen.store import accesses
from rlgen.store.accesses import SELECTION
from rlgen.study import driver, progress
from rlgen.study.kinds.train import TrainCell
from rlgen.study.means import Means
from rlgen.study.plan import plan
from rlgen.study.tuning import protocols
from rlgen.study.tuning import trials as kept
from rlgen.study.tuning.space import Dimension, space
from rlgen.study.tuning.trials import Trial
from rlgen.util import checked_json, extras, files
from rlgen.util.words import counted

#: The condition by which agents are judged, where a protocol has it.
MAIN = "plain"
#: Runs of a trial, unless seeds are named.
RUNS = 3


class _Declared(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    protocol: Annotated[str, Field(max_length=10**6)]
    search: dict[str, str]
    seeds: list[int]
    seed: int
    manifest: str


_DECLARED: TypeAdapter[Any] = TypeAdapter(_Declared)


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    Attributes:
        best: The best trial; None if all failed.
        trials: All of them, in their order.
        protocol: The file of the tuned protocol, if there is a best trial.
        broken_off: Why there are fewer trials than were wanted: something outside, such as a killed
            worker, ended one. The same call computes it again.
    """

    best: Trial | None
    trials: tuple[Trial, ...]
    protocol: Path | None
    broken_off: str = ""


@dataclass(frozen=True)
class _Search:
    """A search, resolved: all that its trials follow from."""

    protocol: Protocol
    dimensions: Mapping[str, Dimension]
    seeds: Sequence[int]
    seed: int
    split: Split
    condition: str
    out: Path

    @property
    def declared(self) -> dict[str, Any]:
        """What the folder keeps of it."""
        return {
            "protocol": self.protocol.text(),
            "search": {key: own.text for key, own in self.dimensions.items()},
            "seeds": list(self.seeds),
            "seed": self.seed,
            "manifest": self.split.manifest_hash,
        }

    def values(self, settings: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The keys of the study of one trial."""
        return protocols.of_trial(
            self.protocol, self.split, settings, self.seeds, self.condition, name
        )


def tune(
    protocol: ProtocolLike,
    search: Mapping[str, str | Sequence[Any]],
    out: str | Path | None = None,
    *,
    trials: int = 20,
    seeds: Seeds | None = None,
    seed: int = 0,
    budget: str | None = None,
    jobs: int | None = None,
    device: str = "auto",
    quiet: bool = True,
) -> Tuned:
    """Search for the settings with the highest return on validation levels.

    Each trial trains some runs on the training levels of the first seed and plays them on the
    validation levels of the protocol. Levels of the test pool are never played. What the folder
    holds is kept: the same call goes on, and more ``trials`` are added to those that are there. The
    same seed finds the same, whether it was interrupted or not.

    Args:
        protocol: As of ``rlgen.evaluate``, with one value of each setting that is not searched.
        search: By key, ``agent``, ``network``, ``regulariser`` or an option of the agent, its
            values: ``"1e-4:1e-2:log"``, ``"0:0.1"``, ``"64,256"`` or a list.
        out: The folder; ``results/NAME-tune`` by default.
        trials: How many in all.
        seeds: Of the runs of a trial; by default the three that follow the protocol's own.
        seed: Of the search.
        budget: As of ``rlgen.evaluate``.
        jobs: Workers at a time.
        device: "auto", "cpu" or "cuda".
        quiet: Whether to show no progress.

    Returns:
        What was found; its ``protocol`` is that of a study that is yet to be evaluated.

    Raises:
        RlgenError: Before anything is computed, for what cannot work.
    """
    extras.needed("optuna", "tune")
    dimensions = space(search)
    base = protocols.base(protocol, list(dimensions), budget)
    wanted = seeds if seeds is not None else range(max(base.seeds) + 1, max(base.seeds) + 1 + RUNS)
    try:
        if isinstance(wanted, Iterable) and not isinstance(wanted, str):
            wanted = list(wanted)
        own = tuple(seed_list(wanted))
    except ValueError as error:
        raise ProtocolError(f"seeds = {wanted!r}: {error}") from None
    if not own:
        raise ProtocolError(f"seeds = {wanted!r}: names none")
    if same := sorted({*own} & {*base.seeds}):
        raise ProtocolError(f"seeds: {same[0]} is one of the protocol's own: trials take others")
    folder = Path(out) if out is not None else Path("results") / f"{base.name}-tune"
    planned = _resolved(base, dimensions, own, seed, folder)
    _check(planned)
    means = Means(jobs, device=device)
    _declare(planned)
    done, broken_off = _computed(planned, trials, means, progress.choose(quiet=quiet))
    best = kept.best(done)
    if best is None:
        return Tuned(None, tuple(done), None, broken_off)
    path = folder / "tuned.toml"
    files.write_text(path, protocols.tuned(base, best.settings, _why(planned, best, len(done))))
    return Tuned(best, tuple(done), path, broken_off)


def _resolved(
    protocol: Protocol,
    dimensions: Mapping[str, Dimension],
    seeds: Sequence[int],
    seed: int,
    out: Path,
) -> _Search:
    """The search with its levels: those of the first seed's training pool."""
    ends = {key: own.values[0] for key, own in dimensions.items()}
    first = protocols.changed(protocol, ends) | {"seeds": (seeds[0],)}
    (task, *_) = plan(suite.read(first)).tasks
    assert isinstance(task.cell, TrainCell)
    conditions = protocol.conditions
    condition = MAIN if MAIN in conditions else conditions[0]
    return _Search(protocol, dimensions, seeds, seed, task.cell.split(), condition, out)


def _check(search: _Search) -> None:
    """Refuse values that no agent takes, before anything is computed."""
    first = {key: own.values[0] for key, own in search.dimensions.items()}
    for key, own in search.dimensions.items():
        for value in own.values:
            plan(suite.read(search.values({**first, key: value}, "trial")))


def _declare(search: _Search) -> None:
    """Keep what is searched; refuse a folder that holds something else."""
    path = search.out / "tune.json"
    if path.is_file():
        before = checked_json.read(path, _DECLARED)
        for key, value in search.declared.items():
            if before[key] != value:
                raise StoreError(
                    f"{search.out}: holds a search with another {key}; choose another folder"
                )
        return
    try:
        search.out.mkdir(parents=True, exist_ok=True)
        if any(search.out.iterdir()):
            raise StoreError(f"{search.out}: is not empty and holds no search; choose another")
        files.write_json(path, search.declared)
    except OSError as error:
        raise StoreError(f"{search.out}: cannot be written to: {error.strerror}") from None


def _computed(
    search: _Search, number: int, means: Means, display: progress.Progress
) -> tuple[list[Trial], str]:
    """The trials that are there and those that are missing of so many; why some still are."""
    folder = search.out / "trials"
    folder.mkdir(exist_ok=True)
    done = kept.read(folder, search.dimensions)
    if len(done) < number:
        # Their returns choose among settings.
        manifest = search.split.manifest_hash
        accesses.log(search.out / "access", "validation", SELECTION, manifest)
    while len(done) < number:
        settings = kept.suggested(done, search.dimensions, search.seed)
        trial = _tried(search, len(done), settings, means, display)
        if isinstance(trial, str):
            return done, f"trial {len(done)}: {trial}"
        kept.write(folder, trial)
        done.append(trial)
        display.note(_line(trial))
    return done, ""


def _tried(
    search: _Search,
    number: int,
    settings: Mapping[str, Any],
    means: Means,
    display: progress.Progress,
) -> Trial | str:
    """One trial, computed in a store of its own; or what broke it off, which says nothing of it."""
    name = f"{search.protocol.name[:50]}-trial-{number:04}"
    store = search.out / "stores" / f"{number:04}"
    try:
        study = plan(suite.read(search.values(settings, name)))
    except RlgenError as error:
        return Trial(number, settings, (), " ".join(str(error).split())[:2000])
    outcome = driver.compute(study, store, means, display)
    if outcome.outside:
        return outcome.failed[outcome.outside[0]]
    if outcome.failed:
        return Trial(number, settings, (), next(iter(outcome.failed.values()))[:2000])
    rows = outcome.store.records()
    held_out = rows[(rows["split"] == "test") & (rows["condition"] == search.condition)]
    returns = held_out.groupby("seed")["ret_mean"].mean().reindex(list(search.seeds))
    for manifest in held_out["manifest"].unique():
        # Its held-out levels have chosen it: nothing is certified on them.
        outcome.store.log_access("test", SELECTION, str(manifest))
    if not np.isfinite(returns).all():
        return Trial(number, settings, (), "a return is not a number")
    return Trial(number, settings, tuple(map(float, returns)))


def _line(trial: Trial) -> str:
    own = ", ".join(f"{key}={value}" for key, value in trial.settings.items())
    outcome = trial.failed or f"validation return {trial.value:.4g}"
    return f"trial {trial.number}: {own}: {outcome}"


def _why(search: _Search, best: Trial, number: int) -> str:
    own = ", ".join(f"{key} = {value}" for key, value in best.settings.items())
    runs, levels = counted(len(search.seeds), "seed"), len(search.split.validation)
    return (
        f"{own}: chosen by rlgen tune of {counted(number, 'trial')} by the mean return of {runs} "
        f"on {counted(levels, 'validation level')}."
    )
