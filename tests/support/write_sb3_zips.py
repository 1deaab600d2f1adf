"""Write zips of stable-baselines3 and sb3-contrib with the version that is installed.

    python tests/support/write_sb3_zips.py tests/policies/sb3/written

writes ``sb3-VERSION.tar.xz`` there: one zip of each kind of policy, exactly as that version saves
it; statistics of its VecNormalize; and in ``expected.npz`` 64 observations of each kind, the
actions that the version itself plays on them, its action probabilities where it has some, and what
its VecNormalize makes of them. ``kinds.json`` lists the zips. Runs on Python 3.7 and later. The
archives that are kept were written on Linux by

    python3.7   torch 1.11.0, numpy 1.21.6:
                stable-baselines3 and sb3-contrib 1.0   with gym 0.17.3
                stable-baselines3 and sb3-contrib 1.6.2 with gym 0.21.0
                stable-baselines3 and sb3-contrib 2.0.0 with gymnasium 0.28.1
    python3.11  torch 2.13.0, numpy 2.4.6:
                stable-baselines3 and sb3-contrib 2.9.2 with gymnasium 1.4.0

installed from PyPI with ``pip install --no-deps``. So that the archives stay small, weights are
multiples of 1/8, those of pictures are mostly zero, and large networks have not learned before.
"""

import json
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import sb3_contrib as contrib
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
from torch import nn

try:
    import gymnasium as gym
except ImportError:
    import gym

NEW_API = gym.__name__ == "gymnasium"
VERSION = tuple(int(n) for n in sb3.__version__.split(".")[:2])
N = 64

rng = np.random.RandomState(0)
VECTOR = gym.spaces.Box(-10, 10, (4,), np.float32)
PICTURE = gym.spaces.Box(0, 255, (36, 36, 1), np.uint8)
SPACES = {
    "vector": VECTOR,
    "picture": PICTURE,
    "number": gym.spaces.Discrete(5),
    "numbers": gym.spaces.MultiDiscrete([3, 2]),
    "bits": gym.spaces.MultiBinary(4),
    "dict": gym.spaces.Dict({"view": PICTURE, "place": VECTOR, "key": gym.spaces.Discrete(3)}),
}


def draw(space):
    """64 observations."""
    if isinstance(space, gym.spaces.Dict):
        return {key: draw(part) for key, part in space.spaces.items()}
    if isinstance(space, gym.spaces.Discrete):
        return rng.randint(0, space.n, N)
    if isinstance(space, gym.spaces.MultiDiscrete):
        return np.stack([rng.randint(0, n, N) for n in space.nvec], axis=1)
    if isinstance(space, gym.spaces.MultiBinary):
        return rng.randint(0, 2, (N, space.n)).astype(np.int8)
    if space.dtype == np.uint8:
        blocks = rng.randint(0, 4, (N, 3, 3, 1)) * 85  # large ones: noise looks the same everywhere
        return blocks.repeat(12, axis=1).repeat(12, axis=2).astype(np.uint8)
    return np.clip(rng.normal(0, 1.5, (N, *space.shape)), -10, 10).astype(np.float32)


OBSERVATIONS = {name: draw(space) for name, space in SPACES.items()}
OBSERVATIONS["dict"]["view"] = OBSERVATIONS["picture"]
ACTIONS = {
    "discrete": gym.spaces.Discrete(3),
    "box": gym.spaces.Box(np.float32([-1, -2]), np.float32([1, 3])),
}


class Replay(gym.Env):
    """Shows the observations of one space in turn."""

    def __init__(self, observations, actions):
        self.observation_space, self.action_space = SPACES[observations], ACTIONS[actions]
        self.all, self.t = OBSERVATIONS[observations], 0

    def seen(self):
        self.t += 1
        at = self.t % N
        if isinstance(self.all, dict):
            return {key: part[at] for key, part in self.all.items()}
        return self.all[at]

    def reset(self, **keys):
        return (self.seen(), {}) if NEW_API else self.seen()

    def step(self, action):
        ends = self.t % 10 == 0
        step = (self.seen(), float(np.sum(action)), ends)
        return step + ((False,) if NEW_API else ()) + ({},)


