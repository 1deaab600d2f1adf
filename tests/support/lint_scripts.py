"""Scripts for the lint, right and wrong. A line with a mistake says so: ``# ! L101``."""

IMPORTS = """
import gymnasium as gym
import numpy as np
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from stable_baselines3.common.callbacks import CallbackList, EvalCallback, CheckpointCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import (
    DummyVecEnv, SubprocVecEnv, VecFrameStack, VecNormalize, sync_envs_normalization
)
"""

#: Correct scripts, most of them modelled on the documentation of stable-baselines3 and on rl-zoo.
RIGHT = {
    "separate environments": """
env = make_vec_env("CartPole-v1", n_envs=4, seed=0)
model = PPO("MlpPolicy", env, verbose=1)
model.learn(total_timesteps=25_000)
eval_env = make_vec_env("CartPole-v1", n_envs=4, seed=1000)
mean_reward, std_reward = evaluate_policy(model, eval_env, n_eval_episodes=50)
print(f"{mean_reward:.2f} +/- {std_reward:.2f}")
""",
    "showing an agent is not measuring it": """
env = gym.make("LunarLander-v3", render_mode="rgb_array")
model = DQN("MlpPolicy", env, verbose=1)
model.learn(total_timesteps=int(2e5), progress_bar=True)
model.save("dqn_lunar")
del model
model = DQN.load("dqn_lunar", env=env)
vec_env = model.get_env()
obs = vec_env.reset()
for i in range(1000):
    action, _states = model.predict(obs)
    obs, rewards, dones, info = vec_env.step(action)
    vec_env.render("human")
""",
    "an untrained agent in the training environment": """
env = gym.make("CartPole-v1")
env.reset(seed=3)
model = PPO("MlpPolicy", env)
before, _ = evaluate_policy(model, env, n_eval_episodes=100)
model.learn(10_000)
""",
    "EvalCallback": """
eval_env = gym.make("Pendulum-v1")
eval_env.reset(seed=12)
eval_callback = EvalCallback(eval_env, best_model_save_path="./logs/", log_path="./logs/",
                             eval_freq=500, deterministic=True, render=False)
model = SAC("MlpPolicy", "Pendulum-v1", seed=0)
model.learn(5000, callback=eval_callback)
""",
    "pick, then report elsewhere": """
train_env = make_vec_env("procgen:procgen-coinrun-v0", 8, seed=0,
                         env_kwargs=dict(num_levels=500, start_level=0))
pick_env = make_vec_env("procgen:procgen-coinrun-v0", 8, seed=0,
                        env_kwargs=dict(num_levels=200, start_level=500))
test_env = make_vec_env("procgen:procgen-coinrun-v0", 8, seed=0,
                        env_kwargs=dict(num_levels=1000, start_level=700))
model = PPO("CnnPolicy", train_env)
callbacks = CallbackList([CheckpointCallback(1000, "."), EvalCallback(pick_env,
                          best_model_save_path="best")])
model.learn(1_000_000, callback=callbacks)
model = PPO.load("best/best_model")
print(evaluate_policy(model, test_env, n_eval_episodes=1000))
""",
    "Procgen's own protocol: test on all levels": """
def make(num_levels, seed):
    return make_vec_env("procgen:procgen-maze-v0", n_envs=64, seed=seed,
                        env_kwargs={"num_levels": num_levels, "start_level": 0,
                                    "distribution_mode": "easy"})

env, test_env = make(200, 1), make(0, 1)
model = PPO("CnnPolicy", env).learn(25_000_000)
print(evaluate_policy(model, test_env, n_eval_episodes=1000))
""",
    "VecNormalize, saved and loaded": """
vec_env = make_vec_env("HalfCheetahBulletEnv-v0", n_envs=1, seed=0)
vec_env = VecNormalize(vec_env, norm_obs=True, norm_reward=True, clip_obs=10.)
model = PPO("MlpPolicy", vec_env)
model.learn(total_timesteps=2000)
model.save("ppo_halfcheetah")
vec_env.save("vec_normalize.pkl")
del model, vec_env
vec_env = make_vec_env("HalfCheetahBulletEnv-v0", n_envs=1, seed=77)
vec_env = VecNormalize.load("vec_normalize.pkl", vec_env)
#  do not update them at test time
vec_env.training = False
# reward normalization is not needed at test time
vec_env.norm_reward = False
model = PPO.load("ppo_halfcheetah", env=vec_env)
print(evaluate_policy(model, vec_env, n_eval_episodes=20))
""",
    "VecNormalize, copied by EvalCallback": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
eval_env = VecNormalize(make_vec_env("Pendulum-v1", seed=1), training=False, norm_reward=False)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=EvalCallback(eval_env))
print(evaluate_policy(model, eval_env))
""",
    "VecNormalize, copied by hand": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
first = VecNormalize(make_vec_env("Pendulum-v1", seed=1), training=False, norm_reward=False)
second = VecNormalize(make_vec_env("Pendulum-v1", seed=2), training=False, norm_reward=False)
model = PPO("MlpPolicy", env).learn(1000)
sync_envs_normalization(env, first)
second.obs_rms = env.obs_rms
print(evaluate_policy(model, first), evaluate_policy(model, second))
""",
    "a Monitor keeps the rewards": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
