"""Episodes step by step: figure 4 (left) and figures 8 to 17."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from rlgen.analysis.verdicts import number
from rlgen.report.figures.base import Drawing
from rlgen.util.words import counted
from rlgen_protocols.zhang2018.figures import frames, panels
from rlgen_protocols.zhang2018.figures.frames import Episode
from rlgen_protocols.zhang2018.figures.layout import Form
from rlgen_protocols.zhang2018.figures.selection import Selection
from rlgen_protocols.zhang2018.figures.stickiness import Stickiness

#: What the agents are shown in: pool and condition.
PLAYED = (
    ("train", "plain"),
    ("test", "plain"),
    ("train", "random_spawn"),
    ("train", "sticky_proposed:0.25"),
)
#: An agent's name and settings, and an episode of its best run.
Shown = tuple[dict[str, Any], Episode]


class Strips(Form):
    """The paper's three agents, each on a training and a held-out level and under two checks."""

    reading = (
        "A new panel begins where the agent would come back to a cell, with the way of the panel "
        "before in grey. Cells are shaded from light to dark as time passes; an arrow is the "
        "proposed action and a cross “stay”, and where a number tells that several frames were "
        "spent in a cell, all the actions proposed there. In a red box another action was executed "
        "or a wall was in the way. Rewards are those up to the panel’s last frame, and the "
        "episode’s last frame is not drawn. Agent-1 was trained on 10 levels "
        "without flips, Agent-2 on the most levels without flips, Agent-3 on 1,000 levels with "
        "flip probability 0.5, or the nearest to it that the part asks for; of "
        "each the run with the best training return, on the first level of the pool."
    )

    def draw(self, selection: Selection, name: str) -> Drawing | None:
        """See ``Form.draw``."""
        pairs, note = _shown(selection, agents(selection), PLAYED)
        if not pairs:
            return None
        tables = [frames.table(episode).assign(**agent) for agent, episode in pairs]
        data = pd.concat(tables, ignore_index=True)
        return Drawing(_svg(name, pairs), data, selection.note(data, note))


class StickyStrip(Stickiness):
    """An episode of Agent-1 under sticky actions above the curves by stickiness."""

    reading = f"{Strips.reading} Below it: {Stickiness.reading}"

    def draw(self, selection: Selection, name: str) -> Drawing | None:
        """See ``Form.draw``."""
        drawing = super().draw(selection, name)
        if drawing is None:
            return None
        pairs, note = _shown(selection, agents(selection)[:1], PLAYED[-1:])
        strip = _svg(f"{name}-strip", pairs) if pairs else ""
        note = " ".join(filter(None, [drawing.note, note]))
        return Drawing(strip + drawing.svg, drawing.data, note)


def agents(selection: Selection) -> list[dict[str, Any]]:
    """Name and settings of the paper's three agents, or the nearest of a part; none twice."""
    part = selection.part
    sizes, flips = sorted(part.n_train_levels), sorted(part.flip_p)
    few = 10 if 10 in sizes else sizes[0]
    many = 1000 if 1000 in sizes else sizes[-2:][0]
    flipped = 0.5 if 0.5 in flips else flips[-1]
    names: dict[tuple[int, float], str] = {}
    for place, setting in enumerate([(few, flips[0]), (sizes[-1], flips[0]), (many, flipped)], 1):
        names.setdefault(setting, f"Agent-{place}")
    common = {"family": part.family[0], "regulariser": part.regulariser[0]}
    return [
        {"name": name, **common, "n_train_levels": n, "flip_p": p} for (n, p), name in names.items()
    ]


def _shown(
    selection: Selection, wanted: Sequence[dict[str, Any]], played: Sequence[tuple[str, str]]
) -> tuple[list[Shown], str]:
    """Episodes of the best run of each agent, and a note on the agents that have none."""
    episodes_of: list[Shown] = []
    absent = []
    for agent in wanted:
        setting = {key: value for key, value in agent.items() if key != "name"}
        best = selection.best(selection.runs(**setting))[:1]
        episodes = [episode for run in best for episode in selection.episodes.get(run, ())]
        by_kind = {(e["split"], e["condition"]): e for e in episodes}
        mine = [by_kind[kind] for kind in played if kind in by_kind]
        episodes_of += [(agent | {"run_id": best[0]}, episode) for episode in mine]
        absent += [] if mine else [agent["name"]]
    return episodes_of, f"No episode is stored of {', '.join(absent)}." if absent else ""


def _svg(name: str, pairs: Sequence[Shown]) -> str:
    strips = [(_caption(agent, episode), episode) for agent, episode in pairs]
    return panels.svg(name, strips, "Episodes step by step")


def _caption(agent: dict[str, Any], episode: Episode) -> str:
    pool = "training" if episode["split"] == "train" else "held-out"
    how = "" if episode["condition"] == "plain" else f" under {episode['condition']}"
    levels = counted(agent["n_train_levels"], "training level")
    trained = f"{levels}, p = {agent['flip_p']:g}"
    end = "solved" if episode["solved"] else "not solved"
    steps = len(episode["rewards"])
    return (
        f"{agent['name']} ({trained}) on {pool} level {episode['level']}{how}: {end}, "
        f"return {number(sum(episode['rewards']))} in {counted(steps, 'step')}"
    )
