"""The graph that pictures of levels show, and the network that passes messages on it."""

import numpy as np
import pytest
import torch

from rlgen import draw_split
from rlgen.agents.cloning import clone
from rlgen.errors import ProtocolError
from rlgen.evaluation import evaluate
from rlgen.levels.capabilities import Graphed, Tabular
from rlgen.levels.lookup import family
from rlgen.networks import NETWORKS, network_named
from rlgen.perturbations.condition import Condition
from rlgen.policies import checkpoint
from rlgen_envs import FAMILIES

GRAPHED = [name for name in FAMILIES if isinstance(FAMILIES[name], Graphed)]
SMALL = FAMILIES["maze-basic"].configure({"size": 6})


def states(family, n_levels=3):
    tabular = family.tabular(family.generate(range(n_levels)))
    return tabular, tabular.observe(np.arange(tabular.n_states, dtype=np.int32))


@pytest.mark.parametrize("name", GRAPHED)
def test_a_graph_view_is_true(name):
    """Of every state and action: the agent goes where the graph says, or stays at a wall."""
    family = FAMILIES[name]
    assert isinstance(family, Tabular)
    graph, (tabular, pictures) = family.graph, states(family)
    assert len(graph.moves) == family.n_actions
    walls, agents = pictures[:, graph.walls] != 0, pictures[:, graph.agent]
    assert (agents.sum((1, 2)) == 1).all()
    assert not (walls & (agents == 1)).any()
    places = np.argwhere(agents)[:, 1:]
    for action, move in enumerate(graph.moves):
        after = tabular.next_state[:, action]
        goes_on = after < tabular.n_states
        target = places + move
        blocked = walls[np.arange(len(walls)), target[:, 0], target[:, 1]]
        reached = np.where(blocked[:, None], places, target)
        assert np.array_equal(places[after[goes_on]], reached[goes_on])


def test_it_treats_all_directions_alike():
    """Transposed and mirrored pictures have the scores of the exchanged moves."""
    torch.manual_seed(0)
    network = network_named("message-passing").for_family(SMALL)
    trunk, width = network.build(SMALL.observation_space)
    head = trunk.head(width, SMALL.n_actions)
    pictures = torch.from_numpy(states(FAMILIES["maze-blocks"].configure({"size": 8}))[1][::7])
    moves = list(SMALL.graph.moves)
    for image, exchanged in (
        (pictures.transpose(2, 3), [(column, row) for row, column in moves]),
        (pictures.flip(2), [(-row, column) for row, column in moves]),
    ):
        order = [moves.index(move) for move in exchanged]
        with torch.no_grad():
            scores, others = head(trunk(pictures)), head(trunk(image.contiguous()))
        assert scores.std() > 0
        torch.testing.assert_close(others, scores[:, order], atol=1e-5, rtol=1e-4)


def test_messages_go_no_further_than_the_rounds_and_through_no_wall():
    network = network_named("message-passing[rounds=3]").for_family(SMALL)
    trunk, _ = network.build(SMALL.observation_space)
    body, graph = trunk[0], SMALL.graph
    picture = torch.zeros(1, 7, 1, 9)
    picture[0, graph.agent, 0, 0] = 1

    def features(column, wall=None):
        changed = picture.clone()
        changed[0, 1, 0, column] = 1
        if wall is not None:
            changed[0, graph.walls, 0, wall] = 1
        return body(changed)

    whole = body(picture)
    # What it reads of the cells around the agent has come one step nearer.
    assert not torch.equal(features(4), whole)
    assert torch.equal(features(5), whole)
    assert torch.equal(features(4, wall=2), features(8, wall=2))


def test_it_is_cloned_evaluated_on_other_sizes_and_kept(tmp_path):
    split = draw_split(SMALL, 20, 0, 10)
    policy = clone(SMALL, split.train, "message-passing", 0, steps=60)
    checkpoint.save(policy, tmp_path, {})
    again = checkpoint.load(tmp_path, network=NETWORKS["message-passing"])
    assert again.spec == policy.spec
    plain = Condition.parse("plain")
    larger = FAMILIES["maze-basic"].configure({"size": 8})
    for world in (SMALL, larger):
        levels = world.generate(range(100, 104))
        one, other = (evaluate(p, world, levels, [plain])["plain"] for p in (policy, again))
        assert np.array_equal(one.ret_mean, other.ret_mean)


def test_families_without_a_graph_are_refused():
    other = family("CartPole-v1")
    with pytest.raises(ProtocolError, match="show a graph; those of CartPole-v1 show none"):
        network_named("message-passing").for_family(other)
    with pytest.raises(ProtocolError, match="needs the graph view of a family"):
        network_named("message-passing").build(SMALL.observation_space)
