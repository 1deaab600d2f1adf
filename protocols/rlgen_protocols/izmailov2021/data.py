"""Data sets: labelled states of training levels and of held-out ones, which no two sets share."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlgen.agents.labelled import LabelledStates, labelled
from rlgen.analysis.stats.scores import normalised_score
from rlgen.evaluation import exact, planner
from rlgen.levels import lookup
from rlgen.levels.capabilities import Graphed
from rlgen.levels.drawing import draw_pool
from rlgen.levels.family import Family
from rlgen.perturbations.condition import Condition
from rlgen.util.seeding import stream
from rlgen_protocols.izmailov2021.posterior import columns

Floats = NDArray[np.float64]
#: Levels of the validation pool, by which the prior is chosen.
VALIDATION = "validation"
#: Shares of inputs that are 0 in all training states and are lit in the synthetic shifts.
LIT = {"lit-5": 0.05, "lit-20": 0.2}
#: Share of the walls that an observation does not show.
OPENED = {"open-25": 0.25}
#: Conditions under which policies play.
PLAIN, GREEDY = Condition.parse("plain"), Condition.parse("greedy")


@dataclass(frozen=True)
class DataSet:
    """One training pool with its held-out levels.

    Attributes:
        family: Of the levels.
        train: Labelled states of the training levels.
        held_out: Of the held-out levels, which are never flipped.
        observations: Of the held-out states, ``(N, d)``; those of a shift after ``shifted``.
        seed: Of the shifts.
    """

    family: Family
    train: LabelledStates
    held_out: LabelledStates
    observations: NDArray[np.uint8]
    seed: int

    @cached_property
    def inputs(self) -> Tensor:
        """Training observations without dead inputs, as columns ``(d + 1, N)``."""
        return columns(_observations(self.train)[:, self.live])

    @cached_property
    def goals(self) -> Tensor:
        """Labels of the training states, as columns ``(A, N)``."""
        goals = self.train.optimal / self.train.optimal.sum(axis=1, keepdims=True)
        return torch.from_numpy(np.ascontiguousarray(goals.T))

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Inputs that are not 0 in some training state, ``(d,)``; the others are dead."""
        return np.asarray(_observations(self.train).any(axis=0))

    @cached_property
    def lit(self) -> NDArray[np.bool_]:
        """Held-out states that light a dead input, ``(N,)``, before any synthetic shift."""
        return np.asarray(_observations(self.held_out)[:, ~self.live].any(axis=1))

    def shifts(self) -> Iterator[tuple[str, "DataSet"]]:
        """The same held-out states with observations that are changed synthetically."""
        rng = stream(self.seed, "izmailov2021", "shift")
        for name, share in LIT.items():
            drawn = (rng.random(self.observations.shape) < share) & ~self.live
            yield name, replace(self, observations=np.where(drawn, 1, self.observations))
        if isinstance(self.family, Graphed):
            channel = np.zeros(self.family.observation_space.shape, np.bool_)
            channel[self.family.graph.walls] = True
            for name, share in OPENED.items():
                drawn = (rng.random(self.observations.shape) < share) & channel.ravel()
                yield name, replace(self, observations=np.where(drawn, 0, self.observations))

    def returns(self, probabilities: Floats) -> dict[str, float]:
        """Normalised exact returns of a policy on the held-out levels.

        Args:
            probabilities: Of the actions in each held-out state, ``(N, A)``.

        Returns:
            ``score`` and ``greedy_score`` from the levels' own starts, and ``score_unlit`` and
            ``score_lit`` from uniform starts in states that light no dead input, or one; a level
            that has no such state is left out.
        """
        tabular, noop = self.held_out.tabular, self.family.noop
        own = exact.solve(tabular, probabilities, (PLAIN, GREEDY), noop)
        best, worst = self._bounds[""]
        scores = {
            "score": float(normalised_score(own[PLAIN.name].ret_mean, best, worst).mean()),
            "greedy_score": float(normalised_score(own[GREEDY.name].ret_mean, best, worst).mean()),
        }
        for name, (chances, has) in self._starts.items():
            outcome = exact.solve(tabular, probabilities, (PLAIN,), noop, chances)[PLAIN.name]
            best, worst = self._bounds[name]
            score = normalised_score(outcome.ret_mean, best, worst)[has]
            scores[f"score_{name}"] = float(np.nanmean(score)) if has.any() else float("nan")
        return scores

    @cached_property
    def _starts(self) -> dict[str, tuple[Floats, NDArray[np.bool_]]]:
        """By group of states: start probabilities, and which levels have such states."""
        starts = {}
        offsets = self.held_out.tabular.offsets
        for name, group in (("unlit", ~self.lit), ("lit", self.lit)):
            counts = np.add.reduceat(group, offsets[:-1], dtype=np.int64)
            # Where there are none it starts anywhere, and is not counted.
            some = np.where(np.repeat(counts, np.diff(offsets)) > 0, group, True)
            sums = np.add.reduceat(some, offsets[:-1], dtype=np.int64)
            starts[name] = (some / np.repeat(sums, np.diff(offsets)), counts > 0)
        return starts

    @cached_property
    def _bounds(self) -> dict[str, tuple[Floats, Floats]]:
        """Returns of the planner and of the uniform policy, by group of start states."""
        tabular, noop = self.held_out.tabular, self.family.noop
        policies = (
            planner.plan(tabular).probabilities(tabular.n_actions),
            np.full((tabular.n_states, tabular.n_actions), 1 / tabular.n_actions),
        )
        starts = {"": None} | {name: chances for name, (chances, _) in self._starts.items()}
        bounds = {}
        for name, chances in starts.items():
            best, worst = (
                exact.solve(tabular, p, (PLAIN,), noop, chances)[PLAIN.name].ret_mean
                for p in policies
            )
            bounds[name] = (best, worst)
        return bounds


def _observations(states: LabelledStates) -> NDArray[np.uint8]:
    observations = states.observe(np.arange(states.tabular.n_states))
    return observations.reshape(len(observations), -1)


def data_set(
    family: str, n_train_levels: int, flip_p: float, seed: int, pool: str, n_held_out: int
) -> DataSet:
    """Draw the levels of one data set; sets of other seeds have others, held-out ones too.

    Args:
        family: Its name; its levels are tabular.
        n_train_levels: Training levels; those of larger sets begin with those of smaller ones.
        flip_p: Flip probability of the training levels.
        seed: Of the set.
        pool: "test", or "validation", levels by which settings are chosen.
        n_held_out: Levels of either pool.
    """
    member, used = lookup.family(family), set[str]()
    pools = {name: draw_pool(member, name, n_held_out, used, seed) for name in ("test", VALIDATION)}
    train = draw_pool(member, "train", n_train_levels, used, seed, flip_p)
    held_out = labelled(member, pools[pool])
    return DataSet(member, labelled(member, train), held_out, _observations(held_out), seed)
