"""The answer about one policy that was made elsewhere: of it, and not of the algorithm."""

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen.analysis.stats.policy_gap import policy_gap
from rlgen.analysis.verdicts import Verdict, count, largest, number, with_ends

if TYPE_CHECKING:
    from rlgen.analysis.results import Results

#: The quantities that a gap of one policy is computed of: column of returns, and of their noise.
COLUMNS = {"return": ("ret_mean", "noise"), "normalised": ("normalised", "normalised_noise")}
#: The condition under which tools of the field play by default.
GREEDY = "greedy"


def is_one_policy(results: "Results", cell: Mapping[str, Any]) -> bool:
    """Whether a cell is a single policy that nothing here has trained."""
    return bool(cell["runs"] == 1 and made_elsewhere(results, cell))


def made_elsewhere(results: "Results", cell: Mapping[str, Any]) -> bool:
    """Whether nothing here has trained the policies of a cell."""
    entries = results.settings_of(cell)
    return bool(entries) and all(own.get("policy_hash") for own in entries)


def is_assumed(results: "Results", cell: Mapping[str, Any]) -> bool:
    """Whether nobody has said on which levels the policies of a cell were trained."""
    entries = results.settings_of(cell)
    return any(own.get("policy_hash") and not own.get("trained_on") for own in entries)


def gap(results: "Results", cell: Mapping[str, Any], quantity: str, pool: str = "test") -> Estimate:
    """The gap of the only policy of a cell, with levels as the only samples.

    Where some of its training levels were played, these are a sample of them.

    Args:
        results: The study.
        cell: Values of ``CELL``.
        quantity: Key of ``COLUMNS``.
        pool: The held-out pool.
    """
    rows = results.records_of(cell)
    pools = {str(row["split"]): row for _, row in rows.iterrows()}
    if not {"train", pool} <= pools.keys():
        return Estimate(NAN, reason="not measured")
    returns, noise = COLUMNS[quantity]
    train, held_out = pools["train"], pools[pool]
    learnt = cell["n_train_levels"] if cell["n_train_levels"] >= 0 else inf
    own_noise = float(train.get(noise, NAN))
    return policy_gap(train[returns], held_out[returns], own_noise, pool=learnt)


def verdict(results: "Results", cell: Mapping[str, Any], pool: str = "test") -> Verdict:
    """The verdict on the policy, by the rule of all cells and the gap of this policy to a pool."""
    answer = results.judged(cell, gap(results, cell, "normalised", pool))
    return Verdict(answer.word, answer.because.replace("add seeds", "add held-out levels"))


def sentence(
    cell: Mapping[str, Any],
    main: str,
    conditions: Mapping[str, Mapping[str, Mapping[str, float]]],
    own: Estimate,
    verdict: Verdict,
    scope: str = "",
) -> str:
    """The answer for one policy, with its scope.

    Args:
        cell: Values of ``CELL``, and ``assumed``, whether it is not known what it was trained on.
        main: The condition that it is judged by.
        conditions: By condition and pool the mean return, under ``mean``.
        own: Gap of the policy.
        verdict: On it.
        scope: What held-out levels are like (``unseen.scope``).
    """
    where = f" {scope}" if scope else ""
    n = cell["n_train_levels"]
    verb = verdict.word if verdict.word != "undecided" else "is undecided"
    levels = "the level" if n == 1 else f"the {count(n)} levels"
    means = (conditions[main][pool]["mean"] for pool in ("train", "test"))
    size = largest(*means, own.mean, own.low, own.high)
    because = verdict.because or own.reason
    why = f" ({because})" if because else ""
    trained = "assumed to have learned from" if cell["assumed"] else "trained on"
    return (
        f"{cell['agent']}/{cell['network']}, one policy, {trained} {levels} "
        f"of {cell['family']}, {verb}: {_returns(conditions[main], size)}{where}, "
        f"gap {with_ends(own.mean, own.low, own.high, size)} of this policy{why}; of the "
        "algorithm that made it, one run says nothing."
    )


def played_greedily(main: str, conditions: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """What policies made elsewhere earn as tools of the field play them; empty if not measured.

    Args:
        main: The condition that they are judged by.
        conditions: See ``sentence``.
    """
    if GREEDY not in conditions or main == GREEDY:
        return ""
    return (
        " By the most probable actions, as stable-baselines3's evaluate_policy plays: "
        f"{_returns(conditions[GREEDY])}."
    )


def _returns(pools: Mapping[str, Mapping[str, float]], size: float = 0.0) -> str:
    train, test = pools["train"]["mean"], pools["test"]["mean"]
    size = size or largest(train, test)
    return f"train {number(train, size)}, held-out {number(test, size)}"
