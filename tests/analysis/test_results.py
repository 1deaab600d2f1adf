"""Which condition the verdict is about."""

import pandas as pd
import pytest

from rlgen.analysis.results import Results
from rlgen.protocol.json_schema import key_cards
from rlgen.protocol.schema import parse

STUDY = {
    "name": "s",
    "family": "maze-basic",
    "n_train_levels": 10,
    "network": "mlp-64-64",
    "steps": 1,
    "seeds": [0],
}


@pytest.mark.parametrize(
    ("declared", "measured", "main"),
    [
        (["greedy", "plain"], ["greedy", "plain"], "plain"),
        (["plain", "greedy"], ["plain", "greedy"], "plain"),
        (["greedy", "delay:1"], ["delay:1", "greedy"], "greedy"),
        (["greedy", "delay:1"], ["delay:1"], "delay:1"),
    ],
)
def test_the_verdict_is_about_plain_or_the_first_of_the_protocol(declared, measured, main):
    protocol = parse(STUDY | {"conditions": declared}, "p")
    records = pd.DataFrame({"condition": pd.Categorical(measured)})
    assert Results(protocol, records, pd.DataFrame(), [], {}, {}, {}).main == main


def test_documents_say_so():
    assert "about plain, or about the first if plain is not" in key_cards()["conditions"]
