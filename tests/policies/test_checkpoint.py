"""Checkpoints of networks that functions make: found by name, and no code but what is installed."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from learning import prepare, train

from rlgen import draw_split
from rlgen.agents.cloning import clone
from rlgen.errors import PolicyError, ProtocolError, StoreError
from rlgen.evaluation import evaluate
from rlgen.networks import NETWORKS, network_named
from rlgen.networks.factory import Factory
from rlgen.perturbations.condition import Condition
from rlgen.policies import checkpoint, loading
from rlgen.training.regularisers.regularisation import Regularisation
from rlgen_envs import FAMILIES

SMALL, LARGER = (FAMILIES["maze-basic"].configure({"size": size}) for size in (5, 7))
SPLIT = draw_split(SMALL, 4, 0, 10)
FACTORIES = [name for name in NETWORKS if isinstance(NETWORKS[name], Factory)]
PPO = {"n_envs": 8, "n_steps": 8, "batch_size": 32, "n_epochs": 1}
PLAIN = Condition.parse("plain")
CODE = """
from pathlib import Path

import torch

from rlgen.networks.factory import Factory

(Path(__file__).parent / "imported").touch()


class Sum(torch.nn.Module):
    n_features = 7

    def forward(self, observations):
        return observations.sum((2, 3))

    def head(self, n_actions):
        hidden = torch.nn.Linear(7, 9), torch.nn.ReLU()
        return torch.nn.Sequential(*hidden, torch.nn.Linear(9, n_actions))


def make(space):
    return Sum()