model = PPO("MlpPolicy", env).learn(1000)
env.save("stats")
eval_env = VecNormalize.load("stats", make_vec_env("Pendulum-v1", seed=1))
eval_env.training = False
print(evaluate_policy(model, eval_env))
obs = eval_env.reset()
returns = []
while len(returns) < 10:
    action, _ = model.predict(obs, deterministic=True)
    obs, reward, done, infos = eval_env.step(action)
    info = infos[0].get("episode")
    if info is not None:
        returns.append(info["r"])
""",
    "rl-zoo: a manager with methods": """
import argparse

ALGOS = {"ppo": PPO, "a2c": A2C, "sac": SAC}

class ExperimentManager:
    def __init__(self, args, algo, env_id, log_folder="", n_eval_episodes=5):
        self.algo, self.env_id, self.seed = algo, env_id, args.seed
        self.n_envs, self.normalize = args.n_envs, args.normalize
        self.n_eval_episodes, self.log_folder = n_eval_episodes, log_folder
        self.callbacks = []

    def setup(self):
        self.callbacks.append(EvalCallback(self.create_envs(1, eval_env=True),
                              n_eval_episodes=self.n_eval_episodes, log_path=self.log_folder))
        return ALGOS[self.algo]("MlpPolicy", self.create_envs(self.n_envs), seed=self.seed)

    def create_envs(self, n_envs, eval_env=False):
        seed = self.seed + 100_000 if eval_env else self.seed
        env = make_vec_env(self.env_id, n_envs=n_envs, seed=seed, vec_env_cls=DummyVecEnv)
        if self.normalize:
            if eval_env:
                env = VecNormalize(env, training=False, norm_reward=False)
            else:
                env = VecNormalize(env)
        return VecFrameStack(env, 4)

    def learn(self, model):
        model.learn(10_000, callback=self.callbacks)

def train():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    manager = ExperimentManager(args, "ppo", "CartPole-v1")
    model = manager.setup()
    manager.learn(model)

if __name__ == "__main__":
    train()
""",
    "functions that make functions that make": """
def make_env(env_id, rank, seed=0):
    def _init():
        env = Monitor(gym.make(env_id, render_mode="human"))
        env.reset(seed=seed + rank)
        return env
    return _init

if __name__ == "__main__":
    num_cpu = 4
    vec_env = SubprocVecEnv([make_env("CartPole-v1", i) for i in range(num_cpu)])
    test_env = DummyVecEnv([make_env("CartPole-v1", 0, seed=500)])
    model = PPO("MlpPolicy", vec_env, verbose=1)
    model.learn(total_timesteps=25_000)
    print(evaluate_policy(model, test_env))
""",
    "environments of elsewhere": """
from mine import make_train, make_test, report
env = make_train(seed=0)
test_env = make_test(seed=0)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=EvalCallback(test_env))
report(model, test_env)
print(evaluate_policy(model, test_env))
""",
    "two seeds of one argument": """
import sys
seed = int(sys.argv[1])
env = make_vec_env("CartPole-v1", 8, seed=seed)
test_env = make_vec_env("CartPole-v1", 8, seed=seed + 8)
model = PPO("MlpPolicy", env, seed=seed).learn(1000)
print(evaluate_policy(model, test_env))
""",
    "either train or evaluate": """
import argparse
args = argparse.ArgumentParser().parse_args()
env = make_vec_env("CartPole-v1", seed=args.seed)
if args.train:
    model = PPO("MlpPolicy", env)
    model.learn(1000)
    model.save("model")
else:
    model = PPO.load("model")
    print(evaluate_policy(model, env))
""",
    "both on purpose": """
env = make_vec_env("CartPole-v1", seed=0)
test_env = make_vec_env("CartPole-v1", seed=1)
model = PPO("MlpPolicy", env).learn(1000)
print("greedy", evaluate_policy(model, test_env, deterministic=True))
print("sampled", evaluate_policy(model, test_env, deterministic=False))
""",
    "an agent that knows no other way": """
