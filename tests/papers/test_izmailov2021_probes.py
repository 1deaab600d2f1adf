"""What the probes of Izmailov et al. 2021 do beyond the contract of all probes."""

import numpy as np
import pytest
import torch
from probing import FAMILY, untrained
from torch import nn

from rlgen.agents.cloning import clone
from rlgen.levels.split import draw_split
from rlgen.policies.functions import FunctionPolicy, uniform_policy
from rlgen.probes import cases
from rlgen.probes.measuring import measure
from rlgen.probes.subject import Subject
from rlgen_protocols.izmailov2021.probes import distance

pytestmark = pytest.mark.slow


def values(name, subject, seed=0):
    return {key: one.value for key, one in measure(name, subject, seed=seed).numbers.items()}


class TestSeedDisagreement:
    @pytest.fixture(scope="module")
    @staticmethod
    def numbers():
        """Of clones of few and of many levels."""
        measured = {}
        for n in (2, 60):
            split = draw_split(FAMILY, n, 0, 12)
            policy = clone(FAMILY, split.train, "mlp-64-64", 0, steps=300)
            measured[n] = values("seed-disagreement", Subject(policy, split, "a clone"))
        return measured

    def test_the_seed_decides_more_on_held_out_levels(self, numbers):
        for own in numbers.values():
            assert own["difference"] == own["held_out"] - own["training"]
            assert 0 <= own["training"] < own["held_out"] <= 1

    def test_it_decides_less_after_many_levels(self, numbers):
        assert numbers[60]["difference"] < 0.7 * numbers[2]["difference"]

    def test_it_is_near_that_of_a_true_second_seed(self):
        """The twin learns the policy's probabilities, a second clone the planner's actions."""
        split = draw_split(FAMILY, 3, 0, 12)
        one, other = (clone(FAMILY, split.train, "mlp-64-64", s, steps=300) for s in (0, 1))
        subject = Subject(one, split, "a clone")
        states = subject.states("test").observations
        apart = np.abs(one.distribution(states, None)[0] - other.distribution(states, None)[0]).sum(
            axis=1
        )
        twin = values("seed-disagreement", subject)["held_out"]
        assert twin == pytest.approx(apart.mean() / 2, rel=0.5)

    def test_a_greedy_policy_has_none_and_says_why(self):
        subject = untrained("mlp-64-64", draw_split(FAMILY, 2, 0, 2), head="greedy")
        measurement = measure("seed-disagreement", subject)
        assert "greedy" in measurement.numbers["held_out"].reason

    def test_layers_whose_weights_cannot_be_drawn_anew_are_refused(self):
        class Odd(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.ones(175))

            def forward(self, observations):
                return observations.flatten(1) * self.weight

        split = draw_split(FAMILY, 2, 0, 2)
        subject = Subject.of_layers(Odd(), nn.Linear(175, 5), split, name="odd")
        measurement = measure("seed-disagreement", subject)
        assert "Odd) cannot be drawn anew" in measurement.refused
        assert measurement.refused.startswith("odd: ")


class TestTvToBma:
    def test_the_planners_labels_are_further_than_the_average_and_both_than_none(self):
        labelled = values("tv-to-bma", cases.labelled(cases.split()))
        uniform = values("tv-to-bma", cases.uniform(cases.split()))
        assert 0.05 < labelled["training"] < uniform["training"]
        assert labelled["held_out"] > labelled["training"]

    @pytest.mark.long
    def test_another_seed_of_the_average_is_near_it(self):
        case = distance.identity().subject
        assert 0 < values("tv-to-bma", case, seed=1)["held_out"] < 0.06

    def test_pools_share_one_posterior(self):
        distance._average.cache_clear()
        split = draw_split(FAMILY, 2, 0, 2)
        for name in ("one", "other"):
            values("tv-to-bma", Subject(uniform_policy(FAMILY), split, name))
        assert distance._average.cache_info().misses == 1
        assert distance._average.cache_info().hits == 1

    def test_many_levels_have_none_and_say_why(self):
        split = draw_split(FAMILY, distance.MOST_LEVELS + 1, 0, 2)
        policy = FunctionPolicy(lambda x: np.full((len(x), 5), 0.2), 5)
        measurement = measure("tv-to-bma", Subject(policy, split))
        assert "more than 20 training levels" in measurement.numbers["training"].reason