class OwnExtractor(BaseFeaturesExtractor):
    """A features extractor of a user's own with the weights of none."""

    def __init__(self, space):
        super().__init__(space, 4)

    def forward(self, observations):
        return observations.flatten(1).flip(1)


class OwnPolicy(ActorCriticPolicy):
    """A policy of a user's own with the weights of the usual one."""

    def extract_features(self, *args, **keys):
        return -super().extract_features(*args, **keys)


class Double(nn.Module):
    """An activation of a user's own."""

    def forward(self, x):
        return 2 * x


ON = {"n_steps": 8, "batch_size": 8, "n_epochs": 1}
OFF = {"buffer_size": 20, "learning_starts": 4, "batch_size": 4}
SMALL = {"net_arch": [8]}
SDE = {"use_sde": True}
#: Package, algorithm, policy, observations, actions, settings, settings of the policy, and the
#: first version that has it.
CASES = {
    "a2c-default": (sb3, "A2C", "MlpPolicy", "vector", "discrete", {}, {}, (1, 0)),
    "a2c-box": (sb3, "A2C", "MlpPolicy", "vector", "box", {}, SMALL, (1, 0)),
    "ppo-list": (sb3, "PPO", "MlpPolicy", "vector", "discrete", ON, {"net_arch": [8, 6]}, (1, 0)),
    "ppo-none": (sb3, "PPO", "MlpPolicy", "vector", "discrete", ON, {"net_arch": []}, (1, 0)),
    "ppo-activation": (
        *(sb3, "PPO", "MlpPolicy", "vector", "discrete", ON),
        {"net_arch": [8], "activation_fn": nn.ELU, "ortho_init": False},
        (1, 0),
    ),
    "ppo-cnn": (
        *(sb3, "PPO", "CnnPolicy", "picture", "discrete", ON),
        {"features_extractor_kwargs": {"features_dim": 16}},
        (1, 0),
    ),
    "ppo-flat-picture": (sb3, "PPO", "MlpPolicy", "picture", "discrete", ON, SMALL, (1, 0)),
    "ppo-number": (sb3, "PPO", "MlpPolicy", "number", "discrete", ON, SMALL, (1, 0)),
    "ppo-numbers": (sb3, "PPO", "MlpPolicy", "numbers", "discrete", ON, SMALL, (1, 0)),
    "ppo-bits": (sb3, "PPO", "MlpPolicy", "bits", "discrete", ON, SMALL, (1, 0)),
    "ppo-dict": (
        *(sb3, "PPO", "MultiInputPolicy", "dict", "discrete", ON),
        {"net_arch": [8], "features_extractor_kwargs": {"cnn_output_dim": 6}},
        (1, 1),
    ),
    "ppo-box": (sb3, "PPO", "MlpPolicy", "vector", "box", ON, SMALL, (1, 0)),
    "ppo-gsde": (sb3, "PPO", "MlpPolicy", "vector", "box", dict(ON, **SDE), SMALL, (1, 0)),
    "ppo-gsde-squashed": (
        *(sb3, "PPO", "MlpPolicy", "vector", "box", dict(ON, **SDE)),
        {"net_arch": [8], "squash_output": True, "use_expln": True},
        (1, 0),
    ),
    "dqn": (sb3, "DQN", "MlpPolicy", "vector", "discrete", OFF, SMALL, (1, 0)),
    "dqn-cnn": (
        *(sb3, "DQN", "CnnPolicy", "picture", "discrete", OFF),
        {"net_arch": [], "features_extractor_kwargs": {"features_dim": 16}},
        (1, 0),
    ),
    "dqn-dict": (
        *(sb3, "DQN", "MultiInputPolicy", "dict", "discrete", OFF),
        {"net_arch": [8], "features_extractor_kwargs": {"cnn_output_dim": 6}},
        (1, 1),
    ),
    "sac": (sb3, "SAC", "MlpPolicy", "vector", "box", OFF, SMALL, (1, 0)),
    "sac-gsde": (sb3, "SAC", "MlpPolicy", "vector", "box", dict(OFF, **SDE), SMALL, (1, 0)),
    "sac-cnn": (
        *(sb3, "SAC", "CnnPolicy", "picture", "box", OFF),
        {"net_arch": [8], "features_extractor_kwargs": {"features_dim": 16}},
        (1, 0),
    ),
    "td3": (
        *(sb3, "TD3", "MlpPolicy", "vector", "box", OFF),
        {"net_arch": {"pi": [8], "qf": [6]}, "activation_fn": nn.Tanh},
        (1, 0),
    ),
    "td3-dict": (
        *(sb3, "TD3", "MultiInputPolicy", "dict", "box", OFF),
        {"net_arch": [8], "features_extractor_kwargs": {"cnn_output_dim": 6}},
        (1, 1),
    ),
    "ddpg": (sb3, "DDPG", "MlpPolicy", "vector", "box", OFF, SMALL, (1, 0)),
    "tqc": (contrib, "TQC", "MlpPolicy", "vector", "box", OFF, SMALL, (1, 0)),
    "qrdqn": (
        *(contrib, "QRDQN", "MlpPolicy", "vector", "discrete", OFF),
        {"net_arch": [8], "n_quantiles": 5},
        (1, 0),
    ),
    "trpo": (
        contrib,
        "TRPO",
        "MlpPolicy",
        "vector",
        "discrete",
        dict(ON, n_epochs=0),
        SMALL,
        (1, 4),
    ),
    "trpo-box": (
        contrib,
        "TRPO",
        "MlpPolicy",
        "vector",
        "box",
        dict(ON, n_epochs=0),
        SMALL,
        (1, 4),
    ),
    "maskable": (contrib, "MaskablePPO", "MlpPolicy", "vector", "discrete", ON, SMALL, (1, 4)),
    "recurrent": (
        *(contrib, "RecurrentPPO", "MlpLstmPolicy", "vector", "discrete", ON),
        {"net_arch": [8], "lstm_hidden_size": 6},
        (1, 6),
    ),
    "recurrent-shared": (
        *(contrib, "RecurrentPPO", "MlpLstmPolicy", "vector", "discrete", ON),
        {
            "lstm_hidden_size": 6,
            "shared_lstm": True,
            "enable_critic_lstm": False,
            "n_lstm_layers": 2,
        },
        (1, 6),
    ),
    "recurrent-box": (
        *(contrib, "RecurrentPPO", "MlpLstmPolicy", "vector", "box", ON),
        {"net_arch": [8], "lstm_hidden_size": 6},
        (1, 6),
    ),
    "ars": (contrib, "ARS", "MlpPolicy", "vector", "discrete", {}, SMALL, (1, 5)),
    "ars-box": (contrib, "ARS", "MlpPolicy", "vector", "box", {}, SMALL, (1, 5)),
    "ars-linear": (contrib, "ARS", "LinearPolicy", "vector", "box", {}, {}, (1, 5)),
    "own-extractor": (
        *(sb3, "PPO", "MlpPolicy", "vector", "discrete", ON),
        {"net_arch": [8], "features_extractor_class": OwnExtractor},
        (1, 0),
    ),
    "own-policy": (sb3, "PPO", OwnPolicy, "vector", "discrete", ON, SMALL, (1, 0)),
    "own-activation": (
        *(sb3, "PPO", "MlpPolicy", "vector", "discrete", ON),
        {"net_arch": [8], "activation_fn": Double},
        (1, 0),
    ),
    "own-function": (
        *(sb3, "PPO", "MlpPolicy", "vector", "discrete", ON),
        {"net_arch": [8], "activation_fn": lambda: nn.ReLU()},
        (1, 0),
    ),
}
if VERSION < (1, 8):
    # Layers that policy and value share, which stable-baselines3 has not had since 1.8.
    for NAME, ARCH in (
        ("ppo-shared", [8, 7, {"pi": [6], "vf": [5]}]),
        ("ppo-split", [{"pi": [8]}]),
    ):
        CASES[NAME] = (
            sb3,
            "PPO",
            "MlpPolicy",
            "vector",
            "discrete",
            ON,
            {"net_arch": ARCH},
            (1, 0),
        )
    CASES["recurrent-old"] = (
        *(contrib, "RecurrentPPO", "MlpLstmPolicy", "vector", "discrete", ON),
        {"net_arch": [8, {"pi": [6], "vf": [5]}], "lstm_hidden_size": 6},
        (1, 6),
    )
    CASES["ppo-gsde-net"] = (
        *(sb3, "PPO", "MlpPolicy", "vector", "box", dict(ON, **SDE)),
        {"net_arch": [8], "sde_net_arch": [5]},
        (1, 0),
    )
