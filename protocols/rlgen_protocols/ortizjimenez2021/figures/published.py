"""What the paper says: its claims; no number of its figures could be read."""

from importlib.resources import files

import pandas as pd

from rlgen.papers import Section
from rlgen.report.template import piece

PACKAGE = "rlgen_protocols.ortizjimenez2021"


def section() -> Section:
    """The claims of the abstract as a table."""
    with (files(PACKAGE) / "reference" / "claims.csv").open() as file:
        data = pd.read_csv(file)
    return Section(
        "published",
        "What the paper says",
        "In our words, with where each was read. The paper's figures have no tables and the "
        "authors' code ships no results, so that its numbers are not shown beside ours: figures "
        "below have the paper's form, on levels of mazes instead of CIFAR-10.",
        html=piece(PACKAGE, "published.html", rows=data.to_dict("records")),
        data=data,
    )
