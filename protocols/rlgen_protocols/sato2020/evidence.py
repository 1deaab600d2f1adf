"""The study as claims, controls and figures read it."""

import pandas as pd

from rlgen.analysis.results import Results
from rlgen_protocols.graphs.estimates import rows


def bridges(results: Results) -> pd.DataFrame:
    """Networks that learnt to tell dumbbells from thetas."""
    return rows(results.measured("ladder"), task="bridge")
