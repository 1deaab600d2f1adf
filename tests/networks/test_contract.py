"""What every network of the catalogue keeps to."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import nn

from rlgen.errors import ProtocolError, UnknownNameError
from rlgen.networks import NETWORKS, Network, network_named
from rlgen.networks.factory import Factory
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

#: Of each size: maze pictures, pictures of another size, vectors, too small pictures.
SHAPES = [(7, 9, 9), (7, 13, 11), (4,), (3, 2, 2)]
MAZES = FAMILIES["maze-basic"]
#: Options that make other modules.
VARIANTS = [
    f"message-passing[{options}]"
    for options in (
        "aggregate=sum",
        "aggregate=mean,rounds=3",
        "aggregate=sum,update=gin",
        "tied=false,rounds=2",
        "head=linear",
        "readout=attention",
    )
]
ALL = [*NETWORKS, *VARIANTS]


def space(shape):
    return gym.spaces.Box(0, 1, shape, np.uint8)


def built(name, shape=(7, 9, 9), seed=0):
    torch.manual_seed(seed)
    return network_named(name).for_family(MAZES).build(space(shape))


def fitting(name):
    """The first shape that the network takes."""
    return next(
        shape for shape in ((7, 9, 9), (3, 84, 84)) if network_named(name).fits(shape) is None
    )


def batch(shape, n=6):
    rng = stream(0, "pictures")
    return torch.from_numpy((rng.random((n, *shape)) < 0.2).astype(np.uint8))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_says_what_it_is(name):
    network = NETWORKS[name]
    assert isinstance(network, Network)
    assert network.card
    assert "\n" not in network.card
    if isinstance(network, Factory):
        assert network.name == name, "checkpoints look it up under its name"
        assert network.settings == {"options": dict(network.options), "version": network.version}
    else:
        assert network.settings == {}, "cells of layers have their old ids"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ALL)
def test_it_fits_what_it_can_be_built_for(name, shape):
    network = network_named(name).for_family(MAZES)
    reason = network.fits(shape)
    if reason is None:
        with torch.device("meta"):
            _, width = network.build(space(shape))
        assert width > 0
    else:
        with pytest.raises(ProtocolError) as refused:
            network.build(space(shape))
        assert str(refused.value) == reason


@pytest.mark.parametrize("name", ALL)
def test_features_of_an_observation_depend_on_it_alone(name):
    shape = fitting(name)
    trunk, width = built(name, shape)
    observations = batch(shape)
    features = trunk(observations)
    assert features.shape == (len(observations), width)
    assert features.dtype == torch.float32
    assert features.isfinite().all()
    close = {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(trunk(observations.float()), features, **close)
    one = torch.cat([trunk(observations[i : i + 1]) for i in range(len(observations))])
    torch.testing.assert_close(one, features, **close)


@pytest.mark.parametrize("name", ALL)
def test_the_seed_decides_the_weights_and_all_of_them_learn(name):
    shape = fitting(name)
    trunk, width = built(name, shape)
    again, other = built(name, shape)[0], built(name, shape, seed=1)[0]
    weights = trunk.state_dict()
    assert all(torch.equal(weights[key], again.state_dict()[key]) for key in weights)
    scores = trunk.head(width, 5)(trunk(batch(shape)))
    assert scores.shape == (6, 5)
    if not weights:
        return
    assert any(not torch.equal(weights[key], other.state_dict()[key]) for key in weights)
    # two steps: layers that are zero at first hide those before them in the first
    for _ in range(2):
        trunk(batch(shape)).square().sum().backward()
        with torch.no_grad():
            for parameter in trunk.parameters():
                parameter -= 1e-4 * parameter.grad
    assert all(parameter.grad.any() for parameter in trunk.parameters())


@pytest.mark.parametrize("name", ALL)
def test_only_networks_of_any_size_take_other_sizes(name):
    network, shape = network_named(name).for_family(MAZES), fitting(name)
    larger = (shape[0], shape[1] + 4, shape[2] + 8)
    reason = network.fits(larger, trained_on=shape)
    if network.any_size:
        trunk, width = built(name, shape)
        assert reason is None
        assert trunk(batch(larger)).shape == (6, width)
        trunk.load_state_dict(network.build(space(larger))[0].state_dict())
        assert "with 7 channels" in network.fits((6, 9, 9), trained_on=(7, 9, 9))
        return
    assert f"takes observations of shape {shape}" in reason
    trunk, width = built(name, shape)
    try:
        features = trunk(batch(larger))
    except Exception:
        return
    assert features.shape[1] != width


@pytest.mark.parametrize("name", ALL)
def test_masks_of_hidden_units(name):
    network, shape = network_named(name), fitting(name)
    trunk, _ = built(name, shape)
    shapes = trunk.hidden_shapes(shape) if list(trunk.parameters()) else {}
    assert bool(shapes) == network.has_hidden_units(packed=False)
    if not shapes:
        return
    observations = batch(shape)
    whole = trunk(observations)
    trunk.masks = {place: torch.ones(size) for place, size in shapes.items()}
    torch.testing.assert_close(trunk(observations), whole, rtol=1e-4, atol=1e-5)
    trunk.masks = {place: torch.zeros(size) for place, size in shapes.items()}
    nothing = trunk(observations)
    assert not torch.allclose(nothing, whole) or isinstance(network, Factory)
    with trunk.evaluating():
        torch.testing.assert_close(trunk(observations), whole, rtol=1e-4, atol=1e-5)


def test_options_stand_in_brackets():
    assert network_named("residual").options == {"width": 64, "hidden": 64, "depth": 4}
    shallow = network_named("residual[depth=1,width=8]")
    assert shallow.options == {"width": 8, "hidden": 64, "depth": 1}
    assert len(built("residual[depth=1]")[0][0].blocks) == 1
    with pytest.raises(ProtocolError, match=r"no option 'deepth' \(did you mean 'depth'\?\)"):
        network_named("residual[deepth=1]")
    with pytest.raises(ProtocolError, match="option depth = 'two': must be of type int"):
        network_named("residual[depth=two]")
    for text, value in (("depth=0", "0"), ("width=70000", "70000")):
        with pytest.raises(ProtocolError, match=f"= {value}: must be from 1 to "):
            network_named(f"residual[{text}]")
    with pytest.raises(ProtocolError, match=r"no aggregate 'summ' \(did you mean 'sum'\?\)"):
        network_named("message-passing[aggregate=summ]")
    with pytest.raises(ProtocolError, match="conv-a has no options"):
        network_named("conv-a[depth=2]")
    with pytest.raises(UnknownNameError, match="did you mean 'residual'"):
        network_named("residul[depth=2]")


def test_a_network_of_a_module():
    with pytest.raises(UnknownNameError, match="cannot be imported: ModuleNotFoundError"):
        network_named("no_such_module:NET")
    with pytest.raises(UnknownNameError, match="is of type function, not Layers or Factory"):
        network_named("rlgen.networks:network_named")


def test_the_receptive_field_of_the_fully_convolutional_network():
    """Seven cells in each direction, wherever they are."""
    trunk, _ = built("fully-convolutional", (1, 31, 31))
    dot = torch.zeros(1, 1, 31, 31)
    dot[0, 0, 15, 15] = 1
    with torch.no_grad():
        for conv in trunk[0].convs:
            if isinstance(conv, nn.Conv2d):
                conv.weight.fill_(1)
        reached = trunk[0].convs(dot)[0, 0].nonzero()
    assert (reached.min(0).values.tolist(), reached.max(0).values.tolist()) == ([8, 8], [22, 22])


def test_a_residual_network_starts_as_its_embedding():
    trunk, _ = built("residual")
    observations = batch((7, 9, 9))
    assert torch.equal(trunk(observations), trunk[0].embed(observations.float()))
