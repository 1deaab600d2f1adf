"""The paper's experiments, claims, controls, figures and probe."""

import json
import math
from functools import partial
from types import SimpleNamespace

import measuring_papers
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.analysis import claims as deciding
from rlgen.errors import ProtocolError
from rlgen.evaluation import reference, rollout
from rlgen.levels import lookup
from rlgen.levels.split import draw_split
from rlgen.perturbations.condition import Condition
from rlgen.util import files
from rlgen.util.seeding import stream
from rlgen_protocols import PAPERS
from rlgen_protocols.mackay2018 import estimates, forgotten, mazes, recurrent, tasks
from rlgen_protocols.mackay2018.accounting import account
from rlgen_protocols.mackay2018.figures import savings, sections

PAPER = PAPERS["mackay2018"]
VIEW = "maze-basic[size=5,view=3]"
TINY = {"length": 6, "units": 4, "batch": 3}
TRAINED = TINY | {"steps": 3, "rate": 0.01}
CASES = {
    "reversal": [TINY | {"model": m} for m in ("no-forget", "revgru:3", "revlstm:1")],
    "gradients": [TINY | {"model": m} for m in ("no-forget", "revgru:3", "revlstm")],
    "tokens": [
        TRAINED | {"task": task, "model": m}
        for task, m in (("repeat", "gru"), ("repeat", "no-forget"), ("remember", "revlstm:3"))
    ],
    "mazes": [
        TRAINED | {"family": VIEW, "model": m, "n": 2, "tests": 3}
        for m in ("gru", "feed-forward", "revgru:2")
    ],
}


measure = partial(measuring_papers.measure, PAPER)


@pytest.fixture(scope="module")
def measured():
    return measuring_papers.tables(PAPER, CASES)


@pytest.mark.slow
def test_experiments_measure_what_they_declare_and_reversible_ones_come_back(measured):
    for name in ("reversal", "tokens", "mazes"):
        reversible = ~measured[name]["model"].isin(recurrent.USUAL)
        assert measured[name].loc[reversible, "exact"].tolist() == [True] * reversible.sum()
        assert measured[name].loc[~reversible, "exact"].isna().all()
    assert (measured["gradients"]["error"] < 1e-12).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tokens", "mazes"])
def test_the_same_seed_gives_the_same_bits_whatever_was_drawn_before(name):
    def measured_bits(options):
        return json.dumps(files.without_nan(measure(name, 5, **options)), sort_keys=True)

    for options in CASES[name]:
        first = measured_bits(options)
        torch.manual_seed(99)
        torch.randn(3)
        assert measured_bits(options) == first


@pytest.mark.slow
def test_figures_are_drawn_of_all_of_it_and_of_nothing(measured):
    results = SimpleNamespace(measured=measured.__getitem__)
    drawn = {section.name: section for section in sections(results)}
    assert set(drawn) == {"saving", "tokens", "bits", "mazes", "reversal", "growth"}
    for section in drawn.values():
        assert section.svg.startswith("<svg")
        assert len(section.data)
        assert "mathdefault" not in section.svg
    assert {claim.section for claim in PAPER.claims().values()} <= set(drawn)
    nothing = SimpleNamespace(measured=lambda name: measured[name].head(0))
    assert list(sections(nothing)) == []


def test_published_numbers_say_where_they_were_read():
    printed = savings.published()
    assert printed["source"].str.contains("abstract").all()
    assert printed[["low", "high"]].to_numpy().tolist() == [[10, 15], [5, 10]]


def test_a_repeated_token_is_the_one_before():
    inputs, targets = tasks.sequences("repeat", 7, 5, 0, "x")
    tokens = inputs[..., :8].argmax(dim=2)
    assert torch.equal(targets[1:], tokens[:-1])
    assert (targets[0] == tasks.NO_TARGET).all()
    assert inputs[..., 8].sum(dim=1).tolist() == [5, 0, 0, 0, 0, 0, 0]
    inputs, targets = tasks.sequences("remember", 7, 5, 0, "x")
    assert torch.equal(targets[-1], inputs[0, :, :8].argmax(dim=1))
    assert (targets[:-1] == tasks.NO_TARGET).all()
    with pytest.raises(ProtocolError, match="must be repeat or remember"):
        tasks.sequences("recall", 7, 5, 0)


