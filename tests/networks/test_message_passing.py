"""The graph that pictures of levels show, and the network that passes messages on it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import rlgen

from rlgen import draw_split
from rlgen.agents.cloning import clone
from rlgen.errors import ProtocolError, StoreError
from rlgen.evaluation import evaluate
from rlgen.levels.capabilities import Graphed, Tabular
from rlgen.levels.lookup import family
from rlgen.networks import NETWORKS, network_named
from rlgen.networks.boards import Boards
from rlgen.networks.message_passing import Isomorphism
from rlgen.networks.plain import plain
from rlgen.perturbations.condition import Condition
from rlgen.policies import checkpoint
from rlgen_envs import FAMILIES

GRAPHED = [name for name in FAMILIES if isinstance(FAMILIES[name], Graphed)]
SMALL = FAMILIES["maze-basic"].configure({"size": 6})
EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_b_examples.json").read_text())
NUMBERED = "neighbours_up_down_left_right_numbered_from_1_zero_is_wall"
ATTEND = "[readout=attention]"


def states(family, n_levels=3):
    tabular = family.tabular(family.generate(range(n_levels)))
    return tabular, tabular.observe(np.arange(tabular.n_states, dtype=np.int32))


def untrained(name, seed=0):
    """A trunk and its head."""
    torch.manual_seed(seed)
    trunk, width = network_named(name).for_family(SMALL).build(SMALL.observation_space)
    return trunk, trunk.head(width, SMALL.n_actions)


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


#: By symmetry of the square: the change of a board, and of a move of some rows and columns.
SYMMETRIES = {
    f"{turns} quarter turns{', mirrored' if mirrored else ''}": (turns, mirrored)
    for turns in range(4)
    for mirrored in (False, True)
}


def moved(symmetry, board, move):
    """A board and a move as the symmetry shows them; quarter turns as ``torch.rot90``."""
    turns, mirrored = symmetry
    row, column = move
    if mirrored:
        board, column = board.flip(3), -column
    for _ in range(turns):
        row, column = -column, row
    return board.rot90(turns, (2, 3)).contiguous(), (row, column)


@pytest.mark.parametrize("symmetry", SYMMETRIES.values(), ids=SYMMETRIES)
@pytest.mark.parametrize("options", ["", "[aggregate=sum]", "[aggregate=mean,update=gin]", ATTEND])
def test_it_treats_all_directions_alike(options, symmetry):
    """Turned and mirrored pictures have the scores of the exchanged moves."""
    trunk, head = untrained(f"message-passing{options}")
    pictures = torch.from_numpy(states(FAMILIES["maze-blocks"].configure({"size": 8}))[1][::37])
    moves = list(SMALL.graph.moves)
    image, _ = moved(symmetry, pictures, (0, 0))
    order = [moves.index(moved(symmetry, pictures, move)[1]) for move in moves]
    with torch.no_grad():
        scores, others = head(trunk(pictures)), head(trunk(image))
    assert scores.std() > 0
    torch.testing.assert_close(others[:, order], scores, atol=1e-5, rtol=1e-4)


def test_the_symmetries_of_the_specification():
    """Of the network itself: ``agent.symmetries``, the moves of transposed and flipped boards."""
    expected = EXAMPLES["agent.symmetries"]
    assert [tuple(move) for move in SMALL.graph.moves] == [(-1, 0), (1, 0), (0, -1), (0, 1), (0, 0)]
    assert expected["actions"] == ["UP", "DOWN", "LEFT", "RIGHT", "STAY"]
    trunk, head = untrained("message-passing")
    pictures = torch.from_numpy(states(SMALL)[1][::37]).float()
    scores = head(trunk(pictures))
    for image, order in (
        (pictures.transpose(2, 3), [2, 3, 0, 1, 4]),
        (pictures.flip(2), expected["flip_rows"]),
        (pictures.flip(3), expected["flip_columns"]),
    ):
        torch.testing.assert_close(head(trunk(image)), scores[:, order], atol=1e-5, rtol=1e-4)
    assert "[2,3,0,1,4]" in expected["transpose"]["logits_of_image"]


def test_a_linear_head_knows_directions():
    trunk, head = untrained("message-passing[head=linear]")
    pictures = torch.from_numpy(states(SMALL)[1][::37]).float()
    with torch.no_grad():
        scores, image = head(trunk(pictures)), head(trunk(pictures.flip(2)))
    assert (image - scores[:, [1, 0, 2, 3, 4]]).abs().max() > 0.01


def test_the_edge_list_of_the_specification():
    """``board.edges``: nodes in reading order, and their neighbours numbered from 1."""
    expected = EXAMPLES["board.edges"]
    walls = torch.tensor([[mark == "#" for mark in row] for row in expected["walls"]]).float()
    picture = torch.zeros(2, 7, *walls.shape)
    picture[:, SMALL.graph.walls] = walls
    picture[0, SMALL.graph.agent, 1, 2] = 1
    boards = Boards.of(picture, SMALL.graph, SMALL.graph.moves[:4])
    free, numbers = expected["free_cells_in_reading_order"], expected[NUMBERED]
    n = len(free)
    assert boards.places.tolist()[:n] == [row * walls.shape[1] + column for row, column in free]
    assert boards.pictures.tolist() == [0] * n + [1] * n
    assert boards.neighbours[:, 0].tolist() == [0] * 4
    assert boards.neighbours[:, 1 : n + 1].T.tolist() == numbers
    # The second picture is the same graph, with numbers of its own.
    again = [[number + n if number else 0 for number in row] for row in numbers]
    assert boards.neighbours[:, n + 1 :].T.tolist() == again
    assert boards.agents.tolist() == [2, 0], "no agent is no node"


@pytest.mark.parametrize("aggregate", ["sum", "mean", "max"])
def test_a_round_of_the_specification(aggregate):
    """``agent.round``: one feature a cell, weights as in the example, read by the pointer head."""
    example = EXAMPLES["agent.round"]
    expected = example["by_aggregation"][aggregate]
    trunk, head = untrained(f"message-passing[width=1,rounds=1,aggregate={aggregate}]")
    body, graph = trunk[0], SMALL.graph
    picture = torch.zeros(1, 7, 1, 4)
    picture[0, 1, 0, 0] = picture[0, graph.agent, 0, 2] = 1  # a key, and the agent
    with torch.no_grad():
        for parameter in (*body.parameters(), *head.parameters()):
            parameter.zero_()
        body.embed[0].weight[0, 1], body.embed[0].weight[0, graph.agent] = 1, 2
        body.update[0].weight[:] = 1  # relu(h + m)
        body.update[2].weight[:] = 2
        head.move.weight[:] = torch.tensor([0.5, 1.0])
        head.stay.weight[:] = 0.25
        boards, cells = body._passed(picture)
        assert body.embed(picture[0, :, 0].T)[:, 0].tolist() == example["h0"]
        assert cells[:, 0].tolist() == expected["h1"]
        assert boards.agents.tolist() == [3]
        scores = head(trunk(picture))[0].tolist()
    key = next(key for key in expected if key.startswith("pointer_scores"))
    assert scores[2:] == expected[key]


def test_a_layer_of_gin():
    """``S11.gin_layer``: what its network is given, (1 + eps) h + sum of neighbours."""
    example = EXAMPLES["S11.gin_layer"]
    layer = Isomorphism(1)
    received = []
    layer[0].register_forward_hook(lambda module, inputs, output: received.append(inputs[0]))
    cells = torch.tensor(example["h"])[:, None]
    with torch.no_grad():
        layer.eps.fill_(example["eps"])
        layer.step(cells, torch.tensor(example["adjacency"]) @ cells)
    assert received[0][:, 0].tolist() == pytest.approx(example["pre_mlp"], rel=1e-6)


def test_attention_is_a_distribution_over_free_cells():
    trunk, _ = untrained(f"message-passing{ATTEND}")
    pictures = torch.from_numpy(states(SMALL)[1][::37]).float()
    with torch.no_grad():
        weights = trunk[0].attended(pictures)
        *_, mean = trunk(pictures).reshape(len(pictures), -1, 24).unbind(dim=1)
        _, cells = trunk[0]._passed(pictures)
    walls = pictures[:, SMALL.graph.walls] != 0
    assert weights.shape == walls.shape
    assert (weights[walls] == 0).all()
    assert (weights[~walls] > 0).all()
    torch.testing.assert_close(weights.sum((1, 2)), torch.ones(len(pictures)))
    whole = (weights[~walls][:, None] * cells).split((~walls).sum((1, 2)).tolist())
    torch.testing.assert_close(mean, torch.stack([part.sum(0) for part in whole]))


def test_rounds_may_have_weights_of_their_own():
    tied, own = (untrained(f"message-passing[tied={t},rounds=3]")[0] for t in ("true", "false"))
    sizes = [sum(p.numel() for p in trunk[0].update.parameters()) for trunk in (tied, own)]
    assert sizes[1] == 3 * sizes[0]


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


@pytest.mark.slow
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


def test_weights_of_its_first_version_are_read(tmp_path):
    """Its numbers are the same up to rounding; other versions are refused."""
    policy = clone(SMALL, SMALL.generate(range(3)), "message-passing", 0, steps=3)
    checkpoint.save(policy, tmp_path, {})
    path = tmp_path / "agent.json"
    card = json.loads(path.read_text())
    network = card["policy"]["network"]
    assert network["version"] == 2
    network |= {"options": {"width": 24, "rounds": 10}, "version": 1}
    path.write_text(json.dumps(card))
    pictures = states(SMALL)[1][::37]
    one, other = (p.distribution(pictures, None)[0] for p in (policy, checkpoint.load(tmp_path)))
    assert np.array_equal(one, other)
    network["version"] = 3
    path.write_text(json.dumps(card))
    with pytest.raises(StoreError, match="was trained with version 3 of the network"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("CartPole-v1 --train-levels 0:3 --test-levels 5:8", "those of CartPole-v1 show none"),
        ("maze-basic --option view=5 --sizes 2", "those of maze-basic show none"),
        ("maze-basic --option size=200 --sizes 2", "size = 200: input should be less than"),
        ("maze-basic --sizes 2 --agent dqn", "with which dqn does not learn .but: ppo"),
    ],
)
def test_what_a_graph_network_cannot_play_is_answered_in_one_line(arguments, message):
    """Before anything is computed."""
    network = ("--network", "message-passing")
    _, answer = rlgen("evaluate", "--env", *arguments.split(), *network, code=2)
    assert re.search(message, answer)
    assert answer.count("\n") == 1


def test_pictures_without_free_cells_have_features_of_nothing():
    trunk, head = untrained(f"message-passing{ATTEND}")
    pictures = torch.ones(2, 7, 4, 4)
    assert (trunk(pictures) == 0).all()
    assert head(trunk(pictures)).isfinite().all()
    assert head(trunk(pictures[:0])).shape == (0, SMALL.n_actions)


def test_a_board_of_200_by_200_is_computed():
    trunk, head = untrained("message-passing")
    picture = torch.zeros(1, 7, 200, 200)
    picture[0, SMALL.graph.agent, 100, 100] = 1
    with torch.no_grad():
        scores = head(trunk(picture))
    assert scores.isfinite().all()
    assert torch.allclose(scores[0, :4], scores[0, 0], atol=1e-6), "all directions are alike"


def test_families_without_a_graph_are_refused():
    other = family("CartPole-v1")
    with pytest.raises(ProtocolError, match="show a graph; those of CartPole-v1 show none"):
        network_named("message-passing").for_family(other)
    with pytest.raises(ProtocolError, match="needs the graph view of a family"):
        network_named("message-passing").build(SMALL.observation_space)


@pytest.mark.parametrize(
    "name",
    [
        "message-passing",
        "message-passing[aggregate=sum]",
        "message-passing[aggregate=mean,update=gin]",
        f"message-passing{ATTEND}",
    ],
)
def test_transforms_of_torch_func_see_the_same_graph(name):
    net = plain(*untrained(name))
    pictures = torch.from_numpy(states(SMALL)[1][::7]).float()
    with torch.no_grad():
        one_by_one = torch.func.vmap(lambda picture: net(picture[None])[0])(pictures)
        assert torch.allclose(one_by_one, net(pictures), atol=1e-6)
