"""Policies from files. Nothing in a file is executed unless the user has named it as trusted."""

import zipfile
from collections.abc import Collection
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rlgen.agents import checkpoint, normalised, sb3_policy, sb3_zip
from rlgen.agents.network_policy import NetworkPolicy
from rlgen.agents.sources import WITHOUT, parts
from rlgen.errors import PolicyError, RlgenError
from rlgen.levels import Family
from rlgen.policy import FunctionPolicy, Policy

#: Endings of torch's programs: TorchScript, and what ``torch.export`` saves.
PROGRAMS = (".pt", ".ts", ".pt2")
#: Names that statistics of VecNormalize usually have.
STATISTICS = ("*vecnormalize*.pkl", "*vec_normalize*.pkl")


def load(source: str, family: Family, *, trusted: Collection[str] = ()) -> Policy:
    """The policy that a command names.

    Args:
        source: A run of ours (its folder); a stable-baselines3 zip, with its statistics if it has
            some (``sources.parts``); a program of torch, TorchScript or exported, from observations
            to action logits; or ``module:name`` of a ``Policy``, or of a function from observations
            ``(B, ...)`` to action probabilities ``(B, A)``, which is imported, as its name asks.
        family: What it is to play.
        trusted: Files that may be unpickled or run.

    Raises:
        PolicyError: Saying what is wrong with the file, or what needs trust and why.
    """
    named, statistics = parts(source)
    path, trust = Path(named), named in trusted
    if zipfile.is_zipfile(path) and _holds(path, "data"):
        _check_statistics(path, statistics, trusted)
        policy = _trusted_zip(path) if trust else sb3_zip.policy(path)
        if statistics not in ("", WITHOUT):
            told = normalised.read(Path(statistics), family.observation_space)
            policy = normalised.wrapped(policy, told)
        return _fitting(policy, family, source)
    if statistics:
        raise PolicyError(f"{source}: only a stable-baselines3 zip has statistics of VecNormalize")
    if path.is_dir():
        return _fitting(checkpoint.load(path), family, source)
    if path.is_file():
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
    if isinstance(function, type):
        raise PolicyError(f"{source}: is a class; name a function or an object that is a Policy")
    if isinstance(function, Policy):
        return _fitting(function, family, source)
    return _fitting(FunctionPolicy(function, int(family.action_space.n)), family, source)


def _check_statistics(path: Path, statistics: str, trusted: Collection[str]) -> None:
    """Refuse statistics that are not trusted, and to play without some that lie there unnamed."""
    if not statistics:
        beside = sorted({p for name in STATISTICS for p in path.parent.glob(name)})
        if beside:
            raise PolicyError(
                f"{path}: {beside[0].name} lies beside it, what VecNormalize knew in training: "
                f"say --policy {path}+{beside[0]}, or {path}+{WITHOUT} if it was trained without"
            )
    elif statistics != WITHOUT and statistics not in trusted:
        raise PolicyError(
            f"{statistics}: is a pickle, which can run anything when it is read: if you trust its "
            f"author, say --trust {statistics}"
        )


def _fitting(policy: Policy, family: Family, source: str) -> Policy:
    """The policy, if it takes the family's observations and gives its actions."""
    shape, n_actions = family.observation_space.shape, int(family.action_space.n)
    probe = np.zeros((2, *shape), family.observation_space.dtype)
    try:
        given, _ = policy.act(probe, policy.start(2))
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


def _trusted_zip(path: Path) -> Policy:
    """The model as stable-baselines3 loads it; runs what the file holds."""
    from stable_baselines3 import A2C, DQN, PPO

    names = set(sb3_zip.read(path).weights)
    algorithms: list[Any] = [PPO, A2C]
    if any(name.startswith("q_net.") for name in names):
        algorithms = [DQN]
    elif find_spec("sb3_contrib") is not None:
        from sb3_contrib import ARS, QRDQN, TRPO, MaskablePPO, RecurrentPPO

        algorithms += [TRPO, MaskablePPO]
        if any(name.startswith("quantile_net.") for name in names):
            algorithms = [QRDQN]
        elif "action_net.0.weight" in names:
            algorithms = [ARS]
        elif any(name.startswith("lstm_actor.") for name in names):
            algorithms = [RecurrentPPO]
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
        return sb3_policy.policy(model)
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