@pytest.mark.slow
def test_forgetting_three_bits_repeats_and_never_forgetting_does_not():
    sizes = {"length": 10, "units": 16, "steps": 400, "batch": 64, "rate": 0.01}
    three, never = (
        measure("tokens", 0, task="repeat", model=model, **sizes)
        for model in ("revgru:3", "no-forget")
    )
    assert three["accuracy_1"] == three["last_4"] == three["last_16"] == 1
    assert 1.5 < three["ideal"] < 3
    assert 10 < three["saving_ideal"] < 16
    assert never["accuracy_1"] < 0.8
    assert never["last_4"] < 0.3


def test_walks_are_the_planners_and_masks_end_with_the_episode():
    family = lookup.family(VIEW)
    levels = draw_split(family, 4, 0, 3).train
    states = mazes.labelled(family, levels)
    walks = mazes.walk(states, 40, 200, stream(0, "walks"))
    masks = walks.masks
    assert masks[0].all()
    assert (masks[1:] <= masks[:-1]).all()
    assert not masks[-1].all()  # most have come to the key
    # The last action is at hand: none before the first step, one after it.
    last = walks.observations.reshape(40, 200, 11, 3, 3)[:, :, 6:, 1, 1]
    assert not last[0].any()
    assert (last[1:].sum(dim=2)[masks[1:]] == 1).all()
    # It is an optimal one of the step before, but for random ones.
    optimal = walks.goals[:-1].gather(2, last[1:].argmax(dim=2, keepdim=True))[..., 0] > 0
    share = optimal[masks[1:]].float().mean().item()
    assert 0.85 <= share < 0.96
    assert torch.allclose(walks.goals.sum(dim=2), torch.ones(()))


def test_best_and_random_returns_are_those_of_the_whole_maze():
    family = lookup.family("maze-basic[size=5]")
    levels = draw_split(family, 30, 0, 3).train
    plain = Condition.parse("plain")
    best, random = reference.returns(family, levels, [plain])["plain"]
    whole = lookup.family(VIEW)
    again = reference.returns(whole, levels, [plain])["plain"]
    assert np.allclose(best, again[0])
    assert np.allclose(random, again[1])


@pytest.mark.slow
def test_a_policy_acts_step_by_step_as_it_was_trained_on_sequences():
    family = lookup.family(VIEW)
    levels = draw_split(family, 2, 0, 3).train
    walks = mazes.walk(mazes.labelled(family, levels), 9, 4, stream(1, "walks"))
    for model in ("gru", "revgru:3", "revlstm:1", "no-forget", "feed-forward"):
        with reproducible(3):
            network = recurrent.build(model, 99, 8, 5)
        whole = torch.softmax(network(walks.observations).double(), dim=2)
        policy = mazes.GreedyPolicy(network)
        assert not policy.memoryless
        state = policy.start(4)
        for t in range(9):
            acts, state = policy.distribution(walks.observations[t].numpy(), state)
            assert np.allclose(acts, whole[t].detach().numpy(), atol=1e-6)


def test_one_greedy_episode_is_exact():
    family = lookup.family(VIEW)
    levels = draw_split(family, 3, 0, 3).train
    with reproducible(1):
        policy = mazes.GreedyPolicy(recurrent.build("gru", 99, 8, 5))
    one, other = (
        rollout.evaluate(policy, family, levels, [mazes.GREEDY], episodes=n, seed=n)["greedy"]
        for n in (1, 4)
    )
    assert np.array_equal(one.ret_mean, other.ret_mean)
    assert (other.ret_var == 0).all()


