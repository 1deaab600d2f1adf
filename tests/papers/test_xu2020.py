"""The experiments, claims, controls, figures and probe of Xu et al. 2020."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from commands import rlgen
from torch import nn

from rlgen import draw_split
from rlgen.analysis.claims import REFUTED, SUPPORTED, decide, declared
from rlgen.errors import RlgenError
from rlgen.levels import lookup
from rlgen.probes.base import Unsuitable
from rlgen.probes.states import listed
from rlgen.probes.subject import Subject
from rlgen.util.seeding import stream
from rlgen_protocols import PAPERS
from rlgen_protocols.xu2020 import mazes, policies, probes, reasoning
from rlgen_protocols.xu2020.evidence import curves, difference, maze_fits, rounds_of
from rlgen_protocols.xu2020.figures import sections

PAPER_NAME = "xu2020"
PAPER = PAPERS[PAPER_NAME]
FAMILY = lookup.family("maze-basic[size=5]")


def run(name, **options):
    experiment = PAPER.experiments[name]
    functions = {"reasoning": reasoning, "mazes": mazes, "policies": policies}
    out = functions[name].run(seed=0, **{**experiment.options, **options})
    assert set(out) == set(experiment.measures)
    return out


# experiments


def test_a_task_is_learnt_and_equal_bit_for_bit():
    few = {"n": 300, "steps": 40, "held_out": 200, "width": 16}
    one, two = (run("reasoning", task="position", model="mlp", **few) for _ in range(2))
    assert one == two
    assert one["test"] > one["chance"] + 0.2
    other = run("reasoning", task="position", model="mlp", copy=1, **few)
    assert other["test"] != one["test"]


def test_permuted_labels_are_those_of_other_examples():
    few = {"n": 300, "steps": 40, "held_out": 1000, "width": 16}
    out = run("reasoning", task="position", model="mlp", labels="permuted", **few)
    assert abs(out["test"] - out["chance"]) < 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "furthest"}, "task = 'furthest': must be .*furthest-pair"),
        ({"form": "large"}, "form = 'large': must be small or authors"),
        ({"init": "zero"}, "init = 'zero': must be torch or he"),
        ({"labels": "false"}, "labels = 'false': must be true or permuted"),
        ({"model": "gnn-max"}, "model = 'gnn-max': must be mlp"),
    ],
)
def test_names_that_do_not_exist_are_refused(options, message):
    with pytest.raises(RlgenError, match=message):
        run("reasoning", n=10, steps=1, **options)


def test_a_question_that_does_not_exist_is_refused():
    with pytest.raises(RlgenError, match="question = 'steps': must be"):
        run("mazes", question="steps")


@pytest.mark.slow
@pytest.mark.parametrize("question", list(mazes.ASKED))
def test_questions_about_mazes_are_asked_of_their_networks(question):
    few = {"n": 20, "deepest": 3, "steps": 8, "held_out": 24, "width": 8, "batch": 16}
    out = run("mazes", question=question, **few)
    deep = {"gnn-10", "gnn-24"}
    assert set(out["fits"]) == {*mazes.ASKED[question]} - deep
    for fit in out["fits"].values():
        assert 0 <= fit["test"] <= 1
        shares = np.array(fit["by_distance"])
        counts = np.array(out["distances"])
        assert np.isnan(shares[counts == 0]).all()
        met = counts > 0
        assert (shares[met] @ counts[met]) / counts.sum() == pytest.approx(fit["test"])
    again = run("mazes", question=question, **few)
    assert json.dumps(out["fits"]) == json.dumps(again["fits"])


@pytest.mark.slow
def test_a_policy_is_cloned_and_equal_bit_for_bit():
    few = {"family": "maze-basic[size=5]", "network": "message-passing[rounds=3]", "states": 300}
    few |= {"n_train_levels": 5, "steps": 60, "held_out": 5, "batch": 32}
    one, two = (run("policies", **few) for _ in range(2))
    assert one == two
    assert 0.4 < one["validation"] <= 1
    assert one["train"] > run("policies", **few | {"steps": 1})["train"] + 0.1


# evidence


def table(accuracies, task="value-difference", seeds=8, noise=0.004, sizes=(100, 1000), **more):
    """Rows of the experiment reasoning: accuracy of each network on most examples."""
    rng = stream(0, "made", task, str(more))
    rows = []
    for seed in range(seeds):
        for model, last in accuracies.items():
            for n in sizes:
                share = 1.0 if n == sizes[-1] else 0.6
                row = dict.fromkeys(PAPER.experiments["reasoning"].measures, 0.0)
                row |= dict(PAPER.experiments["reasoning"].options)
                row |= {"seed": seed, "task": task, "model": model, "n": n, "weights": 1000}
                row |= {"test": share * last + rng.normal(0, noise), "chance": 0.3}
                rows.append({**row, **more})
    return pd.DataFrame(rows)


def maze_table(fits, question, seeds=8):
    """Rows of the experiment mazes."""
    rng = stream(0, "asked", question)
    rows = []
    for seed in range(seeds):
        for n in (100, 1000):
            own = {
                model: {
                    "test": last * (1 if n == 1000 else 0.6) + rng.normal(0, 0.004),
                    "train": 1.0,
                    "weights": 1000,
                    "by_distance": [None, *rng.random(4).tolist()],
                }
                for model, last in fits.items()
            }
            base = {"seed": seed, **PAPER.experiments["mazes"].options}
            rows.append(base | {"question": question, "n": n, "fits": own})
            rows[-1]["distances"] = [0, 30, 30, 30, 30]
    return pd.DataFrame(rows)


def policy_table(agreements, seeds=8):
    """Rows of the experiment policies."""
    rng = stream(0, "cloned")
    base = PAPER.experiments["policies"].options
    return pd.DataFrame(
        [
            {
                **base,
                "seed": seed,
                "network": network,
                "n_train_levels": n,
                "train": 1.0,
                "validation": last * share + rng.normal(0, 0.004),
            }
            for seed in range(seeds)
            for network, last in agreements.items()
            for n, share in ((10, 0.7), (100, 1.0))
        ]
    )


def results(*tables, mazes=None, policies=None):
    frames = {"mazes": mazes, "policies": policies}
    frames["reasoning"] = pd.concat(tables, ignore_index=True) if tables else None

    def measured(name):
        if frames[name] is not None:
            return frames[name]
        experiment = PAPER.experiments[name]
        return pd.DataFrame(columns=["seed", *experiment.options, *experiment.measures])

    return SimpleNamespace(measured=measured)


def word(name, evidence, members=None):
    members = members or PAPER.claims()
    return decide(members, evidence, declared({name: members[name]}))[0].word


def test_curves_that_lack_a_number_of_examples_are_left_out():
    rows = table({"mlp": 0.5, "deep-sets": 0.9}, seeds=2)
    rows = rows.assign(accuracy=rows["test"])
    whole = curves(rows)
    assert len(whole) == 4
    assert whole["area"].between(0, 1).all()
    assert len(curves(rows.drop(index=0))) == 3


def test_differences_are_paired_by_seed_and_against_the_best_of_others():
    rows = table({"a": 0.9, "b": 0.5, "c": 0.7}, noise=0.0)
    whole = curves(rows.assign(accuracy=rows["test"]))
    assert difference(whole, "a", ["b", "c"], "last").mean == pytest.approx(0.2)
    assert difference(whole, "a", "b").mean == pytest.approx(0.8 * 0.4)
    assert np.isnan(difference(whole, "a", "d").mean)
    assert np.isnan(difference(whole, "d", "a").mean)


def test_rounds_are_read_from_names():
    rows = pd.DataFrame({"model": ["gnn-10", "gnn-1", "gnn-max-3", "mlp", "gnn-3"]})
    assert rounds_of(rows, "gnn-") == [1, 3, 10]
    assert rounds_of(rows, "gnn-max-") == [3]
    named = pd.DataFrame({"model": ["message-passing[rounds=3]", "message-passing[rounds=10]"]})
    assert rounds_of(named, "message-passing[rounds=", "]") == [3, 10]


# claims

STATISTIC = {"mlp": 0.4, "deep-sets": 0.95, "gnn-1": 0.96}
PATH = {"gnn-max-1": 0.6, "gnn-max-2": 0.75, "gnn-max-3": 0.85}
SUBSETS = {"mlp": 0.7, "deep-sets": 0.72, "exhaustive": 0.99}
LADDER = (
    table(STATISTIC),
    table({"deep-sets": 0.6, "gnn-1": 0.9}, "furthest-pair"),
    table(PATH, "monster-trainer"),
    table(SUBSETS, "subset-sum"),
)


@pytest.mark.parametrize("name", ["XR-01", "XR-02", "XR-03", "XR-04", "XR-05"])
def test_the_ladder_is_supported_where_it_stands(name):
    assert word(name, results(*LADDER)) == SUPPORTED
    assert word(name, results()) == "inconclusive"


@pytest.mark.parametrize(
    ("name", "rung", "task", "accuracies"),
    [
        ("XR-01", 0, "value-difference", STATISTIC | {"mlp": 0.95}),
        ("XR-01", 0, "value-difference", STATISTIC | {"gnn-1": 0.7}),
        ("XR-02", 1, "furthest-pair", {"deep-sets": 0.9, "gnn-1": 0.9}),
        ("XR-03", 2, "monster-trainer", PATH | {"gnn-max-3": 0.6}),
        ("XR-03", 2, "monster-trainer", PATH | {"gnn-max-2": 0.4}),
        ("XR-04", 3, "subset-sum", SUBSETS | {"mlp": 0.97}),
    ],
)
def test_a_rung_that_is_missing_refutes_its_claim_and_the_ladder(name, rung, task, accuracies):
    tables = [*LADDER[:rung], table(accuracies, task), *LADDER[rung + 1 :]]
    assert word(name, results(*tables)) == REFUTED
    assert word("XR-05", results(*tables)) == REFUTED


def test_a_ladder_without_a_rung_stays_open():
    assert word("XR-05", results(*LADDER[:3])) == "inconclusive"


def test_networks_of_other_sizes_are_no_match_for_the_exhaustive_one():
    small = table(SUBSETS, "subset-sum")
    small.loc[small["model"] != "exhaustive", "weights"] = 300
    assert word("XR-04", results(small)) != SUPPORTED
    # One that is too small does not count, whatever it does.
    one = table(SUBSETS | {"gnn-2": 0.99}, "subset-sum")
    one.loc[one["model"] == "gnn-2", "weights"] = 4000
    assert word("XR-04", results(one)) == SUPPORTED


def test_permuted_labels_and_copies_are_no_evidence_for_claims():
    noise = table(STATISTIC | {"mlp": 0.99}, labels="permuted")
    copies = table({"deep-sets": 0.1}, copy=1)
    assert word("XR-01", results(*LADDER, noise, copies)) == SUPPORTED


@pytest.mark.parametrize(
    ("name", "question", "right", "wrong"),
    [
        ("XR-06", "value-range", STATISTIC, STATISTIC | {"mlp": 0.95}),
        (
            "XR-07",
            "furthest-objects",
            {"object-sets": 0.4, "object-pairs": 0.8},
            {"object-sets": 0.8, "object-pairs": 0.8},
        ),
        (
            "XR-08",
            "steps-to-key",
            {"gnn-1": 0.3, "gnn-3": 0.5, "gnn-10": 0.9},
            {"gnn-1": 0.3, "gnn-3": 0.5, "gnn-10": 0.3},
        ),
        ("XR-09", "best-subset", SUBSETS, SUBSETS | {"mlp": 0.99}),
    ],
)
def test_the_same_of_mazes(name, question, right, wrong):
    assert word(name, results(mazes=maze_table(right, question))) == SUPPORTED
    assert word(name, results(mazes=maze_table(wrong, question))) == REFUTED
    assert word(name, results()) == "inconclusive"


def test_the_same_of_policies():
    names = [f"message-passing[rounds={k}]" for k in (1, 3, 10)]
    better = policy_table(dict(zip(names, (0.6, 0.7, 0.9), strict=True)))
    assert word("XR-10", results(policies=better)) == SUPPORTED
    alike = policy_table(dict.fromkeys(names, 0.7))
    assert word("XR-10", results(policies=alike)) == REFUTED


# controls


def calibrated(position=None, permuted=0.3, apart=0.0):
    own = position or {"mlp": 0.99, "deep-sets": 0.45, "gnn-1": 0.45}
    return results(
        table(own, "position"),
        table({"mlp": permuted}, labels="permuted", sizes=(1000,)),
        table({"deep-sets": 0.9}),
        table({"deep-sets": 0.9 + apart}, copy=1),
    )


def test_controls_come_out_as_expected_where_the_probe_is_right_and_otherwise_not():
    members = {name: control.claim for name, control in PAPER.controls().items()}
    expected = {name: control.expected for name, control in PAPER.controls().items()}
    words = {name: word(name, calibrated(), members) for name in members}
    assert words == expected
    blind = calibrated({"mlp": 0.45, "deep-sets": 0.45, "gnn-1": 0.45})
    assert word("XR-K1", blind, members) == REFUTED
    assert word("XR-K2", calibrated(permuted=0.5), members) == SUPPORTED
    assert word("XR-K3", calibrated(apart=0.09), members) == SUPPORTED
    assert {word(name, results(), members) for name in members} == {"inconclusive"}


# figures


@pytest.mark.slow
def test_the_page_has_a_section_of_what_was_run():
    asks = pd.concat(
        [
            maze_table({"gnn-1": 0.3, "gnn-3": 0.6}, "steps-to-key"),
            maze_table(STATISTIC, "value-range"),
        ]
    )
    clones = policy_table({"message-passing[rounds=1]": 0.5})
    position = table({"mlp": 0.99, "deep-sets": 0.4}, "position")
    permuted = table({"mlp": 0.3}, labels="permuted")
    whole = list(sections(results(*LADDER, position, permuted, mazes=asks, policies=clones)))
    names = ["published", "tasks", "mazes", "distance", "policies", "controls"]
    assert [one.name for one in whole] == names
    for one in whole[1:]:
        assert one.svg.startswith("<svg")
        assert len(one.data)
    assert [one.name for one in sections(results())] == ["published"]
    fits = maze_fits(results(mazes=asks))
    assert set(fits["task"]) == {"steps-to-key", "value-range"}
    distance = whole[3].data
    assert distance["accuracy"].between(0, 1).all()
    assert set(distance["steps"]) == {1, 2, 3, 4}


# the probe


@pytest.fixture(scope="module")
def split():
    return draw_split(FAMILY, 3, 2, 2)


def test_distances_are_those_to_what_the_planner_takes_next(split):
    import networkx as nx

    from rlgen.evaluation import planner
    from rlgen_protocols.graphs.mazes import of_levels

    level = split.train.take([0])
    tabular = FAMILY.tabular(level)
    plan, graph = planner.plan(tabular), of_levels(FAMILY, level)[0]
    states = listed(FAMILY, level, None)
    values = probes.distances(FAMILY, level, states)
    assert values.shape == (tabular.n_states, 5)
    assert not np.isnan(values).any()
    # Staying is no step nearer; a move changes a distance by one at most.
    assert (np.abs(values - values[:, 4:]) <= 1).all()
    own = {picture.tobytes(): v for picture, v in zip(states.observations, values, strict=True)}
    pictures = tabular.observe(np.arange(tabular.n_states, dtype=np.int32))
    number = {tuple(cell): k for k, cell in enumerate(graph.cells.tolist())}
    for start in range(0, tabular.n_states, 7):
        # The planner's steps from here to its first reward, in plain words.
        state = start
        while tabular.reward[state, plan.action[state]] <= 0:
            state = int(tabular.next_state[state, plan.action[state]])
        move = FAMILY.graph.moves[plan.action[state]]
        places = [tuple(np.argwhere(pictures[s][FAMILY.graph.agent])[0]) for s in (start, state)]
        target = number[tuple(np.add(places[1], move).tolist())]
        here = number[tuple(map(int, places[0]))]
        steps = nx.shortest_path_length(graph.networkx(), here, target)
        assert own[pictures[start].astype(np.float32).tobytes()][4] == steps


def test_the_share_explained_of_a_linear_map_and_of_noise():
    rng = stream(0, "explained")
    near, far = rng.normal(size=(80, 6)), rng.normal(size=(50, 6))
    weights = rng.normal(size=(6, 3))
    exact = probes.explained([near, far], near @ weights, far @ weights)
    assert exact == pytest.approx((1, 1), abs=1e-6)
    training, held_out = probes.explained(
        [near, far], rng.normal(size=(80, 3)), rng.normal(size=(50, 3))
    )
    assert training < 0.3
    assert held_out < 0.1


def test_the_penalty_is_that_of_leaving_one_out():
    rng = stream(1, "explained")
    x, y = rng.normal(size=(12, 4)), rng.normal(size=(12, 2))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    penalty = 2.0
    centred = y - y.mean(axis=0)
    ours = probes._left_out(u, s, u.T @ centred, centred, penalty)
    total = 0.0
    for k in range(12):
        rest = np.arange(12) != k
        a = np.column_stack([np.ones(11), x[rest]])
        gram = a.T @ a + np.diag([0.0, *[penalty] * 4])
        weights = np.linalg.solve(gram, a.T @ y[rest])
        total += np.square(y[k] - np.array([1.0, *x[k]]) @ weights).sum()
    assert ours == pytest.approx(total)


def test_random_features_hold_less_than_the_distances(split):
    torch.manual_seed(0)
    size = int(np.prod(FAMILY.observation_space.shape))
    trunk = nn.Sequential(nn.Flatten(), nn.Linear(size, 4), nn.ReLU())
    subject = Subject.of_layers(trunk, nn.Linear(4, 5), split)
    numbers = probes.value_alignment(subject, seed=0)
    assert numbers["held_out"].value < 0.5
    assert numbers["training"].value < 0.9
    assert probes.held_out_pool(split) == "validation"
    assert probes.held_out_pool(draw_split(FAMILY, 3, 0, 2)) == "test"


def test_a_family_without_a_graph_is_refused():
    family = lookup.family("maze-basic[size=5,view=3]")
    split = draw_split(family, 2, 1, 1)
    size = int(np.prod(family.observation_space.shape))
    subject = Subject.of_layers(nn.Flatten(), nn.Linear(size, 5), split, name="a network")
    with pytest.raises(Unsuitable, match="a network: its observations show no graph"):
        probes.value_alignment(subject, seed=0)


# the study


@pytest.mark.slow
def test_the_smoke_study_runs_and_its_page_has_all_sections(tmp_path):
    out = tmp_path / "store"
    said, _ = rlgen("evaluate", PAPER_NAME, "--budget", "smoke", "-o", out, "--json", "-j", 1)
    answer = json.loads(said)
    assert not answer["failed"]
    claims = answer["summary"]["claims"]
    assert {one["name"] for one in claims["decisions"]} == {*PAPER.claims()}
    assert {one["name"] for one in claims["controls"]} == {*PAPER.controls()}
    page = (out / "report.html").read_text()
    for section in ("published", "tasks", "mazes", "distance", "policies", "controls"):
        assert f'id="{PAPER_NAME}-{section}"' in page
