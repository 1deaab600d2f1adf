"""What a store's folder holds before anything is computed: what it is and its cells."""

import json
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from rlgen.errors import StoreError
from rlgen.policies.sources import located
from rlgen.protocol.schema import Protocol
from rlgen.store.contents import Named, behind, changed, edited
from rlgen.store.withdrawing import withdrawable
from rlgen.util import files, sums
from rlgen.util.hashing import digest

#: In a plan's entry: id of the cell with the later content.
SUPERSEDED = "superseded"
#: Settings about which version of something it is that a name stands for: hashes of what users edit
#: (a policy, a family, a network), and the numbers that are raised when the same settings come out
#: otherwise.
CONTENTS = (
    *("policy_hash", "family_source", "family_version", "agent_version", "results_version"),
    "action_masks",  # which older versions did not apply
    "checkpoint_every",  # older versions had no checkpoints
    *("source", "version"),  # among the settings of a network
    "trained_on",  # what is known of a policy, and not what it is
)


@contextmanager
def prepared(path: Path, leftovers: Sequence[str] = ()) -> Iterator[None]:
    """Make a folder and lock it against others who enter cells.

    Args:
        path: A store, or a folder that is to become one.
        leftovers: Names that a folder may hold which is no store yet.

    Raises:
        StoreError: If the folder holds something else, or is not writable.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not (path / ".rlgen").is_dir():
            # Before a lock is written into a folder of somebody else.
            _check_own(path, leftovers)
        (path / ".rlgen" / "locks").mkdir(parents=True, exist_ok=True)
        with FileLock(path / ".rlgen" / "locks" / "store"):
            # Under the lock, since another command may have been making the store until now.
            for name in ("", "parts", "history", "splits", "access"):
                files.remove_leftovers(path / name)
            _check_own(path, leftovers)
            yield
    except OSError as error:
        raise StoreError(f"{path}: cannot be written to: {error.strerror or error}") from None


def _check_own(path: Path, leftovers: Sequence[str]) -> None:
    """Refuse a folder that holds something and is no store."""
    # A command that was killed at the very first may have left sums of files that are not there.
    names = {entry.name for entry in path.iterdir()} - {".rlgen", sums.NAME, *leftovers}
    if names and not (path / "store.json").is_file():
        raise StoreError(
            f"{path}: is not an rlgen store and not empty (holds {min(names)!r}); "
            "choose another folder"
        )


def identity(protocol: Protocol, margins: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """What ``store.json`` says of a study."""
    holds: dict[str, Any] = {"protocol": protocol.name}
    if margins:
        # Before anything is trained; the store takes no other margins from then on.
        holds["claims"] = {
            "sha256": digest(margins),
            "declared": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            "paper": protocol.paper,
            "margins": dict(margins),
        }
    return holds


def keep(history: Path, protocol: bytes) -> None:
    """Put the protocol so far into the history, where a command that was killed may have put it."""
    names = sorted(history.glob("protocol-*.toml"))
    is_there = bool(names) and files.holds(names[-1], protocol)
    name = f"protocol-{len(names) + (not is_there):03}.toml"
    files.replace(history, {name: protocol})


class Planned(typing.Protocol):
    """What a store's plan holds of a cell; see ``study.cell.Cell``."""

    @property
    def id(self) -> str:
        """The name of its run."""

    @property
    def kind(self) -> str:
        """Of the cell."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def settings(self) -> dict[str, Any]:
        """As plain values."""

    @property
    def facts(self) -> dict[str, Any]:
        """What a report must know of it."""

    @property
    def records(self) -> bool:
        """Whether its run holds records of a policy."""


def with_pools(entry: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with the further pools of the same cell's earlier entry."""
    pools = {**before["settings"].get("pools", {}), **entry["settings"].get("pools", {})}
    settings = entry["settings"] | ({"pools": pools} if pools else {})
    return entry | {"settings": settings}


def entry(cell: Planned) -> dict[str, Any]:
    """A cell in the plan; ``records`` stands only where its run has none."""
    keys = ("id", "kind", "label", "settings", "facts")
    entry = {key: getattr(cell, key) for key in keys}
    return entry if cell.records else entry | {"records": False}


def check_numbers(
    entries: Iterable[Mapping[str, Any]], settings: Iterable[Mapping[str, Any]]
) -> None:
    """Refuse policies whose numbers have gone to others since they were numbered.

    Args:
        entries: Of the plan, as it is under the lock.
        settings: Of the cells that are to be entered.

    Raises:
        StoreError: Naming one of them.
    """
    held: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for entry in entries:
        if entry["settings"].get("policy_hash") and SUPERSEDED not in entry:
            held.setdefault(_number(entry["settings"]), []).append(entry["settings"])
    for own in settings:
        for other in held.get(_number(own), []) if own.get("policy_hash") else ():
            file = other.get("policy_file") or located(other["policy"])
            if other["policy_hash"] != own["policy_hash"] and file != own["policy_file"]:
                raise StoreError(
                    f"policy = {own['policy']!r}: another command has added {other['policy']!r} "
                    "at the same moment; the same command again goes on"
                )


def _number(settings: Mapping[str, Any]) -> tuple[str, int]:
    """The agent and the number of a policy."""
    return settings.get("agent", ""), settings.get("seed", -1)


