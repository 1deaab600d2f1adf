"""When computed and played returns agree."""

import numpy as np
import pytest
from helpers import TABULAR

from rlgen.evaluation.outcome import Outcome

#: Every perturbation at its default, and combinations.
CONDITIONS = [
    "plain",
    *TABULAR,
    "random_spawn+sticky_proposed:0.25",
    "sticky_proposed:0.9",
    "sticky_executed:0.5",
    "delay:2",
    "random_frame_skip:3",
    "greedy+noop_starts+epsilon:0.25",
    "frame_skip:3+sticky_executed:0.3",
]


EPISODES = 20_000


def assert_agree(computed: Outcome, played: Outcome):
    """Within four standard errors; variances within 8 %."""
    error = np.sqrt(computed.ret_var / EPISODES) + 1e-9
    assert (np.abs(computed.ret_mean - played.ret_mean) <= 4 * error).all()
    for name in ("p_solved", "p_timeout"):
        p = getattr(computed, name)
        error = np.sqrt(p * (1 - p).clip(0) / EPISODES) + 2 / EPISODES
        assert (np.abs(p - getattr(played, name)) <= 4 * error).all()
    assert played.ret_var == pytest.approx(computed.ret_var, rel=0.08, abs=1e-3)
    assert played.len_mean == pytest.approx(computed.len_mean, rel=0.03, abs=1e-6)
