"""Policies and levels that users edit, of which a store holds several versions."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

Entry = dict[str, Any]

#: In a plan's entry: id of the cell with the later content.
SUPERSEDED = "superseded"
#: Settings that are hashes of what users edit: a policy's file or source, a family's source.
CONTENTS = ("policy_hash", "family_source")


def supersede(entries: Mapping[str, Entry], planned: Collection[str]) -> None:
    """Mark the cells of earlier contents of what is planned now.

    Args:
        entries: All entries of a plan by id; changed.
        planned: Ids of those that are asked for now.
    """
    now = {_key(entries[own], *CONTENTS): own for own in planned}
    for own, entry in entries.items():
        newest = now.get(_key(entry, *CONTENTS), own)
        if own in planned:
            entry.pop(SUPERSEDED, None)
        elif newest != own:
            entry[SUPERSEDED] = newest


def not_counted(entries: Iterable[Entry]) -> dict[str, str]:
    """Why runs are no part of the answer, by their id; they are kept all the same.

    What was changed is a new run. A policy that stands under two names is one run.
    """
    reasons: dict[str, str] = {}
    first: dict[str, Entry] = {}
    for entry in entries:
        settings = entry["settings"]
        if SUPERSEDED in entry:
            edited = settings.get("policy") or settings.get("family", entry["label"])
            reasons[entry["id"]] = f"{edited} has been changed since"
            continue
        if not settings.get("policy_hash"):
            continue
        same = first.setdefault(_key(entry, "policy", "seed"), entry)
        if same is not entry:
            other = same["settings"]["policy"]
            reasons[entry["id"]] = f"{settings['policy']} is the same policy as {other}"
    return reasons


def _key(entry: Entry, *left_out: str) -> str:
    """The settings without some of them, to be compared."""
    kept = {key: value for key, value in entry["settings"].items() if key not in left_out}
    # Cells of policies of older versions do not say their kind; their settings tell them apart.
    kind = "" if entry.get("records", True) else entry.get("kind")
    return json.dumps([kind, kept], sort_keys=True, default=str)
