"""Returns by level of any loop, which ``rlgen import`` reads."""

import multiprocessing
from itertools import combinations

import gymnasium as gym
import numpy as np
import pandas as pd
import pytest
import torch
from commands import rlgen as command
from lanes import ROWS, Lanes, right
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.logger import CSVOutputFormat, Logger
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

import rlgen
from rlgen.errors import LevelError, RlgenWarning
from rlgen.loops import callback as callbacks

POOLS = {"train": range(10), "test": range(1000, 1012)}


def play(env, levels, choose):
    for level in levels:
        observation, _ = env.reset(options={"level": level})
        ended = False
        while not ended:
            observation, _, terminated, truncated, _ = env.step(choose(observation))
            ended = terminated or truncated


def knows_training(observation, known):
    """Right in rows whose lane it has met, else the first lane."""
    return int(np.argmax(right(observation[None])[0])) if known else 0


@pytest.mark.slow
def test_a_loop_of_ones_own_comes_back_as_a_report(tmp_path):
    file = tmp_path / "returns.csv"
    expected = []
    for seed in range(3):
        for pool, levels in POOLS.items():
            columns = {"pool": pool, "agent": "mine", "seed": seed, "n_train_levels": 10}
            env = rlgen.LevelRecorder(rlgen.LevelEnv(Lanes, levels), file, **columns)
            play(env, levels, lambda o, p=pool: knows_training(o, p == "train"))
            for level in levels:
                env.unwrapped.reset(seed=level)
                first = int((env.unwrapped.open == 0).sum())
                expected.append((seed, pool, level, ROWS if pool == "train" else first))
    table = pd.read_csv(file)
    rows = list(table[["seed", "pool", "level", "return"]].itertuples(index=False, name=None))
    assert rows == expected
    assert set(table["length"]) == {ROWS}
    assert list(table["episode"]) == list(range(len(rows)))
    out, _ = command("import", file, "-o", tmp_path / "store")
    assert f"Imported {len(rows)} returns of 3 runs." in out
    assert "mine/unknown trained on 10 levels" in out
    records = rlgen.load(tmp_path / "store")
    assert sorted(records["ret_mean"]) == sorted(float(value) for *_, value in expected)
    assert records["p_solved"].notna().all()


def test_the_seed_is_the_level_where_no_wrapper_says_one(tmp_path):
    env = rlgen.LevelRecorder(Lanes, tmp_path / "r.csv", pool="validation", seed=1, step=5)
    for seed in (4, 5):
        env.reset(seed=seed)
        while not (env.step(0)[2]):
            pass
        env.at(6)
    env.reset(seed=9)  # broken off
    with pytest.raises(LevelError, match="the level of an episode is not told"):
        env.reset()
    table = pd.read_csv(tmp_path / "r.csv")
    assert table[["level", "step"]].to_numpy().tolist() == [[4, 5], [5, 6]]


def elsewhere(file, answers):
    try:
        rlgen.LevelRecorder(Lanes, file, pool="test", seed=0)
    except LevelError as error:
        answers.put(str(error))


@pytest.mark.parametrize("level", ["corridor-3", [1, 2]])
def test_a_level_that_is_no_number_is_refused(level, tmp_path):
    class Named(gym.Wrapper):
        def reset(self, **keys):
            observation, info = super().reset(**keys)
            return observation, {**info, "level": level}

    file = tmp_path / "r.csv"
    env = rlgen.LevelRecorder(Named(gym.make("CartPole-v1")), file, pool="test", seed=0, agent="a")
    with pytest.raises(LevelError, match=r"r.csv: the level of an episode is .*a whole number"):
        env.reset()


def test_nothing_that_was_measured_is_overwritten_or_mixed(tmp_path):
    file = tmp_path / "r.csv"
    rlgen.LevelRecorder(Lanes, file, pool="test", seed=0)
    rlgen.LevelRecorder(Lanes, file, pool="train", seed=1)
    with pytest.raises(LevelError, match="another recorder of this file has other columns"):
        rlgen.LevelRecorder(Lanes, file, pool="train", seed=1, agent="ppo")
    forked = multiprocessing.get_context("fork")
    answers = forked.Queue()
    worker = forked.Process(target=elsewhere, args=(file, answers))
    worker.start()
    assert "is there already, of another run or process" in answers.get(timeout=30)
    worker.join()
    (tmp_path / "old.csv").write_text("mine")
    with pytest.raises(LevelError, match="is there already"):
        rlgen.LevelRecorder(Lanes, tmp_path / "old.csv", pool="test", seed=0)
    assert (tmp_path / "old.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"pool": "tset", "seed": 0}, "did you mean 'test'"),
        ({"pool": "test"}, "give seed="),
        ({"pool": "test", "seed": 0, "agnet": "x"}, "no column 'agnet' .did you mean 'agent'"),
    ],
)
def test_what_the_import_could_not_read_is_refused(keys, message, tmp_path):
    with pytest.raises(LevelError, match=message):
        rlgen.LevelRecorder(Lanes, tmp_path / "r.csv", **keys)
    assert not list(tmp_path.iterdir())


def trained(callback=None, logger=None):
    env = VecNormalize(DummyVecEnv([lambda: rlgen.LevelEnv(Lanes, POOLS["train"], seed=3)]))
    model = A2C("MlpPolicy", env, n_steps=8, seed=0, device="cpu")
    if logger is not None:
        model.set_logger(logger)
    return model.learn(160, callback=callback)