else:
    SPLIT = {"net_arch": {"pi": [8], "vf": [6]}, "share_features_extractor": False}
    CASES["ppo-split"] = (sb3, "PPO", "MlpPolicy", "vector", "discrete", ON, SPLIT, (1, 8))
# Settings that not every version applied.
RAW = {"net_arch": [8], "normalize_images": False}
for NAME, (PACKAGE, ALGORITHM, SETTINGS) in {
    "ppo": (sb3, "PPO", ON),
    "dqn": (sb3, "DQN", OFF),
    "sac": (sb3, "SAC", OFF),
    "td3": (sb3, "TD3", OFF),
    "tqc": (contrib, "TQC", OFF),
    "qrdqn": (contrib, "QRDQN", OFF),
}.items():
    OWN = dict(RAW, n_quantiles=5) if NAME == "qrdqn" else RAW
    PLAYED = "discrete" if NAME in ("ppo", "dqn", "qrdqn") else "box"
    CASES[NAME + "-raw-picture"] = (
        *(PACKAGE, ALGORITHM, "MlpPolicy", "picture", PLAYED, SETTINGS, OWN),
        (1, 0),
    )
CASES["ars-unsquashed"] = (
    *(contrib, "ARS", "MlpPolicy", "vector", "box", {}),
    {"net_arch": [8], "squash_output": False},
    (1, 5),
)
if hasattr(contrib, "CrossQ"):
    CASES["crossq"] = (contrib, "CrossQ", "MlpPolicy", "vector", "box", OFF, SMALL, (2, 4))
    CASES["crossq-gsde"] = (
        contrib,
        "CrossQ",
        "MlpPolicy",
        "vector",
        "box",
        dict(OFF, **SDE),
        SMALL,
        (2, 4),
    )


