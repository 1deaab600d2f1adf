"""Subjects: modules that compute what the policy does, and states in an order of their own."""

import numpy as np
import pytest
import torch
from probing import FAMILY, SPLIT, Padded, rearranged, untrained
from torch import nn
from torch.func import functional_call, jvp, vjp, vmap

from rlgen.levels import lookup
from rlgen.levels.split import Split, chosen_split
from rlgen.networks import NETWORKS
from rlgen.policies.functions import uniform_policy
from rlgen.probes.base import Unsuitable
from rlgen.probes.subject import Subject

#: With pictures of growing size, the last one large enough for every network.
SPLITS = [
    SPLIT,
    *(
        Split(Padded(FAMILY, side), 0.0, 0, SPLIT.train, SPLIT.validation, SPLIT.test)
        for side in (9, 13, 40)
    ),
]
#: From torch itself.
SCRIPT = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")


def fitting(name):
    """The smallest levels that the network takes."""
    network = NETWORKS[name]
    return next(s for s in SPLITS if network.fits(s.family.observation_space.shape) is None)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_module_computes_what_the_policy_does(name):
    subject = untrained(name, fitting(name))
    states = subject.states("test", 8)
    theirs = subject.probabilities(states.observations)
    for dtype in (torch.float32, torch.float64):
        module = subject.module(dtype)
        scores = module(states.tensor(dtype))
        assert scores.dtype == dtype
        assert scores.requires_grad
        assert torch.equal(scores, module.head(subject.features(dtype)(states.tensor(dtype))))
        ours = scores.double().softmax(dim=1).detach().numpy()
        assert np.abs(ours - theirs).max() < 1e-6
    parts = subject.policy.parts.values()
    assert not {id(p) for p in module.parameters()} & {
        id(p) for part in parts for p in part.parameters()
    }


@pytest.mark.slow
@SCRIPT
@pytest.mark.parametrize("name", NETWORKS)
def test_torch_func_takes_a_module(name):
    """Its derivative along a direction is that of differences, alone and under vmap."""
    subject = untrained(name, fitting(name))
    module, states = subject.module(), subject.states("train", 3)
    weights = {key: p.detach() for key, p in module.named_parameters()}
    torch.manual_seed(1)
    count = sum(p.numel() for p in weights.values())
    # Short, so that hardly any unit is switched on or off on the way.
    direction = {key: torch.randn_like(p) / count**0.5 for key, p in weights.items()}

    def scores(own, one):
        return functional_call(module, own, (one[None],))[0]

    inputs = states.tensor()
    _, slope = jvp(lambda own: functional_call(module, own, (inputs,)), (weights,), (direction,))
    h = 1e-7
    ahead, behind = (
        functional_call(
            module, {k: p + sign * h * direction[k] for k, p in weights.items()}, (inputs,)
        )
        for sign in (1, -1)
    )
    torch.testing.assert_close(slope, (ahead - behind) / (2 * h), rtol=1e-4, atol=1e-7)
    one_by_one = vmap(lambda one: jvp(lambda own: scores(own, one), (weights,), (direction,))[1])(
        inputs
    )
    torch.testing.assert_close(one_by_one, slope)
    _, pull = vjp(lambda own: functional_call(module, own, (inputs,)), weights)
    (back,) = pull(slope)
    inner = sum((back[key] * direction[key]).sum() for key in weights)
    torch.testing.assert_close(inner, slope.square().sum())


def test_masks_of_training_are_not_in_a_module():
    for name in ("mlp-64-64", "residual"):
        subject = untrained(name, SPLIT)
        trunk = subject.policy.parts["trunk"]
        shapes = trunk.hidden_shapes(FAMILY.observation_space.shape)
        trunk.masks = {place: torch.zeros(shape) for place, shape in shapes.items()}
        states = subject.states("train", 5)
        ours = subject.module()(states.tensor()).softmax(dim=1).detach().numpy()
        assert np.abs(ours - subject.probabilities(states.observations)).max() < 1e-6


