"""``rlgen probe`` as a user meets it: a zip of plain stable-baselines3, runs, and refusals."""

import json

import pytest
import torch
from commands import rlgen
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

import rlgen as rlgen_api
from rlgen.errors import RlgenError
from rlgen.levels import lookup
from rlgen.probes import PROBES
from rlgen.protocol import trained_on
from rlgen.study.probing import of_policy
from rlgen_envs import FAMILIES

FAMILY = FAMILIES["maze-basic"].configure({"size": 6})
LEVELS = ("--train-levels", "0:12", "--test-levels", "1000:1012")
MAZES = ("--env", "maze-basic", "--option", "size=6", *LEVELS)


@pytest.fixture(scope="module")
def zips(tmp_path_factory):
    """Trained with nothing of rlgen but the environment."""
    folder = tmp_path_factory.mktemp("zips")
    env = FAMILY.env(FAMILY.generate(range(12)))
    PPO("MlpPolicy", env, n_steps=256, seed=0, device="cpu").learn(1024).save(folder / "ppo")
    DQN("MlpPolicy", env, learning_starts=10, seed=0, device="cpu").learn(200).save(folder / "dqn")
    (folder / "pole").mkdir()
    pole = VecNormalize(make_vec_env("CartPole-v1", 1, seed=0))
    PPO("MlpPolicy", pole, n_steps=64, batch_size=64, seed=0, device="cpu").learn(64).save(
        folder / "pole" / "pole.zip"
    )
    pole.save(str(folder / "pole" / "pole_vecnormalize.pkl"))
    return folder


@pytest.mark.slow
def test_a_zip_of_plain_stable_baselines3(zips):
    out, _ = rlgen("probe", zips / "ppo.zip", *MAZES)
    assert out.startswith(
        f"{zips}/ppo.zip: 12 training levels and 12 held-out levels of maze-basic"
    )
    assert all(f"  {name} (" in out for name in PROBES)
    (told,) = json.loads(rlgen("probe", zips / "ppo.zip", *MAZES, "--json")[0])
    assert list(told["probes"]) == list(PROBES)
    model = PPO.load(zips / "ppo.zip", device="cpu")
    subject = of_policy(str(zips / "ppo.zip"), FAMILY, range(12), range(1000, 1012), ()).subject
    states = subject.states("train")
    tensor, _ = model.policy.obs_to_tensor(states.observations)
    logits = model.policy.get_distribution(tensor).distribution.logits.detach()
    ours = subject.module(torch.float32)(states.tensor(torch.float32)).log_softmax(dim=1)
    assert torch.allclose(ours, logits, atol=1e-6)
    chosen = logits.argmax(dim=1).numpy()
    accuracy = (states.labels[range(len(chosen)), chosen] > 0).mean()
    measured = told["probes"]["training-fit"]["numbers"]["accuracy"]["value"]
    assert measured == pytest.approx(accuracy)


@pytest.mark.slow
def test_a_greedy_zip_has_action_values(zips):
    named = ("--probe", "training-fit", "--probe", "held-out-confidence", "--json")
    (told,) = json.loads(rlgen("probe", zips / "dqn.zip", *MAZES, *named)[0])
    fit, sure = (told["probes"][name]["numbers"] for name in named[1:4:2])
    assert fit["accuracy"]["value"] > 0
    assert fit["excess_nll"]["reason"].startswith("an optimal action has the probability 0")
    assert sure["confidence"] == {
        "value": None,
        "reason": "the policy is greedy: it draws no actions",
        "meaning": PROBES["held-out-confidence"].numbers["confidence"],
    }
    subject = of_policy(str(zips / "dqn.zip"), FAMILY, range(12), range(1000, 1012), ()).subject
    states = subject.states("test", 50)
    values = DQN.load(zips / "dqn.zip", device="cpu").q_net(states.tensor(torch.float32))
    assert not subject.gives_logits
    assert torch.allclose(subject.module(torch.float32)(states.tensor(torch.float32)), values)


@pytest.mark.slow
def test_statistics_of_vec_normalize_are_part_of_the_network(zips):
    out, _ = rlgen("probe", zips / "pole" / "pole.zip", "--env", "CartPole-v1", *LEVELS)
    assert "confidence  0." in out
    assert "the states of CartPole-v1 cannot be listed" in out
    family = lookup.family("CartPole-v1")
    subject = of_policy(
        str(zips / "pole" / "pole.zip"), family, range(12), range(1000, 1012), ()
    ).subject
    states = subject.states("train", 60)
    ours = subject.module()(states.tensor()).softmax(dim=1).detach().numpy()
    assert abs(ours - subject.probabilities(states.observations)).max() < 1e-6


@pytest.mark.slow
def test_what_is_written_beside_a_policy_need_not_be_said(zips, tmp_path):
    policy = tmp_path / "ppo.zip"
    policy.write_bytes((zips / "ppo.zip").read_bytes())
    env = {"environment": "maze-basic", "environment_class": "", "played": 12, "episodes": 12}
    trained_on.write(policy, {**env, "levels": "0:12"})
    short = (*MAZES[:4], "--test-levels", "1000:1012", "--probe", "training-fit", "--json")
    (told,) = json.loads(rlgen("probe", policy, *short)[0])
    (said,) = json.loads(rlgen("probe", policy, *MAZES, *short[-3:])[0])
    assert told["probes"]["training-fit"]["numbers"] == said["probes"]["training-fit"]["numbers"]
    other = (*short, "--train-levels", "0:11")
    _, error = rlgen("probe", policy, *other, code=2)
    assert "ppo.levels.json says that" in error
    _, error = rlgen("probe", policy, "--env", "CartPole-v1", "--test-levels", "5:9", code=2)
    assert "--env needs --train-levels" in error


