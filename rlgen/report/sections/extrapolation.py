"""Which networks of a study extrapolate, and which memorise: the first sentence of its page."""

from collections.abc import Mapping, Sequence
from typing import Any

from rlgen.analysis.further import TRANSFER, WORDS
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import number
from rlgen.util.words import counted


def answer(cells: Sequence[Mapping[str, Any]]) -> str:
    """The sentence; empty where it is not asked.

    It is where several networks play pools of levels beyond those of training. A setting is all
    that distinguishes a network's cells: agent, levels, flip probability. Scores are means over
    settings and pools, best first, of the networks that play all of them; networks that lack
    settings are named. The rest is by the verdicts on cells, which their intervals decide.

    Args:
        cells: Of the summary, with their ``pools``.

    Example: "Beyond their training levels (larger) networks score 0.80 (a) and 0.10 (b) on average
    over 2 settings, where 1 is optimal; transferring: a (in 2); not transferring: none; memorising:
    b (in 1)."
    """
    networks = list(dict.fromkeys(cell["network"] for cell in cells))
    pools = dict.fromkeys(
        name
        for cell in cells
        for name, own in cell.get("pools", {}).items()
        if own["kind"] == WORDS["extrapolation"] and own["runs"]
    )
    if len(networks) < 2 or not pools:
        return ""
    settings = {
        network: {_setting(cell) for cell in cells if cell["network"] == network}
        for network in networks
    }
    every = set[tuple[Any, ...]]().union(*settings.values())
    lacking = [network for network in networks if settings[network] != every]
    scores, transferring, failing, memorising = {}, {}, {}, {}
    for network in networks:
        own = [cell for cell in cells if cell["network"] == network]
        played = [cell["pools"][name] for cell in own for name in pools]
        means = [each["normalised"]["pool"]["mean"] for each in played]
        measured = all(mean is not None and mean == mean for mean in means)
        if measured and network not in lacking:
            scores[network] = sum(means) / len(means)
        # In a setting a network transfers, or does not, if that is so of each of the pools.
        words = [{cell["pools"][name]["verdict"] for name in pools} for cell in own]
        transferring[network] = words.count({TRANSFER["generalises"]})
        failing[network] = words.count({TRANSFER["memorises"]})
        memorising[network] = sum(cell["verdict"] == "memorises" for cell in own)
    head = f"Beyond their training levels ({', '.join(pools)}) "
    order = sorted(scores, key=lambda network: -scores[network])
    ranked = [f"{number(scores[network])} ({network})" for network in order]
    listed = " and ".join(filter(None, [", ".join(ranked[:-1]), *ranked[-1:]]))
    head += f"networks score {listed} on average" if ranked else "no network plays all settings"
    left_out = f" (without {', '.join(lacking)}, which lack settings)" if lacking else ""
    over = f"{counted(len(every), 'setting')}{left_out}"
    return (
        f"{head} over {over}, where 1 is optimal; transferring: {_some(transferring)}; "
        f"not transferring: {_some(failing)}; memorising: "
        f"{_some(memorising)}."
    )


def _setting(cell: Mapping[str, Any]) -> tuple[Any, ...]:
    """What distinguishes the cells of one network."""
    return tuple(cell[key] for key in CELL if key != "network")


def _some(settings: Mapping[str, int]) -> str:
    """Networks by the number of settings, the most first; none has none."""
    order = sorted(settings, key=lambda network: -settings[network])
    named = [f"{network} (in {settings[network]})" for network in order if settings[network]]
    return ", ".join(named) or "none"