NET = Factory("sums", "channels, summed", "their_nets:make", any_size=True, own_head=True)
"""


def seen(family):
    levels = family.generate(range(3))
    tabular = family.tabular(levels)
    return tabular.observe(np.arange(tabular.n_states, dtype=np.int32))


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """A module that is in no distribution, in the working folder, which may be forgotten."""
    (tmp_path / "their_nets.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def forget():
        sys.modules.pop("their_nets", None)
        (tmp_path / "imported").unlink(missing_ok=True)

    yield forget
    forget()


@pytest.mark.parametrize("name", [*FACTORIES, "residual[depth=1,width=8]"])
def test_a_network_of_the_catalogue_is_built_again(name, tmp_path):
    policy = clone(SMALL, SPLIT.train, name, 0, steps=2)
    checkpoint.save(policy, tmp_path, {})
    again = checkpoint.load(tmp_path, network=network_named(name))
    assert again.spec == policy.spec
    observations = seen(SMALL)
    expected, _ = policy.distribution(observations, None)
    assert np.array_equal(again.distribution(observations, None)[0], expected)
    card = json.loads((tmp_path / "agent.json").read_text())
    assert card["format"] == 5
    network = card["policy"]["network"]
    assert ("graph" in network) == network_named(name).needs_graph
    assert {key: network[key] for key in network if key != "graph"} == {
        "name": name.partition("[")[0],
        "options": dict(network_named(name).options),
        "version": network_named(name).version,
    }
    if network_named(name).any_size:
        larger, _ = again.distribution(seen(LARGER), None)
        assert np.isfinite(larger).all()
        outcome = evaluate(again, LARGER, LARGER.generate(range(4)), [PLAIN])["plain"]
        assert np.isfinite(outcome.ret_mean).all()
        assert loading.load(str(tmp_path), LARGER).spec == policy.spec
    else:
        with pytest.raises(PolicyError, match=r"shape \(7, 5, 5\), on which it is trained, not"):
            loading.load(str(tmp_path), LARGER)


@pytest.mark.parametrize("name", FACTORIES)
def test_the_zip_of_a_model_that_learnt_with_it(name, tmp_path):
    """stable-baselines3's own file: its classes are rlgen's, which only trust imports."""
    ready = prepare(SMALL, SPLIT.train, seed=0, agent="ppo", network=name, agent_options=PPO)
    path = tmp_path / "model.zip"
    ready.model.save(path)
    with pytest.raises(PolicyError, match="if you trust its author, say --trust"):
        loading.load(str(path), SMALL)
    loaded = loading.load(str(path), SMALL, trusted=[str(path)])
    expected, _ = ready.policy.distribution(seen(SMALL), None)
    np.testing.assert_allclose(loaded.distribution(seen(SMALL), None)[0], expected, atol=1e-6)


def test_what_is_not_installed_here_is_not_loaded(tmp_path):
    checkpoint.save(clone(SMALL, SPLIT.train, "residual", 0, steps=1), tmp_path, {})
    file = tmp_path / "agent.json"
    card = json.loads(file.read_text())

    def changed(**keys):
        network = card["policy"]["network"] | keys
        file.write_text(json.dumps(card | {"policy": card["policy"] | {"network": network}}))

    changed(name="residuall")
    with pytest.raises(StoreError, match="is not installed here: unknown network 'residuall'"):
        checkpoint.load(tmp_path)
    changed(name="conv-a")
    with pytest.raises(StoreError, match="conv-a is layers as data here"):
        checkpoint.load(tmp_path)
    changed(options={"deepth": 3})
    with pytest.raises(StoreError, match="residual has no option 'deepth'"):
        checkpoint.load(tmp_path)
    changed(version=2)
    with pytest.raises(StoreError, match="version 2 of the network residual; here it has version"):
        checkpoint.load(tmp_path)
    changed()
    with pytest.raises(StoreError, match="its network is residual with"):
        checkpoint.load(tmp_path, network=network_named("residual[depth=1]"))
    assert checkpoint.load(tmp_path).spec.network == network_named("residual")


@pytest.mark.parametrize("dense", [[20_000, 20_000], [3000] * 40])
def test_a_file_cannot_ask_for_networks_that_its_weights_do_not_fill(dense, tmp_path):
    checkpoint.save(clone(SMALL, SPLIT.train, "mlp-512-128", 0, steps=1), tmp_path, {})
    file = tmp_path / "agent.json"
    card = json.loads(file.read_text())
    card["policy"]["network"]["dense"] = dense
    file.write_text(json.dumps(card))
    with pytest.raises(StoreError, match=r"weights of shape \(\d+, \d+\) are not in it") as info:
        checkpoint.load(tmp_path)
    assert "\n" not in str(info.value)
    card["policy"]["network"]["dense"] = [512, 64]
    file.write_text(json.dumps(card))
    with pytest.raises(StoreError, match="size mismatch") as info:
        checkpoint.load(tmp_path)
    assert "\n" not in str(info.value)


def test_code_that_a_checkpoint_names_runs_only_if_trusted(theirs, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    network = "their_nets:NET"
    trained = train(
        SPLIT, steps=64, seed=0, agent="ppo", network=network, agent_options=PPO, curve_levels=2
    )
    checkpoint.save(trained.policy, folder, {})
    expected, _ = trained.policy.distribution(seen(SMALL), None)
    theirs()
    with pytest.raises(StoreError, match=f"module their_nets: if you trust .* --trust {folder}"):
        loading.load(str(folder), SMALL)
    assert not (tmp_path / "imported").exists()
    again = loading.load(str(folder), SMALL, trusted=[str(folder)])
    assert (tmp_path / "imported").exists()
    assert np.array_equal(again.distribution(seen(SMALL), None)[0], expected)
    reason = Regularisation.parse("dropout").why_not("ppo", network, SMALL)
    assert reason == "dropout needs hidden units, and their_nets:NET has none"
    assert [len(layer.weight) for layer in again.parts["head"][::2]] == [9, 5], "its own head"
    theirs()
    (tmp_path / "their_nets.py").write_text(CODE.replace("(2, 3)", "(3, 2)"))
    with pytest.raises(StoreError, match="the code of its network their_nets:NET has changed"):
        loading.load(str(folder), SMALL, trusted=[str(folder)])


def test_a_function_must_return_what_it_promises():
    network = network_named("residual")
    space = SMALL.observation_space
    bad = replace(network, target="torch.nn:Identity", options={})
    with pytest.raises(ProtocolError, match=r"torch\.nn:Identity must return a torch module"):
        bad.build(space)
    with pytest.raises(ProtocolError, match=r"residual: no_such\.thing:make cannot be imported"):
        replace(network, target="no_such.thing:make").build(space)
