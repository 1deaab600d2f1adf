import gymnasium as gym
import numpy as np
import pytest
import torch
from learning import training_env

from rlgen.agents import AGENTS, learner
from rlgen.errors import ProtocolError
from rlgen.networks import NETWORKS
from rlgen.networks.trunk import TrunkExtractor
from rlgen_envs import FAMILIES
from rlgen_protocols.ortizjimenez2021.networks import NETWORKS as WIDE
from rlgen_protocols.sander2021.networks import NETWORKS as MOMENTUM
from rlgen_protocols.zhang2018.networks import LISTS

PAPERS = sorted({name for listed in LISTS.values() for name in listed})


def test_the_paper_s_three_lists():
    sizes = {name: len(members) for name, members in LISTS.items()}
    assert sizes == {"ConvNet": 5, "Big-ConvNet": 8, "MLP": 6}
    members = [m for listed in LISTS.values() for m in listed]
    assert len(members) == 19
    assert len(PAPERS) == 17
    assert set(NETWORKS) - set(PAPERS) - {*MOMENTUM, *WIDE} == {
        "conv-a-dense",
        "conv-a-same",
        "fully-convolutional",
        "linear",
        "message-passing",
        "mlp-64-64",
        "nature",
        "residual",
    }


@pytest.mark.parametrize("side", [9, 13])
@pytest.mark.parametrize("name", PAPERS)
def test_parameter_counts_as_worked(name, side, worked_examples):
    """Trunk, linear policy head (5) and linear value head (1)."""
    space = gym.spaces.Box(0, 1, (7, side, side), np.uint8)
    network = NETWORKS[name]
    features = network.n_features(space.shape)
    with torch.device("meta"):  # counts without making the weights
        trunk = TrunkExtractor(space, network)
    count = sum(p.numel() for p in trunk.parameters()) + 6 * (features + 1)
    assert count == worked_examples["param_counts_valid_padding"][str(side)][name]


def test_dense_layers_after_convolutions():
    """Mnih et al. 2015 on four frames of 84 x 84."""
    space = gym.spaces.Box(0, 1, (4, 84, 84), np.float32)
    trunk = TrunkExtractor(space, NETWORKS["nature"])
    counts = [p.numel() for p in trunk.parameters() if p.dim() > 1]
    assert counts == [4 * 32 * 64, 32 * 64 * 16, 64 * 64 * 9, 64 * 7 * 7 * 512]
    assert trunk(torch.zeros(2, 4, 84, 84)).shape == (2, 512)


def test_padded_convolutions_keep_the_size_and_see_the_border():
    space = gym.spaces.Box(0, 1, (7, 9, 9), np.uint8)
    trunk = TrunkExtractor(space, NETWORKS["conv-a-same"])
    seen = torch.zeros(4, 7, 9, 9, dtype=torch.uint8)
    seen[1:, 0, 0, 0] = 1
    told = trunk(seen)
    assert told.shape == (4, 11 * 5 * 5)
    # the same from bytes as from the layers themselves
    x = seen.float()
    for layer in trunk.layers:
        x = layer(x)
    torch.testing.assert_close(told, x)


@pytest.mark.parametrize("agent", ["ppo", "a2c", "a2c-paper"])
def test_the_model_that_learns_has_just_these_parameters(agent, worked_examples):
    family = FAMILIES["maze-basic"]
    preset = AGENTS[agent]
    settings = {**preset.settings, "learning_rate": 1e-3, "ent_coef": 0.01, "n_envs": 4}
    settings |= {"batch_size": 64} if agent == "ppo" else {}
    env = training_env(family, family.generate(range(3)), settings, "none", 0)
    model = learner.make(preset, settings, NETWORKS["conv-b"], env, seed=0, device="cpu")
    count = sum(p.numel() for p in model.policy.parameters())
    assert count == worked_examples["param_counts_valid_padding"]["9"]["conv-b"]


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ProtocolError, match="does not fit observations of 5 x 5"):
        NETWORKS["conv-k2x4"].n_features((7, 5, 5))
    with pytest.raises(ProtocolError, match="use an mlp"):
        NETWORKS["conv-a"].n_features((4,))
    assert NETWORKS["mlp-512-128"].n_features((4,)) == 128
    # the deepest one fits 9 x 9 exactly
    assert NETWORKS["big-128-x6"].n_features((7, 9, 9)) == 128


def test_a_trained_network_takes_the_shape_that_it_was_trained_on():
    convs = NETWORKS["conv-a"]
    assert not convs.any_size
    assert convs.fits((7, 9, 9)) is None
    assert convs.fits((7, 9, 9), trained_on=(7, 9, 9)) is None
    assert "does not fit observations of 4 x 4" in convs.fits((7, 4, 4))
    assert "use an mlp" in convs.fits((4,))
    assert convs.fits((7, 13, 13), trained_on=(7, 9, 9)) == (
        "takes observations of shape (7, 9, 9), on which it is trained, not (7, 13, 13)"
    )
