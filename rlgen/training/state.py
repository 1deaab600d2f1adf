"""The state of a learner between two rollouts, and of what watches it: read and written.

Weights, optimisers, counters and what is replayed are kept. Generators are not: a segment of
training begins with generators of its own, in the run that goes on as in one that begins here again
(``train``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from safetensors.torch import load, save_file
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import recursive_getattr

from rlgen.errors import DamagedStoreError
from rlgen.training.plain import Packer, unpack
from rlgen.util import checked_json, sums

#: Files of a checkpoint.
TENSORS, VALUES = "state.safetensors", "state.json"
FORMAT = 1
#: What algorithms count, or compute of it, by the names of their attributes.
COUNTERS = ("num_timesteps", "_episode_num", "_n_updates", "_n_calls", "exploration_rate")


class _Written(BaseModel):
    """``state.json``."""

    model_config = ConfigDict(strict=True, extra="forbid")

    format: int = Field(ge=1, le=FORMAT)
    segment: int = Field(ge=1)
    step: int = Field(ge=0)
    learner: Any
    watched: Any


_SCHEMA: TypeAdapter[_Written] = TypeAdapter(_Written)


@dataclass(frozen=True)
class State:
    """Where a run stands.

    Attributes:
        segment: Number of the segment that begins here; the first of a run is 0.
        step: Environment steps done.
        tensors: What ``learner`` and ``watched`` name.
        learner: See ``of``.
        watched: Of the test worker.
    """

    segment: int
    step: int
    tensors: Mapping[str, torch.Tensor]
    learner: Any
    watched: Any

    @property
    def n_bytes(self) -> int:
        """About so much space a file of it takes."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    def write(self, folder: Path) -> None:
        """Write it into an empty folder; nothing in its files is code."""
        save_file(dict(self.tensors), folder / TENSORS)
        values = {key: value for key, value in vars(self).items() if key != "tensors"}
        text = json.dumps({"format": FORMAT, **values}, separators=(",", ":"))
        (folder / VALUES).write_text(text + "\n")

    @classmethod
    def read(cls, folder: Path) -> "State":
        """Read what ``write`` wrote.

        Raises:
            DamagedStoreError: If it is not as it was written.
        """
        values = checked_json.read(folder / VALUES, _SCHEMA)
        del values["format"]
        try:
            tensors = load(sums.read(folder / TENSORS))
        except DamagedStoreError:
            raise
        except Exception as error:
            raise DamagedStoreError(f"{folder / TENSORS}: cannot be read: {error}") from None
        return cls(tensors=tensors, **values)


def of(model: BaseAlgorithm, *, segment: int, watched: Any) -> State:
    """The state of a model between two rollouts.

    Args:
        model: Of stable-baselines3 or made like its own: what ``get_parameters`` and the replay
            buffer hold, and ``COUNTERS``, are kept.
        segment: Number of the segment that begins with it.
        watched: What else is to be kept, of plain values.
    """
    packer = Packer()
    _, variables = model._get_torch_save_params()
    learner = {
        "parameters": model.get_parameters(),
        "variables": {name: recursive_getattr(model, name) for name in variables},
        "counters": {name: vars(model)[name] for name in COUNTERS if name in vars(model)},
        "replay": _replayed(model),
    }
    values = (packer.pack(learner, "learner"), packer.pack(watched, "watched"))
    # As it would come back from a file.
    plain, watching = json.loads(json.dumps(values))
    return State(segment, model.num_timesteps, packer.tensors, plain, watching)


def restore(model: BaseAlgorithm, state: State) -> Any:
    """Give a new model of the same settings the state of another.

    Returns:
        What was ``watched``.

    Raises:
        DamagedStoreError: If it is the state of a model of other settings.
    """
    try:
        learner = unpack(state.learner, state.tensors)
        model.set_parameters(learner["parameters"], device=model.device)
        with torch.no_grad():
            for name, value in learner["variables"].items():
                recursive_getattr(model, name).copy_(value)
        for name, value in learner["counters"].items():
            setattr(model, name, value)
        _replay(model, learner["replay"])
        return unpack(state.watched, state.tensors)
    except (ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        raise DamagedStoreError(
            f"what was saved of the run is no state of this agent ({error}); without its "
            "checkpoint, in .rlgen/checkpoints of the store, it begins again"
        ) from None


def _replayed(model: BaseAlgorithm) -> dict[str, Any]:
    """What is replayed, without the part of the buffer that is still empty."""
    buffer = getattr(model, "replay_buffer", None)
    if buffer is None:
        return {}
    n = buffer.buffer_size if buffer.full else buffer.pos
    arrays = {name: array[:n] for name, array in vars(buffer).items() if _is_column(array, buffer)}
    return {"pos": buffer.pos, "full": buffer.full, "columns": arrays}


def _replay(model: BaseAlgorithm, replay: Mapping[str, Any]) -> None:
    if not replay:
        return
    buffer: Any = model.replay_buffer  # type: ignore[attr-defined]
    buffer.pos, buffer.full = replay["pos"], replay["full"]
    for name, column in replay["columns"].items():
        vars(buffer)[name][: len(column)] = column.numpy()


def _is_column(array: Any, buffer: Any) -> bool:
    return getattr(array, "shape", ())[:1] == (buffer.buffer_size,)
