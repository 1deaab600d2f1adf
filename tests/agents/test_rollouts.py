"""Rollouts of all environments at once teach what stable-baselines3's own would."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode
from stable_baselines3 import A2C
from stable_baselines3.common.buffers import RolloutBuffer

from rlgen.agents.envs.vec_env import VecEnvAdapter
from rlgen.agents.rollouts import BatchedA2C, Rollouts
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

FAMILY = FAMILIES["maze-basic"].configure({"size": 5})
LEVELS = FAMILY.generate(range(10), 0.5)


class Walk(gym.vector.VectorEnv):
    """A walk that is cut after five steps; the observation is where one is."""

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012

    def __init__(self, n=6):
        self.num_envs = n
        self.single_observation_space = gym.spaces.Box(-99, 99, (1,), np.float32)
        self.single_action_space = gym.spaces.Discrete(2)
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, n)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, n)
        self.place, self.time = np.zeros((n, 1), np.float32), np.arange(n)

    def reset(self, *, seed=None, options=None):
        self.place[:] = 0
        return self.place.copy(), {}

    def step(self, actions):
        self.place += 2.0 * actions[:, None] - 1.0
        self.time += 1
        cut = self.time % 5 == 0
        last = np.empty(self.num_envs, object)
        last[:] = list(self.place.copy())
        self.place[cut] = 0
        told = {"final_obs": last, "final_info": {}} if cut.any() else {}
        return self.place.copy(), actions.astype(np.float64), cut & False, cut, told


def learnt(algorithm, env, buffer, steps=3 * 60):
    model = algorithm(
        "MlpPolicy", VecEnvAdapter(env), n_steps=10, seed=3, rollout_buffer_class=buffer
    )
    model.learn(steps)
    return torch.nn.utils.parameters_to_vector(model.policy.parameters()).detach()


@pytest.mark.parametrize(
    "make", [Walk, lambda: FAMILY.vector_env(LEVELS, 6)], ids=["cut", "terminated"]
)
def test_the_same_weights_as_by_the_library_alone(make):
    own = learnt(BatchedA2C, make(), Rollouts)
    library = learnt(A2C, make(), RolloutBuffer)
    untrained = learnt(BatchedA2C, make(), Rollouts, steps=0)
    assert torch.allclose(own, library, atol=2e-5)
    assert not torch.allclose(own, untrained, atol=1e-3)


def filled(kind, t=7, n=4):
    space = gym.spaces.Box(0, 1, (2,), np.uint8)
    told = {"gamma": 0.9, "gae_lambda": 0.7, "n_envs": n, "device": "cpu"}
    return kind(t, space, gym.spaces.Discrete(3), **told)


def test_advantages_are_the_librarys():
    rng, own, library = stream(0, "rollout"), filled(Rollouts), filled(RolloutBuffer)
    for _ in range(7):
        seen, actions = rng.integers(2, size=(4, 2), dtype=np.uint8), rng.integers(3, size=4)
        rewards, values, logs = rng.normal(size=(3, 4)).astype(np.float32)
        begins = rng.random(4) < 0.3
        library.add(
            seen, actions, rewards, begins, torch.from_numpy(values), torch.from_numpy(logs)
        )
        own.keep(*map(torch.from_numpy, (seen, actions, rewards, begins, values, logs)))
    last, begins = rng.normal(size=4).astype(np.float32), rng.random(4) < 0.5
    library.compute_returns_and_advantage(torch.from_numpy(last), begins)
    own.finish(torch.from_numpy(last), torch.from_numpy(begins))
    assert own.full
    assert own.returns == pytest.approx(library.returns, abs=1e-6)
    assert own.numbers[4].numpy() == pytest.approx(library.advantages, abs=1e-6)
    (everything,) = own.get()
    assert everything.observations.shape == (28, 2)


def test_minibatches_hold_each_step_once_in_an_order_that_a_seed_decides():
    buffer = filled(Rollouts)
    for t in range(7):
        row = torch.arange(4) + 4.0 * t
        buffer.keep(torch.zeros(4, 2), torch.zeros(4).long(), row, row, row, row)
    orders = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        batches = [batch.old_values for batch in buffer.get(8)]
        assert [len(batch) for batch in batches] == [8, 8, 8, 4]
        orders.append(torch.cat(batches))
        assert sorted(orders[-1].tolist()) == list(range(28))
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])