env = make_vec_env("Pendulum-v1", seed=0)
test_env = gym.make("Pendulum-v1")
test_env.reset(seed=1)
model = TD3("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))
total = 0.0
obs, info = test_env.reset()
for _ in range(200):
    action, _ = model.predict(obs)
    obs, reward, terminated, truncated, info = test_env.step(action)
    total += reward
""",
    "levels of rlgen": """
import rlgen_envs
env = gym.make("rlgen/MazeBasic-v0", levels=range(1000))
test_env = gym.make("rlgen/MazeBasic-v0", levels=range(1000, 2000))
model = PPO("MlpPolicy", env, seed=0).learn(1000)
returns = []
for episode in range(100):
    obs, info = test_env.reset(seed=episode)
    done, total = False, 0.0
    while not done:
        action, _ = model.predict(obs, deterministic=True)
        obs, reward, terminated, truncated, info = test_env.step(action.item())
        total += float(reward)
        done = terminated or truncated
    returns.append(total)
print(np.mean(returns))
""",
    "parts of one list of ids": """
ids = list(range(2000))
train_ids, test_ids = ids[:1000], ids[1000:]
env = gym.make("rlgen/MazeBasic-v0", levels=train_ids)
test_env = gym.make("rlgen/MazeBasic-v0", levels=test_ids)
test_env.reset(seed=0)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))
""",
    "no learning at all": """
model = PPO.load("model")
test_env = make_vec_env("CartPole-v1", 4, seed=0)
print(evaluate_policy(model, test_env, n_eval_episodes=100))
""",
    "another size is another level": """
env = gym.make("MiniGrid-Empty", size=6)
env.reset(seed=0)
test_env = gym.make("MiniGrid-Empty", size=16)
test_env.reset(seed=0)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))
""",
    "an environment of the script": """
class Corridor(gym.Env):
    def __init__(self, first, last):
        self.first, self.last = first, last
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cell = self.np_random.integers(self.first, self.last)
        return self.cell, {}

class Shaped(gym.Wrapper):
    def step(self, action):
        obs, reward, terminated, truncated, info = self.env.step(action)
        return obs, reward - 1, terminated, truncated, info

env = Shaped(Corridor(0, 10))
test_env = Shaped(Corridor(10, 20))
test_env.reset(seed=0)
model = PPO("MlpPolicy", env, seed=0).learn(1000)
print(evaluate_policy(model, test_env, n_eval_episodes=100))
""",
    "normalising by hand": """
venv = make_vec_env("Pendulum-v1", seed=0)
norm = VecNormalize(venv, norm_reward=False)
model = PPO("MlpPolicy", norm).learn(1000)
test_env = gym.make("Pendulum-v1")
obs, _ = test_env.reset(seed=3)
total = 0.0
for _ in range(200):
    action, _ = model.predict(norm.normalize_obs(obs), deterministic=True)
    obs, reward, terminated, truncated, _ = test_env.step(action)
    total += reward
""",
    "many runs in a loop": """
for seed in range(5):
    env = make_vec_env("CartPole-v1", 4, seed=seed * 1000)
    test_env = make_vec_env("CartPole-v1", 4, seed=seed * 1000 + 500)
    model = PPO("MlpPolicy", env, seed=seed * 1000)
    for _ in range(10):
        model.learn(1000, reset_num_timesteps=False)
        print(evaluate_policy(model, test_env))
""",
    "helpers that set things right": """
from mine import freeze, seed_everything
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
test_env = VecNormalize(DummyVecEnv([lambda: gym.make("Pendulum-v1")]))
seed_everything(test_env, 3)
freeze(test_env)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))
""",
    "a callback of the script": """
from stable_baselines3.common.callbacks import BaseCallback

class Watch(BaseCallback):
    def __init__(self, env, every=1000):
        super().__init__()
        self.env, self.every = env, every
    def _on_step(self):
        if self.n_calls % self.every == 0:
            self.logger.record("test", evaluate_policy(self.model, self.env)[0])
        return True

env = make_vec_env("CartPole-v1", seed=0)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=[Watch(make_vec_env("CartPole-v1", seed=1))])
model.env = make_vec_env("CartPole-v1", seed=2)
print(evaluate_policy(model, model.env))
""",
    "a seed that may be None": """
def make(env_id, seed=None, training=False):
    env = gym.make(env_id)
    if seed is not None:
        env.reset(seed=seed + 1)
    venv = DummyVecEnv([lambda: Monitor(env)])
    return VecNormalize(venv) if training else VecNormalize(venv, training=False)

def evaluate(model, env_id, seed=None):
    return evaluate_policy(model, make_vec_env(env_id, seed=seed))

env = make("Pendulum-v1", training=True)
test_env = make("Pendulum-v1", seed=3)
model = PPO("MlpPolicy", env, seed=0).learn(1000)
sync_envs_normalization(env, test_env)
print(evaluate_policy(model, test_env))
""",
    "the seed of the model, not that of its environment": """
env = make_vec_env("CartPole-v1", 4, seed=0)
test_env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env, seed=100).learn(1000)
print(evaluate_policy(model, test_env))
""",
    "one level after the other": """
