"""Policies of stable-baselines3 and sb3-contrib from their zips.

The policy's own class is built from the spaces and keyword arguments in the zip, and gets its
weights strictly. Nothing in a zip is run unless the user trusts it: what is pickled in it is read
as data (``pickles``), and classes come from an allow-list (``values``).
"""

import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from sys import version_info
from typing import Any, cast

import stable_baselines3
import torch
from stable_baselines3.common.policies import BasePolicy

from rlgen.errors import PolicyError
from rlgen.policies.bounded import Bounded
from rlgen.policies.sb3 import archive, upgrade, values
from rlgen.policies.sb3.archive import Archive
from rlgen.policies.sb3.values import ForeignError, MissingError

#: Settings of policies that concern training alone, and what is used in their place.
OF_TRAINING = {"optimizer_class": torch.optim.SGD, "optimizer_kwargs": {}, "ortho_init": False}
#: Settings of a zip that have no say in what the policy does.
DROPPED = {*OF_TRAINING, "device"}
#: Settings that say how many modules there are.
COUNTS = ("n_critics", "n_lstm_layers")


def load(path: Path, *, trusted: bool = False) -> BasePolicy:
    """The policy in a zip, ready to act.

    Args:
        path: The zip.
        trusted: Whether classes and functions that are not stable-baselines3's may be unpickled
            from it and run.

    Raises:
        PolicyError: If it cannot be read, needs trust, or is not a policy of the libraries here.
    """
    zipped = archive.read(path)
    reader = _Settings(zipped, trusted=trusted)
    cls = reader("policy_class", values.class_)
    spaces = {key: reader(key, values.space) for key in ("observation_space", "action_space")}
    kwargs = reader("policy_kwargs", _kwargs)
    kwargs = {key: value for key, value in kwargs.items() if key not in DROPPED}
    try:
        kwargs, weights = upgrade.without_shared_layers(kwargs, zipped.weights())
    except (TypeError, ValueError) as error:
        raise _unfit(zipped, "its net_arch is none", error) from None
    _check_counts(zipped, kwargs, len(weights))
    gone = upgrade.gone(kwargs, cls.__name__, zipped.versions.get("stable-baselines3", ""))
    if gone:
        raise _unfit(zipped, f"{gone}, which is not")
    largest = max((weight.numel() for weight in weights.values()), default=0)
    policy = _built(zipped, cls, spaces | kwargs, largest, own_code=reader.ran_code)
    weights = upgrade.renamed(weights, policy.state_dict().keys())
    try:
        policy.load_state_dict(weights, strict=True)
        after = policy.state_dict()
        # Two names of one tensor have one value.
        same = all(torch.equal(after[name], weight) for name, weight in weights.items())
    except Exception as error:
        raise _unfit(zipped, f"its weights are not those of {cls.__name__}", error) from None
    if not same:
        raise _unfit(zipped, f"its weights contradict each other as those of {cls.__name__}")
    policy.set_training_mode(False)
    return cast(BasePolicy, policy)


class _Settings:
    """Reads settings of a zip, those of an allow-list without running code."""

    def __init__(self, zipped: Archive, *, trusted: bool) -> None:
        self._zip, self._trusted, self.ran_code = zipped, trusted, False

    def __call__(self, key: str, convert: Callable[[Any], Any]) -> Any:
        setting = self._zip.setting(key)
        try:
            return convert(setting)
        except MissingError as error:
            raise self._zip.error(f"its {key} needs a package that is not here: {error}") from None
        except ForeignError as error:
            if not self._trusted:
                raise self._zip.error(
                    f"its {key} holds {error}, which neither stable-baselines3, sb3-contrib nor "
                    f"torch has; such code runs when it is loaded: if you trust its author, say "
                    f"--trust {self._zip.path}"
                ) from None
        except Exception as error:
            # Whoever made the file chose what is in it.
            raise self._zip.error(f"its {key} is damaged ({type(error).__name__})") from None
        self.ran_code = True
        return self._unpickled(key)

    def _unpickled(self, key: str) -> Any:
        import cloudpickle  # type: ignore[import-untyped]

        pickled = self._zip.pickled(key)
        own, python = f"{version_info.major}.{version_info.minor}", self._zip.versions.get("Python")
        if (
            pickled
            and b"CodeType" in pickled
            and python
            and python.split(".")[:2] != own.split(".")
        ):
            raise self._zip.error(
                f"its {key} holds code of Python {python}, which Python {own} cannot run"
            )
        try:
            return self._zip.data[key] if pickled is None else cloudpickle.loads(pickled)
        except Exception as error:
            raise _unfit(self._zip, f"its {key} cannot be unpickled", error) from None


def _kwargs(setting: Any) -> dict[str, Any]:
    """Keyword arguments of a policy; those that are dropped may be anything."""
    kwargs = {}
    for key, value in values.pairs(setting or {}):
        try:
            kwargs[key] = None if key in DROPPED else values.plain(value)
        except ForeignError as error:
            raise ForeignError(f"{key} = {error}") from None
    return kwargs


def _check_counts(zipped: Archive, kwargs: dict[str, Any], weights: int) -> None:
    """Refuse settings that ask for more layers than there are weights."""
    counts = [kwargs.get(key) for key in COUNTS]
    if _entries(kwargs.get("net_arch")) > weights or any(
        isinstance(count, int) and count > weights for count in counts
    ):
        raise zipped.error("its policy_kwargs ask for more layers than it has weights")


def _entries(nested: Any) -> int:
    """The number of entries in nested lists and dictionaries."""
    if isinstance(nested, dict):
        return sum(map(_entries, nested.values()))
    return sum(map(_entries, nested)) if isinstance(nested, list) else 1


def _built(
    zipped: Archive, cls: Any, kwargs: dict[str, Any], largest: int, *, own_code: bool
) -> Any:
    """A policy with weights that are yet to be set."""
    parameters = inspect.signature(cls).parameters
    own = {"lr_schedule": lambda _: 0.0, "use_sde": bool(zipped.data.get("use_sde")), **OF_TRAINING}
    # Gone since stable-baselines3 1.8; None was its default.
    kwargs = {key: value for key, value in kwargs.items() if (key, value) != ("sde_net_arch", None)}
    kwargs = {key: value for key, value in own.items() if key in parameters} | kwargs
    strange = sorted(set(kwargs) - set(parameters))
    if strange and not own_code:
        raise _unfit(zipped, f"{cls.__name__} has no setting {strange[0]}")
    try:
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]), Bounded(largest):
            warnings.simplefilter("ignore")
            return cls(**kwargs)
    except Exception as error:
        raise _unfit(zipped, f"its {cls.__name__} cannot be built", error) from None


def _unfit(zipped: Archive, reason: str, error: Exception | None = None) -> PolicyError:
    """The error for what the libraries here do not have or do otherwise."""
    detail = f" ({type(error).__name__}: {str(error)[:200]})" if error else ""
    return zipped.error(
        f"{reason} in stable-baselines3 {stable_baselines3.__version__}{detail}; "
        f"it was saved with {zipped.saved_with or 'an unknown version'}"
    )
