"""The Python face of rlgen: what the command line does, for seed-sweep scripts."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from rlgen.analysis.stats.estimates import POOLS
from rlgen.errors import ProtocolError, nearest
from rlgen.levels import lookup
from rlgen.levels.choosing import as_levels
from rlgen.levels.family import Family, Levels
from rlgen.levels.grouping import Grouping
from rlgen.levels.split import Split
from rlgen.levels.split import draw_split as _draw_split
from rlgen.policies import fitting
from rlgen.policies.base import Policy
from rlgen.policies.functions import as_policy
from rlgen.protocol import shipped, suite
from rlgen.protocol.level_groups import LevelGroups
from rlgen.protocol.suite import ProtocolLike, Seeds
from rlgen.report.result import Result
from rlgen.store.accesses import SELECTION
from rlgen.store.opening import opened, refuse_bundle
from rlgen.store.run_store import RunStore
from rlgen.util.validation import checked, listed, whole_number

if TYPE_CHECKING:
    from rlgen.perturbations.condition import Condition


def evaluate(
    protocol: ProtocolLike,
    out: str | Path | None = None,
    *,
    seeds: Seeds | None = None,
    budget: str | None = None,
    jobs: int | None = None,
    device: str = "auto",
    shard: tuple[int, int] = (0, 1),
    trust: Sequence[str] = (),
    executor: str = "local",
    executor_options: Mapping[str, Any] | None = None,
    continue_from: str | Path | None = None,
    wait: bool = True,
    track: Sequence[str] = (),
    quiet: bool = True,
) -> Result:
    """Train, measure and report a protocol; the same call again does only what is missing.

    Args:
        protocol: Name of a shipped protocol or suite, path of a TOML file or of a suite's folder,
            or a table of its keys.
        out: The store's folder; ``results/NAME`` by default.
        seeds: Replace the protocol's own.
        budget: One of the protocol's budgets, instead of the one that it names.
        jobs: Workers at a time; by default as many as the executor has: here one for each core that
            this process was given.
        device: "auto", "cpu" or "cuda".
        shard: ``(i, n)``; n machines share the folder and each takes every n-th cell.
        trust: Policies of the protocol whose files may be unpickled or run.
        executor: What runs the workers; "local" is processes on this machine, "ray" a Ray cluster.
        executor_options: Of the executor; of "ray" ``address``, ``memory`` (GiB that a cell takes)
            and ``gpu`` (the part of a GPU that it takes where ``device`` is "cuda").
        continue_from: A bundle that is unpacked into the store's folder first.
        wait: Whether to wait for cells that other calls on this store are computing. If not, they
            are left to them, and the report to the call that ends last.
        track: Trackers that are told of each cell while it is computed: "tensorboard",
            ``module:CLASS``, or one of another distribution (``rlgen.trackers``).
        quiet: Whether to show no progress.

    Raises:
        RlgenError: Before anything is computed, for what cannot work.
    """
    from rlgen import report
    from rlgen.study import driver, progress
    from rlgen.study.means import Means
    from rlgen.study.plan import plan
    from rlgen.study.tracking.tracked import Tracked
    from rlgen.util import files

    trust, track = (tuple(map(str, listed(own))) for own in (trust, track))
    means = Means(jobs, executor, device, shard, trust, wait, options=executor_options or {})
    study = plan(suite.read(protocol, seeds, budget), trust)
    folder = Path(out) if out is not None else Path("results") / study.whole.name
    if continue_from is not None:
        from rlgen.study.continuation import take_up

        take_up(Path(continue_from), folder, study)
    if study.whole.policy:
        from rlgen.study.numbering import numbered

        study = numbered(study, folder)
    display = Tracked.by(progress.choose(quiet=quiet), track, folder)
    if folder.is_dir():
        from rlgen.study.extending import extended

        joined = extended(study, folder)
        study = joined.study
        for line in joined.lines:
            display.note(line)
    outcome = driver.compute(study, folder, means, display)
    page = outcome.store.path / "report.html"
    if not outcome.elsewhere and not report.is_current(outcome.store):
        report.write(outcome.store)
    return Result(
        store=outcome.store.path,
        report=page,
        summary={} if outcome.elsewhere else files.read_json(outcome.store.path / "summary.json"),
        computed=outcome.computed,
        already=outcome.already,
        failed=outcome.failed,
        elsewhere=outcome.elsewhere,
    )


def calibrate(
    family: str | Family | None = None,
    out: str | Path = Path("results") / "calibration",
    *,
    options: Mapping[str, Any] | None = None,
    pools: int = 16,
    seeds: int = 4,
    jobs: int | None = None,
    executor: str = "local",
    executor_options: Mapping[str, Any] | None = None,
    quiet: bool = True,
) -> dict[str, Any]:
    """Measure agents of known overfitting with every detector; what the folder holds is kept.

    Writes ``calibration.html`` and ``calibration.json``.

    Args:
        family: A family whose levels can be computed, or its name; small mazes by default.
        out: The folder.
        options: Of the family.
        pools: Pools on which every control agent is made.
        seeds: Cloned networks of each kind and pool size.
        jobs: Workers at a time; see ``evaluate``.
        executor: See ``evaluate``.
        executor_options: See ``evaluate``.
        quiet: Whether to show no progress.

    Returns:
        What ``calibration.json`` holds; ``believed`` says whether all trials were passed.

    Raises:
        RlgenError: Before anything is computed, for what cannot work.
    """
    from rlgen.diagnostics.calibration.calibrate import calibrate as run
    from rlgen.report.sections import calibration as page
    from rlgen.study import progress
    from rlgen.study.means import Means
    from rlgen.util import files

    family = shipped.defaults().calibrated if family is None else family
    member = lookup.member(family)
    means = Means(jobs, executor, options=executor_options or {})
    summary = run(
        member.configure(options or {}),
        Path(out),
        pools,
        seeds,
        means,
        progress.choose(quiet=quiet),
    )
    page.write(Path(out), summary)
    result: dict[str, Any] = files.read_json(Path(out) / "calibration.json")
    return result


def load(out: str | Path) -> pd.DataFrame:
    """The records of a store or a bundle: one row a run, level and condition, see ``RECORDS``."""
    with opened(Path(out)) as store:
        return store.records()


def select(out: str | Path, pool: str = "validation", k: int = 1) -> list[str]:
    """The runs of a store that did best on a pool, under the condition that the report judges by.

    The selection is logged in the store. Selecting on a pool biases its returns upwards: once the
    test levels were used, the report refuses to certify on them.

    Args:
        out: The store's folder.
        pool: "train", "validation" or "test".
        k: How many runs.

    Returns:
        Their ids, the names of their folders in ``runs/``, the best first; ties in the order of
        the ids.

    Raises:
        RlgenError: For an unknown pool, or if fewer than ``k`` runs have returns on it; or for a
            bundle, in which no choice can be noted.
    """
    from rlgen.analysis.results import Results
    from rlgen.analysis.stats import choices

    refuse_bundle(Path(out), "takes no note of a choice")
    store = RunStore(Path(out))
    if pool not in POOLS:
        raise ProtocolError(f"pool = {pool!r}{nearest(pool, POOLS)}")
    rows = Results.load(store).main_records
    chosen = choices.best(rows, pool, whole_number("k", k))
    # The held-out pools of a family are the same for all its runs: one split names them.
    for manifest in rows[rows["split"] == pool].drop_duplicates("family")["manifest"]:
        store.log_access(pool, SELECTION, str(manifest))
    return chosen


def evaluate_policy(
    policy: Policy | Callable[[Any], Any] | Any,
    family: str | Family,
    levels: Levels | Sequence[int] | str,
    conditions: "str | Condition | Sequence[str | Condition]" = ("plain",),
    *,
    episodes: int = 100,
    seed: int = 0,
) -> pd.DataFrame:
    """Returns of any policy on the levels you name.

    Exact where the policy is memoryless and the family's levels are tabular, else from rollouts.

    Args:
        policy: A ``Policy``; a function from observations ``(B, ...)`` to action probabilities
            ``(B, A)``, or to actions ``(B, *action shape)`` where these are vectors of numbers; or
            a model of stable-baselines3 or sb3-contrib.
        family: A family or its name.
        levels: Levels of the family with these options, or ids, which may be text like "0:200".
        conditions: One or several, such as "greedy" or "random_spawn+sticky_proposed:0.25", or as
            ``Condition.parse`` makes them.
        episodes: Episodes a level and condition where returns cannot be computed.
        seed: Of rollouts.

    Returns:
        One row a level and condition: ``level_id``, ``condition``, ``ret_mean``, ``ret_var``,
        ``p_solved``, ``p_timeout``, ``len_mean``, ``oracle_ret``, ``random_ret`` (nan where
        unknown), ``exact``, ``n_episodes`` (0 where exact).

    Raises:
        RlgenError: For an unknown name, a condition that cannot be met, no levels, or those of
            another family.
    """
    from rlgen.evaluation.table import table
    from rlgen.perturbations.condition import listed_conditions

    family = lookup.member(family)
    batch = as_levels(family, levels)
    if not isinstance(policy, Policy):
        policy = as_policy(policy, family)
    fitting.check(policy, family, batch, type(policy).__name__)
    episodes = whole_number("episodes", episodes)
    if episodes < 1:
        raise ProtocolError(f"episodes = {episodes}: must be at least 1")
    faced = listed_conditions(conditions, family, policy)
    seed = whole_number("seed", seed)
    return table(policy, family, batch, faced, episodes=episodes, seed=seed)


def draw_split(
    family: str | Family,
    n_train: int,
    n_validation: int = 0,
    n_test: int = 1000,
    *,
    pool_seed: int = 0,
    flip_p: float = 0.0,
    levels: Mapping[str, Any] | None = None,
) -> Split:
    """Disjoint training, validation and test levels; see ``rlgen.levels.split.draw_split``.

    ``levels`` holds out whole groups, or a range of an axis: the keys of a protocol's ``[levels]``.
    """
    member = lookup.member(family)
    grouping = None
    if levels is not None:
        split_by = checked(LevelGroups, levels, ProtocolError, "levels")
        grouping = Grouping.of(split_by.settings).followed(member)
    named = {"n_train": n_train, "n_validation": n_validation, "n_test": n_test}
    sizes = [whole_number(name, size) for name, size in named.items()]
    pool_seed = whole_number("pool_seed", pool_seed)
    return _draw_split(member, *sizes, pool_seed=pool_seed, flip_p=flip_p, grouping=grouping)
