"""The study of momentum residual networks: what it measures, its claims, controls and page."""

import json
from itertools import pairwise
from math import log2
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from commands import rlgen
from probing import SPLIT, untrained

from rlgen.analysis.claims import decide, declared
from rlgen.analysis.parts import REFUTED, SUPPORTED
from rlgen.probes.measuring import measure
from rlgen_protocols import PAPERS
from rlgen_protocols.sander2021 import looking
from rlgen_protocols.sander2021.claims import CLAIMS
from rlgen_protocols.sander2021.claims.maps import FLOOR
from rlgen_protocols.sander2021.controls import CONTROLS
from rlgen_protocols.sander2021.experiments import EXPERIMENTS, cloning, exactness, lasso, maps

SIZES = "width=8,hidden=8,depth=4"
#: Options with which each experiment takes a moment.
QUICK = {
    "inversion": {"depth": 4, "width": 4, "batch": 2},
    "memory": {"depth": 3, "width": 4, "batch": 2},
    "identity": {"steps": 3},
    "crossing": {},
    "cube": {"iterations": 3, "batch": 10},
    "cube-recipe": {"iterations": 3, "batch": 10},
    "rings": {"iterations": 3, "points": 70},
    "rings-residual": {"iterations": 3, "points": 70},
    "lasso": {"steps": 20},
    "lasso-revnet": {"steps": 20},
    "cloning": {
        "network": f"momentum[{SIZES}]",
        "n_train_levels": 2,
        "n_test_levels": 3,
        "most_steps": 20,
        "early_steps": 10,
    },
}


def run(name, *, seed=0, **options):
    experiment = EXPERIMENTS[name]
    module, _, function = experiment.target.partition(":")
    target = getattr(__import__(module, fromlist=[function]), function)
    return target(seed=seed, **{**experiment.options, **QUICK[name], **options})


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_measures_what_it_declares_with_the_same_bits(name):
    one, again = run(name, seed=3), run(name, seed=3)
    assert set(one) == set(EXPERIMENTS[name].measures)
    assert not {"seed", *EXPERIMENTS[name].options} & set(one), "both are columns"
    assert json.dumps(one) == json.dumps(again)
    assert json.loads(json.dumps(one)) == one


def test_an_inversion_counts_integers_that_do_not_come_back(monkeypatch):
    assert run("inversion", depth=40)["wrong_integers"] == 0
    truncating = lambda a, b: torch.div(a, b, rounding_mode="trunc")  # noqa: E731
    monkeypatch.setattr("rlgen.networks.exact_integers._floor", truncating)
    with pytest.raises(RuntimeError, match="has not reached its first state"):
        run("inversion", depth=40)
    monkeypatch.setattr(exactness, "_gradient", lambda *of: torch.ones(1))
    assert run("inversion", depth=40)["wrong_integers"] > 0


def test_memory_is_counted_as_by_hand():
    measured = run("memory", depth=5, width=64, batch=256)
    unit = 256 * 64 * 4
    # each block keeps its input and its hidden units; the loss keeps the last state
    assert measured["residual_bytes"] == (2 * 5 + 1) * unit
    # position, velocity and one word of 8 bytes
    assert measured["exact_bytes"] == (3 * 2 + 1) * unit
    assert run("memory", depth=50, width=64, batch=256)["exact_bytes"] == (3 * 2 + 1) * unit


def test_a_bounded_branch_expands_no_distance_by_more():
    torch.manual_seed(0)
    branch = maps.Branch(3, 16, 0.9)
    with torch.no_grad():
        branch.first.weight *= 10
        (step,) = branch.tied(1)
        x, y = torch.randn(2, 500, 3)
        assert ((step(x) - step(y)).norm(dim=1) <= 0.9 * (x - y).norm(dim=1) + 1e-5).all()
        (free,) = maps.Branch(3, 16).tied(1)
        assert (free(x) - free(y)).norm() > 0


@pytest.mark.slow
def test_momentum_fits_the_decreasing_map_and_a_bounded_residual_network_cannot():
    options = {"iterations": 400, "batch": 200}
    without, with_momentum = (run("cube", gamma=gamma, **options) for gamma in (0.0, 0.9))
    assert without["mse"] >= FLOOR - 1e-3
    assert without["increasing"]
    assert with_momentum["mse"] < 0.1
    assert np.shape(with_momentum["path"]) == (16, maps.DRAWN)


@pytest.mark.slow
def test_the_solution_of_a_lasso_minimises_it():
    step, solution = lasso.problem(0, 16, 32, 0.1)
    assert step(solution).abs().max() < 1e-9
    assert 0 < (solution != 0).sum() <= 16
    errors = run("lasso", gamma=0.0, steps=3000)["errors"]
    assert all(later <= earlier for earlier, later in pairwise(errors))
    assert errors[-1] < 1e-3
    diverged = run("lasso-revnet", steps=300)
    assert diverged["error"] > 1e10
    assert run("lasso-revnet", steps=2000)["error"] == lasso.LARGEST


