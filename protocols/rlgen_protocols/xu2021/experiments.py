"""What the paper's protocols may ask for, with what a cell costs, and the probe that it brings."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment
from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.xu2021"
_PERCENT = "absolute error in percent of the target"
_TRAINING = {"epochs": 100, "batch": 64, "rate": 1e-3, "halve": 25}
_LIMITS: dict[str, tuple[float, float]] = {
    "points": (8, 1e7),
    "tests": (1, 1e7),
    "width": (1, 100_000),
    "directions": (2, 1e6),
    "dimension": (2, 10_000),
    "graphs": (9, 1e7),
    "rounds": (1, 1000),
    "epochs": (1, 1e6),
    "steps": (1, 1e7),
    "batch": (1, 100_000),
    "rate": (0, 10),
    "halve": (1, 1e6),
    "nodes": (5, 10_000),
    "size": (9, 99),
    "mazes": (1, 1e6),
}


def _pool(name: str, whose: str) -> dict[str, str]:
    return {
        f"error_{name}": f"mean {_PERCENT}, {whose}",
        f"median_{name}": f"lower median of the same, {whose}",
    }


_LEARNT = {
    **_pool("train", "training graphs"),
    **_pool("in", "new graphs as in training"),
    "course": "validation loss after each epoch",
}


def _limits(options: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {name: _LIMITS[name] for name in options if name in _LIMITS}


def _points_seconds(options: Mapping[str, Any]) -> float:
    products = 2e-9 * float(options["batch"]) * float(options["width"])
    steps = options["epochs"] * options["points"] / options["batch"]
    return 0.5 + float(steps) * (4e-4 + 6 * products)


def _graphs_seconds(options: Mapping[str, Any], edges: float) -> float:
    """Training on graphs of so many edges each."""
    width, rounds = float(options["width"]), float(options.get("rounds", 3))
    step = 1e-3 + float(options["batch"]) * edges * rounds * (1.5e-8 * width + 2e-10 * width**2)
    steps = options["epochs"] * options["graphs"] / options["batch"]
    return float(1 + options["graphs"] / 400 + 0.75 * steps * step)


#: Directed edges of training graphs of max degree, on average.
_EDGES = {"path": 50.0, "cycle": 50.0, "tree": 50.0, "4-regular": 100.0, "ladder": 150.0}


def _mazes_seconds(options: Mapping[str, Any]) -> float:
    width = float(options["width"])
    cells = 34.0 * options["batch"]
    step = 5e-4 + cells * (1e-8 * width + 1e-9 * width**2)
    return float(1.5 + 0.85 * options["steps"] * options["rounds"] * step)


def _experiment(card: str, target: str, options: dict[str, Any], **more: Any) -> Experiment:
    return Experiment(card, f"{_HERE}.{target}", options, limits=_limits(options), **more)


EXPERIMENTS: dict[str, Experiment] = {
    "rays": _experiment(
        "fit functions that are not linear, and follow the network along rays",
        "rays:run",
        {
            "target": "quadratic",
            "points": 5000,
            "tests": 2000,
            "width": 128,
            "directions": 200,
            **_TRAINING,
            "rate": 3e-3,
            "halve": 40,
        },
        measures={
            "error_in": f"lower median of the {_PERCENT}, new points as in training",
            "error_out": "the same, points of which most are out of its range",
            "straight_median": "median over rays of the R2 of a straight line beyond the data",
            "straight_mean": "mean of the same",
            "straight_inside": "median of the same from the origin to the edge of the data",
            "course": "validation loss at some of the epochs",
            "rays": "network and target along two rays, and where the data end",
        },
        seconds=_points_seconds,
    ),
    "directions": _experiment(
        "fit a linear function on points in all directions, or with some missing",
        "directions:run",
        {
            "geometry": "all",
            "dimension": 16,
            "points": 5000,
            "tests": 2000,
            "width": 128,
            **_TRAINING,
        },
        measures={
            "error_in": f"lower median of the {_PERCENT}, new points as in training",
            "error_out": "the same, points of a larger cube in all directions",
        },
        seconds=_points_seconds,
    ),
    "tangent-kernel": _experiment(
        "interpolate a linear function with the tangent kernel from a basis and its opposites",
        "tangent_kernel:run",
        {"training": "basis-and-opposites", "dimension": 32, "tests": 2000},
        measures={"error": "norm of the errors over that of the targets"},
        seconds=0.2,
    ),
    "max-degree": _experiment(
        "learn the largest degree on small graphs, and be asked of larger ones",
        "max_degree:run",
        {
            "readout": "max",
            "features": "constant",
            "train_graphs": "general",
            "graphs": 200,
            "width": 32,
            "rounds": 1,
            "node_mlp": False,
            "epochs": 40,
            "batch": 32,
            "rate": 0.01,
            "halve": 8,
        },
        measures={**_LEARNT, **_pool("out", "larger general graphs")},
        seconds=lambda options: _graphs_seconds(
            options, _EDGES.get(str(options["train_graphs"]), 300.0)
        ),
        extra="graphs",
    ),
    "shortest-path": _experiment(
        "learn the length of the shortest path on small graphs, and be asked of larger ones",
        "shortest_path:run",
        {
            "aggregates": "min-min",
            "train_graphs": "general",
            "graphs": 2000,
            "width": 32,
            "epochs": 35,
            "batch": 32,
            "rate": 0.005,
            "halve": 13,
        },
        measures={
            **_LEARNT,
            **_pool("size", "larger general graphs with weights as in training"),
            **_pool("out", "larger general graphs with heavier weights"),
        },
        seconds=lambda options: _graphs_seconds(options, 450.0),
        extra="graphs",
    ),
    "maze-distance": _experiment(
        "learn the steps to the key in small mazes, and be asked of larger ones",
        "maze_distance:run",
        {
            "aggregate": "min",
            "message": "linear",
            "mazes": 200,
            "tests": 60,
            "width": 16,
            "rounds": 24,
            "steps": 1000,
            "batch": 16,
            "rate": 0.01,
        },
        measures={
            "course": "loss at some of the steps",
            **{
                f"{what}_{size}_x{times}": f"{meaning}, tunnels of {size} x {size} cells, "
                f"{'rounds as in training' if times == 1 else f'{times} times as many rounds'}"
                for size in (9, 13, 21)
                for times in (1, 3)
                for what, meaning in (
                    ("exact", "share of cells whose distance, rounded, is right"),
                    ("error", "mean absolute error in steps, each at most 1e6"),
                    ("by_distance", "the same by the true distance"),
                )
            },
            **{
                f"longest_{size}": f"largest distance in tunnels of {size} x {size} cells"
                for size in (9, 13, 21)
            },
        },
        seconds=_mazes_seconds,
    ),
    "bellman-ford": _experiment(
        "compare messages that are set by hand with other algorithms",
        "bellman_ford:run",
        {"nodes": 30, "graphs": 9, "size": 13, "mazes": 10},
        measures={
            "hops": "largest difference from shortest walks of at most k edges, for every k",
            "end": "largest difference from Dijkstra's distances after n - 1 rounds",
            "maze": "largest error of a maze network set by hand, in steps",
            "rounds": "of that network: the largest distance",
        },
        seconds=1.0,
    ),
}

PROBES: dict[str, Probe] = {
    "size-retention": Probe(
        "how much of its agreement with the planner a policy keeps on larger levels",
        f"{_HERE}.probes:retention",
        f"{_HERE}.probes:identity",
        {
            "retention": "agreement on larger levels over that on its own size, each less 0.2",
            "own": "share of the planner's visits to new levels of its own size at which its most "
            "probable action is optimal",
            "larger": "the same of new levels with 4 more cells a side",
        },
        "held-out labels",
        "a forward pass of all states of 40 levels",
        frozenset({"tabular"}),
    )
}