env = gym.make("rlgen/MazeBasic-v0", levels=range(10))
model = PPO("MlpPolicy", env, seed=0).learn(1000)
test_env = gym.make("CartPole-v1")
for level in range(100, 200):
    one = gym.make("rlgen/MazeBasic-v0", levels=[level])
    one.reset(seed=0)
    print(level, evaluate_policy(model, one))
    test_env.reset(seed=level)
    print(evaluate_policy(model, test_env, n_eval_episodes=1))
""",
    "gathering data is not measuring": """
env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env).learn(1000)
obs, data = env.reset(), []
for _ in range(1000):
    action, _ = model.predict(obs)
    after, reward, done, info = env.step(action)
    data.append((obs, action, reward, done))
    buffer.add(obs, after, action, reward, done, info)
    obs = after
""",
    "not one of ours": """
from sklearn.linear_model import LinearRegression
model = LinearRegression()
model.fit([[1]], [1])
print(model.predict([[2]]))
""",
    "one branch is wrong: a seed": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

if c: eval_env.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: statistics that move": """
import sys
c = len(sys.argv) > 1
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
model = PPO("MlpPolicy", env).learn(10)
env.save("s")
eval_env = VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1))
eval_env.training = False
eval_env.norm_reward = False
if c: eval_env.training = True
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: the environment of training": """
import sys
resume = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

if resume: model.set_env(eval_env)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: an attribute of something foreign": """
import sys
from mine import cfg
c = len(sys.argv) > 1
if c: cfg.seed = 0
env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env).learn(10)
eval_env = make_vec_env("CartPole-v1", 4, seed=cfg.seed)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: an attribute of an instance": """
import sys
class Config:
    seed = 100
cfg = Config()
c = len(sys.argv) > 1
if c: cfg.seed = 0
env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env).learn(10)
eval_env = make_vec_env("CartPole-v1", 4, seed=cfg.seed)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: an attribute of a class": """
import sys
class Config:
    seed = 100
cfg = Config
c = len(sys.argv) > 1
if c: cfg.seed = 0
env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env).learn(10)
eval_env = make_vec_env("CartPole-v1", 4, seed=cfg.seed)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: an entry": """
import sys
cfg = {"seed": 100}
c = len(sys.argv) > 1
if c: cfg["seed"] = 0
env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env).learn(10)
eval_env = make_vec_env("CartPole-v1", 4, seed=cfg["seed"])
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: an argument": """
import sys
from dataclasses import dataclass
@dataclass
class Config:
    seed: int = 100
cfg = Config()
c = len(sys.argv) > 1
if c: cfg.seed = 0
def main(cfg):
    env = make_vec_env("CartPole-v1", 4, seed=0)
    model = PPO("MlpPolicy", env).learn(10)
    eval_env = make_vec_env("CartPole-v1", 4, seed=cfg.seed)
    print(evaluate_policy(model, eval_env))
main(cfg)
""",
    "one branch is wrong: a loop that may not begin": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

while c: eval_env.seed(0); c = False
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: a loop over what may be empty": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

for x in sys.argv[1:]: eval_env.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: a short circuit": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

c and eval_env.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: an expression": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

eval_env.seed(0) if c else None
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: what may be interrupted": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

try:
    eval_env.seed(0)
except AttributeError:
    pass
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: an early return": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

def fix(env):
    if c: return
    env.seed(0)
fix(eval_env)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: a case": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

match sys.argv:
    case [_]: eval_env.seed(0)
    case _: pass
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one branch is wrong: learning": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

if c: model.learn(10)
print(evaluate_policy(model, env))
""",
    "one branch is wrong: which environment": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

other = env if c else eval_env
model.learn(10)
print(evaluate_policy(model, other))
""",
    "one branch is wrong: another name for it": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

other = eval_env
if c: other = env
other.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "a counter in a loop": """
seed = 0
for _ in range(10):
    env = make_vec_env("CartPole-v1", 1, seed=seed)
    model = PPO("MlpPolicy", env).learn(10)
    seed += 1
print(evaluate_policy(model, make_vec_env("CartPole-v1", 1, seed=1)))
""",
    "another agent, from a file": """
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)