def test_a_maze_that_is_seen_whole_is_refused():
    options = CASES["mazes"][0] | {"family": "maze-basic[size=5]"}
    with pytest.raises(ProtocolError, match="must have a view"):
        measure("mazes", **options)


def test_masked_steps_do_not_count_in_bits():
    with reproducible(2):
        network = recurrent.build("revgru:3", 4, 6, 2)
        inputs = torch.randn(12, 3, 4)
    masks = torch.ones(12, 3, dtype=torch.bool)
    masks[5:, 1] = masks[2:, 2] = False
    whole, part = account(network, inputs), account(network, inputs, masks)
    assert part["exact"] is True
    assert part["ideal"] == pytest.approx(whole["ideal"], rel=0.2)
    assert part["growth"]["ideal"][-1] < whole["growth"]["ideal"][-1] * 0.7


@pytest.mark.parametrize(
    ("model", "bits"),
    [("no-forget", 0), ("revgru:1", 1), ("revlstm:2.5", 2.5), ("revgru", 10), ("revgru:99", 10)],
)
def test_limits_of_models(model, bits):
    assert recurrent.limit(model) == bits
    if bits != 10 or ":" not in model:
        assert estimates.allowed_bits(model) == bits


def test_shares_that_are_one_in_every_seed_have_an_interval():
    estimate = estimates.share(pd.Series([1.0] * 4), pd.Series([100] * 4))
    assert estimate.mean == 1
    assert 0.97 < estimate.low < 1
    assert estimate.df == 3
    spread = estimates.share(pd.Series([0.2, 0.4, 0.6]), pd.Series([1000] * 3))
    usual = estimates.mean(pd.Series([0.2, 0.4, 0.6]))
    assert spread.mean == pytest.approx(usual.mean)
    assert usual.low > spread.low > usual.low - 0.01
    assert math.isnan(estimates.share(pd.Series([1.0]), pd.Series([9])).low)


def test_slopes_are_within_seeds_that_have_all_models():
    frame = pd.DataFrame(
        [
            {"seed": seed, "model": model, "gap": seed - 0.5 * bits}
            for seed in range(4)
            for model, bits in (("no-forget", 0), ("revgru:2", 2), ("revgru", 10), ("gru", 77))
        ]
    )
    assert estimates.slope(frame, "gap").mean == pytest.approx(-0.5)
    frame = frame[~((frame["seed"] == 3) & (frame["model"] == "revgru"))]
    frame.loc[frame["seed"] == 3, "gap"] = 1000
    assert estimates.slope(frame, "gap").mean == pytest.approx(-0.5)
    assert estimates.slope(frame.head(0), "gap").reason


def table(name, **columns):
    """Rows with all columns of an experiment; those that are left out are nan."""
    experiment = PAPER.experiments[name]
    frame = pd.DataFrame(columns)
    for key in ("seed", *experiment.options, *experiment.measures):
        if key not in frame:
            frame[key] = experiment.options.get(key, math.nan)
    return frame


def tokens(task, model, last, spread=0.01, seeds=8):
    rng = stream(0, task, model)
    values = np.clip(last + spread * rng.normal(size=seeds), 0, 1)
    columns = {f"{k}_{m}": values for k in ("accuracy", "last") for m in (1, 4, 16)}
    counts = {f"{k}_{m}": 500 for k in ("symbols", "last_symbols") for m in (1, 4, 16)}
    return table("tokens", seed=range(seeds), task=task, model=model, **columns, **counts)


def cloned(seeds=10, **scores):
    rng = stream(0, "cloned")
    return pd.concat(
        [
            table(
                "mazes",
                seed=range(seeds),
                model=model,
                n=n,
                test=values[0] + 0.01 * rng.normal(size=seeds),
                gap=values[1] + 0.01 * rng.normal(size=seeds),
                saving_ideal=values[2] + 0.5 * rng.normal(size=seeds),
                exact=True,
            )
            for n in (10, 100)
            for model, values in scores.items()
        ]
    )


