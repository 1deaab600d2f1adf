"""Which agent, network or regulariser generalises better: the pairs of a study, in words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rlgen.analysis import bounds, unseen
from rlgen.analysis.results import Results
from rlgen.analysis.stats.comparisons import ALPHA, Comparison
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.stats.power import POWER, achieved
from rlgen.analysis.stats.tables import UNTOLD
from rlgen.analysis.verdicts import with_ends
from rlgen.util.words import counted

RULE = (
    "Two arms are compared run by run: with the same seed they have the same training levels and "
    "the same held-out levels, so what these have in common cancels. One plays new levels better "
    f"if its held-out return is higher at a family-wise error of {100 * ALPHA:g} % over all pairs "
    "of the study (t test on runs x levels, Holm's correction). The gap is compared beside it: a "
    "small gap with a low return is no generalization."
)


UNPAIRED = (
    "Runs that are no such pairs have only the held-out levels in common: what runs do then adds "
    "up (Welch 1938)."
)


def comparison(results: Results) -> dict[str, Any]:
    """The comparison of a study's arms for its summary.

    Args:
        results: Of the study.

    Returns:
        ``rule``; ``pairs``, of each its ``task``, ``first`` and ``second``, ``runs``, the
        differences ``test`` and ``gap`` (first minus second) and ``improvement`` with their
        intervals, ``p`` and ``adjusted``, ``wins``, ``ties`` and ``losses`` by level, ``better``,
        where runs are no pairs ``apart``, which says why, and ``others``, the runs of the second,
        where some runs are in no pair how many are ``left_out``,
        ``sentence`` and ``reason``; ``standings``, of each its ``task``, ``arm``, ``runs``,
        ``iqm`` and ``reason``.
    """
    compared = results.compared
    return {
        "rule": rule(compared.pairs),
        "pairs": [plain(pair, results, compared.pairs) for pair in compared.pairs],
        "standings": [
            {
                "task": dict(own.task),
                "arm": dict(own.arm),
                "runs": own.runs,
                "iqm": own.iqm.shown,
                "reason": own.iqm.reason,
            }
            for own in compared.standings
        ],
    }


def rule(pairs: Sequence[Comparison]) -> str:
    """What the words rest on."""
    return f"{RULE} {UNPAIRED}" if any(pair.apart for pair in pairs) else RULE


def plain(pair: Comparison, results: Results, pairs: Sequence[Comparison]) -> dict[str, Any]:
    """A pair as plain values, see ``comparison``.

    Args:
        pair: Of arms.
        results: Those of its first arm.
        pairs: All that are shown together.
    """
    parts = ("test", "gap", "improvement")
    numbers = ("p", "adjusted", "better", "wins", "ties", "losses", "reason")
    return {
        "task": dict(pair.task),
        "first": dict(pair.first),
        "second": dict(pair.second),
        "runs": pair.runs,
        **({"apart": pair.apart, "others": pair.others} if pair.apart else {}),
        **({"left_out": pair.left_out} if pair.left_out else {}),
        **{
            part: getattr(pair, part).shown | {"reason": getattr(pair, part).reason}
            for part in parts
        },
        **{key: getattr(pair, key) for key in numbers},
        "sentence": sentence(
            pair, unseen.unit(results), bounds.widest(results, pair.task), _shared(pair, pairs)
        ),
    }


def _shared(pair: Comparison, pairs: Sequence[Comparison]) -> str:
    """What both arms have, where the words of another pair would be the same without it."""
    words = arms(pair.first, pair.second)
    alike = [
        other
        for other in pairs
        if other.task == pair.task and arms(other.first, other.second) == words
    ]
    return "/".join(
        _word(key, name)
        for key, name in pair.first.items()
        if key != "study"
        and pair.second[key] == name
        and any(other.first[key] != name for other in alike)
    )


def sentence(
    pair: Comparison, unit: str = "level", widest: float = math.inf, shared: str = ""
) -> str:
    """What a pair says, in words.

    Args:
        pair: Of arms.
        unit: What held-out returns are of: levels, or whole groups of levels.
        widest: The largest difference that is possible.
        shared: What both have, where that has to be said.
    """
    first, second = arms(pair.first, pair.second)
    where = f"{task(pair.task)}, both with {shared}" if shared else task(pair.task)
    if pair.reason:
        return f"{first} and {second}, {where}, cannot be compared: {pair.reason}."
    test = pair.test
    if pair.better == "second":
        first, second, test = second, first, _minus(test)
    ours, theirs = (pair.wins, pair.losses)
    if pair.better == "second":
        ours, theirs = theirs, ours
    units = pair.wins + pair.ties + pair.losses
    numbers = (
        f"held-out return {_signed(test, pair.size)}, higher on {ours:,} and lower on {theirs:,}"
    )
    numbers += f" of {counted(units, unit)}"
    if pair.apart:
        numbers += f" (not paired: {pair.apart})"
    if pair.left_out:
        numbers += f" ({counted(pair.left_out, 'run')} without a partner of the same seed left out)"
    if pair.better:
        return f"{first} plays new levels better than {second}, {where}: {numbers}."
    why = f"; {test.reason or _smallest(pair, widest)}"
    if pair.p <= ALPHA < pair.adjusted:
        why = f"; p = {pair.p:.3f} of this pair alone is {pair.adjusted:.3f} among all pairs"
    return f"Between {first} and {second}, {where}, no difference is shown: {numbers}{why}."


def _smallest(pair: Comparison, widest: float) -> str:
    """What this many runs could have shown: "no difference" of few runs says little."""
    runs = counted(pair.runs, "run")
    runs = f"{runs} and {pair.others:,}" if pair.apart else f"{runs} each"
    # Holm's correction asks at most this of a single pair.
    smallest = achieved(pair.test, ALPHA / pair.family).mean
    if smallest > widest:
        return f"{runs} are too few for any difference that is possible"
    share = f"{'at least ' * (pair.family > 1)}{100 * POWER:.0f} % of studies"
    least = with_ends(smallest, None, None, pair.size)
    return f"{runs} would show a difference of {least} in {share}"


def arms(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[str, str]:
    """Two arms by what they differ in."""
    own = [key for key in first if key != "study"]
    keys = [key for key in own if first[key] != second[key]] or own[:2]
    one, other = (
        "/".join(_word(key, arm[key]) for key in keys)
        + (f" of {arm['study']}" if "study" in arm else "")
        for arm in (first, second)
    )
    return one, other


def task(values: Mapping[str, Any]) -> str:
    """On what two arms are compared."""
    n = values["n_train_levels"]
    levels = counted(n, "level") if n != UNTOLD else "an unknown number of levels"
    words = f"after {levels} of {values['family']}"
    return f"{words}, p = {values['flip_p']:g}" if values["flip_p"] else words


def _word(key: str, name: Any) -> str:
    return "no regulariser" if key == "regulariser" and name == "none" else str(name)


def _signed(difference: Estimate, size: float) -> str:
    sign = "+" if difference.mean > 0 else ""
    return f"{sign}{with_ends(difference.mean, difference.low, difference.high, size)}"


def _minus(estimate: Estimate) -> Estimate:
    return Estimate(-estimate.mean, -estimate.high, -estimate.low, reason=estimate.reason)