@pytest.mark.slow
def test_runs_and_stores(tiny_store, tmp_path):
    run = sorted((tiny_store / "runs").iterdir())[0]
    (one,) = json.loads(rlgen("probe", run, "--json")[0])
    every = json.loads(rlgen("probe", tiny_store, "--probe", "training-fit", "--json")[0])
    assert one["run"] == run.name
    assert sorted(each["run"] for each in every) == sorted(
        path.name for path in (tiny_store / "runs").iterdir()
    )
    same = next(each for each in every if each["run"] == run.name)
    fits = [each["probes"]["training-fit"]["numbers"] for each in (one, same)]
    assert fits[0] == fits[1]
    rlgen("bundle", tiny_store, tmp_path / "bare.tar.xz")
    _, err = rlgen("probe", tmp_path / "bare.tar.xz", code=2)
    assert "holds no run whose weights have been kept" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.zip"], "none.zip: does not exist"),
        (["a:b"], "a:b says nothing of the levels that it learnt from: --env,"),
        (["a:b", "--train-levels", "0:3"], "--train-levels goes with --env"),
        (["a:b", "--env", "CartPole-v1"], "--env needs --train-levels, which the policy learnt"),
        (["a:b", "--env", "CartPole-v1", *LEVELS], "No module named 'a'"),
        (
            ["a:b", "--probe", "dead-input"],
            "unknown probe 'dead-input' (did you mean 'dead-inputs'",
        ),
        (
            ["a:b", "--env", "CartPole-v1", "--train-levels", "0:9", "--test-levels", "5:12"],
            "level 5 is in the train and in the test pool",
        ),
        (["."], "is not an rlgen store"),
    ],
)
def test_mistakes_get_one_answer(arguments, message, tmp_path):
    out, err = rlgen("probe", *arguments, code=2, cwd=tmp_path)
    assert message in err
    assert out == ""
    assert err.count("rlgen: ") <= 1


@pytest.mark.slow
def test_scripts_get_a_table(zips, tiny_store):
    pools = {"train_levels": range(12), "test_levels": range(1000, 1012)}
    table = rlgen_api.probe(zips / "ppo.zip", "training-fit", family=FAMILY, **pools)
    (printed,) = json.loads(
        rlgen("probe", zips / "ppo.zip", *MAZES, "--probe", "training-fit", "--json")[0]
    )
    numbers = printed["probes"]["training-fit"]["numbers"]
    assert dict(zip(table["number"], table["value"], strict=True)) == {
        name: number["value"] for name, number in numbers.items()
    }
    runs = rlgen_api.probe(tiny_store, ["dead-inputs"])
    assert set(runs["run"]) == {path.name for path in (tiny_store / "runs").iterdir()}
    for arguments in (
        {"family": FAMILY},
        {"train_levels": [0]},
        {"family": FAMILY, **pools, "probes": "dead-input"},
        {"family": FAMILY, "train_levels": [0], "test_levels": [0]},
    ):
        with pytest.raises(RlgenError):
            rlgen_api.probe(zips / "ppo.zip", **arguments)


@pytest.mark.slow
def test_functions_and_programs_are_refused_by_name(tmp_path, monkeypatch):
    (tmp_path / "acting_of_mine.py").write_text(
        "import numpy as np\ndef act(inputs):\n    return np.full((len(inputs), 5), 0.2)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    out, _ = rlgen("probe", "acting_of_mine:act", *MAZES)
    assert "confidence  0.2 " in out
    program = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(7 * 36, 5))
    path = tmp_path / "net.pt2"
    shape = torch.zeros(2, *FAMILY.observation_space.shape)
    sizes = ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(program, (shape,), dynamic_shapes=sizes), path)
    subject = of_policy(str(path), FAMILY, range(4), range(9, 12), [str(path)]).subject
    with pytest.raises(Exception, match=r"net.pt2: is a program, whose network cannot be looked"):
        subject.module()


@pytest.mark.slow
def test_a_stranger_s_run_imports_nothing_unasked(tiny_store, tmp_path):
    import shutil

    run = tmp_path / "run"
    shutil.copytree(sorted((tiny_store / "runs").iterdir())[0], run)
    (run / "sha256.json").unlink()
    card = json.loads((run / "cell.json").read_text())
    card["settings"]["network"] = "evil:NETWORK"
    (run / "cell.json").write_text(json.dumps(card))
    _, err = rlgen("probe", run, code=2)
    assert "its run names code, evil:NETWORK, which would be imported: if you trust its" in err
    card["settings"]["network"] = "mlp-64-64"
    (run / "cell.json").write_text(json.dumps(card))
    _, err = rlgen("probe", run, code=2)
    assert "are of other versions than those installed here" in err
