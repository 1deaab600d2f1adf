"""The page of a calibration: whether the instrument can be believed, and which detectors work."""

from pathlib import Path
from typing import Any

import pandas as pd

from rlgen.report.figures import roc
from rlgen.report.template import fill
from rlgen.util import files

#: The columns of a detector in the CSV file, besides its scores.
_COLUMNS = ("name", "number", "card", "leaves", "levels", "steps", "radius")
POPULATIONS = {
    "networks": "cloned networks",
    "controls": "control agents",
    "all": "all agents",
}


def write(out: Path, summary: dict[str, Any]) -> Path:
    """Write ``calibration.html`` and ``calibration.json``; returns the page's path."""
    files.write_json(out / "calibration.json", summary)
    # The page is rendered from the file, in which unknown numbers are None.
    stored = files.read_json(out / "calibration.json")
    files.write_text(out / "calibration.html", render(stored))
    return out / "calibration.html"


def render(summary: dict[str, Any]) -> str:
    """The HTML of the page."""
    columns = ["kind", "name", "n_levels", "flip_p"]
    agents = pd.DataFrame(summary["agents"], columns=None if summary["agents"] else columns)
    return fill(
        "calibration.html",
        summary=summary,
        populations=POPULATIONS,
        forests={p: roc.forest(summary, p) for p in POPULATIONS},
        curves=roc.curves(summary, "networks"),
        agents=agents,
        groups=_groups(agents),
        drops=pd.DataFrame(summary["drops"]),
        detectors=_detectors(summary),
    )


def _groups(agents: pd.DataFrame) -> list[dict[str, Any]]:
    """The population, one row for agents of one kind, name and size."""
    keys = ["kind", "name", "n_levels", "flip_p"]
    rows = []
    for key, part in agents.groupby(keys, sort=True):
        rows.append(
            dict(zip(keys, key, strict=True))
            | {
                "agents": len(part),
                "train": part["train_score"].mean(),
                "test": part["test_score"].mean(),
                "gap": part["gap"].mean(),
                "eligible": int(part["eligible"].sum()),
                "overfitted": int((part["label"][part["eligible"]] > 0).sum()),
                "sound": int((part["label"][part["eligible"]] < 0).sum()),
            }
        )
    return rows


def _detectors(summary: dict[str, Any]) -> pd.DataFrame:
    """All numbers of all detectors, as one flat table for download."""
    rows = []
    for detector in summary["checks"]:
        row = {key: detector[key] for key in _COLUMNS}
        for population in POPULATIONS:
            card = detector[population]
            row |= {
                f"{population}_verdict": card["verdict"],
                f"{population}_tpr": card["tpr"]["tpr"],
            }
            for quantity in ("auc", "kendall", "spearman", "partial"):
                for end in ("value", "low", "high"):
                    row[f"{population}_{quantity}_{end}"] = card[quantity][end]
        rows.append(row)
    return pd.DataFrame(rows)
