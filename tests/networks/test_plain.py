"""Networks as plain torch modules."""

import numpy as np
import pytest
import torch
from torch.func import functional_call, grad, jvp, vjp, vmap

from rlgen.agents.cloning import untrained
from rlgen.networks import NETWORKS, network_named
from rlgen.networks.plain import plain
from rlgen_envs import FAMILIES

MAZE = FAMILIES["maze-basic"].configure({"size": 9})
#: "nature" takes larger pictures; the widest of the others differ in nothing but their memory.
LEFT_OUT = ("nature", "big-")
NAMES = [name for name in sorted(NETWORKS) if not name.startswith(LEFT_OUT)]


@pytest.fixture(scope="module")
def observations():
    tabular = MAZE.tabular(MAZE.generate(np.arange(2)))
    # torch compiles what it needs, once
    jvp(torch.nn.Linear(1, 1), (torch.ones(1),), (torch.ones(1),))
    return torch.from_numpy(tabular.observe(np.arange(0, tabular.n_states, 40, dtype=np.int32)))


def made(name):
    torch.manual_seed(0)
    return untrained(network_named(name).for_family(MAZE), MAZE.observation_space, 5)


@pytest.mark.parametrize("name", NAMES)
def test_it_computes_what_the_network_computes(name, observations):
    trunk, head = made(name)
    with torch.no_grad():
        expected = head(trunk(observations))
        scores = plain(trunk, head)(observations.float())
        precise = plain(trunk, head, torch.float64)(observations.double())
    assert torch.allclose(scores, expected, atol=1e-5)
    assert precise.dtype == torch.float64
    assert torch.allclose(precise.float(), expected, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_forward_and_backward_derivatives_agree(name, observations):
    net = plain(*made(name), torch.float64)
    inputs = observations[:6].double()
    parameters = {key: p.detach() for key, p in net.named_parameters()}
    tangents = {key: torch.ones_like(p) for key, p in parameters.items()}

    def scores(own):
        return functional_call(net, own, (inputs,))

    out, forwards = jvp(scores, (parameters,), (tangents,))
    (back,) = vjp(scores, parameters)[1](torch.ones_like(out))
    assert sum(g.sum() for g in back.values()) == pytest.approx(float(forwards.sum()), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_single_observations_add_up(name, observations):
    net = plain(*made(name), torch.float64)
    inputs = observations[:4].double()
    parameters = {key: p.detach() for key, p in net.named_parameters()}

    def total(own, observation):
        return functional_call(net, own, (observation[None],)).sum()

    single = vmap(grad(total), in_dims=(None, 0))(parameters, inputs)
    whole = torch.autograd.grad(net(inputs).sum(), list(net.parameters()))
    for rows, expected in zip(single.values(), whole, strict=True):
        assert torch.allclose(rows.sum(0), expected, atol=1e-9)


def test_a_copy_is_apart_and_has_no_masks(observations):
    trunk, head = made("residual")
    trunk.masks = {
        place: torch.zeros(1) for place in trunk.hidden_shapes(MAZE.observation_space.shape)
    }
    net = plain(trunk, head)
    trunk.masks = {}
    with torch.no_grad():
        expected = head(trunk(observations))
        for parameter in trunk.parameters():
            parameter.zero_()
        assert torch.allclose(net(observations.float()), expected, atol=1e-5)
