"""Find a zip's statistics of VecNormalize where the field's tools and people put them.

Beside the zip under any spelling (``vecnormalize.pkl``, ``vec_normalize.pkl``,
``best_model_vecnormalize.pkl``), with the zip's number of steps (``CheckpointCallback``:
``rl_model_vecnormalize_1000_steps.pkl``), or in a folder beside it (rl-baselines3-zoo:
``RUN/best_model.zip`` and ``RUN/ENV-ID/vecnormalize.pkl``).
"""

import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from rlgen.errors import PolicyError
from rlgen.policies.sb3 import archive
from rlgen.protocol.policy_names import WITH, WITHOUT, parts

#: Endings of pickles, and what a pickled VecNormalize has among its first bytes.
ENDINGS, FIRST = (".pkl", ".pickle"), b"VecNormalize"
#: Words that say nothing of whose statistics they are.
SPELLINGS = ("vecnormalize", "vecnormalise", "vecnorm")
#: The largest file of settings of the zoo.
MOST_CONFIG = 2**20


def with_statistics(source: str) -> str:
    """The name of a policy, with the statistics that belong to it if it is a zip that has some.

    Those of a link are beside the file that it leads to, or beside the link.

    Args:
        source: See ``policy_names.parts``.

    Raises:
        PolicyError: If several files may hold them, or if it was trained on normalised observations
            and no file holds them.
    """
    path = Path(parts(source)[0])
    if path.is_symlink() and not parts(source)[1]:
        try:
            _, statistics = parts(_with_statistics(str(path.resolve())))
        except PolicyError:
            statistics = ""
        if statistics:
            return f"{source}{WITH}{statistics}"
    return _with_statistics(source)


def _with_statistics(source: str) -> str:
    path = Path(parts(source)[0])
    if parts(source)[1] or not path.is_file() or not zipfile.is_zipfile(path):
        return source
    with zipfile.ZipFile(path) as opened:
        if "data" not in opened.namelist():
            return source
    data = archive.read(path).data
    # A folder with zips has statistics for these.
    below = [f for f in _named(path.parent.glob("*/*.p*kl*")) if not any(f.parent.glob("*.zip"))]
    files = [*_files(path.parent), *below]
    steps = data.get("num_timesteps")
    steps = steps if isinstance(steps, int) else 0
    own = [file for file in files if _is_of(file, path, steps)]
    zips = {_rest(other) for other in path.parent.glob("*.zip") if other != path} - {""}
    free = [file for file in files if _rest(file) not in zips and _steps(file) is None]
    normalised = _was_normalised(data, steps)
    if normalised is False and not own:
        return source
    if normalised is not False and (len(own) == 1 or (not own and len(free) == 1)):
        return f"{source}{WITH}{(own or free)[0]}"
    candidates = own or free or files or _named(path.parent.parent.glob("*"))
    if candidates:
        raise PolicyError(
            f"{path}: {', '.join(map(str, candidates[:3]))} may hold its statistics of "
            f"VecNormalize: say --policy {path}{WITH}{candidates[0]}, or {path}{WITH}{WITHOUT} if "
            "it was trained without"
        )
    sign = "it says itself" if normalised else _sign(path)
    if sign:
        raise PolicyError(
            f"{path}: was trained with VecNormalize, as {sign}, and its statistics are not here: "
            f"say --policy {path}{WITH}FILE.pkl, or {path}{WITH}{WITHOUT} if observations were not "
            "normalised"
        )
    return source


def _was_normalised(data: Mapping[str, Any], steps: int) -> bool | None:
    """Whether a zip was trained with VecNormalize; None if its settings do not say.

    stable-baselines3 keeps the observation before normalisation at the start of training: with
    VecNormalize alone, but for off-policy algorithms, which keep it always.
    """
    if data.get("_vec_normalize_env"):
        return True
    if "_last_original_obs" not in data or "learning_starts" in data:
        return None
    if data["_last_original_obs"] is not None:
        return True
    return False if steps > 0 else None


def _files(folder: Path) -> Iterator[Path]:
    """Files of a folder that hold statistics, by their names or by their first bytes."""
    for file in sorted(folder.iterdir()):
        if file.suffix in ENDINGS and file.is_file():
            with file.open("rb") as stream:
                first = stream.read(200)
            if FIRST in first or _is_named(file):
                yield file


def _named(files: Iterator[Path]) -> list[Path]:
    return sorted(f for f in files if f.suffix in ENDINGS and f.is_file() and _is_named(f))


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _is_named(file: Path) -> bool:
    return any(word in _plain(file.stem) for word in SPELLINGS)


def _rest(file: Path) -> str:
    """What a file's name says besides that it holds statistics."""
    rest = _plain(file.stem)
    for word in SPELLINGS:
        rest = rest.replace(word, "")
    return rest


def _steps(file: Path) -> int | None:
    """The number of steps in a file's name."""
    words = file.stem.lower().replace("-", "_").split("_")
    for number, word in pairwise(words):
        if word == "steps" and number.isdecimal():
            return int(number)
    return None


def _is_of(file: Path, path: Path, steps: int) -> bool:
    """Whether a file's name says that its statistics are those of this zip."""
    return _rest(file) == _rest(path) or _steps(file) == steps


def _sign(path: Path) -> str:
    """The file of settings of the zoo that says that observations were normalised."""
    folder = path.parent
    for file in sorted([*folder.glob("config.yml"), *folder.glob("*/config.yml")]):
        if file.is_file() and file.stat().st_size <= MOST_CONFIG and _normalises(file):
            return f"{file} says"
    return ""


def _normalises(config: Path) -> bool:
    """Whether the zoo's settings, an ordered dictionary in YAML, have observations normalised."""
    lines = [line.strip(" -\t") for line in config.read_text(errors="replace").splitlines()]
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        key, _, value = line.partition(":")
        if key == "normalize":
            text = "".join(c for c in (value or after).lower() if c.isalnum() or c == ":")
            return text not in ("", "false", "null") and "normobs:false" not in text
    return False
