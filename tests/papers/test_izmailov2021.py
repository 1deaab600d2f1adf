"""The study of Izmailov et al. 2021: protocols, claims, controls, and its page."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from commands import rlgen

from rlgen.analysis.claims import decide, declared
from rlgen.protocol import suite
from rlgen.study.plan import plan
from rlgen_protocols import PAPERS
from rlgen_protocols.izmailov2021 import declared as paper
from rlgen_protocols.izmailov2021 import evidence as evidences
from rlgen_protocols.izmailov2021 import experiments, methods
from rlgen_protocols.izmailov2021.claims import CLAIMS
from rlgen_protocols.izmailov2021.controls import CONTROLS
from rlgen_protocols.izmailov2021.evidence import Evidence
from rlgen_protocols.izmailov2021.figures import tables

TINY = {
    "family": "maze-basic[size=5]",
    "n_train_levels": 2,
    "flip_p": 0.0,
    "prior_var": 0.5,
    "temperature": 1.0,
    "hidden": 4,
    "chains": 2,
    "draws": 4,
    "burn_in": 3,
    "pool": "test",
    "held_out_levels": 3,
    "members": 2,
    "fitting_steps": 12,
}


@pytest.fixture(scope="module")
def cell():
    """A tiny cell."""
    return experiments.posterior(seed=3, **TINY)


class TestPosterior:
    def test_it_measures_what_it_declares(self, cell):
        assert set(cell) == set(paper.EXPERIMENTS["posterior"].measures)
        assert set(cell["scores"]) == set(evidences.kinds())
        everywhere = {"held-out", "unlit", "lit", "training", "lit-5", "lit-20", "open-25"}
        for method, scores in cell["scores"].items():
            assert set(scores) == everywhere, method
        assert cell["by_draws"]["draws"] == [1, 2, 4]

    @pytest.mark.slow
    def test_the_same_seed_gives_the_same_bits(self, cell):
        again = experiments.posterior(seed=3, **TINY)
        assert json.dumps(again) == json.dumps(cell)

    def test_without_members_hmc_is_alone_and_the_same(self, cell):
        alone = experiments.posterior(seed=3, **{**TINY, "members": 0})
        assert set(alone["scores"]) == {methods.HMC, methods.CHAIN}
        assert alone["scores"][methods.HMC]["lit"] == cell["scores"][methods.HMC]["lit"]
        assert math.isnan(alone["tuned_prior_var"])

    def test_scores_are_in_their_ranges(self, cell):
        for method, sets in cell["scores"].items():
            for name, scores in sets.items():
                assert 0 <= scores["accuracy"] <= 1, (method, name)
                assert scores["excess_nll"] > -1e-9
                assert 0 <= scores.get("tv", 0) <= 1
                assert scores.get("score", 0) <= 1 + 1e-9

    def test_modes_do_not_change_where_dead_inputs_are_lit(self, cell):
        for kind in (methods.MAP, methods.WEAK, methods.TUNED + methods.ENSEMBLE):
            scores = cell["scores"][kind]
            assert scores["lit-20"]["excess_nll"] == scores["held-out"]["excess_nll"]
        moved = cell["scores"][methods.HMC]
        assert moved["lit-20"]["excess_nll"] != moved["held-out"]["excess_nll"]


class Measured:
    """Stands for the results of a study: only what ``Evidence`` asks for."""

    def __init__(self, tables):
        self.tables = tables

    def measured(self, name):
        experiment = paper.EXPERIMENTS[name]
        columns = ["seed", *experiment.options, *experiment.measures]
        return self.tables.get(name, pd.DataFrame(columns=columns))


def invented(better=0.1, *, mixed=True, colder=0.0, wider=0.0, shift=0.1, near=0.02):
    """Cells of six data sets in which the truth is known."""
    rows = []
    for seed in range(6):
        noise = 0.001 * seed

        def scores(loss, seed=seed, *, far=0.0, drop=0.0):
            change = 0.002 * np.sin(seed + 7 * loss + 11 * far)
            held_out = {"excess_nll": 0.8 + loss + change, "tv": far + abs(change)}
            unlit = {"excess_nll": 0.3 + loss + change, "accuracy": 0.95, "score": 0.8}
            lit = {"accuracy": 0.65 - drop + change, "score": 0.1 - drop + change}
            more = {"excess_nll": held_out["excess_nll"] + drop + change}
            return {
                "held-out": held_out,
                "unlit": unlit,
                "lit": lit,
                "lit-5": more,
                "lit-20": more,
            }

        hmc = scores(0.0, drop=shift)
        common = {**TINY, "seed": seed, "counts": mixed, "members": 0, "scores": {"hmc": hmc}}
        others = {
            name: scores(better, far=0.2 if name == methods.MFVI else near + 0.002 * i)
            for i, name in enumerate(evidences.kinds()[2:])
        }
        loss = hmc["held-out"]["excess_nll"]
        chain = scores(0.005, far=0.01)
        both = {"hmc": hmc, "hmc-chain": chain, **others}
        rows += [
            {**common, "members": 10, "scores": both, "excess_nll": loss},
            {**common, "temperature": 0.1, "excess_nll": loss - colder + noise},
            {**common, "prior_var": 0.25, "excess_nll": loss + wider + noise},
            {**common, "prior_var": 1.0, "excess_nll": loss + noise},
        ]
    return Evidence(Measured({"posterior": pd.DataFrame(rows)}))


def verdicts(evidence):
    return {one.name: one.word for one in decide(CLAIMS, evidence, declared(CLAIMS))}


class TestClaims:
    def test_what_holds_is_supported(self):
        assert set(verdicts(invented()).values()) == {"supported"}

    @pytest.mark.parametrize(
        ("claim", "truth"),
        [
            ("IZ-01", {"better": -0.1}),
            ("IZ-05", {"colder": 0.1}),
            ("IZ-06", {"wider": 0.2}),
            ("IZ-07", {"shift": -0.1}),
            ("IZ-08", {"shift": -0.1}),
            ("IZ-09", {"near": 0.4}),
        ],
    )
    def test_what_does_not_hold_is_refuted(self, claim, truth):
        assert verdicts(invented(**truth))[claim] == "refuted"

    def test_a_gain_within_the_margin_is_none(self):
        assert verdicts(invented(colder=0.01))["IZ-05"] == "supported"
        assert verdicts(invented(wider=0.03))["IZ-06"] == "supported"

    def test_chains_that_did_not_mix_decide_nothing(self):
        assert set(verdicts(invented(mixed=False)).values()) == {"inconclusive"}

    def test_longer_chains_replace_shorter_ones_of_the_same_setting(self):
        longer = invented().cells
        shorter = longer.assign(draws=1, counts=False)
        both = pd.concat([shorter, longer], ignore_index=True)
        assert set(verdicts(Evidence(Measured({"posterior": both}))).values()) == {"supported"}

    def test_without_cells_nothing_is_decided(self):
        empty = Evidence(Measured({}))
        assert set(verdicts(empty).values()) == {"inconclusive"}
        claims = {name: control.claim for name, control in CONTROLS.items()}
        assert {d.word for d in decide(claims, empty, declared(claims))} == {"inconclusive"}

    def test_margins_are_those_of_the_specification(self):
        margins = {name: list(claim.margins.values()) for name, claim in CLAIMS.items()}
        assert margins == {
            **{f"IZ-0{n}": [0.0] for n in (1, 2, 3, 7, 8)},
            "IZ-04": [0.02],
            "IZ-05": [0.02],
            "IZ-06": [0.05],
            "IZ-09": [0.05, 0.0],
        }


def planned(budget):
    """Settings of the cells that the shipped suite has at a budget."""
    return [task.cell.settings for task in plan(suite.read("izmailov2021", None, budget)).tasks]


class TestProtocols:
    @pytest.mark.parametrize("budget", ["smoke", "cpu", "paper"])
    def test_every_budget_has_cells_for_every_claim(self, budget):
        names = {settings["experiment"] for settings in planned(budget)}
        assert names == set(paper.EXPERIMENTS)

    def test_the_prior_of_the_comparison_is_among_those_that_validation_levels_are_asked_about(
        self,
    ):
        options = [
            settings["options"]
            for settings in planned("cpu")
            if settings["experiment"] == "posterior"
        ]
        for one in options:
            if one["members"] and not one["flip_p"]:
                assert any(
                    other["pool"] == "validation"
                    and other["prior_var"] == one["prior_var"]
                    and other["n_train_levels"] == one["n_train_levels"]
                    for other in options
                )

    def test_published_numbers_say_where_they_were_read(self):
        for name in ("settings", "shift"):
            table = tables._reference(name)
            assert table["source"].str.len().gt(10).all()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The suite at its smallest budget: its store and summary."""
    out = tmp_path_factory.mktemp("izmailov2021")
    said, _ = rlgen("evaluate", "izmailov2021", "--budget", "smoke", "-o", out, "--json", "-j", 1)
    return out, json.loads(said)["summary"]


@pytest.mark.slow
class TestStudy:
    def test_all_controls_come_out_as_they_must(self, study):
        _, summary = study
        controls = {one["name"]: one["as_expected"] for one in summary["claims"]["controls"]}
        assert controls == dict.fromkeys(CONTROLS, True)

    def test_all_claims_are_on_the_page_with_all_figures(self, study):
        out, summary = study
        assert [one["name"] for one in summary["claims"]["decisions"]] == list(CLAIMS)
        text = (out / "report.html").read_text()
        for name in (
            "methods",
            "closeness",
            "shift",
            "r-hat",
            "draws",
            "temperature",
            "prior",
            "reliability",
            "settings",
        ):
            assert f'id="izmailov2021-{name}"' in text, name
        assert "could not be read in a source" in text
        assert "mathdefault" not in text


def test_the_catalogue_has_it():
    assert PAPERS["izmailov2021"].experiments == paper.EXPERIMENTS
