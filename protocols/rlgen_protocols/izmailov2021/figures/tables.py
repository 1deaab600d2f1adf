"""Published numbers beside ours."""

from importlib.resources import files
from math import isfinite

import pandas as pd

from rlgen.papers import Section
from rlgen.report.template import piece
from rlgen_protocols.izmailov2021 import approximations, methods
from rlgen_protocols.izmailov2021.evidence import Evidence, gap, over_sets
from rlgen_protocols.izmailov2021.measuring import LIT, UNLIT

_HERE = "rlgen_protocols.izmailov2021"


def _reference(name: str) -> pd.DataFrame:
    path = files(_HERE).joinpath("reference", f"{name}.csv")
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str)


def published_shift(evidence: Evidence) -> str:
    """Accuracy of HMC minus MAP, published and ours."""
    rows = [
        ("ResNet-20, CIFAR-10", *row)
        for row in _reference("shift").itertuples(index=False, name=None)
    ]
    for setting, own in evidence.settings():
        for states in (UNLIT, LIT):
            change = gap("accuracy", methods.HMC, methods.MAP, states)
            _, estimate = over_sets("", own, change)
            if isfinite(estimate.mean):
                rows.append((f"mazes, {setting}", states, f"{estimate.mean:+.3f}", "this study"))
    columns = ("network and data", "states", "accuracy, HMC minus MAP", "source")
    return piece(_HERE, "published.html", rows=rows, columns=columns)


def settings(evidence: Evidence) -> Section | None:
    """The settings of the paper's table 3 beside ours."""
    compared = evidence.compared
    if compared.empty:
        return None
    first = compared.iloc[0]
    ours = {
        ("HMC", "prior variance"): first["prior_var"],
        ("HMC", "trajectory length"): "pi/2 * prior sd * sqrt(T)",
        ("HMC", "step size"): f"{first['step_size']:.2g}, adapted",
        ("HMC", "burn-in trajectories"): first["burn_in"],
        ("HMC", "draws a chain"): first["draws"],
        ("HMC", "chains"): first["chains"],
        ("SGD", "weight decay"): f"{1 / methods.WEAK_VAR:g}, with Adam",
        ("SGD", "batch size"): approximations.BATCH,
        ("Deep ensembles", "members"): first["members"],
        ("SGLD", "prior variance"): first["prior_var"],
        ("SGLD", "last step size"): f"{approximations.SGLD_STEP:g} / states",
        ("SGLD", "draws a chain"): first["fitting_steps"] // methods.SGLD_STEPS,
        ("SGLD", "chains"): methods.SGLD_CHAINS,
        ("MFVI", "prior variance"): first["prior_var"],
        ("MFVI", "first standard deviation"): "1e-2",
        ("MFVI", "draws"): methods.MFVI_DRAWS,
    }
    table = _reference("settings")
    keys = zip(table["method"], table["setting"], strict=True)
    table.insert(5, "ours", [str(ours.get(key, "")) for key in keys])
    html = piece(
        _HERE,
        "published.html",
        columns=("method", "setting", "CIFAR-10", "CIFAR-100", "IMDB", "ours", "read in"),
        rows=table.itertuples(index=False, name=None),
    )
    return Section(
        "settings",
        "Table 1: settings",
        "The paper's settings as far as they could be read in a source, and those of the first "
        "setting of this study.",
        html=html,
        data=table,
    )
