"""The first layers by deviations are the dense layers, whatever the observations."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from routes import ROUTES, assert_close, played, told
from torch import nn

from rlgen.networks import NETWORKS
from rlgen.networks.kernels.narrow import LANES
from rlgen.networks.kernels.sparse import Deviations
from rlgen.networks.stack import layers
from rlgen.networks.trunk import MOST_DEVIATING
from rlgen.util.seeding import stream


def exact(trunk, observations):
    """The same by the modules one after the other, in double precision."""
    modules = deepcopy(nn.Sequential(*trunk.children())).double()
    return told(modules, observations.double())


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, LANES - 1, LANES, LANES + 1, 200])
@pytest.mark.parametrize("family", ["maze-basic", "maze-tunnel"])
@pytest.mark.parametrize("name", ROUTES)
def test_same_features_and_gradients_as_dense_layers(name, family, count):
    observations = played(family, count)
    seen = Deviations.of(observations)
    assert len(seen.index) < MOST_DEVIATING * observations.numel(), "the route that is meant"
    torch.manual_seed(0)
    trunk = layers(NETWORKS[name], tuple(observations.shape[1:]))
    assert_close(told(trunk, observations), exact(trunk, observations))


@pytest.mark.parametrize("name", ROUTES)
def test_any_bytes_will_do(name):
    rng = stream(0, "bytes")
    few = (rng.random((70, 7, 9, 9)) < 0.1) * rng.integers(256, size=(70, 7, 9, 9))
    many = rng.integers(256, size=(70, 7, 9, 9))
    torch.manual_seed(0)
    trunk = layers(NETWORKS[name], (7, 9, 9))
    for observations in (few, many):
        seen = torch.from_numpy(observations.astype(np.uint8))
        found = told(trunk, seen)
        assert_close(found, exact(trunk, seen))
    for one, other in zip(found, told(trunk, seen.float()), strict=True):
        assert torch.equal(one, other), "where everything differs the dense layers do the work"


def test_deviations_put_the_observations_together_again():
    observations = played("maze-basic", 33)
    seen = Deviations.of(observations)
    again = np.repeat(seen.typical.reshape(1, -1), 33, axis=0)
    for row, first, end in zip(again, seen.first, seen.first[1:], strict=False):
        row[seen.index[first:end]] += seen.difference[first:end]
    assert np.array_equal(again, observations.flatten(1).numpy())
    alone = Deviations.of(observations[:1])
    assert len(alone.index) == 0, "one observation is its own type"


@pytest.mark.parametrize("name", ROUTES)
def test_two_calls_give_the_same_bits(name):
    observations = played("maze-basic", 100)
    torch.manual_seed(0)
    trunk = layers(NETWORKS[name], (7, 9, 9))
    first, second = (told(trunk, observations) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def test_no_observations_give_no_features():
    trunk = layers(NETWORKS["conv-a"], (7, 9, 9))
    assert trunk(torch.zeros(0, 7, 9, 9, dtype=torch.uint8)).shape == (0, 99)