def supersede(entries: dict[str, dict[str, Any]], planned: Collection[str], runs: Path) -> None:
    """Mark the cells of earlier contents of what is planned now.

    Args:
        entries: All entries of a plan by id; changed.
        planned: Ids of those that are asked for now.
        runs: Folder of the runs that are done.
    """
    current = [own for own in entries if own in planned]
    for own in current:
        entries[own].pop(SUPERSEDED, None)
    # A study has one number of steps, and can get more.
    longest = max(current, key=lambda own: _trained_for(entries[own]), default="")
    if longest:
        _withdraw(entries, _trained_for(entries[longest]), runs)
    others = [own for own in entries if own not in planned]
    now = {_key(entries[own], *CONTENTS): own for own in current} if others else {}
    latest: dict[Named, str] = {}
    holders: dict[Named, str] = {}
    for own in current if others else ():
        latest |= behind(entries[own])
        holders |= dict.fromkeys(behind(entries[own]), own)
    for own in others:
        newest = now.get(_key(entries[own], *CONTENTS), own)
        if newest != own:
            entries[own][SUPERSEDED] = newest
            continue
        if names := changed(entries[own], latest):
            # Of another seed or agent, and of levels or a network that are others now.
            entries[own][SUPERSEDED] = holders[names[0]]
        elif _is_back(entries[own], entries, latest):
            del entries[own][SUPERSEDED]
        if longest and 0 < _trained_for(entries[own]) < _trained_for(entries[longest]):
            entries[own][SUPERSEDED] = longest


def _is_back(
    entry: Mapping[str, Any], entries: Mapping[str, Any], latest: Mapping[Named, str]
) -> bool:
    """Whether a cell did not count since something was edited, and that has been changed back."""
    later = entries.get(entry.get(SUPERSEDED, ""))
    names = changed(entry, behind(later)) if later else []
    return bool(names) and latest.keys() >= {*names}


def shortened(
    before: Protocol, now: Protocol, entries: Iterable[Mapping[str, Any]], runs: Path
) -> Protocol:
    """A study with fewer steps than were asked for, if no run has got further: as if mistyped.

    Args:
        before: As declared so far.
        now: As it is asked for.
        entries: Of the plan.
        runs: Folder of the runs that are done.
    """
    if not now.trains or before.steps <= now.steps:
        return before
    is_typo = withdrawable(steps_of(entries), now.steps, runs) is not None
    return before.model_copy(update={"steps": now.steps}) if is_typo else before


def steps_of(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """By the id of each entry of a plan the steps of its run; 0 of those that are not trained."""
    return {entry["id"]: _trained_for(entry) for entry in entries}


def _withdraw(entries: dict[str, dict[str, Any]], steps: int, runs: Path) -> None:
    """Take cells of more steps out of a plan if none of them is done; see ``withdrawing``."""
    further = withdrawable(steps_of(entries.values()), steps, runs) or ()
    for own in further:
        del entries[own]
    for entry in entries.values():
        if entry.get(SUPERSEDED) in further:
            del entry[SUPERSEDED]


def _trained_for(entry: Mapping[str, Any]) -> int:
    """The steps of a run that was trained; 0 of other cells."""
    settings = entry["settings"]
    return int(settings.get("steps", 0)) if settings.get("agent_version") else 0


def not_counted(entries: Iterable[dict[str, Any]], runs: Collection[str] = ()) -> dict[str, str]:
    """Why runs are no part of the answer, by their id; they are kept all the same.

    What was changed is a new run. A policy that stands under two names is one run. A run that no
    entry names was computed while another command took its cell out of the plan.

    Args:
        entries: Of a plan.
        runs: Ids of those that are done.
    """
    first: dict[str, dict[str, Any]] = {}
    by_id = {entry["id"]: entry for entry in entries}
    reasons = {
        own: f"the plan does not name run {own}; the command that asked for it counts it again"
        for own in (set(runs) - by_id.keys() if by_id else ())
    }
    for entry in by_id.values():
        settings = entry["settings"]
        if SUPERSEDED in entry:
            steps, more = map(_trained_for, (entry, by_id.get(entry[SUPERSEDED], entry)))
            if steps < more:
                reasons[entry["id"]] = (
                    f"{entry['label']} trained for {steps:,} steps, and now it is {more:,}"
                )
                continue
            names = edited(entry, by_id.get(entry[SUPERSEDED], entry))
            when = f" {entry['label']} was trained" if names and _trained_for(entry) else ""
            names = names or settings.get("policy") or entry["label"]
            reasons[entry["id"]] = f"{names} has been changed since{when}"
            continue
        if not settings.get("policy_hash"):
            continue
        same = first.setdefault(_key(entry, "policy", "policy_file", "seed"), entry)["settings"]
        if same is not settings:
            reasons[entry["id"]] = f"{settings['policy']} is the same policy as {same['policy']}"
    return reasons


def _key(entry: dict[str, Any], *left_out: str) -> str:
    """The settings without some of them, to be compared."""
    kept = {key: value for key, value in entry["settings"].items() if key not in left_out}
    if kept.get("policy"):
        # As it was typed; stores of older versions have nothing else.
        typed = kept.pop("policy")
        kept.setdefault("policy_file", located(typed))
    network = kept.get("network_settings", {})
    kept["network_settings"] = {k: v for k, v in network.items() if k not in left_out}
    # Cells of policies of older versions do not say their kind; their settings tell them apart.
    kind = "" if entry.get("records", True) else entry.get("kind")
    return json.dumps([kind, kept], sort_keys=True, default=str)
