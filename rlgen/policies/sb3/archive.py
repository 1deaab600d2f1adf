"""Read the parts of a stable-baselines3 zip, bounded in size and without unpickling.

Like stable-baselines3's ``load_from_zip_file(load_data=False)``, which would also read weights that
a policy does not need, of any size.
"""

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlgen.errors import PolicyError
from rlgen.policies.sb3 import pickles

if TYPE_CHECKING:
    import torch

#: The largest member, in bytes once it is unpacked: settings, text, weights, names of weights.
MOST = {"data": 2**26, "text": 2**14, "policy.pth": 2**31, "data.pkl": 2**24}
#: A member is refused if it unpacks to more than this many times its size: weights hardly shrink.
MOST_TIMES = 100
#: The largest number of values in the settings.
MOST_VALUES = 1_000_000


@dataclass(frozen=True)
class Archive:
    """A zip of stable-baselines3.

    Attributes:
        path: The file.
        data: The JSON of its settings; what JSON cannot say is pickled in it.
        versions: What it was saved with, for example {"Python": "3.7.16"}.
    """

    path: Path
    data: Mapping[str, Any]
    versions: Mapping[str, str]

    def error(self, reason: str) -> PolicyError:
        """An error about it, in one line of printable characters."""
        printable = "".join(c if c.isprintable() else " " for c in reason)
        return PolicyError(f"{self.path}: {' '.join(printable.split())}")

    @property
    def saved_with(self) -> str:
        """Names and versions of what it was saved with."""
        return ", ".join(f"{name} {version}" for name, version in self.versions.items())

    def pickled(self, key: str) -> bytes | None:
        """The pickle of a setting; None if the setting is plain JSON.

        Raises:
            PolicyError: If there is no such setting, or it is damaged.
        """
        if key not in self.data:
            raise self.error(f"its settings lack {key}")
        value = self.data[key]
        if not isinstance(value, dict) or ":serialized:" not in value:
            return None
        try:
            return base64.b64decode(value[":serialized:"])
        except (ValueError, TypeError):
            raise self.error(f"its {key} is damaged") from None

    def setting(self, key: str) -> Any:
        """A setting; ``pickles.Node`` in place of what is no plain value.

        Raises:
            PolicyError: If there is no such setting, or it is damaged.
        """
        pickled = self.pickled(key)
        try:
            return self.data[key] if pickled is None else pickles.read(pickled)
        except pickles.PickleError as error:
            raise self.error(f"its {key} is {error}") from None

    def weights(self) -> "dict[str, torch.Tensor]":
        """The weights of its policy, by name.

        Raises:
            PolicyError: If they are damaged, larger than they say, or hold nan or infinity.
        """
        import torch

        try:
            with zipfile.ZipFile(self.path) as archive:
                raw = _member(archive, "policy.pth")
            _check_packing(raw)
            weights = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
        except Exception as error:
            raise self.error(f"its weights cannot be read: {str(error)[:200]}") from None
        tensors = isinstance(weights, dict) and all(map(torch.is_tensor, weights.values()))
        if not tensors or not all(isinstance(name, str) for name in weights):
            raise self.error("its weights cannot be read: they are not tensors with names")
        for name, weight in weights.items():
            if weight.numel() * weight.element_size() > weight.untyped_storage().nbytes():
                raise self.error(f"its weights {name} are larger than what is stored of them")
            if not torch.isfinite(weight).all():
                raise self.error(f"its weights {name} are not finite numbers: training diverged")
        return dict(weights)


def read(path: Path) -> Archive:
    """Open a zip; nothing in it is unpickled.

    Raises:
        PolicyError: If it was not saved by stable-baselines3.
    """
    empty = Archive(path, {}, {})
    try:
        with zipfile.ZipFile(path) as archive:
            raw, names = _member(archive, "data"), archive.namelist()
            texts = {
                name: _member(archive, name, "text").decode(errors="replace")
                for name in ("_stable_baselines3_version", "system_info.txt")
                if name in names
            }
        if raw.count(b",") + raw.count(b":") > MOST_VALUES:
            raise ValueError(f"its settings have more than {MOST_VALUES:,} values")
        data = json.loads(raw)
    except Exception as error:
        # A damaged zip raises what zlib, zipfile, json or the operating system do.
        reason = (
            "its settings are nested too deeply" if isinstance(error, RecursionError) else error
        )
        raise empty.error(f"cannot be read as a stable-baselines3 zip: {reason}") from None
    if not isinstance(data, dict):
        raise empty.error("cannot be read as a stable-baselines3 zip")
    return Archive(path, data, _versions(**texts))


def _member(archive: zipfile.ZipFile, name: str, kind: str = "") -> bytes:
    """A member of a zip, if it is not larger than such a member can be."""
    info = archive.getinfo(name)
    most = MOST[kind or name]
    if info.file_size > most or info.file_size > 2**20 + MOST_TIMES * info.compress_size:
        raise ValueError(f"{name} unpacks to {info.file_size:,} bytes")
    return archive.read(info)


def _check_packing(raw: bytes) -> None:
    """Refuse weights that unpack to more than their own size: torch does not compress them."""
    if not zipfile.is_zipfile(io.BytesIO(raw)):
        return  # of torch before 1.6
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = archive.infolist()
    if sum(info.file_size for info in members) > len(raw):
        raise ValueError("they unpack to more than their own size")
    for info in members:
        if info.filename.endswith("data.pkl") and info.file_size > MOST["data.pkl"]:
            raise ValueError(f"their names take {info.file_size:,} bytes")


def _versions(_stable_baselines3_version: str = "", **texts: str) -> dict[str, str]:
    """Versions from a zip's texts, without characters that versions do not have."""
    lines = [f"stable-baselines3: {_stable_baselines3_version}"]
    lines += texts.get("system_info.txt", "").splitlines()
    named = {}
    for line in lines:
        name, colon, version = line.strip("- ").partition(": ")
        if colon and name in (
            "stable-baselines3",
            "Python",
            "PyTorch",
            "Numpy",
            "Gym",
            "Gymnasium",
        ):
            named[name] = "".join(c for c in version[:30] if c.isalnum() or c in ".+-")
    return named