model.learn(10)
other = PPO.load("other")
print(evaluate_policy(other, env))
""",
    "the final model with the final statistics": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
eval_env = VecNormalize(make_vec_env("Pendulum-v1", seed=50), training=False, norm_reward=False)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=EvalCallback(eval_env, best_model_save_path="logs"))
model.save("final")
env.save("stats.pkl")
test_env = VecNormalize.load("stats.pkl", make_vec_env("Pendulum-v1", seed=90))
test_env.training = False
test_env.norm_reward = False
best = PPO.load("final", env=test_env)
print(evaluate_policy(best, test_env))
""",
    "statistics saved with the best model": """
from mine import Save
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
eval_env = VecNormalize(make_vec_env("Pendulum-v1", seed=50), training=False, norm_reward=False)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=EvalCallback(eval_env, callback_on_new_best=Save("stats.pkl"),
                                            best_model_save_path="logs"))
env.save("stats.pkl")
test_env = VecNormalize.load("stats.pkl", make_vec_env("Pendulum-v1", seed=90))
test_env.training = False
test_env.norm_reward = False
best = PPO.load("logs/best_model", env=test_env)
print(evaluate_policy(best, test_env))
""",
    "a recurrent agent that remembers": """
from sb3_contrib import RecurrentPPO
env = make_vec_env("CartPole-v1", 4, seed=0)
model = RecurrentPPO("MlpLstmPolicy", env).learn(100)
test = make_vec_env("CartPole-v1", 1, seed=50)
obs = test.reset()
lstm_states = None
starts = np.ones((1,), dtype=bool)
while True:
    action, lstm_states = model.predict(obs, state=lstm_states, episode_start=starts,
                                        deterministic=True)
    obs, reward, dones, info = test.step(action)
    starts = dones
""",
}

