"""What users edit behind a name that stays: a family's module, a network's, a policy's file."""

import json
from collections.abc import Mapping
from typing import Any

#: Key of the settings and name.
Named = tuple[str, str]


def behind(entry: Mapping[str, Any]) -> dict[Named, str]:
    """What stands behind the names of a cell's family and network."""
    settings = entry["settings"]
    network = settings.get("network_settings", {})
    contents = {
        "family": [settings.get(f"family_{key}") for key in ("source", "version")],
        "network": [network.get(key) for key in ("source", "version")],
    }
    names = {key: settings.get(key) for key in contents}
    return {(key, str(name)): json.dumps(contents[key]) for key, name in names.items() if name}


def changed(entry: Mapping[str, Any], others: Mapping[Named, str]) -> list[Named]:
    """The names of a cell behind which is something else in others, as of ``behind``."""
    return [named for named, own in behind(entry).items() if others.get(named, own) != own]


def edited(entry: Mapping[str, Any], later: Mapping[str, Any]) -> str:
    """The names of a cell behind which is something else in a later one, or nothing."""
    names = [name for _, name in changed(entry, behind(later))]
    one, other = entry["settings"], later["settings"]
    if _file(one) == _file(other) and one.get("policy_hash") != other.get("policy_hash"):
        names.insert(0, one["policy"])
    return " or ".join(names)


def _file(settings: Mapping[str, Any]) -> str:
    return str(settings.get("policy_file") or settings.get("policy", ""))
