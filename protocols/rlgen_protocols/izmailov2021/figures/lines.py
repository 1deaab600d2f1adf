"""Loss against the number of draws, temperature and prior variance."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from rlgen.papers import Section
from rlgen.report.figures.base import TEST, TRAIN, bars, select, style, to_svg
from rlgen_protocols.izmailov2021 import measuring
from rlgen_protocols.izmailov2021.data import VALIDATION
from rlgen_protocols.izmailov2021.evidence import Evidence
from rlgen_protocols.izmailov2021.figures import frames
from rlgen_protocols.izmailov2021.figures.bars import NAMES


def draws(evidence: Evidence) -> Section | None:
    """Excess loss of the average against the number of draws, of one chain and of all."""
    sets = frames.settings(evidence)
    rows = [
        (setting, row["seed"], chains, int(number), loss)
        for setting, own in sets
        for _, row in own.iterrows()
        for chains in ("one", "all")
        for number, loss in zip(row["by_draws"]["draws"], row["by_draws"][chains], strict=True)
    ]
    if not rows:
        return None
    data = pd.DataFrame(rows, columns=["setting", "seed", "chains", "draws_a_chain", "excess_nll"])
    with style("draws"):
        canvas, axes = plt.subplots(
            1, len(sets), figsize=(4.2 * len(sets), 2.8), squeeze=False, layout="constrained"
        )
        for axis, (setting, _) in zip(axes[0], sets, strict=True):
            for chains, colour in (("one", TRAIN), ("all", TEST)):
                own = select(data, setting=setting, chains=chains)
                mean = own.groupby("draws_a_chain")["excess_nll"].mean()
                axis.plot(mean.index, mean, "o-", color=colour, label=f"{chains} of the chains")
            axis.set_xscale("log")
            frames.written(axis.xaxis)
            axis.set_xlabel("draws of each chain")
            axis.set_title(setting, loc="left")
        axes[0][0].set_ylabel(NAMES["excess_nll"])
        axes[0][0].legend()
        svg = to_svg(canvas, "draws", "Excess loss by number of draws")
        plt.close(canvas)
    return Section(
        "draws",
        "Figure 5: how many draws, how many chains",
        "Excess loss on held-out states of the average over the first draws, mean over data sets. "
        "Compare one chain of 3k draws with three of k for the same work.",
        svg,
        data=data,
    )


def temperature(evidence: Evidence) -> Section | None:
    """HMC's scores against the temperature of the posterior."""
    for setting, own in evidence.settings():
        others = evidence.beside(own, temperature=None)
        others = others[others["temperature"] != 1]
        if not others.empty:
            cells = pd.concat([own, others])
            return _by_option(
                "temperature",
                cells,
                "temperature",
                "Figure 6: temperature",
                "The posterior raised to the power 1/T; below 1 it is colder. The paper finds no "
                f"gain from that. {setting}.",
            )
    return None


def prior(evidence: Evidence) -> Section | None:
    """HMC's loss against the prior variance, on validation levels and on held-out ones."""
    cells = evidence.cells
    cells = cells[(cells["temperature"] == 1) & (cells["flip_p"] == 0)]
    if cells.empty:
        return None
    sizes = sorted(cells["n_train_levels"].unique())
    parts = []
    for size in sizes:
        for pool, own in cells[cells["n_train_levels"] == size].groupby("pool"):
            part = frames.by_value(own, "prior_var", ("excess_nll", "accuracy"), measuring.ALL)
            parts.append(part.assign(n_train_levels=size, pool=pool))
    data = pd.concat(parts, ignore_index=True)
    with style("prior"):
        canvas, axes = plt.subplots(
            1, len(sizes), figsize=(4.2 * len(sizes), 2.8), squeeze=False, layout="constrained"
        )
        for axis, size in zip(axes[0], sizes, strict=True):
            for pool in data["pool"].unique():
                own = select(data, n_train_levels=size, pool=pool, number="excess_nll")
                colour = TRAIN if pool == VALIDATION else TEST
                _line(axis, own, "prior_var", colour, f"{pool} levels")
            axis.set_xlabel("prior variance")
            axis.set_title(f"{size} training levels", loc="left")
        axes[0][0].set_ylabel(NAMES["excess_nll"])
        axes[0][0].legend()
        svg = to_svg(canvas, "prior", "Excess loss by prior variance")
        plt.close(canvas)
    return Section(
        "prior",
        "Figure 7: prior scale",
        "The prior of the other figures was chosen on validation levels of data sets that no "
        "other figure has; half and twice of it stand on held-out levels.",
        svg,
        data=data,
    )


def _by_option(name: str, cells: pd.DataFrame, option: str, title: str, reading: str) -> Section:
    keys = ("excess_nll", "accuracy", "score")
    data = frames.by_value(cells, option, keys, measuring.ALL)
    with style(name):
        canvas, axes = plt.subplots(
            1, len(keys), figsize=(3.4 * len(keys), 2.6), layout="constrained"
        )
        for axis, key in zip(axes, keys, strict=True):
            _line(axis, select(data, number=key), option, TEST, "HMC")
            axis.set_xlabel(option)
            axis.set_ylabel(NAMES[key])
        svg = to_svg(canvas, name, title)
        plt.close(canvas)
    return Section(name, title, reading, svg, data=data)


def _line(axis: Axes, own: pd.DataFrame, option: str, colour: str, label: str) -> None:
    axis.errorbar(
        own[option], own["mean"], yerr=bars(own), fmt="o-", color=colour, capsize=3, label=label
    )
    axis.set_xscale("log")
    axis.set_xticks(sorted(own[option]))
    frames.written(axis.xaxis)
