"""The paper's experiments: options, what each measures, and what a cell costs."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment

_HERE = "rlgen_protocols.izmailov2021"


def _seconds(options: Mapping[str, Any]) -> float:
    """CPU seconds of a cell of ``posterior``, from trials on mazes of size 5."""
    size = options["n_train_levels"] / 5
    steps = 130 * options["prior_var"] ** 0.42 * size**0.4
    networks = options["chains"] * options["draws"]
    width = options["hidden"] / 16
    one = 1.4e-4 * size * width * options["chains"] * steps
    held_out = options["held_out_levels"] / 60 * width
    seconds = 3 + one * (options["draws"] + options["burn_in"]) + 0.003 * networks * held_out
    if members := options["members"]:
        fitted = options["fitting_steps"] * (4 * members + 10)
        seconds += 1e-4 * width * fitted + 0.4 * members * held_out + 0.009 * networks * held_out
    return float(seconds)


EXPERIMENTS: dict[str, Experiment] = {
    "posterior": Experiment(
        "draw from the posterior of one data set by HMC, and compare what stands in for it",
        f"{_HERE}.experiments:posterior",
        {
            "family": "maze-basic[size=5]",
            "n_train_levels": 5,
            "flip_p": 0.0,
            "prior_var": 0.5,
            "temperature": 1.0,
            "hidden": 16,
            "chains": 3,
            "draws": 240,
            "burn_in": 40,
            "pool": "test",
            "held_out_levels": 60,
            "members": 0,
            "fitting_steps": 1000,
        },
        {
            "acceptance": "share of proposals that the chains accepted",
            "lowest_acceptance": "of a chain",
            "highest_acceptance": "of a chain",
            "step_size": "of leapfrog after burn-in",
            "leapfrog_steps": "of a trajectory after burn-in",
            "function_r_hat_share": "share of R-hat below 1.1 among held-out action probabilities",
            "weight_r_hat_share": "share of R-hat below 1.1 among weights",
            "largest_weight_r_hat": "of all weights",
            "counts": "whether the chains mixed, so that claims may rest on them",
            "function_r_hat": "histogram of R-hat of held-out action probabilities",
            "weight_r_hat": "histogram of R-hat of weights",
            "lit_share": "share of held-out states that light a dead input",
            "live_inputs": "inputs that are not 0 in some training state",
            "live_weights": "weights of a network without dead inputs",
            "tuned_prior_var": "prior variance that validation levels chose for MAP; nan without",
            "excess_nll": "of HMC's average on held-out states, nats",
            "scores": "by method and set of states: accuracy, losses in nats, ece, total variation "
            "and agreement with HMC, normalised returns",
            "by_draws": "excess loss on held-out states by draws of a chain, of one and of all",
            "reliability": "by method: states, confidence and accuracy of ten bins of confidence",
        },
        limits={
            "n_train_levels": (1, 100_000),
            "flip_p": (0, 1),
            "prior_var": (1e-6, 1e6),
            "temperature": (1e-6, 1e6),
            "hidden": (1, 4096),
            "chains": (2, 64),
            "draws": (2, 100_000),
            "burn_in": (0, 100_000),
            "held_out_levels": (2, 100_000),
            "members": (0, 1000),
            "fitting_steps": (6, 10_000_000),
        },
        seconds=_seconds,
    ),
    "gaussian": Experiment(
        "draw from a correlated Gaussian, whose moments are known",
        f"{_HERE}.known:gaussian",
        {"draws": 1000, "step_size": 0.08, "metropolis": True},
        {
            "mean_1": "of the first number; 1",
            "mean_2": "of the second; -2",
            "variance_1": "1",
            "variance_2": "1",
            "covariance": "0.8",
            "largest_r_hat": "of both numbers",
            "acceptance": "share of proposals that the chains accepted",
            "energy_ratio": "of the energy's error at a step to that at half of it; 4",
        },
        limits={"draws": (2, 1_000_000), "step_size": (1e-4, 0.88)},
        seconds=lambda options: 0.1 + options["draws"] * 1e-4 / options["step_size"],
    ),
    "softmax": Experiment(
        "draw from the posterior of a softmax regression, and integrate it on a grid",
        f"{_HERE}.known:softmax",
        {"draws": 1000, "states": 10},
        {
            "drawn": "predictive probability of the first action at an input of 1, from draws",
            "integrated": "the same from the grid",
            "difference": "of the two; 0",
        },
        limits={"draws": (2, 1_000_000), "states": (1, 10_000)},
        seconds=lambda options: 0.1 + options["draws"] / 1200,
    ),
    "dead-inputs": Experiment(
        "draw from the posterior of a network with an input that is always 0",
        f"{_HERE}.known:dead_inputs",
        {"draws": 500, "prior_var": 0.5},
        {
            "dead_variance": "variance of that input's weights over their prior's; 1",
            "standard_errors": "by how many it is off",
            "live_variance": "variance of the other inputs' weights over their prior's",
        },
        limits={"draws": (2, 1_000_000), "prior_var": (1e-6, 1e6)},
        seconds=lambda options: 0.1 + options["draws"] / 500,
    ),
    "two-modes": Experiment(
        "start chains at both of two modes, between which there is no way",
        f"{_HERE}.known:two_modes",
        {"draws": 200, "distance": 6.0},
        {
            "r_hat": "of the position",
            "acceptance": "share of proposals that the chains accepted",
        },
        limits={"draws": (2, 1_000_000), "distance": (0, 100)},
        seconds=lambda options: 0.1 + options["draws"] / 1500,
    ),
}
