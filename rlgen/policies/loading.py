"""Load policies from files; no code in a file is executed unless the user trusts that file."""

import zipfile
from collections.abc import Collection
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from rlgen.errors import PolicyError
from rlgen.levels.family import Family
from rlgen.levels.spaces import with_entries
from rlgen.policies import checkpoint, fitting, normalise, onnx_graph
from rlgen.policies.base import Policy
from rlgen.policies.functions import BoxFunctionPolicy, from_function
from rlgen.policies.network_policy import acting, evaluated, of_module
from rlgen.policies.sb3 import beside, models
from rlgen.policies.sources import same
from rlgen.protocol.policy_names import WITHOUT, parts
from rlgen.util.named_code import importable

#: Endings of torch programs: TorchScript and ``torch.export``.
PROGRAMS = (".pt", ".ts", ".pt2")


def load(source: str, family: Family, *, trusted: Collection[str] = ()) -> Policy:
    """Load the policy that a command names.

    Args:
        source: The folder of a run; a stable-baselines3 zip, with its statistics
            (``policy_names.parts``) or without, where they are found (``sb3.beside``); an ONNX
            graph (``onnx_graph``); a program of torch (TorchScript or exported) from observations
            to action logits; or ``module:name`` of a ``Policy``, or of a function from observations
            ``(B, ...)`` to action probabilities ``(B, A)``; that module is imported. Where actions
            are continuous, programs and functions return actions ``(B, *action shape)``; where
            observations are dictionaries, their argument is a dictionary.
        family: The family that it plays.
        trusted: Files that may be unpickled or run, and folders whose networks may be imported.

    Raises:
        PolicyError: If the file cannot be loaded, says that it is of another family, or needs
            trust. Whether the policy plays is found out by ``fitting.check``.
    """
    source = beside.with_statistics(source)
    named, statistics = parts(source)
    path, trust = Path(named), any(same(named, text) for text in trusted)
    if path.is_file() and zipfile.is_zipfile(path) and _holds(path, "data"):
        policy = models.of_zip(path, family, trusted=trust)
        fitting.note_masks(policy, family, source)
        if statistics not in ("", WITHOUT):
            space = family.observation_space
            policy = normalise.wrapped(policy, normalise.read(Path(statistics), space), space)
        return policy
    if statistics:
        raise PolicyError(f"{source}: only a stable-baselines3 zip has statistics of VecNormalize")
    if path.is_dir():
        own = checkpoint.load(path, trusted=trust)
        reason = own.spec and own.spec.fits(family.observation_space.shape)
        if reason:
            raise PolicyError(f"{source}: {reason}")
        fitting.note_masks(own, family, source)
        return own
    if path.is_file():
        if path.suffix == onnx_graph.ENDING:
            return onnx_graph.load(path, family)
        if path.suffix in PROGRAMS:
            return _program(path, family, trust)
        raise PolicyError(
            f"{path}: neither a run's folder, a stable-baselines3 zip, an ONNX graph "
            f"({onnx_graph.ENDING}) nor a program of torch ({', '.join(PROGRAMS)})"
        )
    module, colon, name = source.partition(":")
    if not colon or path.suffix in (".zip", ".pt", onnx_graph.ENDING):
        raise PolicyError(f"{source}: there is no such file (a function is given as module:name)")
    importable(module)
    try:
        function = getattr(import_module(module), name)
    except (Exception, SystemExit) as error:
        # The module is the user's: anything can go wrong in it.
        raise PolicyError(f"policy {source!r}: {type(error).__name__}: {error}") from None
    if isinstance(function, type):
        raise PolicyError(f"{source} is a class; name a function or an instance of Policy")
    if not isinstance(function, Policy):
        function = from_function(function, family)
    return function


def _holds(path: Path, name: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        return name in archive.namelist()


def _program(path: Path, family: Family, trust: bool) -> Policy:
    if not trust:
        raise PolicyError(
            f"{path} is a program, which runs when it plays: if you trust its author, say "
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
    played = with_entries(evaluated(module), family.observation_space)
    if family.box is None:
        return of_module(played, softmax=True)
    function = acting(played)
    return BoxFunctionPolicy(lambda inputs, _: function(inputs), family.box, stochastic=False)
