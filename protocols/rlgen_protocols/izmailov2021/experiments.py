"""The experiment ``posterior``: one data set, prior and temperature; what is drawn and compared."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import stream
from rlgen_protocols.izmailov2021 import hmc, measuring, methods, metrics
from rlgen_protocols.izmailov2021.data import VALIDATION, data_set
from rlgen_protocols.izmailov2021.posterior import Posterior

#: A set of chains counts only if acceptance lies between these, and if in function space this share
#: of all R-hat is below ``metrics.MIXED``.
ACCEPTED, MIXED_SHARE = (0.6, 0.98), 0.95
#: Edges of the histograms of R-hat; the last bin takes all above.
EDGES = (*np.linspace(0.95, 1.3, 36).round(2).tolist(), float("inf"))


@reproducible(0)
def posterior(
    *,
    seed: int,
    family: str,
    n_train_levels: int,
    flip_p: float,
    prior_var: float,
    temperature: float,
    hidden: int,
    chains: int,
    draws: int,
    burn_in: int,
    pool: str,
    held_out_levels: int,
    members: int,
    fitting_steps: int,
) -> Mapping[str, Any]:
    """Draw from the posterior of one data set, and compare what stands in for it.

    Args:
        seed: Of the data set and of all draws.
        family: Of the levels.
        n_train_levels: Training levels.
        flip_p: Their flip probability.
        prior_var: Variance of the prior of every weight.
        temperature: Of the posterior.
        hidden: Hidden units.
        chains: Chains of HMC.
        draws: Of each chain.
        burn_in: Trajectories before them.
        pool: "test" or "validation": the levels that are held out.
        held_out_levels: How many.
        members: Networks of each ensemble; 0 for HMC alone, without synthetic shifts.
        fitting_steps: Gradient steps of each network of an ensemble; SGLD and variational
            inference take multiples of it.

    Returns:
        See the paper's ``EXPERIMENTS``.
    """
    of = data_set(family, n_train_levels, flip_p, seed, pool, held_out_levels)
    shape = methods.shape_of(of, hidden)
    target = Posterior(shape, of.inputs, of.goals, prior_var, temperature)
    # Neither the prior nor the temperature: paired settings differ by nothing else.
    rng = stream(seed, "izmailov2021", "hmc")
    run = hmc.sample(
        target,
        target.prior(rng, chains),
        rng,
        trajectory=hmc.trajectory_length(prior_var, temperature),
        draws=draws,
        burn_in=burn_in,
    )
    each = [methods.with_dead(of, target, run.points[:, c], rng) for c in range(chains)]
    sets = measuring.Sets(of, members > 0)
    inputs = sets.inputs()
    running = [
        measuring.Running().add(chain.predicted(of, inputs[measuring.ALL])) for chain in each
    ]
    means = {name: [chain.average(of, x) for chain in each] for name, x in inputs.items()}
    bma = {name: np.mean(own, axis=0) for name, own in means.items()}
    scores = {methods.HMC: sets.measure(bma)}
    sets.reference.update(bma)
    scores[methods.CHAIN] = measuring.mean_of(
        [sets.measure({name: own[c] for name, own in means.items()}) for c in range(chains)]
    )
    curves = {methods.HMC: _reliability(of, bma)}
    tuned = float("nan")
    if members:
        validation = data_set(family, n_train_levels, flip_p, seed, VALIDATION, held_out_levels)
        trained, tuned = methods.ensembles(of, validation, target, members, fitting_steps, seed)
        _compare(sets, trained, scores, curves)
        modes = trained[methods.MAP].weights
        for kind, networks in methods.approximate(of, target, modes, fitting_steps, seed).items():
            probabilities = {name: networks.average(of, x) for name, x in inputs.items()}
            scores[kind] = sets.measure(probabilities)
            curves[kind] = _reliability(of, probabilities)
    return {
        **_mixing(run, measuring.function_r_hat(running)),
        "lit_share": float(of.lit.mean()),
        "live_inputs": shape.inputs,
        "live_weights": shape.size,
        "tuned_prior_var": tuned,
        "excess_nll": scores[methods.HMC][measuring.ALL]["excess_nll"],
        "scores": scores,
        "by_draws": measuring.by_draws(of, running),
        "reliability": curves,
    }


def _compare(
    sets: measuring.Sets,
    trained: Mapping[str, Any],
    scores: dict[str, Any],
    curves: dict[str, Any],
) -> None:
    """Add scores and reliability of ensembles, and of their members alone on average."""
    of, inputs = sets.of, sets.inputs()
    for kind, networks in trained.items():
        single = {name: networks.each(of, x) for name, x in inputs.items()}
        together = {name: own.mean(axis=0) for name, own in single.items()}
        members = range(len(single[measuring.ALL]))
        alone = [sets.measure({name: p[i] for name, p in single.items()}) for i in members]
        scores[kind] = measuring.mean_of(alone)
        scores[kind + methods.ENSEMBLE] = sets.measure(together)
        curves[kind] = _reliability(of, {name: own[0] for name, own in single.items()})
        curves[kind + methods.ENSEMBLE] = _reliability(of, together)


def _mixing(run: hmc.Chains, functions: metrics.Floats) -> dict[str, Any]:
    """Whether the chains count, and what says so."""
    points = run.points.numpy()
    weights = metrics.r_hat(points.mean(axis=0), points.var(axis=0, ddof=1), len(points))
    share = float((functions < metrics.MIXED).mean())
    low, high = float(run.acceptance.min()), float(run.acceptance.max())
    return {
        "acceptance": float(run.acceptance.mean()),
        "lowest_acceptance": low,
        "highest_acceptance": high,
        "step_size": run.step_size,
        "leapfrog_steps": run.steps,
        "function_r_hat_share": share,
        "weight_r_hat_share": float((weights < metrics.MIXED).mean()),
        "largest_weight_r_hat": float(weights.max()),
        "counts": bool(ACCEPTED[0] <= low and high <= ACCEPTED[1] and share >= MIXED_SHARE),
        "function_r_hat": np.histogram(functions, EDGES)[0].tolist(),
        "weight_r_hat": np.histogram(weights, EDGES)[0].tolist(),
    }


def _reliability(of: Any, probabilities: Mapping[str, metrics.Floats]) -> list[list[float]]:
    table = metrics.reliability(probabilities[measuring.ALL], of.held_out.optimal)
    return [list(map(float, row)) for row in table]