def test_states_are_those_of_the_levels_with_their_labels():
    subject = untrained("mlp-64-64", SPLIT)
    everything, some = subject.states("train", None), subject.states("train", 10)
    assert len(everything) == FAMILY.tabular(SPLIT.train).n_states
    assert np.array_equal(some.observations, everything.observations[:10])
    assert some.observations.dtype == np.float32
    assert everything.labels.sum(axis=1) == pytest.approx(1)
    assert set(everything.levels) == set(SPLIT.train.ids)
    # evenly many of each
    assert sorted(np.bincount(np.unique(some.levels, return_inverse=True)[1])) == [2, 2, 3, 3]
    theirs = FAMILY.tabular(SPLIT.train).observe(np.arange(len(everything), dtype=np.int32))
    assert sorted(o.tobytes() for o in everything.observations) == sorted(
        o.tobytes() for o in theirs.astype(np.float32)
    )


def test_the_order_of_states_is_their_own():
    subject = untrained("mlp-64-64", SPLIT)
    for at_most in (7, 100, None):
        one, other = (each.states("test", at_most) for each in (subject, rearranged(subject)))
        assert np.array_equal(one.observations, other.observations)
        assert np.array_equal(one.labels, other.labels)
        assert np.array_equal(one.levels, other.levels)


def test_what_cannot_be_looked_into_is_refused_by_name():
    function = Subject(uniform_policy(FAMILY), SPLIT, "my:function")
    with pytest.raises(Unsuitable, match=r"^my:function: it is no torch network$"):
        function.module()
    assert function.probabilities(function.states("train", 3).observations).shape == (3, 5)
    remembering = untrained("mlp-64-64", SPLIT, lstm=8)
    with pytest.raises(Unsuitable, match=r"^mlp-64-64: it has memory"):
        remembering.module()
    with pytest.raises(Unsuitable, match="it has memory"):
        remembering.probabilities(function.states("train", 3).observations)
    assert remembering.layered().lstm.hidden_size == 8
    empty = Subject(function.policy, SPLIT, "a")
    with pytest.raises(Unsuitable, match=r"^a: there are no validation levels"):
        empty.states("validation")


def test_scores_of_a_greedy_policy_are_action_values():
    greedy, drawn = (untrained("mlp-64-64", SPLIT, head=head) for head in ("argmax", "softmax"))
    assert (greedy.gives_logits, drawn.gives_logits) == (False, True)
    inputs = greedy.states("train", 9).tensor()
    assert torch.equal(greedy.module()(inputs), drawn.module()(inputs))


class Strange(nn.Module):
    """Adds half of its input in one dtype alone."""

    def forward(self, observations):
        return observations.flatten(1).float()


def test_modules_of_anybody():
    size = int(np.prod(FAMILY.observation_space.shape))
    head = nn.Linear(size, 5)
    subject = Subject.of_layers(nn.Flatten(), head, SPLIT)
    inputs = subject.states("train", 4).tensor()
    torch.testing.assert_close(
        subject.module()(inputs), head.double()(inputs.flatten(1)), rtol=1e-6, atol=1e-6
    )
    narrow = Subject.of_layers(Strange(), nn.Linear(size, 5), SPLIT, name="mine")
    assert narrow.module(torch.float32)
    with pytest.raises(Unsuitable, match=r"^mine: its network cannot be computed in torch.float64"):
        narrow.module()


def test_where_states_cannot_be_listed_they_are_met():
    family = lookup.family("CartPole-v1")
    split = chosen_split(family, {"train": range(5), "test": range(10, 14)}, 5)
    subject = Subject(uniform_policy(family), split)
    states, again = subject.states("train", 30), subject.states("train", 30)
    assert states.labels is None
    assert np.array_equal(states.observations, again.observations)
    assert set(states.levels) == set(range(5))
    other = Subject(
        uniform_policy(family),
        Split(family, 0.0, 0, split.train.take([4, 2, 0, 1, 3]), split.validation, split.test),
    )
    assert np.array_equal(other.states("train", 30).observations, states.observations)
    met = subject.episodes("test", 2, 7)
    assert [len(each) <= 7 for each in met] == [True, True]