def coarse(policy, raw):
    """Other weights than at the start, which are multiples of 1/8; statistics likewise."""
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in policy.parameters():
            spread = 0.5 if weight.dim() < 2 else 2 / weight[0].numel() ** 0.5
            weight.copy_(((weight + spread * torch.randn_like(weight)) * 8).round() / 8)
            if weight.numel() > 1000:  # of pictures
                signs = torch.randn_like(weight).sign() / (64 if raw else 1)
                weight.copy_(signs * (torch.rand_like(weight) < 0.02))
        for module in policy.modules():
            if hasattr(module, "ra_mean"):
                module.ra_mean += 0.25
                module.ra_var *= 2


def spread(policy, play):
    """Scale the last layer, so that actions differ between observations."""
    last = next(
        net
        for net in (
            getattr(getattr(policy, "actor", None), "mu", None),
            getattr(getattr(policy, "q_net", None), "q_net", None),
            getattr(getattr(policy, "quantile_net", None), "quantile_net", None),
            getattr(policy, "action_net", None),
        )
        if net is not None
    )
    last = [module for module in last.modules() if isinstance(module, nn.Linear)][-1]
    outputs = []
    hook = last.register_forward_hook(lambda *passed: outputs.append(passed[2]))
    play()
    hook.remove()
    outputs = torch.cat([part.reshape(-1, last.out_features) for part in outputs])
    deviation, mean = outputs.std(0), outputs.mean(0)
    assert (deviation > 0).all(), deviation
    with torch.no_grad():
        last.weight /= deviation[:, None]
        if last.bias is not None:
            last.bias.copy_((last.bias - mean) / deviation)


