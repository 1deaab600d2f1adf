"""What a file beside a policy says of the levels that it was trained on: ``ppo.levels.json``.

``rlgen.save_levels`` writes it. It holds the SHA-256 of the policy's file, so that it is believed
of that file alone.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from rlgen.errors import DamagedStoreError, PolicyError
from rlgen.protocol.policy_names import parts
from rlgen.util import checked_json, files
from rlgen.util.ranges import parse_ids

#: The ending of such files, and what their ``format`` is.
ENDING, FORMAT = ".levels.json", "rlgen.levels/1"
#: How it is known what a policy was trained on: by such a file, or by what the user says.
RECORDED, STATED = "recorded", "stated"
#: Endings of policies' files that the name of the file beside does not have.
POLICIES = (".zip", ".pt", ".pt2", ".ts", ".pth", ".onnx", ".safetensors")
#: The largest such file, in bytes: a million levels that are no ranges fit.
_MOST_BYTES = 2**25

Text = Annotated[str, Field(max_length=500)]
Count = Annotated[int, Field(ge=0, lt=2**63)]


def _ids(text: str) -> str:
    parse_ids(text)
    return text


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Policy(_Model):
    file: Text
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Levels(_Model):
    """Further keys are let through: later versions may write some."""

    format: Literal["rlgen.levels/1"]
    environment: Text
    environment_class: Text
    levels: Annotated[str, AfterValidator(_ids)]
    played: Count
    episodes: Count
    policy: _Policy


_FILE: TypeAdapter[Any] = TypeAdapter(_Levels)


@dataclass(frozen=True)
class TrainedOn:
    """What is written beside a policy.

    Attributes:
        levels: Ids of the levels as text, such as ``"0:200"``.
        environment: Id of the environment; empty where it is not registered.
        environment_class: ``module:class`` of the environment.
        path: The file that says so.
    """

    levels: str
    environment: str
    environment_class: str
    path: Path

    def is_of(self, family: str) -> bool:
        """Whether the environment may be the one that a family of this name has."""
        own = {_plain(name) for name in (self.environment, self.environment_class) if name}
        return _plain(family.partition("[")[0]) in own


def _plain(name: str) -> str:
    """A name without the module that registers it, and without its version."""
    return re.sub(r"-v\d+$", "", name.rpartition(":")[2])


def path_beside(policy: Path) -> Path:
    """Where it is written of a policy's file.

    Example:
        >>> path_beside(Path("runs/ppo.zip")).as_posix()
        'runs/ppo.levels.json'
    """
    stem = policy.stem if policy.suffix in POLICIES else policy.name
    return policy.with_name(f"{stem}{ENDING}")


def sha256(policy: Path) -> str:
    """Of a file, as hex."""
    with policy.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(policy: Path, values: Mapping[str, Any]) -> Path:
    """Write what a policy was trained on beside its file.

    Args:
        policy: The file.
        values: ``environment``, ``environment_class``, ``levels``, ``played`` and ``episodes``.

    Raises:
        PolicyError: If another policy of this name, such as its export, has such a file.
    """
    beside = path_beside(policy)
    if other := _whose(beside, policy):
        raise PolicyError(
            f"{beside}: says what {other} was trained on, which is there; save {policy.name} under "
            "another name"
        )
    own = {"file": policy.name, "sha256": sha256(policy)}
    files.write_json(beside, {"format": FORMAT, **values, "policy": own})
    return beside


def _whose(beside: Path, policy: Path) -> Path | None:
    """Another policy, which is there and of which a file beside is."""
    if not beside.is_file() or beside.stat().st_size > _MOST_BYTES:
        return None
    try:
        own = checked_json.read(beside, _FILE)["policy"]
    except DamagedStoreError:
        return None
    other = policy.with_name(Path(own["file"]).name)
    is_there = other != policy and other.is_file()
    return other if is_there and sha256(other) == own["sha256"] else None


def read(policy: str) -> TrainedOn | None:
    """What is written beside a policy, or None if nothing is.

    Args:
        policy: Its file, or as ``policy_names.parts`` splits it; of a function there is nothing. Of
            a link it is what is beside it, else beside the file that it leads to.

    Raises:
        PolicyError: If the file beside is no such file, or was written of another policy.
    """
    path = Path(parts(policy)[0])
    places = [path_beside(path), path_beside(path.resolve())]
    beside = next((place for place in places if place.is_file()), None)
    if beside is None or not path.is_file():
        return None
    content = _content(beside)
    if content["policy"]["sha256"] != sha256(path):
        raise PolicyError(
            f"{beside}: was written for another {content['policy']['file']}: {path} is not that "
            "file, or has changed since; call rlgen.save_levels after each save, or remove the file"
        )
    return _of(content, beside)


def said(file: Path) -> TrainedOn:
    """What such a file says, whether its policy is there or not.

    Raises:
        PolicyError: If it is no such file.
    """
    if not file.is_file():
        raise PolicyError(f"{file}: there is no such file")
    return _of(_content(file), file)


def _of(content: Mapping[str, Any], file: Path) -> TrainedOn:
    return TrainedOn(content["levels"], content["environment"], content["environment_class"], file)


def _content(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _MOST_BYTES:
        raise PolicyError(f"{file}: is larger than {_MOST_BYTES:,} bytes")
    try:
        content: dict[str, Any] = checked_json.read(file, _FILE)
    except DamagedStoreError as error:
        raise PolicyError(str(error)) from None
    return content


def same_levels(texts: Sequence[str]) -> bool:
    """Whether texts of ids name the same levels, in whatever order."""
    return len(set(texts)) < 2 or len({frozenset(parse_ids(text)) for text in texts}) < 2
