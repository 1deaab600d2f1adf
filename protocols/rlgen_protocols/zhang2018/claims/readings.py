"""Other readings of the paper: do the verdicts change with what it leaves open (method 1.13)?

Each is compared with the default reading on the same settings, those for which both were trained.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from rlgen.analysis.claims import Decision, Margins, decide
from rlgen.analysis.results import Results
from rlgen_protocols.zhang2018.claims import CLAIMS
from rlgen_protocols.zhang2018.claims.evidence import Evidence, Setting


@dataclass(frozen=True)
class Reading:
    """One ambiguity under its other resolution.

    Attributes:
        what: The alternative in words.
        families: Family by the one that it stands for.
        networks: Network likewise.
        condition: By which returns are judged instead.
        items: Parts in which both readings were trained; any, if nothing was trained for it.
        claims: Those that its settings speak of.
    """

    what: str
    families: Mapping[str, str]
    networks: Mapping[str, str]
    condition: str | None
    items: tuple[str, ...]
    claims: tuple[str, ...]

    def substitute(self, setting: Setting) -> Setting:
        """The setting under this reading."""
        return replace(
            setting,
            family=self.families.get(setting.family, setting.family),
            network=self.networks.get(setting.network, setting.network),
        )


_UNFLIPPED = ("C-01", "C-02", "C-04", "C-05")

READINGS: dict[str, Reading] = {
    "A-01": Reading(
        "the key's reward flips like the others'",
        {"maze-basic": "maze-basic[flip_key=true,rescale=all]"},
        {},
        None,
        ("sensitivity-flips",),
        ("C-06",),
    ),
    "A-06": Reading(
        "the border wall is not counted in the size",
        {"maze-basic": "maze-basic[border=outside]"},
        {},
        None,
        ("sensitivity",),
        _UNFLIPPED,
    ),
    "A-19": Reading(
        "convolutions are padded",
        {},
        {"conv-a": "conv-a-same"},
        None,
        ("sensitivity",),
        _UNFLIPPED,
    ),
    "A-20": Reading(
        "a dense layer of 256 follows the convolutions",
        {},
        {"conv-a": "conv-a-dense"},
        None,
        ("sensitivity",),
        _UNFLIPPED,
    ),
    "A-25": Reading(
        "agents are judged by their most probable action",
        {},
        {},
        "greedy",
        (),
        (*_UNFLIPPED, "C-03", "C-06", "C-11"),
    ),
}


@dataclass(frozen=True)
class Change:
    """A claim under the default and under another reading, on the same settings."""

    reading: str
    what: str
    default: Decision
    other: Decision


def untrained(parts: Collection[str]) -> str:
    """The readings for which a study has trained nothing, as a sentence; empty if there are none.

    Args:
        parts: Names of the study's parts.
    """
    left = {
        name: one for name, one in READINGS.items() if one.items and not {*one.items} & {*parts}
    }
    if not left:
        return ""
    listed = "; ".join(f"{name}, {one.what}" for name, one in left.items())
    items = dict.fromkeys(item for one in left.values() for item in one.items)
    return f"Not trained here: {listed}. These have parts of their own: {', '.join(items)}."


def changes(results: Results, margins: Margins) -> list[Change]:
    """The verdicts under each other reading of which the study has a part.

    Args:
        results: With its parts.
        margins: Of the claims.
    """
    changed = []
    for name, reading in READINGS.items():
        judged = {key: margins[key] for key in reading.claims if key in margins}
        trained = None
        if reading.items:
            trained = set(Evidence(results).settings(*reading.items))
            if not trained:
                continue
            trained = {s for s in trained if (t := reading.substitute(s)) != s and t in trained}
        elif reading.condition not in results.conditions:
            continue
        default = decide(CLAIMS, Evidence(results, only=trained), judged)
        substituted = Evidence(results, reading.substitute, reading.condition, only=trained)
        other = decide(CLAIMS, substituted, judged)
        changed += [
            Change(name, reading.what, one, two)
            for one, two in zip(default, other, strict=True)
            if one.parts
        ]
    return changed