#: Scripts with mistakes.
WRONG = {
    "an EvalCallback of the script's own": """
class Reporting(EvalCallback):
    def __init__(self, eval_env, trial, n_eval_episodes=5):
        super().__init__(eval_env=eval_env, n_eval_episodes=n_eval_episodes)
        self.trial = trial

    def _on_step(self):
        super()._on_step()
        return self.trial.keep(self.last_mean_reward)

env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env)
model.learn(10, callback=Reporting(env, None))  # ! L101
""",
    "a callback of the script": """
from stable_baselines3.common.callbacks import BaseCallback

class Watch(BaseCallback):
    def __init__(self, env, every=1000):
        super().__init__()
        self.env, self.every = env, every
    def _on_step(self):
        if self.n_calls % self.every == 0:
            self.logger.record("test", evaluate_policy(self.model, self.env)[0])
        return True

env = make_vec_env("CartPole-v1", seed=0)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=[Watch(make_vec_env("CartPole-v1", seed=1))])
model.env = make_vec_env("CartPole-v1", seed=2)
print(evaluate_policy(model, model.env))
""",
    "the training environment": """
env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env)
model.learn(25_000)
mean, std = evaluate_policy(model, env)  # ! L101
""",
    "the training environment, as in the first example of the documentation": """
env = gym.make("LunarLander-v3", render_mode="rgb_array")
model = DQN("MlpPolicy", env, verbose=1)
model.learn(total_timesteps=int(2e5))
model.save("dqn_lunar")
del model
model = DQN.load("dqn_lunar", env=env)
mean_reward, std_reward = evaluate_policy(model, model.get_env(), n_eval_episodes=10)  # ! L101
""",
    "the training environment in a callback, a wrapper and a loop": """
import stable_baselines3 as sb3
from stable_baselines3.common import evaluation as ev
inner = gym.make("CartPole-v1")
env = Monitor(inner)
callback = sb3.common.callbacks.EvalCallback(env)  # ! L101
model = sb3.A2C("MlpPolicy", env).learn(1000, callback=callback)
print(ev.evaluate_policy(model, DummyVecEnv([lambda: inner]), deterministic=True))  # ! L101
total = 0
obs, _ = env.reset()
for _ in range(100):
    action, _ = model.predict(obs, deterministic=True)
    obs, reward, *rest = env.step(action)  # ! L101
    total = total + reward
""",
    "the training environment through functions": """
def main(algorithm=PPO):
    env = build()
    model = algorithm("MlpPolicy", env)
    train(model)
    report(model, env)

def build():
    return make_vec_env("CartPole-v1", seed=0)

def train(model):
    model.learn(1000)

def report(model, where):
    print(evaluate_policy(model, where))  # ! L101

main()
""",
    "the training environment, made elsewhere": """
from mine import build
env = build()
model = PPO("MlpPolicy", env)
model.learn(1000)
print(evaluate_policy(model, env))  # ! L101
""",
    "the same in a class": """
class Trainer:
    def __init__(self, env_id):
        self.env = make_vec_env(env_id, seed=1)
        self.model = PPO("MlpPolicy", self.env)
    def fit(self):
        self.model.learn(100)
        return self
    def score(self):
        return evaluate_policy(self.model, self.env)  # ! L101

print(Trainer("CartPole-v1").fit().score())
""",
    "the same seed": """
env = make_vec_env("CartPole-v1", n_envs=8, seed=5)
eval_env = make_vec_env("CartPole-v1", seed=9)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, eval_env))  # ! L102
""",
    "the seed of the model": """
env = gym.make("CartPole-v1")
eval_env = gym.make("CartPole-v1")
eval_env.reset(seed=42)
model = PPO("MlpPolicy", env, seed=42)
model.learn(1000, callback=EvalCallback(eval_env))  # ! L102
""",
    "the seed of an argument": """
import argparse
args = argparse.ArgumentParser().parse_args()
env = make_vec_env(args.env, n_envs=4, seed=args.seed)
eval_env = make_vec_env(args.env, seed=args.seed)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=EvalCallback(eval_env))  # ! L102
""",
    "the same levels": """
kwargs = {"num_levels": 200, "start_level": 0, "rand_seed": 1}
env = gym.make("procgen:procgen-coinrun-v0", **kwargs)
eval_env = gym.make("procgen:procgen-coinrun-v0", **{**kwargs, "start_level": 199})
model = PPO("CnnPolicy", env).learn(1000)
print(evaluate_policy(model, eval_env))  # ! L102
""",
    "levels that overlap from below": """
from procgen import ProcgenEnv
env = ProcgenEnv(num_envs=64, env_name="maze", num_levels=200, start_level=100, rand_seed=0)
test_env = ProcgenEnv(num_envs=64, env_name="maze", num_levels=101, start_level=0, rand_seed=0)
model = PPO("CnnPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))  # ! L102
""",
    "a first level that is ignored": """
env = gym.make("procgen:procgen-coinrun-v0", num_levels=200, rand_seed=1)
eval_env = gym.make("procgen:procgen-coinrun-v0", num_levels=0, start_level=200, rand_seed=2)
model = PPO("CnnPolicy", env).learn(1000)
print(evaluate_policy(model, eval_env))  # ! L102
""",
    "level ids that overlap": """
env = gym.make("rlgen/MazeBasic-v0", levels=range(1000))
test_env = gym.make("rlgen/MazeBasic-v0", levels=range(999, 2000))
test_env.reset(seed=0)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))  # ! L102
""",
    "picked and reported on the same levels": """
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", seed=100)
callback = EvalCallback(eval_env, best_model_save_path="./best")
PPO("MlpPolicy", env).learn(1000, callback=callback)
model = PPO.load("./best/best_model")
print(evaluate_policy(model, eval_env, n_eval_episodes=100))  # ! L103
""",
    "picked and reported on environments with one seed": """
env = make_vec_env("CartPole-v1", 4, seed=0)
callback = EvalCallback(make_vec_env("CartPole-v1", seed=100), best_model_save_path="./best")
model = PPO("MlpPolicy", env)
model.learn(1000, callback=[callback])
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=98)))  # ! L103
""",
    "never seeded": """
eval_env = gym.make("Pendulum-v1")
callback = EvalCallback(eval_env, deterministic=True)  # ! L201
model = SAC("MlpPolicy", "Pendulum-v1", seed=0)
model.learn(5000, callback=callback)
print(evaluate_policy(model, eval_env))
print(evaluate_policy(model, make_vec_env("Pendulum-v1", 4)))  # ! L201
print(evaluate_policy(model, DummyVecEnv([lambda: gym.make("Pendulum-v1")])))  # ! L201
""",
    "a seed of None in two places": """
def make(seed=None):
    env = gym.make("CartPole-v1")
    if seed is not None:
        env.reset(seed=seed + 1)
    return env

env, test_env = make(), make()
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))  # ! L201
""",
    "two mistakes through one function": """
def make(first, number=100):
    return make_vec_env("procgen:procgen-maze-v0", seed=0,
                        env_kwargs=dict(start_level=first, num_levels=number))

model = PPO("MlpPolicy", make(0)).learn(1000)
print(evaluate_policy(model, make(50)))  # ! L102
print(evaluate_policy(model, make(100)))
print(evaluate_policy(model, make(99)))  # ! L102
""",
    "None is no seed": """
env = make_vec_env("CartPole-v1", seed=0)
test_env = make_vec_env("CartPole-v1", seed=None)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))  # ! L201
""",
    "the same level in each episode": """
env = make_vec_env("CartPole-v1", seed=0)
test_env = gym.make("CartPole-v1")
model = PPO("MlpPolicy", env).learn(1000)
for episode in range(100):
    obs, info = test_env.reset(seed=1234)
    done, total = False, 0.0
    while not done:
        action, _ = model.predict(obs, deterministic=True)
        obs, reward, terminated, truncated, info = test_env.step(action)  # ! L202
        total += reward
        done = terminated or truncated
""",
    "one episode, one level": """
env = gym.make("rlgen/MazeBasic-v0", levels=range(10))
test_env = gym.make("rlgen/MazeBasic-v0", levels=[77])
test_env.reset(seed=3)
other = gym.make("rlgen/MazeBasic-v0", levels=range(50, 90))
other.reset(seed=3)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))  # ! L202
print(evaluate_policy(model, other, 1))  # ! L202
""",
    "statistics that move": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
eval_env = VecNormalize(make_vec_env("Pendulum-v1", seed=1), norm_reward=False)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=EvalCallback(eval_env))  # ! L301
model.save("model")
env.save("stats")
test_env = VecNormalize.load("stats", make_vec_env("Pendulum-v1", seed=2))
print(evaluate_policy(model, test_env))  # ! L301
""",
    "statistics that move in the training environment": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
model = PPO("MlpPolicy", env)
model.learn(1000)
print(evaluate_policy(model, env))  # ! L101 L301
""",
    "normalised rewards": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
