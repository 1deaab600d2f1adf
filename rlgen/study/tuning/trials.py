"""What a search has found so far: a file a trial, from which the next follows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from rlgen.errors import DamagedStoreError
from rlgen.study.tuning.space import Dimension
from rlgen.util import checked_json, files
from rlgen.util.seeding import library_seed

Name = Annotated[str, Field(max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Trial(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    number: Annotated[int, Field(ge=0, lt=1_000_000)]
    settings: dict[Name, bool | int | float | str]
    returns: Annotated[list[Number], Field(max_length=100_000)]
    failed: Annotated[str, Field(max_length=2000)]


_FILE: TypeAdapter[Any] = TypeAdapter(_Trial)


@dataclass(frozen=True)
class Trial:
    """One set of settings, tried.

    Attributes:
        number: From 0.
        settings: What was tried, by the keys of the space.
        returns: Mean validation return of each run, in the order of the seeds; empty where one
            failed.
        failed: Why; empty where none did.
    """

    number: int
    settings: Mapping[str, Any]
    returns: tuple[float, ...]
    failed: str = ""

    @property
    def value(self) -> float:
        """The mean over runs; nan where one failed."""
        return sum(self.returns) / len(self.returns) if self.returns else math.nan

    @property
    def plain(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "number": self.number,
            "settings": dict(self.settings),
            "returns": list(self.returns),
            "failed": self.failed,
        }


def write(folder: Path, trial: Trial) -> None:
    """Keep a trial in the folder of a search."""
    files.write_json(folder / f"{trial.number:04}.json", trial.plain)


def read(folder: Path, dimensions: Mapping[str, Dimension]) -> list[Trial]:
    """The trials of a search in their order.

    Raises:
        DamagedStoreError: If one is missing, or not as it was written.
    """
    trials = []
    for number, path in enumerate(sorted(folder.glob("*.json"))):
        content = checked_json.read(path, _FILE)
        if content["number"] != number or content["settings"].keys() != dimensions.keys():
            raise DamagedStoreError(f"{path}: is not trial {number} of this search")
        returns = tuple(map(float, content["returns"]))
        trials.append(Trial(number, content["settings"], returns, content["failed"]))
    return trials


def suggested(
    trials: Sequence[Trial], dimensions: Mapping[str, Dimension], seed: int
) -> dict[str, Any]:
    """The settings of the next trial, which follow from those before and the seed alone.

    Source: Optuna's tree-structured Parzen estimator (Bergstra et al. 2011); its first ten trials
    are drawn at random.

    Args:
        trials: Those before.
        dimensions: The space.
        seed: Of the search.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {key: own.distribution for key, own in dimensions.items()}
    sampler = optuna.samplers.TPESampler(seed=library_seed(seed, "trial", len(trials)))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for trial in trials:
        state = optuna.trial.TrialState
        study.add_trial(
            optuna.trial.create_trial(
                state=state.FAIL if trial.failed else state.COMPLETE,
                value=None if trial.failed else trial.value,
                params=dict(trial.settings),
                distributions=distributions,
            )
        )
    params: dict[str, Any] = study.ask(distributions).params
    return params


def best(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the highest return, the first of equal ones; None if all failed."""
    done = [trial for trial in trials if not trial.failed]
    return max(done, key=lambda trial: trial.value, default=None)