def play(model, shown):
    """Actions on all observations; with memory, in eight episodes of eight steps."""
    if not hasattr(model.policy, "lstm_actor"):
        return model.predict(shown, deterministic=True)[0]
    played, state = [], None
    for step in shown.reshape(8, 8, 4):
        action, state = model.predict(step, state=state, deterministic=True)
        played.append(action)
    return np.concatenate(played)


def write(name, folder):
    """One zip, and what it plays."""
    package, algorithm, policy, observations, actions, settings, kwargs, _ = CASES[name]
    settings = {key: value for key, value in settings.items() if key != "n_epochs" or value}
    env = Replay(observations, actions)
    model = getattr(package, algorithm)(
        policy, env, policy_kwargs=dict(kwargs), seed=0, device="cpu", **settings
    )
    if algorithm != "ARS" and "net_arch" in kwargs and observations not in ("picture", "dict"):
        keys = {"use_masking": False} if algorithm == "MaskablePPO" else {}
        model.learn(16, **keys)
    coarse(model.policy, "raw" in name)
    shown = OBSERVATIONS[observations]
    spread(model.policy, lambda: play(model, shown))
    model.save(str(Path(folder, name + ".zip")))
    told = {"actions": play(model, shown)}
    if (
        hasattr(model.policy, "get_distribution")
        and actions == "discrete"
        and "recurrent" not in name
    ):
        tensors, _ = model.policy.obs_to_tensor(shown)
        with torch.no_grad():
            told["probabilities"] = model.policy.get_distribution(
                tensors
            ).distribution.probs.numpy()
    assert len(np.unique(told["actions"], axis=0)) > 2, name
    return told


def normalised(folder):
    """Statistics of VecNormalize, and the observations that it makes."""
    told = {}
    for kind in ("vector", "dict")[: 1 + (VERSION >= (1, 4))]:
        keys = {"norm_obs_keys": ["place"]} if kind == "dict" else {}
        env = VecNormalize(
            DummyVecEnv([lambda kind=kind: Replay(kind, "discrete")]), clip_obs=2.0, **keys
        )
        env.reset()
        for _ in range(40):
            env.step([0])
        env.save(str(Path(folder, kind + "-vecnormalize.pkl")))
        shown = env.normalize_obs(OBSERVATIONS[kind])
        told[kind + "-normalised"] = shown["place"] if kind == "dict" else shown
    return told


def main(out):
    """Write the archive of this version."""
    names = [name for name, case in CASES.items() if case[-1] <= VERSION]
    with tempfile.TemporaryDirectory() as folder:
        told = normalised(folder)
        for kind, shown in OBSERVATIONS.items():
            for key, part in shown.items() if isinstance(shown, dict) else [("", shown)]:
                told["observations/" + kind + "/" + key] = part
        for name in names:
            for key, value in write(name, folder).items():
                told[name + "/" + key] = value
        np.savez(str(Path(folder, "expected.npz")), **told)
        path = Path(out, "sb3-" + sb3.__version__ + ".tar.xz")
        with tarfile.open(str(path), "w:xz", preset=9) as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.add(str(file), file.name)
    index = Path(out, "kinds.json")
    kinds = json.loads(index.read_text()) if index.exists() else {}
    kinds[sb3.__version__] = {name: CASES[name][3:5] for name in names}
    index.write_text(json.dumps(kinds, indent=1, sort_keys=True) + "\n")
    print(path, path.stat().st_size, len(names))


if __name__ == "__main__":
    main(sys.argv[1])
