"""What the authors run: sizes read in their code. Their accuracies are bars of a figure."""

from importlib.resources import files

import pandas as pd

from rlgen.papers import Section
from rlgen.report.template import piece

PACKAGE = "rlgen_protocols.xu2020"


def section() -> Section:
    """The authors' tasks as a table."""
    with (files(PACKAGE) / "reference" / "tasks.csv").open() as file:
        data = pd.read_csv(file)
    return Section(
        "published",
        "What the authors run",
        "Sizes of the paper's four tasks as the authors' code has them; budget paper has these, "
        "and budget cpu fewer objects and smaller values. The paper's accuracies are bars of its "
        "figure 3, of which there is no table, so that they are not shown beside ours.",
        html=piece(PACKAGE, "authors.html", columns=list(data.columns), rows=data.to_numpy()),
        data=data,
        of_agents=False,
    )
