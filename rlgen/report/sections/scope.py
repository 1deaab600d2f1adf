"""What the numbers of a summary hold for, in the words of the page and of the model card."""

from collections.abc import Mapping
from typing import Any


def scope(summary: Mapping[str, Any], unit: str) -> str:
    """What intervals are for.

    Args:
        summary: Of a study.
        unit: What held-out returns are of, a "level" or a "group" (``unseen.unit``).
    """
    if summary["imported"] and not summary["imported"]["levels"]:
        return (
            "for new training runs measured in the same way (which levels were played is not known)"
        )
    return f"for new training runs on new {unit}s of the same family"


def apart(summary: Mapping[str, Any]) -> str:
    """Whether training and held-out levels share none, as a sentence."""
    if summary["imported"]:
        limit: str = summary["imported"]["limits"][-1]
        return limit
    if any(" assumed to have learned from " in cell["sentence"] for cell in summary["cells"]):
        return "The two share no level; what policies made elsewhere learned from is assumed."
    return "The two share no level."
