"""Policies made elsewhere of which a store holds several versions, or one under several names."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

Entry = dict[str, Any]

#: In a plan's entry: id of the cell with the file's later content.
SUPERSEDED = "superseded"


def supersede(entries: Mapping[str, Entry], planned: Collection[str]) -> None:
    """Mark the cells of earlier contents of the files that are planned now.

    Args:
        entries: All entries of a plan by id; changed.
        planned: Ids of those that are asked for now.
    """
    now = {_key(entries[own], "policy_hash"): own for own in planned if _is_file(entries[own])}
    for own, entry in entries.items():
        if _is_file(entry):
            newest = now.get(_key(entry, "policy_hash"), own)
            if own in planned:
                entry.pop(SUPERSEDED, None)
            elif newest != own:
                entry[SUPERSEDED] = newest


def not_counted(entries: Iterable[Entry]) -> dict[str, str]:
    """Why runs are no part of the answer, by their id; they are kept all the same.

    A file that was changed is a new run. A policy that stands under two names is one run.
    """
    reasons: dict[str, str] = {}
    first: dict[str, Entry] = {}
    for entry in entries:
        if not _is_file(entry):
            continue
        settings = entry["settings"]
        if SUPERSEDED in entry:
            reasons[entry["id"]] = f"{settings['policy']} has been changed since"
            continue
        same = first.setdefault(_key(entry, "policy", "seed"), entry)
        if same is not entry:
            other = same["settings"]["policy"]
            reasons[entry["id"]] = f"{settings['policy']} is the same policy as {other}"
    return reasons


def _is_file(entry: Entry) -> bool:
    return bool(entry["settings"].get("policy_hash"))


def _key(entry: Entry, *left_out: str) -> str:
    """The settings without some of them, to be compared."""
    kept = {key: value for key, value in entry["settings"].items() if key not in left_out}
    return json.dumps(kept, sort_keys=True, default=str)
