"""Subjects for tests of probes: untrained networks, and the same levels in another order."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from rlgen.levels.split import Split, draw_split
from rlgen.networks import network_named
from rlgen.policies import network_policy
from rlgen.policies.spec import PolicySpec, RecurrentSpec, observed
from rlgen.probes.subject import Subject
from rlgen_envs import FAMILIES

FAMILY = FAMILIES["maze-basic"].configure({"size": 5})
SPLIT = draw_split(FAMILY, 4, 0, 6)


def untrained(name, split, seed=0, *, head="softmax", lstm=None):
    """A subject with the network of a name and random weights."""
    network, space = network_named(name).for_family(split.family), split.family.observation_space
    torch.manual_seed(seed)
    trunk, width = network.build(space)
    look = observed(network, space)
    n_actions = split.family.n_actions
    if lstm is None:
        spec = PolicySpec(network, space.shape, n_actions, head, **look)
        policy = network_policy.trained(spec, trunk, trunk.head(width, n_actions))
    else:
        spec = RecurrentSpec(network, space.shape, n_actions, head, lstm, 1, **look)
        memory = nn.LSTM(width, lstm)
        policy = network_policy.trained(spec, trunk, nn.Linear(lstm, n_actions), memory)
    return Subject(policy, split, name)


class Padded:
    """A family whose pictures have a margin, so that every network takes them."""

    def __init__(self, family, side=40):
        self._family, self._side = family, side
        low, high = (np.full((7, side, side), edge, np.uint8) for edge in (0, 1))
        self.observation_space = gym.spaces.Box(low, high, dtype=np.uint8)

    def __getattr__(self, name):
        return getattr(self._family, name)

    def tabular(self, levels):
        own = self._family.tabular(levels)

        def observe(states):
            small = own.observe(states)
            margin = (0, self._side - small.shape[-1])
            return np.pad(small, ((0, 0), (0, 0), margin, margin))

        return replace(own, observe=observe)


class Relabelled:
    """A family that lists the states of each level from the last to the first."""

    def __init__(self, family):
        self._family = family

    def __getattr__(self, name):
        return getattr(self._family, name)

    def tabular(self, levels):
        own = self._family.tabular(levels)
        starts, ends = own.offsets[:-1], own.offsets[1:]
        order = np.concatenate([np.arange(a, b)[::-1] for a, b in zip(starts, ends, strict=True)])
        place = np.empty(own.n_states + 1, np.int32)
        place[order], place[own.n_states] = np.arange(own.n_states), own.n_states
        return replace(
            own,
            next_state=place[own.next_state[order]],
            reward=own.reward[order],
            success=own.success[order],
            start=place[own.start],
            spawns=place[own.spawns],
            observe=lambda states: own.observe(order[states].astype(np.int32)),
        )


def rearranged(subject):
    """The same subject, levels and states in another order."""
    split = subject.split
    pools = {name: levels.take(np.arange(len(levels))[::-1]) for name, levels in split.pools()}
    family = Relabelled(split.family) if subject.is_tabular else split.family
    return Subject(
        subject.policy, Split(family, split.flip_p, split.pool_seed, **pools), "the same"
    )
