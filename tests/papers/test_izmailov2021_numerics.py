"""The sampler, the posterior, the metrics and what stands in for HMC, of Izmailov et al. 2021."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from rlgen.util.seeding import stream
from rlgen_protocols.izmailov2021 import (
    approximations,
    hmc,
    known,
    measuring,
    methods,
    metrics,
    predictions,
)
from rlgen_protocols.izmailov2021.data import data_set
from rlgen_protocols.izmailov2021.posterior import Posterior, Shape, columns, log_likelihood
from rlgen_protocols.izmailov2021.targets import Gaussian, LinearSoftmax, TwoModes

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_a_examples.json").read_text())


def array(values):
    return torch.tensor(values, dtype=torch.float64)


#: Of most posteriors here.
SHAPE = Shape(6, 5, 4)


def small(n=30, shape=SHAPE, **keys):
    """A posterior of random data."""
    rng = stream(0, "test", "posterior")
    observations = rng.integers(2, size=(n, shape.inputs)).astype(np.uint8)
    goals = rng.dirichlet(np.ones(shape.actions), n)
    keys = {"prior_var": 0.5, **keys}
    return Posterior(shape, columns(observations), torch.from_numpy(goals.T.copy()), **keys)


def by_autograd(posterior, weights):
    """Log density and gradient without our formulas."""
    weights = weights.clone().requires_grad_(True)
    first, second, bias = posterior.shape.parts(weights)
    logits = second @ torch.tanh(first @ posterior.inputs) + bias
    likelihood = (torch.log_softmax(logits, 1) * posterior.goals).sum((1, 2))
    value = likelihood - (weights**2).sum(1) / (2 * posterior.prior_var)
    value = value / posterior.temperature
    (gradient,) = torch.autograd.grad(value.sum(), weights)
    return value.detach(), gradient


class TestExamples:
    """Every ``s4_*`` key."""

    def test_leapfrog(self):
        case = EXAMPLES["s4_leapfrog_gaussian"]
        target = Gaussian(array(case["mean"]), array(case["cov"]))
        start, momentum = array([case["start"]]), array([case["momentum"]])
        changes = []
        for run in case["runs"]:
            point, turned, value = hmc.leapfrog(target, start, momentum, run["eps"], run["n"])
            np.testing.assert_allclose(point[0], run["w"], rtol=1e-9)
            np.testing.assert_allclose(turned[0], run["m"], rtol=1e-9)
            before = -target(start)[0] + (momentum**2).sum() / 2
            change = float(-value + (turned**2).sum() / 2 - before)
            assert change == pytest.approx(run["dH"], rel=1e-9)
            assert min(1, math.exp(-change)) == run["accept_prob"]
            changes.append(change)
            back, again, _ = hmc.leapfrog(target, point, -turned, run["eps"], run["n"])
            np.testing.assert_allclose(back, start, atol=1e-12)
            np.testing.assert_allclose(-again, momentum, atol=1e-12)
        ratios = np.divide(changes[:-1], changes[1:])
        assert ((ratios > 3.8) & (ratios < 4.1)).all()

    def test_trajectory(self):
        for case in EXAMPLES["s4_trajectory"]:
            length = hmc.trajectory_length(case["prior_var"], case["temperature"])
            assert length == pytest.approx(case["tau"], rel=1e-9)

    def test_r_hat(self):
        case = EXAMPLES["s4_rhat"]
        draws = np.array(case["samples_by_chain_columns"])
        means, variances = draws.mean(axis=0), draws.var(axis=0, ddof=1)
        assert metrics.r_hat(means, variances, 4) == pytest.approx(case["rhat"], rel=1e-9)
        same = metrics.r_hat(means[[0, 0]], variances[[0, 0]], 4)
        assert same == pytest.approx(case["identical_chains"], rel=1e-9)

    def test_metrics(self):
        case = EXAMPLES["s4_metrics"]
        p, q, optimal = (np.array(case[key]) for key in ("p", "q", "optimal"))
        scores = metrics.scores(p, optimal.astype(bool), bins=5)
        assert scores.accuracy == case["accuracy_p"]
        assert scores.nll == pytest.approx(case["nll_p"], rel=1e-9)
        assert scores.excess_nll == pytest.approx(case["excess_nll_p"], rel=1e-9)
        assert scores.ece == pytest.approx(case["ece_p_5_bins"], rel=1e-9)
        assert metrics.agreement(p, q) == case["agreement"]
        assert metrics.total_variation(p, q) == pytest.approx(case["total_variation"], rel=1e-9)

    def test_log_posterior_of_a_linear_softmax(self):
        for case in EXAMPLES["s4_log_posterior_linear_softmax"]:
            target = LinearSoftmax(
                array(case["x"]), array(case["Y"]), case["prior_var"], case["temperature"]
            )
            value, gradient = target(array(case["w"]).reshape(1, -1))
            assert float(value) == pytest.approx(case["log_posterior_up_to_const"], rel=1e-9)
            np.testing.assert_allclose(gradient.view(3, 2), case["grad"], rtol=1e-9)

    def test_dead_inputs(self):
        case = EXAMPLES["s4_dead_feature"]
        linear = EXAMPLES["s4_log_posterior_linear_softmax"][0]
        target = LinearSoftmax(array(linear["x"]), array(linear["Y"]), linear["prior_var"])
        row = target(array(linear["w"]).reshape(1, -1))[1].view(3, 2)[2]
        np.testing.assert_allclose(row, case["expected"], rtol=1e-9)
        assert case["grad_row"] == case["expected"]


class TestPosterior:
    @pytest.mark.parametrize("temperature", [1.0, 0.1])
    def test_the_gradient_is_that_of_autograd(self, temperature):
        posterior = small(temperature=temperature)
        weights = posterior.prior(stream(1, "test"), 3) * 3
        value, gradient = posterior(weights)
        expected, slope = by_autograd(posterior, weights)
        np.testing.assert_allclose(value, expected, rtol=1e-10)
        np.testing.assert_allclose(gradient, slope, rtol=1e-7, atol=1e-9)

    def test_networks_on_states_of_their_own_are_as_on_common_ones(self):
        posterior = small()
        weights = posterior.prior(stream(1, "test"), 3)
        common = log_likelihood(posterior.shape, weights, posterior.inputs, posterior.goals)
        own = log_likelihood(
            posterior.shape,
            weights,
            posterior.inputs.expand(3, -1, -1),
            posterior.goals.expand(3, -1, -1),
        )
        for one, other in zip(common, own, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)

    def test_large_logits_do_not_overflow(self):
        posterior = small()
        value, gradient = posterior(posterior.prior(stream(1, "test"), 2) * 1e4)
        assert torch.isfinite(value).all()
        assert torch.isfinite(gradient).all()

    def test_without_a_prior_nothing_pulls(self):
        posterior, free = small(), small(prior_var=math.inf)
        weights = posterior.prior(stream(1, "test"), 2)
        difference = posterior(weights)[1] - free(weights)[1]
        np.testing.assert_allclose(difference, -weights / 0.5, rtol=1e-9)

    def test_the_gradient_of_dead_inputs_is_the_priors(self):
        posterior = small()
        posterior.inputs[2] = 0
        weights = posterior.prior(stream(1, "test"), 2)
        first = posterior.shape.parts(posterior(weights)[1])[0]
        np.testing.assert_array_equal(
            first[:, :, 2], -posterior.shape.parts(weights)[0][:, :, 2] / 0.5
        )


class TestHmc:
    def test_trajectories_run_back(self):
        posterior = small()
        rng = stream(2, "test")
        start, momenta = posterior.prior(rng, 3), posterior.prior(rng, 3)
        point, turned, _ = hmc.leapfrog(posterior, start, momenta, 0.02, 30)
        back, again, _ = hmc.leapfrog(posterior, point, -turned, 0.02, 30)
        np.testing.assert_allclose(back, start, atol=1e-12)
        np.testing.assert_allclose(-again, momenta, atol=1e-12)

    def test_chains_with_steps_of_their_own_are_as_alone(self):
        posterior = small()
        start = posterior.prior(stream(2, "test"), 2)
        size, steps = array([[0.02], [0.05]]), torch.tensor([[12], [4]])
        together = hmc.leapfrog(posterior, start, start, size, steps)
        for i, (step, number) in enumerate(((0.02, 12), (0.05, 4))):
            alone = hmc.leapfrog(posterior, start[[i]], start[[i]], step, number)
            for one, other in zip(together, alone, strict=True):
                np.testing.assert_allclose(one[i], other[0], rtol=1e-9)

    def test_a_rejected_proposal_repeats_the_state(self):
        run = hmc.sample(
            Gaussian(array([0.0]), array([[1e-4]])),
            array([[0.0], [0.0]]),
            stream(0, "test"),
            trajectory=1.0,
            draws=20,
            step_size=0.5,  # far beyond stability
        )
        assert (run.acceptance < 0.2).all()
        assert len(torch.unique(run.points[:, 0])) < 8
        assert torch.isfinite(run.points).all()

    def test_a_density_that_overflows_is_rejected(self):
        def density(points):
            return torch.where(points[:, 0] > 1, math.nan, 0.0), torch.ones_like(points) * 100

        run = hmc.sample(
            density, array([[0.0]]), stream(0, "test"), trajectory=1.0, draws=5, step_size=0.1
        )
        assert not run.points.any()

    @pytest.mark.slow
    def test_step_sizes_adapt_to_the_acceptance_wanted(self):
        posterior = small()
        run = hmc.sample(
            posterior,
            posterior.prior(stream(2, "test"), 3),
            stream(3, "test"),
            trajectory=hmc.trajectory_length(0.5, 1.0),
            draws=100,
            burn_in=100,
        )
        assert (run.acceptance > 0.75).all()
        assert run.steps == math.ceil(hmc.trajectory_length(0.5, 1.0) / run.step_size)
        assert run.points.shape == (100, 3, posterior.shape.size)
        assert run.log_density.shape == (100, 3)
        assert run.burn_in.shape == (100, 3)

    def test_the_same_seed_gives_the_same_bits(self):
        posterior = small()

        def draw():
            start = posterior.prior(stream(2, "test"), 2)
            return hmc.sample(
                posterior, start, stream(3, "test"), trajectory=1.0, draws=5, burn_in=5
            )

        assert torch.equal(draw().points, draw().points)

    @pytest.mark.slow
    def test_moments_of_a_gaussian(self):
        numbers = known.gaussian(seed=1, draws=1500, step_size=0.2, metropolis=True)
        for name, value in (("mean_1", 1), ("mean_2", -2), ("covariance", 0.8)):
            assert numbers[name] == pytest.approx(value, abs=0.1)
        assert numbers["largest_r_hat"] < 1.01
        assert numbers["energy_ratio"] == pytest.approx(4, abs=0.1)

    def test_large_steps_without_metropolis_have_other_moments(self):
        numbers = known.gaussian(seed=1, draws=500, step_size=0.8, metropolis=False)
        # Leapfrog keeps a Gaussian whose variance along each axis v is v / (1 - step^2 / 4v).
        exact = [v / (1 - 0.64 / (4 * v)) for v in (1.8, 0.2)]
        assert numbers["variance_1"] == pytest.approx(sum(exact) / 2, abs=0.12)
        assert numbers["covariance"] == pytest.approx((exact[0] - exact[1]) / 2, abs=0.12)
        assert numbers["acceptance"] == 1

    @pytest.mark.slow
    def test_the_average_is_the_integral(self):
        numbers = known.softmax(seed=0, draws=600, states=10)
        assert abs(numbers["difference"]) < 0.02
        assert numbers["drawn"] != numbers["integrated"]

    @pytest.mark.slow
    def test_dead_weights_are_as_their_prior(self):
        numbers = known.dead_inputs(seed=0, draws=150, prior_var=0.5)
        assert abs(numbers["standard_errors"]) < 4
        assert numbers["live_variance"] > 1.2

    @pytest.mark.slow
    def test_r_hat_sees_two_modes_and_only_then(self):
        assert known.two_modes(seed=0, draws=100, distance=6.0)["r_hat"] > 2
        assert known.two_modes(seed=0, draws=300, distance=0.5)["r_hat"] < metrics.MIXED

    def test_the_gradients_of_targets_are_those_of_autograd(self):
        points = array([[0.3], [-2.0]])
        leaf = points.clone().requires_grad_(True)
        target = TwoModes(1.5)
        (slope,) = torch.autograd.grad(target(leaf)[0].sum(), leaf)
        np.testing.assert_allclose(target(points)[1], slope, rtol=1e-9)


class TestMetrics:
    def test_a_policy_agrees_with_itself(self):
        p = stream(0, "test").dirichlet(np.ones(5), 40)
        q = np.roll(p, 1, axis=0)
        assert metrics.agreement(p, p) == 1
        assert metrics.total_variation(p, p) == 0
        assert 0 < metrics.total_variation(p, q) <= 1
        certain = np.eye(5)[[0, 1]]
        assert metrics.total_variation(certain, certain[::-1]) == 1

    def test_states_on_the_edge_of_a_bin_count(self):
        table = metrics.reliability(np.array([[0.5, 0.5], [1.0, 0.0]]), np.eye(2, dtype=bool), 4)
        assert table[:, 0].tolist() == [0, 0, 1, 1]

    def test_no_states_have_no_scores(self):
        empty = metrics.scores(np.zeros((0, 5)), np.zeros((0, 5), bool))
        assert all(math.isnan(value) for value in vars(empty).values())

    def test_running_sums_are_as_all_at_once(self):
        draws = stream(0, "test").dirichlet(np.ones(3), (2, 21, 40))  # chains, draws, states
        running = [
            measuring.Running().add(torch.from_numpy(chain[i : i + 8]).mT for i in (0, 8, 16))
            for chain in draws
        ]
        np.testing.assert_allclose(running[0].mean, draws[0].mean(axis=0), rtol=1e-12)
        expected = metrics.r_hat(draws.mean(axis=1), draws.var(axis=1, ddof=1), 21)
        np.testing.assert_allclose(measuring.function_r_hat(running), expected, rtol=1e-9)
        assert sorted(running[0].noted) == [1, 2, 5, 10, 20, 21]
        np.testing.assert_allclose(running[1].noted[10].T, draws[1, :10].sum(axis=0), rtol=1e-12)


class TestPredictions:
    def test_leaving_out_dead_inputs_changes_nothing(self):
        whole = small()
        live = np.array([True, True, False, True, False, True])
        weights = whole.prior(stream(1, "test"), 11)
        first, second, bias = whole.shape.parts(weights)
        reduced = torch.cat(
            [first[:, :, [0, 1, 3, 5, 6]].flatten(1), second.flatten(1), bias.flatten(1)], 1
        )
        inputs = columns(stream(2, "test").integers(2, size=(7, 6)).astype(np.uint8))
        chunks = predictions.predicted(Shape(4, 5, 4), reduced, first[:, :, [2, 4]], live, inputs)
        logits = second @ torch.tanh(first @ inputs) + bias
        expected = torch.softmax(logits, 1)
        np.testing.assert_allclose(torch.cat(list(chunks)), expected, rtol=1e-12)

    def test_the_average_of_the_same_network_is_that_network(self):
        posterior = small()
        one = posterior.prior(stream(1, "test"), 1)
        live = np.ones(6, bool)
        dead = predictions.drawn(stream(0, "test"), posterior.shape, 9, 0, 1.0)
        alone = predictions.average(
            predictions.predicted(posterior.shape, one, dead[:1], live, posterior.inputs), 1
        )
        same = predictions.average(
            predictions.predicted(posterior.shape, one.expand(9, -1), dead, live, posterior.inputs),
            9,
        )
        np.testing.assert_allclose(same, alone, rtol=1e-12)


class TestApproximations:
    def test_map_is_a_mode(self):
        posterior = small()
        rng = stream(4, "test")
        start = approximations.untrained(posterior.shape, rng, 3, posterior.shape.inputs)
        modes = approximations.maximum(posterior, start, rng, 600)
        value, gradient = posterior(modes)
        assert (value > posterior(start)[0]).all()
        before = posterior(start)[1]
        assert float(gradient.norm(dim=1).max()) < 0.1 * float(before.norm(dim=1).min())

    @pytest.mark.slow
    def test_without_decay_the_likelihood_is_higher_and_the_weights_larger(self):
        posterior, free = small(), small(prior_var=math.inf)
        start = approximations.untrained(posterior.shape, stream(4, "test"), 2, 6)
        one, other = (
            approximations.maximum(each, start, stream(5, "test"), 400)
            for each in (posterior, free)
        )
        assert (free(other)[0] > free(one)[0]).all()
        assert (other.norm(dim=1) > one.norm(dim=1)).all()

    @pytest.mark.slow
    def test_on_a_flat_likelihood_all_draw_from_the_prior(self):
        """One state says next to nothing: the posterior is nearly the prior."""
        posterior = small(n=1, prior_var=0.3)
        rng = stream(6, "test")
        start = torch.zeros(4, posterior.shape.size, dtype=torch.float64)
        langevin = approximations.sgld(posterior, start, rng, 200, 300)
        assert langevin.shape == (200, 4, posterior.shape.size)
        # Steps of that size widen a Gaussian by as much.
        wider = 1 / (1 - approximations.SGLD_STEP / (2 * 0.3))
        assert float(langevin.var()) == pytest.approx(0.3 * wider, rel=0.05)
        gaussian = approximations.mean_field(posterior, start[0], rng, 300, 1500)
        assert float(gaussian.var()) == pytest.approx(0.3, rel=0.15)

    @pytest.mark.slow
    def test_colder_draws_lie_closer(self):
        warm, cold = small(), small(temperature=0.05)
        rng = stream(6, "test")
        mode = approximations.maximum(
            warm, approximations.untrained(warm.shape, rng, 1, 6), rng, 600
        )
        draws = [
            approximations.mean_field(each, mode[0], stream(7, "test"), 200, 800)
            for each in (warm, cold)
        ]
        assert float(draws[1].var(0).mean()) < 0.5 * float(draws[0].var(0).mean())


@pytest.fixture(scope="module")
def pool():
    """A data set."""
    return data_set("maze-basic[size=5]", 3, 0.0, 0, "test", 8)


class TestData:
    def test_dead_inputs_are_those_that_training_never_lit(self, pool):
        train = pool.train.observe(np.arange(pool.train.tabular.n_states))
        assert not train.reshape(len(train), -1)[:, ~pool.live].any()
        assert pool.inputs.shape == (pool.live.sum() + 1, len(train))
        np.testing.assert_allclose(pool.goals.sum(0), 1)
        held_out = pool.observations[:, ~pool.live].any(axis=1)
        np.testing.assert_array_equal(pool.lit, held_out)
        assert 0 < pool.lit.mean() < 1

    def test_shifts_change_what_they_say_and_nothing_else(self, pool):
        shifts = dict(pool.shifts())
        assert list(shifts) == ["lit-5", "lit-20", "open-25"]
        for name, share in (("lit-5", 0.05), ("lit-20", 0.2)):
            changed = shifts[name].observations != pool.observations
            assert not changed[:, pool.live].any()
            dark = pool.observations[:, ~pool.live] == 0
            assert changed[:, ~pool.live][dark].mean() == pytest.approx(share, abs=0.02)
            np.testing.assert_array_equal(shifts[name].lit, pool.lit)
        opened = shifts["open-25"].observations != pool.observations
        assert (pool.observations[opened] == 1).all()
        assert 0.1 < opened.mean() / (pool.observations.reshape(-1, 7, 25)[:, 0].mean() / 7) < 0.4

    def test_the_planner_scores_one_and_the_random_agent_zero(self, pool):
        optimal = pool.held_out.optimal
        scores = pool.returns(optimal / optimal.sum(axis=1, keepdims=True))
        for key in ("score", "score_unlit", "score_lit"):
            assert scores[key] == pytest.approx(1, abs=0.02), key
        uniform = pool.returns(np.full(optimal.shape, 1 / optimal.shape[1]))
        assert uniform["score"] == pytest.approx(0, abs=1e-9)
        assert uniform["score_lit"] == pytest.approx(0, abs=1e-9)

    def test_other_seeds_have_other_levels_and_validation_has_the_same_training_levels(self, pool):
        other = data_set("maze-basic[size=5]", 3, 0.0, 1, "test", 8)
        validation = data_set("maze-basic[size=5]", 3, 0.0, 0, "validation", 8)
        assert not np.array_equal(other.observations, pool.observations)
        assert not np.array_equal(validation.observations, pool.observations)
        assert torch.equal(validation.inputs, pool.inputs)

    def test_modes_do_not_see_lit_dead_inputs_and_untrained_weights_do(self, pool):
        shape = methods.shape_of(pool, 8)
        target = Posterior(shape, pool.inputs, pool.goals, 0.5)
        kinds, tuned = methods.ensembles(pool, pool, target, 2, 30, 0)
        assert tuned in methods.TUNING
        lit = columns(dict(pool.shifts())["lit-20"].observations)
        clean = columns(pool.observations)
        for kind, networks in kinds.items():
            same = np.array_equal(networks.average(pool, lit), networks.average(pool, clean))
            assert same == (kind != methods.UNDECAYED), kind


@pytest.mark.slow
def test_pyro_draws_from_the_same_posterior():
    """An independent HMC has the same moments of what a softmax regression predicts."""
    pyro_hmc = pytest.importorskip("pyro.infer.mcmc.hmc")
    mcmc = pytest.importorskip("pyro.infer.mcmc.api")
    case = EXAMPLES["s4_log_posterior_linear_softmax"][0]
    target = LinearSoftmax(array(case["x"]), array(case["Y"]), case["prior_var"])
    start = torch.zeros(1, 6, dtype=torch.float64)
    ours = hmc.sample(
        target,
        start.expand(4, -1),
        stream(0, "test"),
        trajectory=hmc.trajectory_length(0.5, 1.0),
        draws=1000,
        burn_in=50,
    ).points.flatten(0, 1)
    leapfrogs = pyro_hmc.HMC(
        potential_fn=lambda weights: _potential(target, weights["w"]),
        step_size=0.2,
        trajectory_length=hmc.trajectory_length(0.5, 1.0),
        adapt_step_size=False,
        adapt_mass_matrix=False,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        run = mcmc.MCMC(
            leapfrogs,
            num_samples=3000,
            warmup_steps=50,
            initial_params={"w": start[0]},
            disable_progbar=True,
        )
        run.run()
    theirs = run.get_samples()["w"]
    np.testing.assert_allclose(ours.mean(0), theirs.mean(0), atol=0.06)
    np.testing.assert_allclose(ours.var(0), theirs.var(0), rtol=0.15)


def _potential(target, weights):
    """Of autograd, without our gradient."""
    chances = torch.log_softmax(target.inputs @ weights.view(3, 2), 1)
    return weights.square().sum() / (2 * target.prior_var) - (chances * target.goals).sum()
