"""The catalogue of perturbations, one module each.

To add one: a module with a ``Perturbation``, and its line in the table. The contract tests then
check that it changes nothing at its identity strength and that rollouts agree with the exact
evaluation; of observation noise, that tabular levels refuse it.
"""

from typing import TYPE_CHECKING

from rlgen.util.registry import Catalogue, Lazy

if TYPE_CHECKING:
    from rlgen.perturbations.base import Perturbation

__all__ = ["PERTURBATIONS"]

PERTURBATIONS: "Catalogue[Perturbation]" = Catalogue(
    "perturbation",
    {
        "greedy": Lazy(
            "the most probable action instead of a sampled one",
            "rlgen.perturbations.greedy:MEMBER",
        ),
        "temperature": Lazy(
            "action probabilities flattened by temperature T (default 2)",
            "rlgen.perturbations.temperature:MEMBER",
        ),
        "epsilon": Lazy(
            "a uniformly random action with probability epsilon (default 0.05)",
            "rlgen.perturbations.epsilon:MEMBER",
        ),
        "sticky_proposed": Lazy(
            "repeat the previous proposed action with probability zeta (default 0.25)",
            "rlgen.perturbations.sticky_proposed:MEMBER",
        ),
        "sticky_executed": Lazy(
            "repeat the previous executed action with probability zeta (default 0.25)",
            "rlgen.perturbations.sticky_executed:MEMBER",
        ),
        "random_spawn": Lazy(
            "a new start cell in each episode",
            "rlgen.perturbations.random_spawn:MEMBER",
        ),
        "noop_starts": Lazy(
            "one to k do-nothing steps at the start (default k = 30)",
            "rlgen.perturbations.noop_starts:MEMBER",
        ),
        "delay": Lazy(
            "execute the action proposed k steps earlier (default k = 1)",
            "rlgen.perturbations.delay:MEMBER",
        ),
        "frame_skip": Lazy(
            "hold each action for k steps (default k = 2)",
            "rlgen.perturbations.frame_skip:FIXED",
        ),
        "random_frame_skip": Lazy(
            "hold each action for 1 to k steps, drawn each time (default k = 2)",
            "rlgen.perturbations.frame_skip:RANDOM",
        ),
        "observation_noise": Lazy(
            "Gaussian noise in observations, not in tabular levels (default 0.1)",
            "rlgen.perturbations.observation_noise:MEMBER",
        ),
    },
    group="rlgen.perturbations",
)
