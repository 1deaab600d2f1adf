"""Clones beside their linearizations, at the start of training and after it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import nn

from rlgen.agents.cloning import reproducible, untrained
from rlgen.agents.labelled import LabelledStates, labelled
from rlgen.levels import lookup
from rlgen.levels.split import Split, draw_split
from rlgen.networks import network_named
from rlgen.networks.plain import plain
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.ortizjimenez2021 import kernel
from rlgen_protocols.ortizjimenez2021.fitting import clone_into
from rlgen_protocols.ortizjimenez2021.linearized import Linearized
from rlgen_protocols.ortizjimenez2021.rotation import Ruler
from rlgen_protocols.ortizjimenez2021.tasks import Sample, sample, score

NAME = "ortizjimenez2021"
#: Shares of training at which alignments are measured.
CHECKPOINTS = (0.0, 0.03, 0.1, 0.3, 1.0)


def run(
    *,
    seed: int,
    family: str,
    network: str,
    n_train_levels: int,
    flip_p: float,
    steps: int,
    rate: float,
    test_levels: int,
    states: int,
    gram_states: int,
) -> Mapping[str, Any]:
    """Train a network, its linear model, and the linear model of the kernel that it ends with.

    Returns:
        By model (net, early, linear, after) ``MODEL_train`` and ``MODEL_test``, normalised exact
        returns; ``MODEL_accuracy``, of held-out states; ``MODEL_loss``, the mean cross-entropy on
        training states less the entropy of their labels, nats. ``early`` is the net at the
        training loss at which the linear model ends. ``alignment_train``, ``alignment_test``: A of
        the labels at ``alignment_steps``; ``turned_train``, ``turned_test``, ``turned_permuted``:
        log of A at the end over A at first; ``velocity``, ``velocity_centred``; ``confidence`` and
        ``dead``, the share of held-out states with an input that is 0 in all training states.
    """
    levels = lookup.family(family)
    split = draw_split(levels, n_train_levels, 0, test_levels, pool_seed=seed, flip_p=flip_p)
    train, test = (labelled(split.family, pool) for pool in (split.train, split.test))
    rng = stream(seed, NAME, "states")
    size = min(states, train.tabular.n_states)
    near, far = (Ruler.of(sample(pool, size, rng), rng) for pool in (train, test))
    checkpoints = sorted({round(share * steps) for share in CHECKPOINTS})
    aligned: dict[str, list[float]] = {}

    def measure(net: nn.Module, *, ends: bool) -> None:
        values = {"train": near.aligned(net), "test": far.aligned(net)}
        if ends:
            values["permuted"] = far.aligned_by_chance(net)
            values["raw_train"] = near.over_mean_eigenvalue(net)
            values["raw_test"] = far.over_mean_eigenvalue(net)
            values["raw_permuted"] = far.over_mean_eigenvalue(net, permuted=True)
        for name, value in values.items():
            aligned.setdefault(name, []).append(value)

    with reproducible(library_seed(seed, NAME, network)):
        member = network_named(network).for_family(split.family)
        body = untrained(member, split.family.observation_space, train.tabular.n_actions)
        net = plain(*body)
        start = deepcopy(net)
        models: dict[str, nn.Module] = {"net": net, "linear": Linearized(start)}
        clone_into(models["linear"], train, seed, rate=rate, steps=steps)
        target = near.sample.loss(models["linear"])
        measure(net, ends=True)

        def watch(step: int) -> None:
            if "early" not in models and near.sample.loss(net) <= target:
                models["early"] = deepcopy(net)
            if step in checkpoints:
                measure(net, ends=step == steps)

        clone_into(net, train, seed, rate=rate, steps=steps, watch=watch)
        reached = "early" in models
        models.setdefault("early", net)
        models["after"] = Linearized(deepcopy(net), offset=False)
        clone_into(models["after"], train, seed, rate=rate, steps=steps // 3)
        before, later = (_gram(own, near.sample, gram_states) for own in (start, net))
        measured = _scores(models, split, near, far)
        with torch.no_grad():
            confidence = net(far.sample.inputs.float()).softmax(dim=1).amax(dim=1).mean()
        curvature = _beyond_linear(start, net, far.sample)
    return {
        **measured,
        "early_reached": reached,
        "checkpoints": checkpoints,
        "aligned_train": aligned["train"],
        "aligned_test": aligned["test"],
        **{f"turned_{name}": float(np.log(v[-1] / v[0])) for name, v in aligned.items()},
        "velocity": kernel.velocity(before, later),
        "velocity_centred": kernel.velocity(before, later, centred=True),
        "beyond_linear": curvature,
        "confidence": float(confidence),
        "dead": _dead(train, test),
    }


def _scores(
    models: Mapping[str, nn.Module], split: Split, near: Ruler, far: Ruler
) -> dict[str, float]:
    """Returns, accuracies and training loss of each model."""
    measured: dict[str, float] = {}
    for name, model in models.items():
        measured[f"{name}_train"] = score(model, split.family, split.train)
        measured[f"{name}_test"] = score(model, split.family, split.test)
        measured[f"{name}_train_accuracy"] = near.sample.accuracy(model)
        measured[f"{name}_test_accuracy"] = far.sample.accuracy(model)
        measured[f"{name}_loss"] = near.sample.loss(model) - near.sample.entropy
    return measured


def _beyond_linear(start: nn.Module, end: nn.Module, states: Sample) -> float:
    """Root mean square of what the Taylor expansion at the start lacks at the end, of outputs'."""
    precise, trained = kernel.precise(start), kernel.precise(end)
    model = Linearized(precise)
    with torch.no_grad():
        for delta, before, after in zip(
            model.parameters(), precise.parameters(), trained.parameters(), strict=True
        ):
            delta.copy_(after - before)
        outputs, expansion = trained(states.inputs), model(states.inputs)
    return float((outputs - expansion).norm() / outputs.norm())


def _gram(net: nn.Module, states: Sample, size: int) -> torch.Tensor:
    precise = kernel.precise(net)
    return kernel.gram(precise, kernel.weights_of(precise), states.inputs[:size])


def _dead(train: LabelledStates, test: LabelledStates) -> float:
    """Share of held-out states with an input that is 0 in all training states."""
    lit, held_out = (
        states.observe(np.arange(states.tabular.n_states)).reshape(states.tabular.n_states, -1)
        for states in (train, test)
    )
    return float((held_out[:, ~lit.any(axis=0)] != 0).any(axis=1).mean())
