"""Tables 2 and 3: the published numbers beside ours."""

from importlib.resources import files
from itertools import product
from typing import Any

import pandas as pd

from rlgen.analysis.stats.choices import TOP
from rlgen.analysis.stats.intervals import NAN
from rlgen.networks.lists import drawn_from
from rlgen.report.figures.base import Drawing, select
from rlgen.report.template import piece
from rlgen_protocols.zhang2018.figures.layout import Form
from rlgen_protocols.zhang2018.figures.selection import Selection

POOLS = ("train", "test")
#: Where a cell stands in its table; ``network`` is the paper's.
CELL = ["n_train_levels", "flip_p", "network", "split"]
_OURS = ["family", "regulariser", "n_train_levels", "requested", "flip_p", "split"]


class Table(Form):
    """Rows are sizes of the training pool and networks, columns flip probabilities and pools.

    Args:
        file: Of the published numbers, in ``reference/``.
    """

    reading = (
        f"First in each cell is the mean of our {TOP} runs with the best training return, which is "
        "what the paper shows; below it the published number, which its authors rounded to one "
        "decimal, and after Δ by how much ours is above it. Last comes the mean of all our runs "
        "with its 95 % interval for new training runs on new levels of the same family, which the "
        "paper does not tell, and how many of them have converged, where not all have."
    )

    def __init__(self, file: str) -> None:
        self.file = file

    def published(self) -> pd.DataFrame:
        """The paper's table.

        Returns:
            Columns of ``CELL``, and ``published``, the number as printed.
        """
        source = files("rlgen_protocols.zhang2018").joinpath("reference", self.file)
        with source.open(encoding="utf-8") as lines:
            printed = pd.read_csv(lines, dtype={"episode_reward": str})
        return printed.rename(columns={"arch": "network", "episode_reward": "published"})[
            [*CELL, "published"]
        ]

    def draw(self, selection: Selection, name: str) -> Drawing | None:
        """See ``Form.draw``."""
        del name  # a table has no ids
        main, part = selection.results.main, selection.part
        published = self.published()
        sizes = sorted({*published["n_train_levels"], *part.n_train_levels})
        flips = sorted({*published["flip_p"], *part.flip_p})
        # Of the paper's cells other parts may have run those for which this one does not ask.
        whole = part.model_copy(update={"n_train_levels": tuple(sizes), "flip_p": tuple(flips)})
        every = Selection(selection.results, whole)
        ours = every.table([(main, pool) for pool in POOLS], by_network=True)
        if ours.empty:
            return None
        networks = list(dict.fromkeys(published["network"]))
        order = [*networks, ""].index
        requested = sorted(part.network, key=lambda name: order(_as_published(name, networks)))
        printed = published.set_index(CELL)["published"].to_dict()
        by_key = {tuple(row[key] for key in _OURS): row for row in ours.to_dict("records")}
        cells = []
        for family, regulariser, n, network in product(
            part.family, part.regulariser, sizes, requested
        ):
            theirs = _as_published(network, networks)
            ends = {p: _ended(every, family, regulariser, n, p, network) for p in flips}
            for p, pool in product(flips, POOLS):
                row = by_key.get((family, regulariser, n, network, p, pool), {})
                cell = {"family": family, "regulariser": regulariser, "n_train_levels": n}
                cell |= {"requested": network, "network": theirs, "flip_p": p, "split": pool}
                cell["published"] = printed.get((n, p, theirs, pool), "")
                cell |= {key: row.get(key, 0) for key in ("runs", "kept")}
                cell |= {key: row.get(key, NAN) for key in ("top", "mean", "low", "high")}
                cell["reason"] = row.get("reason", "")
                cell["converged"] = ends[p]
                cell["wanted"] = n in part.n_train_levels and p in part.flip_p
                cell["difference"] = cell["top"] - float(cell["published"] or NAN)
                cells.append(cell)
        data = pd.DataFrame(cells)
        tables = [
            {
                "caption": ", trained with ".join(str(s) for s in setting if s != "none"),
                "flips": flips,
                "rows": [
                    (n, [(a, _as_published(a, networks), _records(of, n, a)) for a in requested])
                    for n in sizes
                ],
            }
            for setting, of in data.groupby(["family", "regulariser"], sort=False)
        ]
        return Drawing(
            "",
            data,
            selection.note(data),
            html=piece("rlgen_protocols.zhang2018", "table.html", tables=tables),
        )


def _ended(
    selection: Selection, family: str, regulariser: str, n: int, p: float, network: str
) -> int:
    """How many of the runs have converged."""
    setting = {"family": family, "regulariser": regulariser, "n_train_levels": n, "flip_p": p}
    runs = selection.runs(**setting, requested=network)
    return sum(selection.results.trends[run].converged for run in runs)


def _records(data: pd.DataFrame, n: int, ours: str) -> list[dict[Any, Any]]:
    return select(data, n_train_levels=n, requested=ours).to_dict("records")


def _as_published(ours: str, networks: list[str]) -> str:
    """The published network beside which one of ours stands; empty where it belongs to none."""
    members = (name for name in networks if ours in (name, *drawn_from(name)))
    return next(members, "")