def verdicts(members, **tables):
    whole = {name: tables.get(name, table(name, seed=[])) for name in PAPER.experiments}
    results = SimpleNamespace(measured=whole.__getitem__)
    decided = deciding.decide(members, results, deciding.declared(members))
    return {one.name: one.word for one in decided}


def test_claims_are_supported_refuted_or_neither():
    reversal = table("reversal", seed=range(3), exact=[True] * 3)
    gradients = table("gradients", seed=[0, 1], error=[0.0, 1e-15])
    repeat = pd.concat([tokens("repeat", "no-forget", 0.2), tokens("repeat", "revgru:3", 1.0, 0)])
    true = cloned(
        **{
            "gru": (0.6, 0.1, math.nan),
            "revgru:3": (0.6, 0.1, 15),
            "revgru:1": (0.5, 0.2, 30),
            "no-forget": (0.4, 0.3, math.nan),
        }
    )
    words = verdicts(
        PAPER.claims(), reversal=reversal, gradients=gradients, tokens=repeat, mazes=true
    )
    assert set(words.values()) == {"supported"}
    false = cloned(
        **{
            "gru": (0.7, 0.1, math.nan),
            "revgru:3": (0.6, 0.3, 3),
            "revgru:1": (0.5, 0.2, 3.5),
            "no-forget": (0.6, 0.1, math.nan),
        }
    )
    words = verdicts(
        PAPER.claims(),
        reversal=reversal.assign(exact=[True, False, True]),
        gradients=gradients.assign(error=[0.0, 1e-3]),
        tokens=pd.concat([tokens("repeat", "no-forget", 0.9), tokens("repeat", "revgru:3", 0.8)]),
        mazes=false,
    )
    assert set(words.values()) == {"refuted"}
    assert set(verdicts(PAPER.claims()).values()) == {"inconclusive"}
    between = cloned(**{"gru": (0.6, 0.1, math.nan), "revgru:3": (0.6, 0.1, 6)})
    assert verdicts(PAPER.claims(), mazes=between)["MK-03"] == "inconclusive"


def test_controls_come_out_as_they_must_and_not_otherwise():
    members = {name: control.claim for name, control in PAPER.controls().items()}
    expected = {name: control.expected for name, control in PAPER.controls().items()}
    reversal = table(
        "reversal",
        seed=0,
        length=[20, 100, 400, 400],
        limit=[3.0, 1.0, 10.0, 0.0],
        float_error=[1e-5, 7.0, math.nan, 1e-5],
    )
    good = [
        tokens("repeat", "gru", 1.0, 0),
        tokens("repeat", "no-forget", 0.15),
        tokens("remember", "no-forget", 1.0, 0),
        tokens("remember", "revgru:1", 1.0, 0),
    ]
    assert verdicts(members, reversal=reversal, tokens=pd.concat(good)) == expected
    bad = [
        tokens("repeat", "gru", 0.9),
        tokens("repeat", "no-forget", 0.9),
        tokens("remember", "no-forget", 0.5),
        tokens("remember", "revgru:1", 1.0, 0),
    ]
    words = verdicts(
        members,
        reversal=reversal.assign(float_error=[1e-5, 1e-5, 1.0, 1.0]),
        tokens=pd.concat(bad),
    )
    assert all(words[name] != expected[name] for name in members)


def test_bits_of_an_lstm_are_those_of_its_forget_gates():
    with reproducible(5):
        lstm, features = nn.LSTM(4, 3, 2), torch.randn(7, 4)
    gates = forgotten.forget_gates(lstm, features)
    assert [tuple(g.shape) for g in gates] == [(7, 3), (7, 3)]
    # A cell that only forgets shows its gate: no input, so that c after a step is f times c.
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[:3] = -1e9
    (first, _) = forgotten.forget_gates(lstm, features)
    cell = torch.ones(2, 1, 3)
    _, (_, after) = lstm(features[:1, None], (torch.zeros(2, 1, 3), cell))
    assert torch.allclose(after[0, 0], first[0], atol=1e-6)