@pytest.mark.slow
def test_cloning_stops_at_the_excess_and_scores_the_policy():
    measured = run("cloning", network="residual", most_steps=2000, excess=0.05)
    assert measured["matched"]
    assert measured["steps"] < 2000
    assert measured["train_excess"] <= 0.05
    assert measured["train"] > 0.9
    assert measured["gap"] == pytest.approx(measured["train"] - measured["test"])
    assert measured["early_train"] < measured["train"]
    stopped = run("cloning", most_steps=10, early_steps=50)
    assert not stopped["matched"]
    assert stopped["steps"] == 10
    assert stopped["early_train"] == stopped["train"]


def test_dead_inputs_are_counted_in_held_out_states():
    def states(rows):
        array = np.array(rows)
        tabular = SimpleNamespace(n_states=len(array))
        return SimpleNamespace(tabular=tabular, observe=lambda numbers: array[numbers])

    first = states([[1, 0, 0], [0, 1, 0]])
    assert cloning.dead_share(first, states([[0, 0, 1], [1, 1, 0]])) == 0.5


class Measured:
    """A study whose experiments measured what a test says."""

    def __init__(self, **tables):
        self.tables = tables

    def measured(self, name):
        rows = self.tables.get(name.replace("-", "_"), [])
        experiment = EXPERIMENTS[name]
        columns = ["seed", *experiment.options, *experiment.measures]
        full = [{"seed": n, **experiment.options, **row} for n, row in enumerate(rows)]
        return pd.DataFrame(full, columns=columns)


def verdicts(study, names=CLAIMS):
    claims = {name: CLAIMS[name] for name in names}
    return {one.name: one.word for one in decide(claims, study, declared(claims))}


def outcomes(study):
    claims = {name: control.claim for name, control in CONTROLS.items()}
    return {one.name: one.word for one in decide(claims, study, declared(claims))}


def around(value, n=10, spread=1e-3):
    return value + spread * np.linspace(-1, 1, n)


def clones(effect, *, residual=0.6, full=0.6, seeds=10):
    """Held-out scores by kind; momentum's gap shrinks with bits by ``effect``."""
    kinds = {f"residual[{SIZES}]": residual, f"momentum[{SIZES},full_branch=true]": full}
    for gamma in (0.5, 0.9, 0.99):
        kinds[f"residual-matched[{SIZES},like={gamma}]"] = residual
        kinds[f"momentum[{SIZES},gamma={gamma}]"] = residual + effect * 4 * log2(1 / gamma)
    rng = np.random.Generator(np.random.PCG64(0))
    return [
        {"seed": seed, "network": name, "n_train_levels": 10, "flip_p": 0.0, "matched": True}
        | {"train": 1.0, "test": test + noise, "gap": 1 - test - noise, "early_train": 0.8 + noise}
        for name, test in kinds.items()
        for seed, noise in enumerate(rng.normal(0, 0.01, seeds))
    ]


def test_claims_hold_where_the_numbers_say_so():
    study = Measured(
        memory=[{"seed": 0, "depth": d, "exact_bytes": 9, "residual_bytes": 9 * d} for d in (2, 4)],
        inversion=[{"wrong_integers": 0, "buffer_empty": True, "gradient_error": 1e-8}] * 3,
        cube=[{"mse": mse} for mse in around(0.03)],
        lasso=[
            {"seed": seed, "gamma": gamma, "error": 1e-4 * (1 + 0.1 * gamma * seed)}
            for gamma in (0.0, 0.9)
            for seed in range(8)
        ],
        lasso_revnet=[{"error": 1e30}] * 3,
        cloning=clones(0.005),
    )
    assert set(verdicts(study).values()) == {SUPPORTED}


def test_claims_fail_where_the_numbers_say_so():
    study = Measured(
        memory=[{"seed": 0, "depth": d, "exact_bytes": d, "residual_bytes": 9 * d} for d in (2, 4)],
        inversion=[{"wrong_integers": 1, "buffer_empty": True, "gradient_error": 1e-8}],
        cube=[{"mse": mse} for mse in around(0.15)],
        lasso=[
            {"seed": seed, "gamma": gamma, "error": 1e-4 * (1 + 10 * gamma + 0.1 * gamma * seed)}
            for gamma in (0.0, 0.9)
            for seed in range(8)
        ],
        lasso_revnet=[{"error": 0.5}],
        cloning=[
            row | {"early_train": row["early_train"] - 0.2 * row["network"].startswith("mom")}
            for row in clones(-0.2, full=0.9)
        ],
    )
    assert set(verdicts(study).values()) == {REFUTED}


def test_networks_that_have_not_fitted_are_left_out():
    rows = clones(0.0)
    for row in rows:
        if row["seed"] > 1:
            row |= {"matched": False, "test": 5.0 * row["network"].startswith("momentum")}
    parts = {p.what: p.estimate for p in CLAIMS["SA-05"].parts(Measured(cloning=rows), [0.05])}
    assert abs(parts["held-out return, momentum minus residual, 10 levels"].mean) < 0.1


