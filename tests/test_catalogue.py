import pytest

from rlgen.agents import AGENTS, NETWORKS
from rlgen.catalogue import Catalogue, Lazy
from rlgen.errors import UnknownNameError
from rlgen.figures import FIGURES
from rlgen.perturbations import PERTURBATIONS
from rlgen.regularisers import REGULARISERS
from rlgen_envs import FAMILIES

CATALOGUES = [AGENTS, NETWORKS, PERTURBATIONS, REGULARISERS, FAMILIES, FIGURES]


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda c: c.kind)
def test_every_member_loads_and_has_a_card(catalogue):
    assert len(catalogue) == len(list(catalogue)) > 0
    for name in catalogue:
        card = catalogue.card(name)  # before the member is loaded
        assert card
        assert "\n" not in card
        assert catalogue[name] is catalogue[name]


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda c: c.kind)
def test_a_wrong_name_is_answered_with_the_nearest(catalogue):
    right = next(iter(catalogue))
    with pytest.raises(UnknownNameError, match=f"did you mean '{right}'"):
        catalogue[right + "x"]


def test_a_member_is_imported_when_first_asked_for():
    catalogue: Catalogue[object] = Catalogue("thing", {"bad": Lazy("a card", "no.such.module:x")})
    assert catalogue.card("bad") == "a card"
    with pytest.raises(ModuleNotFoundError):
        catalogue["bad"]
