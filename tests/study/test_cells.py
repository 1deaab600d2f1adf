"""What of an agent and of a network names its cells."""

import pytest
from helpers import TINY
from planning import cells_of

from rlgen import networks
from rlgen.errors import ProtocolError, RlgenError, StoreError
from rlgen.networks.factory import Factory
from rlgen.protocol.schema import parse
from rlgen.study import worker
from rlgen.study.kinds import KINDS


def one(**keys):
    protocol = {**TINY, "n_train_levels": 3, "seeds": [0], "network": "residual", **keys}
    (cell,) = cells_of(parse(protocol, "p"), "p")
    return cell


def test_options_version_and_learning_rate_of_a_network_are_part_of_the_identity(monkeypatch):
    ids = {one().id}
    assert one().settings["network_settings"] == {
        "options": {"width": 64, "hidden": 64, "depth": 4},
        "version": 1,
    }
    assert "network_settings" not in one(network="conv-a").settings
    assert KINDS["train"].from_settings(one().settings).id in ids
    ids |= {one(network="residual[depth=2]").id}
    # A rate that is said is the same as the network's own, if it is the same.
    options = TINY["agent_options"]
    assert one(agent_options={**options, "learning_rate": 1e-3}).id in ids
    ids |= {one(agent_options={**options, "learning_rate": 2e-3}).id}
    assert len(ids) == 3
    before = one()
    member = networks.NETWORKS["residual"]
    changed = dict(networks.NETWORKS._loaded)
    for keys in ({"version": 2}, {"learning_rate": 5e-3}):
        newer = Factory(**{**vars(member), **keys})
        monkeypatch.setattr(networks.NETWORKS, "_loaded", {**changed, "residual": newer})
        ids |= {one().id}
        settings = before.settings
        with pytest.raises(StoreError, match="are of other versions"):
            worker.run(
                report=print,
                cell=before.id,
                kind="train",
                settings=settings,
                folder="never",
                cache="never",
            )
    assert len(ids) == 5


def test_agents_with_options_in_brackets_are_agents_of_their_own():
    protocol = {**TINY, "n_train_levels": 3, "seeds": [0], "agent_options": {"gamma": 0.9}}
    names = ["ppo", "ppo[n_envs=4]", "ppo[gamma=0.99,anneal=true]"]
    cells = cells_of(parse({**protocol, "agent": names}, "p"), "p")
    assert [cell.settings["agent"] for cell in cells] == names
    assert [cell.settings["agent_settings"]["gamma"] for cell in cells] == [0.9, 0.9, 0.99]
    assert cells[1].settings["agent_settings"]["n_envs"] == 4
    assert len({cell.id for cell in cells}) == 3
    for cell in cells:
        assert KINDS["train"].from_settings(cell.settings).id == cell.id


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        ("ppo[gama=0.9]", "ppo has no option 'gama' .did you mean 'gamma'"),
        ("ppo[gamma=2]", "option gamma = 2: "),
        ("ppo[gamma]", r"options are given as \[key=value"),
        ("pro[gamma=0.9]", "did you mean 'ppo'"),
        ("ppo[gamma=0.9,gamma=0.8]", "gamma is given twice"),
    ],
)
def test_options_in_brackets_that_cannot_be_are_refused(agent, message):
    with pytest.raises(RlgenError, match=message):
        one(agent=agent)


def test_networks_that_cannot_be_are_refused_before_anything_is_computed(monkeypatch):
    cart = {"family": "CartPole-v1", "family_options": {}, "conditions": "plain"}
    cases = [
        ({"network": "residual[deepth=2]"}, "residual has no option 'deepth'"),
        ({"network": "fully-convolutional", **cart}, "use an mlp"),
        ({"network": "linear", "regulariser": "dropout"}, "hidden units, and linear has none"),
    ]
    for keys, message in cases:
        with pytest.raises(ProtocolError, match=message):
            one(**keys)
    headed = Factory(**{**vars(networks.NETWORKS["residual"]), "own_head": True})
    loaded = {**networks.NETWORKS._loaded, "residual": headed}
    monkeypatch.setattr(networks.NETWORKS, "_loaded", loaded)
    assert one()
    with pytest.raises(ProtocolError, match=r"with which dqn does not learn \(but: ppo, ppo-def"):
        one(agent="dqn", agent_options={})
    pendulum = {**cart, "family": "Pendulum-v1"}
    with pytest.raises(ProtocolError, match="for discrete actions; those of Pendulum-v1 are cont"):
        one(**pendulum)


def test_an_option_that_one_agent_does_not_read_may_be_there_for_another():
    keys = {"n_train_levels": 3, "seeds": [0], "agent_options": {"n_envs": 16, "batch_size": 256}}
    both = cells_of(parse({**TINY, **keys, "agent": ["ppo", "cloning"]}, "p"), "p")
    assert [cell.agent for cell in both] == ["ppo", "cloning"]
    for alone in ({"agent": "cloning"}, {"agent": ["ppo", "cloning[n_envs=16]"]}):
        with pytest.raises(ProtocolError, match=r"cloning.* has no option 'n_envs'"):
            cells_of(parse({**TINY, **keys, **alone}, "p"), "p")