model = PPO("MlpPolicy", env)
model.learn(1000)
test_env = gym.make("Pendulum-v1")
test_env.reset(seed=4)
test_env = VecNormalize(DummyVecEnv([lambda: test_env]), training=False)
sync_envs_normalization(env, test_env)
print(evaluate_policy(model, test_env))  # ! L302
again = VecNormalize(make_vec_env("Pendulum-v1", seed=9), training=False)
again.obs_rms = env.obs_rms
obs = again.reset()
total = 0
for _ in range(200):
    action, _ = model.predict(obs, deterministic=True)
    obs, reward, done, info = again.step(action)  # ! L302
    total += reward[0]
""",
    "statistics of nothing": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
model = PPO("MlpPolicy", env)
model.learn(1000)
test_env = VecNormalize(make_vec_env("Pendulum-v1", seed=1), training=False, norm_reward=False)
print(evaluate_policy(model, test_env))  # ! L303
""",
    "statistics of nothing for a loaded agent": """
model = PPO.load("model")
test_env = VecNormalize(make_vec_env("Pendulum-v1", seed=1), training=False, norm_reward=False)
print(evaluate_policy(model, test_env))  # ! L303
""",
    "statistics forgotten": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
model = PPO("MlpPolicy", env)
model.learn(1000)
print(evaluate_policy(model, make_vec_env("Pendulum-v1", seed=1)))  # ! L304
""",
    "deterministic while it trains, sampled in the end": """
env = make_vec_env("CartPole-v1", seed=0)
pick_env = make_vec_env("CartPole-v1", seed=1)
test_env = gym.make("CartPole-v1")
model = PPO("MlpPolicy", env).learn(1000, callback=EvalCallback(pick_env))
obs, info = test_env.reset(seed=7)
total = 0
for _ in range(500):
    action, _ = model.predict(obs)
    obs, reward, terminated, truncated, info = test_env.step(action)  # ! L401
    total += reward
    if terminated or truncated:
        obs, info = test_env.reset()
""",
    "sampled in one, the default in another": """
env = make_vec_env("CartPole-v1", seed=0)
test_env = make_vec_env("CartPole-v1", seed=1)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env, 10, False))
print(evaluate_policy(model, test_env, 100))  # ! L401
""",
    "functions that nobody here calls": """
def objective(trial):
    env = make_vec_env("CartPole-v1", seed=0)
    model = PPO("MlpPolicy", env, learning_rate=trial.suggest_float("lr", 1e-5, 1))
    model.learn(1000)
    return evaluate_policy(model, env)[0]  # ! L101

class Experiment:
    def run(self):
        env = make_vec_env("CartPole-v1", seed=0)
        model = A2C("MlpPolicy", env).learn(100)
        return evaluate_policy(model, env)  # ! L101

import optuna
optuna.create_study().optimize(objective, n_trials=10)
""",
    "in whichever branch": """
import sys
env = make_vec_env("CartPole-v1", seed=0)
if len(sys.argv) > 1:
    model = PPO("MlpPolicy", env)
else:
    model = A2C("MlpPolicy", env)
try:
    model.learn(1000)
except KeyboardInterrupt:
    pass
finally:
    print(evaluate_policy(model, env))  # ! L101
""",
    "from a later round of the loop": """
env = make_vec_env("CartPole-v1", seed=0)
model = PPO("MlpPolicy", env)
for _ in range(10):
    print(evaluate_policy(model, env))  # ! L101
    model.learn(1000)
""",
    "other packages of the family": """
from sb3_contrib import MaskablePPO, RecurrentPPO
from sb3_contrib.common.maskable.evaluation import evaluate_policy as masked
env = make_vec_env("CartPole-v1", seed=0)
model = MaskablePPO("MlpPolicy", env)
model.learn(1000)
print(masked(model, env))  # ! L101
""",
    "a study on the test environment": """
import optuna
env = make_vec_env("CartPole-v1", 4, seed=0)
test_env = make_vec_env("CartPole-v1", 4, seed=100)
def objective(trial):
    model = PPO("MlpPolicy", env, learning_rate=trial.suggest_float("lr", 1e-5, 1))
    model.learn(1000)
    return evaluate_policy(model, test_env)[0]
