from importlib.metadata import EntryPoint, EntryPoints

import pytest

from rlgen.agents import AGENTS
from rlgen.agents.presets.preset import OURS, AgentPreset
from rlgen.errors import ProtocolError, UnknownNameError
from rlgen.networks import NETWORKS
from rlgen.perturbations import PERTURBATIONS
from rlgen.report.figures import FIGURES
from rlgen.training.regularisers import REGULARISERS
from rlgen.util.registry import Catalogue, Lazy
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


def test_what_others_add_and_cannot_be_loaded_is_said_in_one_line(monkeypatch):
    points = EntryPoints([EntryPoint("broken", "no.such.module:x", "rlgen.things")])
    monkeypatch.setattr("rlgen.util.registry._outside", lambda: points)
    catalogue: Catalogue[object] = Catalogue("thing", {}, group="rlgen.things")
    said = "thing 'broken' of no.such.module:x cannot be loaded: ModuleNotFoundError: No module"
    with pytest.raises(UnknownNameError, match=said):
        catalogue["broken"]


def test_settings_of_ours_need_not_be_said():
    preset = AgentPreset("a card", "X", {"word": "one", "rate": 0.5})
    settings = preset.configured({"word": "two", "n_envs": 3}, "x")
    assert settings == {"word": "two", "rate": 0.5, **OURS, "n_envs": 3}
    with pytest.raises(ProtocolError, match="x option word = 2: must be text"):
        preset.configured({"word": 2}, "x")
