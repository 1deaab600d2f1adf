"""TensorBoard's event files."""

from dataclasses import replace

import pandas as pd

from rlgen.errors import ImportedFileError
from rlgen.store.importing.source import LEARNING, Source, is_return, is_rollout, logged_pool


def events(source: Source) -> Source:
    """Read the returns of one event file, by the tags that trainers use.

    Tags such as ``rollout/ep_rew_mean`` are returns of training episodes, ``eval/mean_reward`` is
    of held-out ones. Where a step was logged again after a restart, the later value counts.

    Raises:
        ImportedFileError: If it cannot be read, or has no such tag.
    """
    path = source.path
    try:
        from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
        from tensorboard.util.tensor_util import make_ndarray
    except ImportError:
        raise ImportedFileError(
            f"{path}: reading TensorBoard's files needs the package tensorboard: pip install "
            "rlgen[tensorboard]"
        ) from None
    values: dict[tuple[str, int], float] = {}
    tags: dict[str, None] = {}
    try:
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                tags[value.tag] = None
                if is_return(value.tag):
                    values[value.tag, event.step] = float(make_ndarray(value.tensor).item())
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        reason = (str(error).splitlines() or ["?"])[0]
        raise ImportedFileError(f"{path}: is not an event file of TensorBoard: {reason}") from None
    used = sorted({tag for tag, _ in values})
    if not used:
        there = ", ".join(tags) or "nothing"
        raise ImportedFileError(f"{path}: has no return such as eval/mean_reward among {there}")
    unclear = [tag for tag in used if logged_pool(tag) is None]
    if unclear and len(used) > 1:
        raise ImportedFileError(
            f"{path}: holds {', '.join(used)}, and it is not clear of which pool {unclear[0]!r} is"
        )
    rows = pd.DataFrame(
        {
            "step": step,
            "return": value,
            "pool": logged_pool(tag),
            LEARNING: is_rollout(tag),
        }
        for (tag, step), value in values.items()
    )
    note = f"{path}: the returns are {', '.join(used)}."
    named = replace(source, unused=source.unused | {"tag"})
    if len(used) == 1:
        facts = {} if unclear else {"pool": str(logged_pool(used[0]))}
        return named.holding(rows.drop(columns="pool"), note, **facts)
    return named.holding(rows, note)