def test_nothing_is_decided_without_data():
    assert set(verdicts(Measured()).values()) == {"inconclusive"}
    assert set(outcomes(Measured()).values()) == {"inconclusive"}


def test_controls_come_out_as_they_must_of_what_is_really_computed():
    study = Measured(
        identity=[run("identity", seed=seed) for seed in (0, 1)],
        inversion=[{"gamma": 0.5, **run("inversion", gamma=0.5, depth=32)} | {"depth": 32}],
        crossing=[{"gamma": gamma, **run("crossing", gamma=gamma)} for gamma in (0.0, 0.9)],
        cube=[{"gamma": 0.0, "mse": mse} for mse in around(0.143)],
    )
    assert outcomes(study) == {name: control.expected for name, control in CONTROLS.items()}


def test_a_control_notices_a_momentum_trunk_that_is_no_residual_one(monkeypatch):
    broken = Measured(identity=[{"weights_equal": True, "features_equal": False}])
    assert outcomes(broken)["SA-K1"] == REFUTED


@pytest.mark.slow
def test_the_smoke_study_runs_and_its_page_has_all_sections(tmp_path):
    out = tmp_path / "store"
    said, _ = rlgen("evaluate", "sander2021", "--budget", "smoke", "-o", out, "--json", "-j", 1)
    answer = json.loads(said)
    assert not answer["failed"]
    assert set(CLAIMS) == {one["name"] for one in answer["summary"]["claims"]["decisions"]}
    assert all(one["as_expected"] for one in answer["summary"]["claims"]["controls"])
    page = (out / "report.html").read_text()
    for section in ("memory", "inversion", "dynamics", "rings", "lasso", "cloning", "accuracy"):
        assert f'id="sander2021-{section}"' in page
    assert "95.18" in page


def test_reconstruction_says_what_the_features_hold():
    full = untrained("residual[width=200]", SPLIT)
    narrow = untrained("residual[width=3]", SPLIT)
    one, other = (measure("input-reconstruction", subject).numbers for subject in (full, narrow))
    assert one["held_out"].value > 0.7 > 0.5 > other["held_out"].value
    assert one["difference"].value == one["training"].value - one["held_out"].value


def test_a_regression_explains_what_is_linear_and_no_noise():
    generator = torch.Generator().manual_seed(0)
    x, noise = torch.randn(2, 4000, 3, dtype=torch.float64, generator=generator)
    targets = torch.cat([x @ torch.ones(3, 1, dtype=torch.float64), noise[:, :1]], dim=1)
    (linear,) = looking.r_squared(x, targets[:, :1], [x], [targets[:, :1]])
    (nothing,) = looking.r_squared(x, targets[:, 1:], [x], [targets[:, 1:]])
    assert linear == pytest.approx(1, abs=1e-5)
    assert abs(nothing) < 0.01


@pytest.mark.slow
def test_bits_forgotten_are_those_of_momentum():
    subjects = [untrained(f"momentum[depth=20,gamma={g}]", SPLIT) for g in (0.9, 0.5)]
    for subject in subjects:  # branches are zero at first, and nothing is forgotten
        assert measure("bits-forgotten", subject).numbers["buffered"].value == 0
        with torch.no_grad():
            for parameter in subject.policy.parts["trunk"].parameters():
                parameter += 0.1 * torch.randn_like(parameter)
    small, large = (measure("bits-forgotten", subject).numbers for subject in subjects)
    assert small["bits"].value == pytest.approx(20 * log2(1 / 0.9), rel=1e-4)
    assert large["bits"].value == 20
    assert 0 < small["buffered"].value < large["buffered"].value < 20
    large = untrained("momentum", SPLIT)
    with torch.no_grad():
        large.policy.parts["trunk"][0].embed[1].bias += 4e4
    beyond = measure("bits-forgotten", large).numbers["buffered"]
    assert beyond.reason.startswith("a state ")
    for name in ("residual", "momentum[gamma=0]", "mlp-64-64"):
        none = measure("bits-forgotten", untrained(name, SPLIT)).numbers
        assert none["blocks"].value == 0
        assert none["bits"].reason == "the trunk has no blocks with momentum"


def test_an_exact_trunk_can_be_looked_into_by_functional_transforms():
    module = untrained("momentum[exact=true]", SPLIT).module()
    observations = torch.rand(3, *SPLIT.family.observation_space.shape, dtype=torch.float64)
    jacobian = torch.func.jacrev(module)(observations)
    assert jacobian.shape == (3, SPLIT.family.n_actions, *observations.shape)


def test_the_paper_names_networks_probes_and_experiments():
    paper = PAPERS["sander2021"]
    assert set(paper.networks) == {"momentum", "residual-matched"}
    assert set(paper.probes) == {"input-reconstruction", "bits-forgotten"}
    assert {control.expected for control in paper.controls().values()} == {SUPPORTED, REFUTED}