@pytest.mark.slow
def test_the_callback_measures_and_changes_nothing(tmp_path):
    pools = {pool: rlgen.LevelEnv(Lanes, levels) for pool, levels in POOLS.items()}
    file = tmp_path / "r.csv"
    callback = rlgen.LevelCallback(pools, every=64, file=file, agent="a2c", seed=0)
    logger = Logger(None, [CSVOutputFormat(str(tmp_path / "log.csv"))])
    model = trained(callback, logger)
    logger.close()
    table = pd.read_csv(file)
    assert sorted(set(table["step"])) == [64, 128, 160]
    assert (table.groupby("step").size() == 22).all()
    means = table[table["step"] == 160].groupby("pool")["return"].mean()
    assert callback.means == {**means, "gap": means["train"] - means["test"]}
    logged = pd.read_csv(tmp_path / "log.csv").dropna(subset="gap/mean_reward").iloc[-1]
    assert logged["gap/mean_reward"] == pytest.approx(callback.means["gap"])
    assert {"eval_train/mean_reward", "eval_test/mean_reward"} <= set(logged.index)
    own, without = (list(m.policy.parameters()) for m in (model, trained()))
    assert all(torch.equal(one, other) for one, other in zip(own, without, strict=True))


@pytest.mark.slow
def test_the_callback_changes_nothing_of_an_agent_that_explores():
    """DQN draws from numpy's global state and from the space when it explores."""

    def weights(callback=None):
        env = rlgen.LevelEnv(Lanes, range(10), seed=0)
        model = DQN("MlpPolicy", env, seed=0, learning_starts=20, batch_size=8, device="cpu")
        return list(model.learn(120, callback=callback).policy.parameters())

    pools = {pool: rlgen.LevelEnv(Lanes, levels) for pool, levels in POOLS.items()}
    own, without = weights(rlgen.LevelCallback(pools, every=30)), weights()
    assert all(torch.equal(one, other) for one, other in zip(own, without, strict=True))


@pytest.mark.slow
def test_each_seed_and_algorithm_has_noise_of_its_own(tmp_path):
    """Agents that hardly learn differ in the actions that they draw, and in little else."""

    def measured(name, algorithm, seed):
        pools = {"train": rlgen.LevelEnv(Lanes, range(60))}
        env, file = rlgen.LevelEnv(Lanes, range(20), seed=0), tmp_path / f"{name}.csv"
        keys = {"n_steps": 8, "learning_rate": 1e-12, "device": "cpu"}
        keys |= {"batch_size": 8} if algorithm is PPO else {}
        callback = rlgen.LevelCallback(pools, every=64, file=file, seed=0)
        algorithm("MlpPolicy", env, seed=seed, **keys).learn(8, callback=callback)
        return pd.read_csv(file)["return"].to_numpy()

    runs = [(A2C, 0), (A2C, 1), (PPO, 0), (A2C, None), (A2C, None)]
    returns = [measured(i, *run) for i, run in enumerate(runs)]
    for one, other in combinations(returns, 2):
        assert (one == other).mean() < 0.6
    assert (measured("again", A2C, 0) == returns[0]).all()


@pytest.mark.slow
def test_each_training_is_measured(tmp_path):
    pools = {pool: rlgen.LevelEnv(Lanes, levels) for pool, levels in POOLS.items()}
    callback = rlgen.LevelCallback(pools, every=64, file=tmp_path / "r.csv", agent="a2c", seed=0)
    model = trained(callback)
    rows = len(pd.read_csv(tmp_path / "r.csv"))
    model.learn(160, callback=callback, reset_num_timesteps=False)
    table = pd.read_csv(tmp_path / "r.csv")
    assert len(table) == 2 * rows
    assert table["step"].max() == 320


def test_the_training_environment_is_not_played_in_between():
    env = rlgen.LevelEnv(Lanes, range(10))
    pools = {"train": env, "test": rlgen.LevelEnv(Lanes, range(20, 30))}
    model = A2C("MlpPolicy", env, device="cpu")
    with pytest.raises(LevelError, match="train: is an environment in which the model learns"):
        model.learn(16, callback=rlgen.LevelCallback(pools))


def test_the_working_folder_may_change(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorder = rlgen.LevelRecorder(rlgen.LevelEnv(Lanes, [3, 4]), "r.csv", pool="train", seed=0)
    play(recorder, [3], lambda _: 0)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    play(recorder, [4], lambda _: 0)
    assert list(pd.read_csv(tmp_path / "r.csv")["level"]) == [3, 4]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_callback_says_what_is_wrong_before_training():
    train = rlgen.LevelEnv(Lanes, [1])
    for pools, keys, message in (
        ({}, {}, "at least one of each"),
        ({"train": Lanes()}, {}, "Lanes is no LevelEnv"),
        ({"tain": train}, {}, "did you mean 'train'"),
        ({"train": train}, {"seed": 1}, "seed: goes with file"),
        ({"train": train}, {"every": 0}, "at least one of each"),
    ):
        with pytest.raises(LevelError, match=message):
            rlgen.LevelCallback(pools, **keys)


class Endless(Lanes):
    """Its episodes have no end."""

    def step(self, action):
        self.row = 0
        observation, reward, _, _, info = super().step(action)
        return observation, reward, False, False, info


def test_an_episode_without_an_end_is_cut_with_a_line(monkeypatch):
    monkeypatch.setattr(callbacks, "LIMIT", 5)
    pools = {"test": rlgen.LevelEnv(Endless, range(2))}
    callback = rlgen.LevelCallback(pools, every=50)
    model = A2C("MlpPolicy", rlgen.LevelEnv(Lanes, range(2)), seed=0, device="cpu")
    with pytest.warns(RlgenWarning, match=r"level \d: its episode was cut after 5 steps"):
        model.learn(50, callback=callback)
    assert set(callback.means) == {"test"}
