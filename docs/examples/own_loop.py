"""A training loop in one file, as in CleanRL, whose agent is trained on exactly 20 levels.

    python own_loop.py --seed 0            # returns-0.csv; so for each seed
    rlgen import returns-*.csv -o results/own-loop

The algorithm is REINFORCE with a mean return as baseline. What rlgen needs of a loop are the two
lines with LevelEnv and LevelRecorder.
"""

import argparse

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

import rlgen

TRAIN, TEST = range(20), range(1000, 1050)


def parse_args():
    """Settings, as CleanRL has them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--env", default="CartPole-v1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--num-envs", type=int, default=8)
    parser.add_argument("--num-steps", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=5e-3)
    parser.add_argument("--gamma", type=float, default=0.98)
    return parser.parse_args()


def discounted(rewards, dones, gamma):
    """Returns to go, float32 ``(T, N)``."""
    returns, after = np.zeros_like(rewards), np.zeros(rewards.shape[1], np.float32)
    for t in reversed(range(len(rewards))):
        after = rewards[t] + gamma * after * (1 - dones[t])
        returns[t] = after
    return torch.as_tensor(returns)


def train(args):
    """The network, from observations to logits of actions."""
    torch.manual_seed(args.seed)
    envs = gym.vector.SyncVectorEnv(
        [lambda: rlgen.LevelEnv(args.env, levels=TRAIN) for _ in range(args.num_envs)],
        autoreset_mode=gym.vector.AutoresetMode.SAME_STEP,
    )
    inputs = int(np.prod(envs.single_observation_space.shape))
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, envs.single_action_space.n)
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=args.learning_rate)
    observations, _ = envs.reset(seed=args.seed)
    for _ in range(args.steps // (args.num_envs * args.num_steps)):
        inputs, actions, rewards, dones = [], [], [], []
        for _ in range(args.num_steps):
            with torch.no_grad():
                logits = network(torch.as_tensor(observations))
            action = Categorical(logits=logits).sample()
            inputs.append(observations)
            actions.append(action)
            observations, reward, terminated, truncated, _ = envs.step(action.numpy())
            rewards.append(reward.astype(np.float32))
            dones.append((terminated | truncated).astype(np.float32))
        returns = discounted(np.stack(rewards), np.stack(dones), args.gamma).flatten()
        advantages = (returns - returns.mean()) / (returns.std() + 1e-8)
        distribution = Categorical(logits=network(torch.as_tensor(np.concatenate(inputs))))
        loss = -(distribution.log_prob(torch.cat(actions)) * advantages).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.save(network.state_dict(), f"agent-{args.seed}.pt")
    rlgen.save_levels(envs, f"agent-{args.seed}.pt")
    return network


@torch.no_grad()
def play(network, env):
    """One episode on each of the levels, with actions drawn as in training."""
    for level in env.get_wrapper_attr("level_ids"):
        observation, _ = env.reset(options={"level": level})
        ended = False
        while not ended:
            logits = network(torch.as_tensor(observation)[None])
            action = int(Categorical(logits=logits).sample())
            observation, _, terminated, truncated, _ = env.step(action)
            ended = terminated or truncated


if __name__ == "__main__":
    args = parse_args()
    network = train(args)
    for pool, levels in {"train": TRAIN, "test": TEST}.items():
        env = rlgen.LevelRecorder(
            rlgen.LevelEnv(args.env, levels),
            f"returns-{args.seed}.csv",
            pool=pool,
            agent="reinforce",
            family=args.env,
            seed=args.seed,
            n_train_levels=len(TRAIN),
        )
        play(network, env)
