"""Policies from files. Nothing in a file is executed unless the user has named it as trusted."""

import zipfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rlgen.agents import sb3_zip
from rlgen.agents.network_policy import NetworkPolicy
from rlgen.agents.sb3_policy import SB3Policy
from rlgen.agents.torch_policy import TorchPolicy
from rlgen.errors import PolicyError, RlgenError
from rlgen.levels import Family
from rlgen.policy import FunctionPolicy, MemorylessPolicy, Policy

#: Endings of torch's programs: TorchScript, and what ``torch.export`` saves.
PROGRAMS = (".pt", ".ts", ".pt2")


def load(source: str, family: Family, *, trust: bool = False) -> Policy:
    """The policy that a command names.

    Args:
        source: A run of ours (its folder); a stable-baselines3 zip; a program of torch, TorchScript
            or exported, from observations to action logits; or ``module:function``, from
            observations ``(B, ...)`` to action probabilities ``(B, A)``, which is imported, as its
            name asks.
        family: What it is to play.
        trust: Whether the file may be unpickled or run.

    Raises:
        PolicyError: Saying what is wrong with the file, or what needs trust and why.
    """
    path = Path(source)
    if path.is_dir():
        return _fitting(TorchPolicy.load(path), family, source)
    if path.is_file():
        if zipfile.is_zipfile(path) and _holds(path, "data"):
            if trust:
                return _trusted_zip(path, family)
            return _fitting(sb3_zip.policy(path), family, source)
        if path.suffix in PROGRAMS:
            return _program(path, family, trust)
        raise PolicyError(
            f"{path}: neither a run's folder, a stable-baselines3 zip nor a program of torch "
            f"({', '.join(PROGRAMS)})"
        )
    module, colon, name = source.partition(":")
    if not colon or path.suffix in (".zip", ".pt"):
        raise PolicyError(f"{source}: there is no such file (a function is given as module:name)")
    try:
        function = getattr(import_module(module), name)
    except Exception as error:
        # The module is the user's: anything can go wrong in it.
        raise PolicyError(f"policy {source!r}: {type(error).__name__}: {error}") from None
    if isinstance(function, Policy):
        return function
    return _fitting(FunctionPolicy(function, int(family.action_space.n)), family, source)


def _fitting(policy: MemorylessPolicy, family: Family, source: str) -> MemorylessPolicy:
    """The policy, if it takes the family's observations and gives its actions."""
    shape, n_actions = family.observation_space.shape, int(family.action_space.n)
    probe = np.zeros((2, *shape), family.observation_space.dtype)
    try:
        given = policy.probabilities(probe)
    except RlgenError:
        raise
    except Exception as error:
        # Libraries word a mismatch in many ways, and may do so in several lines.
        raise PolicyError(
            f"{source}: does not take {family.name}'s observations of shape {shape}: "
            f"{' '.join(str(error).split())[:200]}"
        ) from None
    if given.shape != (2, n_actions):
        raise PolicyError(
            f"{source}: gives {given.shape[-1]} action probabilities; {family.name} has "
            f"{n_actions} actions"
        )
    return policy


def _holds(path: Path, name: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        return name in archive.namelist()


def _trusted_zip(path: Path, family: Family) -> Policy:
    """The model as stable-baselines3 loads it; runs what the file holds."""
    from stable_baselines3 import A2C, DQN, PPO

    names = set(sb3_zip.read(path).weights)
    algorithms: list[Any] = [PPO, A2C]
    if any(name.startswith("q_net.") for name in names):
        algorithms = [DQN]
    elif find_spec("sb3_contrib") is not None:
        from sb3_contrib import ARS, QRDQN, TRPO, MaskablePPO

        algorithms += [TRPO, MaskablePPO]
        if any(name.startswith("quantile_net.") for name in names):
            algorithms = [QRDQN]
        elif "action_net.0.weight" in names:
            algorithms = [ARS]
    for algorithm in algorithms:
        try:
            model = algorithm.load(path, device="cpu")
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            continue
        for module in model.policy.modules():
            if hasattr(module, "normalize_images"):
                # Our pictures are divided by 255 already.
                vars(module)["normalize_images"] = False
        return _fitting(SB3Policy(model), family, str(path))
    raise PolicyError(f"{path}: stable-baselines3 cannot load it: {reason}")


def _program(path: Path, family: Family, trust: bool) -> Policy:
    if not trust:
        raise PolicyError(
            f"{path}: is a program, which runs when it plays: if you trust its author, say "
            f"--trust {path}"
        )
    try:
        module: Any
        if path.suffix == ".pt2":
            module = torch.export.load(path).module()
        else:
            module = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    except Exception as error:
        raise PolicyError(
            f"{path}: torch cannot load it: {' '.join(str(error).split())[:200]}"
        ) from None
    return _fitting(NetworkPolicy(module, softmax=True), family, str(path))
