"""The Brute (Machado et al. 2018, section 4): a tree of action sequences, and no look at the world.

As in OpenAI retro's implementation: in each episode the agent walks down the tree, at a node
takes a random action with probability 0.005 / ln(visits + 2), else the child with the largest
value, ties at random, where a child never tried has value minus infinity; once off the tree it
acts at random. The whole sequence then enters the tree, and a node's value is the largest return
of the episodes through it.
"""

from math import inf, log

import numpy as np

from rlgen.agents.controls.base import Control, batches
from rlgen.levels import Family, Levels
from rlgen.policy import Observations, OpenLoopPolicy
from rlgen.seeding import stream
from rlgen.tabular import TabularLevels

EXPLORATION = 0.005


class Brute(Control):
    """Searches each level from its start, then replays the best sequence that it found.

    Exploration and the tree are frozen after the search; past the end of the sequence it acts at
    random, as it does off its tree. An unknown level gets the sequence of a random training level.

    Args:
        episodes: Of search on each level. The published agent plays 1e4 to 1e5; the default
            takes seconds for ten levels and leaves some of them unsolved.
    """

    def __init__(self, episodes: int = 3000) -> None:
        self.episodes = episodes

    def fit(self, family: Family, levels: Levels, seed: int) -> OpenLoopPolicy:
        """See ``Control.fit``."""
        first: list[Observations] = []
        scripts: list[list[int]] = []
        for tabular in batches(family, levels):
            first.append(tabular.observe(tabular.start))
            for level in range(tabular.n_levels):
                rng = stream(seed, "brute", int(levels.ids[len(scripts)]))
                scripts.append(search(tabular, level, self.episodes, rng))
        return OpenLoopPolicy(
            np.concatenate(first), scripts, int(family.action_space.n), after=None, seed=seed
        )


def search(
    tabular: TabularLevels, level: int, episodes: int, rng: np.random.Generator
) -> list[int]:
    """The best action sequence found on one level; of equals, the first found.

    Plain lists: a step down a tree is too small for arrays to pay.
    """
    low, high = tabular.offsets[level], tabular.offsets[level + 1]
    n_actions, horizon = tabular.n_actions, tabular.horizon
    following = (tabular.next_state[low:high] - low).tolist()
    rewards = tabular.reward[low:high].tolist()
    over, start = tabular.n_states - int(low), int(tabular.start[level] - low)
    epsilon = [EXPLORATION / log(visits + 2) for visits in range(episodes)]
    anything = list(range(n_actions))
    # By node: child by action, visits, the children of largest value, and that value.
    children: list[dict[int, int]] = [{}]
    visits, best, top = [0], [anything], [-inf]
    for _ in range(episodes):
        explores = rng.random(horizon).tolist()
        draws = rng.random(horizon).tolist()
        state, total, node = start, 0.0, 0
        taken: list[int] = []
        for explore, draw in zip(explores, draws, strict=True):
            choices = anything
            if node >= 0:
                if explore >= epsilon[visits[node]]:
                    choices = best[node]
                action = choices[int(draw * len(choices))]
                node = children[node].get(action, -1)
            else:
                action = choices[int(draw * n_actions)]
            taken.append(action)
            total += rewards[state][action]
            state = following[state][action]
            if state == over:
                break
        else:
            total += tabular.timeout_reward
        node = 0
        for action in taken:
            visits[node] += 1
            if total > top[node]:
                top[node], best[node] = total, [action]
            elif total == top[node] and action not in best[node]:
                best[node].append(action)
            child = children[node].get(action)
            if child is None:
                child = children[node][action] = len(children)
                children.append({})
                visits.append(0)
                best.append(anything)
                top.append(-inf)
            node = child
    script, node = [], 0
    while children[node]:
        action = best[node][0]
        script.append(action)
        node = children[node][action]
    return script


MEMBER = Brute()