study = optuna.create_study(direction="maximize")
study.optimize(objective, n_trials=10)
best = PPO("MlpPolicy", env, **study.best_params).learn(1000)
print(evaluate_policy(best, test_env))  # ! L104
""",
    "a study on the levels of the test": """
import optuna
def make(seed): return make_vec_env("CartPole-v1", 4, seed=seed)
def objective(trial):
    model = PPO("MlpPolicy", make(0), learning_rate=trial.suggest_float("lr", 1e-5, 1))
    model.learn(1000)
    mean, std = evaluate_policy(model, make(100), n_eval_episodes=20)
    return mean
study = optuna.create_study(direction="maximize")
study.optimize(objective, n_trials=10)
best = PPO("MlpPolicy", make(0), **study.best_params)
best.learn(1000)
mean, std = evaluate_policy(best, make(100))  # ! L104
""",
    "load thrown away": """
env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env)
model.load("best")  # ! L501
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=100)))
""",
    "load thrown away, of a class": """
env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env)
PPO.load("best")  # ! L501
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=100)))
""",
    "the best model with the final statistics": """
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
eval_env = VecNormalize(make_vec_env("Pendulum-v1", seed=50), training=False, norm_reward=False)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=EvalCallback(eval_env, best_model_save_path="logs"))
env.save("stats.pkl")
test_env = VecNormalize.load("stats.pkl", make_vec_env("Pendulum-v1", seed=90))
test_env.training = False
test_env.norm_reward = False
best = PPO.load("logs/best_model", env=test_env)
print(evaluate_policy(best, test_env))  # ! L305
""",
    "a recurrent agent that forgets": """
from sb3_contrib import RecurrentPPO
env = make_vec_env("CartPole-v1", 4, seed=0)
model = RecurrentPPO("MlpLstmPolicy", env).learn(100)
test = make_vec_env("CartPole-v1", 1, seed=50)
obs = test.reset()
total = 0
for _ in range(100):
    action, _ = model.predict(obs, deterministic=True)
    obs, reward, done, info = test.step(action)  # ! L502
    total += reward
""",
    "a recurrent agent whose state stays None": """
from sb3_contrib import RecurrentPPO
env = make_vec_env("CartPole-v1", 4, seed=0)
model = RecurrentPPO("MlpLstmPolicy", env).learn(100)
test = make_vec_env("CartPole-v1", 1, seed=50)
obs = test.reset()
lstm_states = None
while True:
    action, _states = model.predict(obs, state=lstm_states, deterministic=True)
    obs, reward, done, info = test.step(action)  # ! L502
""",
}

#: Scripts with mistakes that are not found, and why: nothing else is said of them.
MISSED = {
    # What functools.partial gives is unknown.
    "training on all levels": """
from functools import partial
make = partial(make_vec_env, "procgen:procgen-coinrun-v0", seed=0)
env = make()
eval_env = make(env_kwargs=dict(start_level=1000, num_levels=500))
model = PPO("CnnPolicy", env).learn(1000)
print(evaluate_policy(model, eval_env))  # ! L102
""",
    # Parts of lists are unknown, and which item of a list a loop is at.
    "a list of level ids": """
from mine import LEVELS
env = gym.make("rlgen/MazeBasic-v0", levels=LEVELS[:100])
test_env = gym.make("rlgen/MazeBasic-v0", levels=LEVELS[:100])
one = gym.make("rlgen/MazeBasic-v0", levels=[3, 4])
two = gym.make("rlgen/MazeBasic-v0", levels=range(4, 9))
for each in (test_env, two):
    each.reset(seed=0)
test_env.reset(seed=0)
two.reset(seed=1)
model = PPO("MlpPolicy", env).learn(1000)
print(evaluate_policy(model, test_env))  # ! L102
other = PPO("MlpPolicy", one).learn(1000)
print(evaluate_policy(other, two))  # ! L102
""",
    # Of paths only constants are certain.
    "the best model with the final statistics, in folders": """
import os, sys
log_dir = sys.argv[1]
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
eval_env = VecNormalize(make_vec_env("Pendulum-v1", seed=50), training=False, norm_reward=False)
model = PPO("MlpPolicy", env)
model.learn(1000, callback=EvalCallback(eval_env, best_model_save_path=log_dir))
env.save(os.path.join(log_dir, "stats.pkl"))
test_env = VecNormalize.load(f"{log_dir}/stats.pkl", make_vec_env("Pendulum-v1", seed=90))
test_env.training = False
test_env.norm_reward = False
best = PPO.load(os.path.join(log_dir, "best_model.zip"), env=test_env)
print(evaluate_policy(best, test_env))  # ! L305
""",
}
