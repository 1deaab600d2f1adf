"""The experiments, claims and controls of Ortiz-Jiménez et al. 2021."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from commands import rlgen
from torch import nn

from rlgen import draw_split
from rlgen.agents.labelled import labelled
from rlgen.analysis.claims import REFUTED, SUPPORTED, decide, declared
from rlgen.errors import RlgenError
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES
from rlgen_protocols import PAPERS
from rlgen_protocols.ortizjimenez2021 import (
    binary,
    cloning_grid,
    eigen_tasks,
    kernel,
    kernel_regression,
    nads,
    tasks,
)
from rlgen_protocols.ortizjimenez2021.linearized import Linearized
from rlgen_protocols.ortizjimenez2021.ordering import stratified_tau
from rlgen_protocols.ortizjimenez2021.rotation import Ruler

PAPER_NAME = "ortizjimenez2021"
PAPER = PAPERS[PAPER_NAME]
SMALL = FAMILIES["maze-basic"].configure({"size": 5})
LABELLED = labelled(SMALL, draw_split(SMALL, 3, 0, 1).train)
FAMILY = "maze-basic[size=5]"
FEW = {"test_levels": 4, "states": 60, "gram_states": 8, "rate": 3e-3}


def run(name, **options):
    experiment = PAPER.experiments[name]
    functions = {
        "eigen-tasks": eigen_tasks,
        "cloning": cloning_grid,
        "nads": nads,
        "kernel-regression": kernel_regression,
    }
    out = functions[name].run(seed=0, **{**experiment.options, **options})
    assert set(out) == set(experiment.measures)
    return out


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(175, 12), nn.ReLU(), nn.Linear(12, 5))


@pytest.fixture(scope="module")
def sample():
    return tasks.sample(LABELLED, 40, stream(0, "test"))


# rotation


def test_alignment_is_relative_to_permuted_labels(net, sample):
    ruler = Ruler.of(sample, stream(0, "ruler"))
    precise = kernel.precise(net)
    theta = kernel.gram(precise, kernel.weights_of(precise), sample.inputs)
    values = []
    for direction in ruler.directions[:25].flatten(1):
        values.append(float(direction @ theta @ direction))
    assert ruler.aligned(net) == pytest.approx(values[0] / np.mean(values[1:]))


def test_permutations_keep_labels_and_leave_no_constant(sample):
    ruler = Ruler.of(sample, stream(0, "ruler"))
    assert torch.allclose(ruler.directions.sum(dim=1), torch.zeros(1).double(), atol=1e-12)
    ordered = [np.sort(d.numpy(), axis=0) for d in (ruler.directions[0], ruler.directions[7])]
    assert np.allclose(*ordered)


def test_labels_drawn_without_regard_to_states_are_aligned_by_chance(net, sample):
    values = []
    for seed in range(6):
        order = torch.from_numpy(stream(seed, "test").permutation(len(sample.goals)))
        blind = tasks.Sample(sample.inputs, sample.goals[order])
        values.append(np.log(Ruler.of(blind, stream(seed, "ruler")).aligned(net)))
    assert abs(np.mean(values)) < 0.4
    assert np.log(Ruler.of(sample, stream(0, "ruler")).aligned(net)) > np.mean(values) + 0.4


class Tripled(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, inputs):
        return 3 * self.net(inputs)


def test_alignment_does_not_depend_on_the_kernels_scale(net, sample):
    ruler = Ruler.of(sample, stream(0, "ruler"))
    for measure in (ruler.aligned, ruler.aligned_by_chance, ruler.over_mean_eigenvalue):
        assert measure(Tripled(net)) == pytest.approx(measure(net))


# tasks


def test_a_sample_has_the_planners_labels(sample):
    assert torch.allclose(sample.goals.sum(dim=1), torch.ones(40).double())
    assert torch.allclose(sample.directions.sum(dim=1), torch.zeros(40).double(), atol=1e-7)
    logits = sample.goals.float().clamp(min=1e-9).log()
    perfect = nn.Module()
    perfect.forward = lambda inputs: logits
    assert sample.loss(perfect) == pytest.approx(sample.entropy, abs=1e-5)
    assert sample.accuracy(perfect) == 1.0


@pytest.mark.slow
def test_a_linearization_scores_as_its_network_before_training(net):
    levels = draw_split(SMALL, 2, 0, 3).test
    own = tasks.score(net, SMALL, levels)
    assert tasks.score(Linearized(net), SMALL, levels) == pytest.approx(own, abs=1e-6)
    assert abs(tasks.score(Linearized(net, offset=False), SMALL, levels)) < 1e-6  # uniform


def test_tasks_are_split_in_the_order_that_is_said():
    inputs = torch.arange(6.0)[:, None]
    order = torch.tensor([5, 0, 3, 1, 2, 4])
    task = binary.Binary.of(inputs, inputs[:, 0] > 2, order, 4)
    assert task.train[:, 0].tolist() == [5, 0, 3, 1]
    assert task.train_labels.tolist() == [1, 0, 1, 0]
    assert task.test_labels.tolist() == [0, 1]
    model = nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(10.0)
        model.bias.fill_(-25.0)
    loss, accuracy = task.judged(model)
    assert loss == pytest.approx(0, abs=0.02)
    assert accuracy == 1.0


# experiments


@pytest.mark.slow
def test_eigenvectors_are_learnt_in_the_order_of_their_eigenvalues():
    easy, hard = (run("eigen-tasks", index=k, points=64, steps=60) for k in (2, 48))
    assert easy["aligned"] > 3 * hard["aligned"]
    assert easy["linear_loss"] < hard["linear_loss"]
    assert easy["net_loss"] < hard["net_loss"]
    before = dict(zip(easy["ranks"], easy["spectrum_before"], strict=True))
    assert easy["own_before"] == pytest.approx(before[2])
    assert before[2] > before[8] > before[32]


def test_too_high_an_index_is_refused():
    with pytest.raises(RlgenError, match=r"index = 65: must be at most points = 64"):
        run("eigen-tasks", index=65, points=64, steps=1)
    with pytest.raises(RlgenError, match="index = 82: must be at most 81"):
        run("nads", index=82, samples=8, steps=1)
    with pytest.raises(RlgenError, match="fewer than points = 9,000"):
        run("eigen-tasks", points=9000, steps=1)


def test_the_loss_of_eigenvectors_is_that_in_closed_form():
    out = run("kernel-regression", points=24, tasks=4, steps=30)
    assert out["left"] == pytest.approx(out["expected"], abs=1e-9)
    assert out["ordered"]


def test_a_network_without_hidden_units_is_its_own_linearization():
    out = run("cloning", network="linear", n_train_levels=2, steps=12, **FEW)
    for name in ("velocity", "velocity_centred", "beyond_linear", "turned_train", "turned_test"):
        assert out[name] == pytest.approx(0, abs=1e-9), name
    assert out["net_test"] == pytest.approx(out["linear_test"], abs=1e-4)


@pytest.mark.slow
def test_clones_are_measured_and_equal_bit_for_bit():
    options = {"network": "conv-a", "n_train_levels": 2, "steps": 40, **FEW}
    one, two = (run("cloning", **options) for _ in range(2))
    assert one == two
    assert one["checkpoints"] == [0, 1, 4, 12, 40]
    assert one["turned_train"] == pytest.approx(
        np.log(one["aligned_train"][-1] / one["aligned_train"][0])
    )
    assert one["net_loss"] < one["linear_loss"]
    assert one["early_reached"]
    assert one["early_loss"] == pytest.approx(one["linear_loss"], abs=0.2)
    assert one["velocity"] > 1e-3
    assert one["beyond_linear"] > 1e-2


@pytest.mark.slow
def test_a_wide_network_stays_near_its_linearization():
    out = run("cloning", network="ntk-mlp[width=512]", n_train_levels=2, steps=6, **FEW)
    assert 0 < out["velocity"] < 0.05


def test_directions_of_a_known_network():
    # f(x) = sum_i a_i (b_i . x): the mixed derivative by (b, a) is known
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(4, 3, bias=False), nn.Linear(3, 1, bias=False)
    ).double()
    vectors, values = nads.directions(net, (1, 2, 2))
    b, a = (p.detach() for p in net.parameters())
    mixed = torch.cat([torch.kron(a, torch.eye(4).double()), b.T], dim=1)
    left, expected, _ = torch.linalg.svd(mixed, full_matrices=False)
    assert torch.allclose(values, expected)
    assert (left.T @ vectors).abs().max(dim=0).values[0] == pytest.approx(1)


def test_classes_differ_in_one_direction_alone():
    direction = nn.functional.normalize(torch.arange(9.0).double(), dim=0)
    task = nads.separated(direction, (1, 3, 3), 500, 0)
    points = task.train.flatten(1).double()
    along = points @ direction
    assert torch.allclose(along.abs(), torch.full((500,), 0.5).double(), atol=1e-5)
    assert torch.equal(along > 0, task.train_labels > 0.5)
    rest = points - along[:, None] * direction
    assert float(rest.square().sum(1).mean()) == pytest.approx(8, rel=0.1)


@pytest.mark.slow
def test_directions_of_large_singular_values_are_easier_for_the_linear_model():
    first, last = (run("nads", index=k, samples=800, steps=60) for k in (1, 60))
    assert first["linear_accuracy"] > last["linear_accuracy"] + 0.05
    assert first["singular_value"] == 1.0


# ordering


def test_tau_within_strata_counts_comparable_pairs():
    x = [1, 2, 3, 1, 2, 2]
    y = [1, 3, 2, 5, 4, 6]
    strata = ["a"] * 3 + ["b"] * 3
    # a: + + -, b: -, +, and one tied pair
    tau = stratified_tau(x, y, strata, [0, 1, 2, 0, 1, 2])
    assert tau.estimate.mean == pytest.approx((2 - 1 + 1 - 1) / 5)
    # between strata everything would agree, and says nothing
    assert stratified_tau([1, 1, 9, 9], [1, 2, 8, 9], [0, 0, 1, 1], [0, 1, 0, 1]).draws.size == 0


def test_tau_has_an_interval_that_holds_it_and_p_values():
    rng = stream(0, "test")
    x = rng.normal(size=40)
    strata, seeds = np.repeat([0, 1], 20), np.tile(np.arange(10), 4)
    strong = stratified_tau(x, x + 0.1 * rng.normal(size=40), strata, seeds)
    assert strong.estimate.low < strong.estimate.mean <= strong.estimate.high
    assert strong.p_above(0.0) < 0.001
    assert strong.p_below(0.1) > 0.99
    none = stratified_tau(x, rng.normal(size=40), strata, seeds)
    assert none.p_above(0.0) > 0.05
    missing = stratified_tau([np.nan], [1.0], [0], [0])
    assert np.isnan(missing.estimate.mean)
    assert np.isnan(missing.p_above(0.0))


# claims and controls, on tables whose truth is known


def cells(truth, seeds=8):
    """A table of the cloning experiment; ``truth`` changes its numbers."""
    rng = stream(0, "cells")
    rows = []
    for seed in range(seeds):
        for network in ("conv-a", "mlp-64-64"):
            for n in (3, 50):
                row = dict.fromkeys(PAPER.experiments["cloning"].measures, 0.0)
                gap = rng.uniform(0.2, 0.8)
                noise = rng.normal(0, 0.01, 4)
                row |= {"seed": seed, "network": network, "n_train_levels": n, "flip_p": 0.0}
                row |= {"net_train": 0.9, "net_test": 0.9 - gap, "after_test": 0.9 - gap + noise[0]}
                row |= {"early_test": 0.4 + noise[1]}
                row |= {"linear_test": row["early_test"] + (0.1 if n == 3 else -0.1) + noise[2]}
                row |= {"turned_train": gap + noise[3], "turned_permuted": noise[2]}
                rows.append({**row, **truth(row, rng)})
    return pd.DataFrame(rows)


def results(cloning=None, eigen=None, regression=None):
    frames = {"cloning": cloning, "eigen-tasks": eigen, "kernel-regression": regression}

    def measured(name):
        if frames[name] is not None:
            return frames[name]
        experiment = PAPER.experiments[name]
        return pd.DataFrame(columns=["seed", *experiment.options, *experiment.measures])

    return SimpleNamespace(measured=measured)


def word(name, evidence, members=None):
    members = members or PAPER.claims()
    margins = declared({name: members[name]})
    return decide(members, evidence, margins)[0].word


def eigen(slope):
    rng = stream(1, "eigen")
    rows = [
        {"seed": s, "network": "conv-a", "index": k, "aligned": 1 / k + rng.uniform(0, 0.02)}
        for s in range(8)
        for k in (2, 4, 8, 16, 32, 64)
    ]
    table = pd.DataFrame(rows)
    noise = rng.normal(0, 0.05, len(table))
    return table.assign(
        net_loss=slope * table["aligned"] + noise, linear_loss=-table["aligned"] + noise
    )


def test_ranks_are_judged_for_both_models():
    assert word("OJ-01", results(eigen=eigen(-2.0))) == SUPPORTED
    assert word("OJ-01", results(eigen=eigen(2.0))) == REFUTED
    assert word("OJ-01", results()) == "inconclusive"


def test_ranks_that_are_equal_in_all_seeds_are_judged_too():
    perfect = eigen(0.0)
    same = perfect.assign(net_loss=-1 / perfect["index"], linear_loss=-1 / perfect["index"])
    same = same.assign(aligned=1 / perfect["index"])
    assert word("OJ-01", results(eigen=same)) == SUPPORTED
    few = same[same["seed"] < 3]
    assert word("OJ-01", results(eigen=few)) == "inconclusive"
    assert word("OJ-01", results(eigen=same.assign(net_loss=1 / same["index"]))) == REFUTED


def test_either_may_be_better():
    assert word("OJ-02", results(cells(lambda row, rng: {}))) == SUPPORTED
    worse = cells(lambda row, rng: {"linear_test": row["early_test"] - 0.1 + rng.normal(0, 0.01)})
    assert word("OJ-02", results(worse)) == REFUTED
    nothing = cells(lambda row, rng: {"linear_test": 0.05, "early_test": rng.normal(0, 0.01)})
    assert word("OJ-02", results(nothing)) == "inconclusive"


def test_turning_is_judged_within_strata():
    assert word("OJ-03", results(cells(lambda row, rng: {}))) == SUPPORTED
    opposite = cells(lambda row, rng: {"turned_train": -row["turned_train"]})
    assert word("OJ-03", results(opposite)) == REFUTED
    between = cells(
        lambda row, rng: {"turned_train": row["n_train_levels"] + rng.normal()}, seeds=4
    )
    assert word("OJ-03", results(between)) != SUPPORTED


def test_the_kernel_at_the_end_is_judged_by_distance():
    assert word("OJ-04", results(cells(lambda row, rng: {}))) == SUPPORTED
    # differences that cancel on average are differences all the same
    far = cells(
        lambda row, rng: {
            "after_test": row["net_test"] + rng.choice([-0.2, 0.2]) * rng.uniform(0.8, 1)
        }
    )
    assert word("OJ-04", results(far)) == REFUTED


def test_controls_come_out_as_expected_where_the_probe_is_right_and_otherwise_not():
    members = {name: control.claim for name, control in PAPER.controls().items()}
    expected = {name: control.expected for name, control in PAPER.controls().items()}

    def calibrated(**changes):
        table = cells(lambda row, rng: {})
        rng = stream(2, "wide")
        linear = table.head(4).assign(
            network="linear", velocity=0.0, turned_train=0.0, turned_test=0.0
        )
        small = rng.normal(0.001, 0.0005, (3, 6))
        wide = table.head(6).assign(
            seed=range(6),
            network="ntk-mlp[width=4096]",
            velocity=small[0] + changes.pop("velocity", 0.0),
            turned_train=small[1],
            turned_test=small[2],
        )
        table = table.assign(turned_permuted=table["turned_permuted"] + changes.pop("turned", 0.0))
        linear = linear.assign(**changes)
        regression = pd.DataFrame({"largest_error": [1e-9, 1e-8], "ordered": [True, True]})
        return results(pd.concat([table, linear, wide]), regression=regression)

    words = {name: word(name, calibrated(), members) for name in members}
    assert words == expected
    assert word("OJ-K1", calibrated(velocity=0.0, beyond_linear=0.1), members) == REFUTED
    assert word("OJ-K3", calibrated(turned=0.3), members) == SUPPORTED
    assert word("OJ-K4", calibrated(velocity=0.3), members) == SUPPORTED


def test_controls_are_no_evidence_for_claims():
    from rlgen_protocols.ortizjimenez2021.evidence import cloned

    table = cells(lambda row, rng: {})
    controls = pd.concat([table.assign(network=n) for n in ("linear", "ntk-mlp[width=64]")])
    assert len(cloned(results(pd.concat([table, controls])))) == len(table)


@pytest.mark.slow
def test_the_smoke_study_runs_and_its_page_has_all_sections(tmp_path):
    out = tmp_path / "store"
    said, _ = rlgen("evaluate", PAPER_NAME, "--budget", "smoke", "-o", out, "--json", "-j", 1)
    answer = json.loads(said)
    assert not answer["failed"]
    claims = answer["summary"]["claims"]
    assert {one["name"] for one in claims["decisions"]} == {*PAPER.claims()}
    # Exact ones come out; those with sampling error need the seeds of the budget cpu.
    come_out = {one["name"] for one in claims["controls"] if one["as_expected"]}
    assert {"OJ-K1", "OJ-K2"} <= come_out
    page = (out / "report.html").read_text()
    for section in ("published", "eigen-tasks", "turning", "levels", "course", "gap", "nads"):
        assert f'id="{PAPER_NAME}-{section}"' in page
