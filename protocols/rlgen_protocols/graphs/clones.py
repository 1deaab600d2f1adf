"""Networks cloned from the planner, with their exact returns on training and held-out levels."""

from dataclasses import dataclass

from rlgen.agents.cloning import clone
from rlgen.analysis.stats.scores import normalised_score
from rlgen.evaluation import evaluate, reference
from rlgen.levels import lookup
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import draw_split
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Policy
from rlgen.probes.subject import Subject

PLAIN = Condition.parse("plain")


@dataclass(frozen=True)
class Clone:
    """A cloned network.

    Attributes:
        subject: The policy with its levels.
        train: Normalised exact return on training levels: 0 random, 1 the planner's.
        test: The same on held-out levels.
    """

    subject: Subject
    train: float
    test: float


def cloned(
    family: str, network: str, seed: int, *, levels: int, flip_p: float, tests: int, steps: int
) -> Clone:
    """Clone the planner on some levels.

    Args:
        family: Name in protocols, with options.
        network: Likewise.
        seed: Of the training levels, the weights and the minibatches.
        levels: How many training levels.
        flip_p: Of their rewards.
        tests: How many held-out levels.
        steps: Of gradient descent.
    """
    split = draw_split(lookup.family(family), levels, 0, tests, pool_seed=seed, flip_p=flip_p)
    policy = clone(split.family, split.train, network, seed, steps=steps)
    train, test = (score(policy, split.family, pool) for pool in (split.train, split.test))
    return Clone(Subject(policy, split, network), train, test)


def score(policy: Policy, family: Family, levels: Levels) -> float:
    """Mean normalised exact return, levels equal."""
    returns = evaluate(policy, family, levels, [PLAIN])["plain"].ret_mean
    best, random = reference.returns(family, levels, [PLAIN])["plain"]
    return float(normalised_score(returns, best, random).mean())
