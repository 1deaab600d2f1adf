"""What a training loop trained on, written beside the policy that came of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlgen.errors import LevelError
from rlgen.protocol import trained_on
from rlgen.util.ranges import ids_text, parse_ids


def save_levels(trained: Any, policy: str | Path) -> Path:
    """Write the levels of a training loop beside the policy that it made.

    ``rlgen evaluate --policy`` reads them there: reports then say what the policy was trained on,
    where they otherwise say what they assume. Call it after each save, since it holds for the file
    as it is now.

    Args:
        trained: A ``LevelEnv``, wrapped or not; a vector of them, of gymnasium or
            stable-baselines3; or a model of stable-baselines3, which has one.
        policy: The policy's file, already saved.

    Returns:
        The file that was written: ``ppo.levels.json`` for ``ppo.zip``.

    Raises:
        LevelError: If there is no such file, or no LevelEnv.

    Example:
        >>> from tempfile import mkdtemp
        >>> from rlgen.loops.level_env import LevelEnv
        >>> file = Path(mkdtemp()) / "policy.pt"
        >>> _ = file.write_bytes(b"weights")
        >>> save_levels(LevelEnv("CartPole-v1", range(200)), file).name
        'policy.levels.json'
    """
    path = Path(policy)
    if not path.is_file() and path.suffix != ".zip":
        path = path.with_name(f"{path.name}.zip")  # as stable-baselines3 saves it
    if not path.is_file():
        raise LevelError(f"{policy}: there is no such file: save the policy first")
    return trained_on.write(path, _joined(_records(trained)))


def _records(trained: Any) -> Sequence[Mapping[str, Any]]:
    """What each of the environments says."""
    env = trained.get_env() if hasattr(trained, "get_env") else trained
    try:
        if hasattr(env, "get_attr"):
            return list(env.get_attr("trained_on"))
        return [env.get_wrapper_attr("trained_on")]
    except AttributeError:
        raise LevelError(
            f"{type(trained).__name__} has no LevelEnv, so that nobody knows its levels: train in "
            "rlgen.LevelEnv(env, levels=...)"
        ) from None


def _joined(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One record of all environments."""
    first = records[0]
    for key in ("environment", "environment_class"):
        if len({record[key] for record in records}) > 1:
            names = sorted({str(record[key]) for record in records})
            raise LevelError(f"its environments are {' and '.join(names)}: one policy, one family")
    return {
        **first,
        "levels": _union(records, "levels"),
        "played": len(parse_ids(played)) if (played := _union(records, "played")) else 0,
        "episodes": sum(int(record["episodes"]) for record in records),
    }


def _union(records: Sequence[Mapping[str, Any]], key: str) -> str:
    texts = {str(record[key]) for record in records} - {""}
    return ids_text({level for text in texts for level in parse_ids(text)})
