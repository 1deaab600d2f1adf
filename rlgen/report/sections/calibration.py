"""The page of a calibration: may the instrument be believed, and which checks detect."""

from pathlib import Path
from typing import Any

import pandas as pd

from rlgen.report.figures import roc
from rlgen.report.template import fill
from rlgen.util import files

_CHECK = ("name", "number", "card", "leaves", "levels", "steps", "radius")
POPULATIONS = {
    "networks": "cloned networks",
    "controls": "control agents",
    "all": "all agents",
}


def write(out: Path, summary: dict[str, Any]) -> Path:
    """Write ``calibration.html`` and ``calibration.json``; returns the page's path."""
    files.write_json(out / "calibration.json", summary)
    # The page shows what the file holds, in which unknown numbers are None.
    told = files.read_json(out / "calibration.json")
    files.write_text(out / "calibration.html", render(told))
    return out / "calibration.html"


def render(summary: dict[str, Any]) -> str:
    """The page."""
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
        checks=_checks(summary),
    )


def _groups(agents: pd.DataFrame) -> list[dict[str, Any]]:
    """The population in a few rows: agents of one kind, name and size together."""
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


def _checks(summary: dict[str, Any]) -> pd.DataFrame:
    """All numbers of all checks, flat, for download."""
    rows = []
    for told in summary["checks"]:
        row = {key: told[key] for key in _CHECK}
        for population in POPULATIONS:
            card = told[population]
            row |= {
                f"{population}_verdict": card["verdict"],
                f"{population}_tpr": card["tpr"]["tpr"],
            }
            for quantity in ("auc", "kendall", "spearman", "partial"):
                for end in ("value", "low", "high"):
                    row[f"{population}_{quantity}_{end}"] = card[quantity][end]
        rows.append(row)
    return pd.DataFrame(rows)
