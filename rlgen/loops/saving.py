"""What a training loop trained on, written beside the policy that came of it."""

import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import index
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from rlgen.errors import LevelError, PolicyError, RlgenWarning
from rlgen.levels.family import level_ids
from rlgen.loops.accounts import Counters, elsewhere, is_certain
from rlgen.protocol import trained_on
from rlgen.util.ranges import ids_text, parse_ids, whole


@dataclass(frozen=True)
class _Noted:
    """What earlier calls learnt of a model.

    Attributes:
        records: What its environments said, by their names.
        earlier: Levels that its user named.
        accounted: Its counters when they were named.
    """

    records: Mapping[str, Mapping[str, Any]]
    earlier: frozenset[int] = frozenset()
    accounted: Counters | None = None


_noted: WeakKeyDictionary[Any, _Noted] = WeakKeyDictionary()


def save_levels(
    trained: Any, policy: str | Path, *, earlier: Iterable[int] | str | Path | None = None
) -> Path:
    """Write the levels of a training loop beside the policy that it made.

    ``rlgen evaluate --policy`` reads them there: reports then say what the policy was trained on,
    where they otherwise say what they assume. Call it after each save, since it holds for the file
    as it is now.

    A model that was trained before, in other environments or in another process, has learnt their
    levels too. Those of earlier calls with the same model are kept; ``earlier`` says others.

    Args:
        trained: A ``LevelEnv``, wrapped or not; a vector of them, of gymnasium or
            stable-baselines3; or a model of stable-baselines3, which has one.
        policy: The policy's file, already saved.
        earlier: What it learnt on before: ids of levels, text like ``"0:200"``, or a file
            ``ppo.levels.json``, which says them; ``[]`` says that there are none.

    Returns:
        The file that was written: ``ppo.levels.json`` for ``ppo.zip``.

    Raises:
        LevelError: If there is no such file, or no LevelEnv; or if the model's counters show that
            it has learnt elsewhere too, and ``earlier`` does not say where.

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
    records = {f"{own['name']} {n}": own for n, own in enumerate(_records(trained))}
    if not hasattr(trained, "get_env"):
        values = _joined(list(records.values()))
        levels = None if earlier is None else _ids(earlier, values["environment_class"])
        if levels is None:
            _warn(path, values["levels"])
        return trained_on.write(path, values | _union_with(values["levels"], levels or ()))
    noted = _noted.get(trained, _Noted({}))
    records = {**noted.records, **records}
    values = _joined(list(records.values()))
    counters = Counters.of(trained, values["steps"])
    if earlier is not None:
        stated = noted.earlier | _ids(earlier, values["environment_class"])
        noted = _Noted(records, stated, counters)
    elif reason := elsewhere(trained, counters, noted.accounted):
        raise LevelError(
            f"{path}: the model has learnt elsewhere too, on levels that nobody said: {reason}; "
            'name them: save_levels(model, file, earlier="0:200"), or earlier="old.levels.json"'
        )
    else:
        if noted.accounted is None and not is_certain(trained):
            _warn(path, values["levels"], trained)
        noted = replace(noted, records=records)
    _noted[trained] = noted
    values |= _union_with(values["levels"], noted.earlier)
    return trained_on.write(path, values)


def _union_with(levels: str, earlier: Collection[int]) -> dict[str, str]:
    """The levels of a record with those of before."""
    if not earlier:
        return {"levels": levels}
    every = {*parse_ids(levels), *earlier}
    return {"levels": ids_text(every), "earlier": ids_text(earlier)}


def _ids(earlier: Iterable[int] | str | Path, environment: str) -> frozenset[int]:
    """The levels that ``earlier`` says, in environments of this class."""
    if isinstance(earlier, Path) or (isinstance(earlier, str) and earlier.endswith(".json")):
        record = trained_on.said(Path(earlier))
        if record.environment_class != environment:
            raise LevelError(
                f"earlier = {str(earlier)!r}: is of {record.environment_class}, and the "
                f"environments are {environment}: one policy, one family"
            )
        return frozenset(parse_ids(record.levels))
    try:
        if isinstance(earlier, str):
            return frozenset(parse_ids(earlier))
        return frozenset(level_ids([index(whole(level)) for level in earlier]).tolist())
    except (TypeError, ValueError, LevelError) as error:
        raise LevelError(f"earlier = {earlier!r}: {error}") from None


def _warn(policy: Path, levels: str, model: Any = None) -> None:
    """Say what cannot be noticed: that training may have gone on from other levels."""
    beside = trained_on.path_beside(policy)
    try:
        before = trained_on.said(beside).levels if beside.is_file() else ""
    except PolicyError:
        before = ""
    if before and not set(parse_ids(before)) <= set(parse_ids(levels)):
        text = (
            f"{beside}: said {before[:60]}, and now says {levels[:60]}: if training went on from "
            "the one that was there, name its levels: save_levels(..., earlier=...); else "
            "earlier=[]"
        )
    elif model is not None:
        text = (
            f"{beside}: whether this {type(model).__name__} was trained before, on other levels, "
            "cannot be computed: name them, save_levels(..., earlier=...), or say earlier=[]"
        )
    else:
        return
    warnings.warn(text, RlgenWarning, stacklevel=3)


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
    first = {key: value for key, value in records[-1].items() if key != "name"}
    for key in ("environment", "environment_class"):
        if len({record[key] for record in records}) > 1:
            names = sorted({str(record[key]) for record in records})
            raise LevelError(f"its environments are {' and '.join(names)}: one policy, one family")
    return {
        **first,
        "levels": _union(records, "levels"),
        "played": len(parse_ids(played)) if (played := _union(records, "played")) else 0,
        **{key: sum(int(own[key]) for own in records) for key in ("episodes", "steps")},
    }


def _union(records: Sequence[Mapping[str, Any]], key: str) -> str:
    texts = {str(record[key]) for record in records} - {""}
    return ids_text({level for text in texts for level in parse_ids(text)})
