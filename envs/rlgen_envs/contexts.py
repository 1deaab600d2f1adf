"""Classic control whose levels differ in their physics (Packer et al. 2018, table 1).

A level's seed decides the parameters, and the start state that Gymnasium draws from it. The option
``regime`` says their range: R, the *random* range, E, the *extreme* values around it, or D, the
*deterministic* default. Without it the seed's block does: R below ``BLOCK``, E in the next block,
D in the third.
"""

import math
from collections.abc import Mapping
from typing import Any

from gymnasium.envs.classic_control.acrobot import AcrobotEnv
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from gymnasium.envs.classic_control.mountain_car import MountainCarEnv
from gymnasium.envs.classic_control.pendulum import PendulumEnv, angle_normalize

from rlgen.errors import LevelError, nearest
from rlgen.util.seeding import stream

BLOCK = 10_000_000_000
#: The blocks in their order.
REGIMES = ("R", "E", "D")

#: Default value, random range, extreme range.
Range = tuple[float, tuple[float, float], tuple[float, float]]
CARTPOLE: dict[str, Range] = {
    "force": (10.0, (5.0, 15.0), (1.0, 20.0)),
    "length": (0.5, (0.25, 0.75), (0.05, 1.0)),
    "mass": (0.1, (0.05, 0.5), (0.01, 1.0)),
}
MOUNTAIN_CAR: dict[str, Range] = {
    "force": (0.001, (0.0005, 0.005), (0.0001, 0.01)),
    "mass": (0.0025, (0.001, 0.005), (0.0005, 0.01)),
}
ACROBOT: dict[str, Range] = dict.fromkeys(
    ("length", "mass", "inertia"), (1.0, (0.75, 1.25), (0.5, 1.5))
)
PENDULUM: dict[str, Range] = dict.fromkeys(("length", "mass"), (1.0, (0.75, 1.25), (0.5, 1.5)))


def regime(seed: int) -> str:
    """The range of a level's parameters: "R", "E" or "D".

    Raises:
        LevelError: If the seed is in no block.
    """
    if not 0 <= seed < BLOCK * len(REGIMES):
        raise LevelError(f"level {seed}: must be from 0 to {BLOCK * len(REGIMES) - 1}")
    return REGIMES[seed // BLOCK]


def checked(name: str) -> str:
    """The option ``regime``; empty where the seed's block decides.

    Raises:
        LevelError: If there is no such range.
    """
    if name and name not in REGIMES:
        raise LevelError(f"regime = {name!r}{nearest(name, REGIMES)}")
    return name


def drawn(ranges: Mapping[str, Range], seed: int, name: str, where: str = "") -> dict[str, float]:
    """A level's parameters.

    Args:
        ranges: The ranges of each parameter.
        seed: The level's id.
        name: Name of the environment.
        where: "R", "E" or "D"; empty where the seed's block decides.

    Returns:
        Values by name: the default in D; uniform in the random range in R; in E uniform in the
        parts of the extreme range outside the random range.
    """
    where, rng, parameters = where or regime(seed), stream(seed, name, "parameters"), {}
    for key, (default, (low, high), (least, most)) in ranges.items():
        if where == "D":
            parameters[key] = default
        elif where == "R":
            parameters[key] = float(rng.uniform(low, high))
        else:
            # One draw from both parts together.
            x = float(rng.uniform(0, (low - least) + (most - high)))
            parameters[key] = least + x if x < low - least else high + x - (low - least)
    return parameters


class CartPole(CartPoleEnv):
    """Cart and pole; solved if the pole stands for 195 steps (of at most 200)."""

    def __init__(self, regime: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.regime = checked(regime)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Start the level of this seed."""
        if seed is not None:
            parameters = drawn(CARTPOLE, seed, "cartpole", self.regime)
            self.force_mag, self.masspole = parameters["force"], parameters["mass"]
            self.length = parameters["length"]
            self.total_mass = self.masspole + self.masscart
            self.polemass_length = self.masspole * self.length
        self.n_steps = 0
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        """One step; ``is_success`` says whether the pole has stood long enough."""
        observation, reward, terminated, truncated, info = super().step(action)  # type: ignore[no-untyped-call]
        self.n_steps += 1
        return (
            observation,
            reward,
            terminated,
            truncated,
            info | {"is_success": self.n_steps >= 195},
        )


class MountainCar(MountainCarEnv):
    """Car in a valley; solved if it leaves the valley within 110 steps (of at most 200)."""

    def __init__(self, regime: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.regime = checked(regime)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Start the level of this seed."""
        if seed is not None:
            parameters = drawn(MOUNTAIN_CAR, seed, "mountain-car", self.regime)
            # The paper's mass is Gymnasium's gravity.
            self.force, self.gravity = parameters["force"], parameters["mass"]
        self.n_steps = 0
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        """One step; ``is_success`` says whether the car has left the valley in time."""
        observation, reward, terminated, truncated, info = super().step(action)
        self.n_steps += 1
        success = bool(terminated) and self.n_steps <= 110
        return observation, reward, terminated, truncated, info | {"is_success": success}


class Acrobot(AcrobotEnv):
    """Two links; solved if the tip is up within 80 steps (of at most 500)."""

    def __init__(self, regime: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.regime = checked(regime)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Start the level of this seed."""
        if seed is not None:
            parameters = drawn(ACROBOT, seed, "acrobot", self.regime)
            # Both links have the same parameters; their centres of mass stay in the middle.
            self.LINK_LENGTH_1 = self.LINK_LENGTH_2 = parameters["length"]
            self.LINK_COM_POS_1 = self.LINK_COM_POS_2 = parameters["length"] / 2
            self.LINK_MASS_1 = self.LINK_MASS_2 = parameters["mass"]
            self.LINK_MOI = parameters["inertia"]
        self.n_steps = 0
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        """One step; ``is_success`` says whether the tip is up in time."""
        observation, reward, terminated, truncated, info = super().step(action)  # type: ignore[no-untyped-call]
        self.n_steps += 1
        success = bool(terminated) and self.n_steps <= 80
        return observation, reward, terminated, truncated, info | {"is_success": success}


class Pendulum(PendulumEnv):
    """Pendulum with a motor; solved if its last 100 steps (of 200) were within 60° of upright.

    The torque is Gymnasium's, from -2 to 2.
    """

    def __init__(self, regime: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.regime = checked(regime)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Start the level of this seed."""
        if seed is not None:
            parameters = drawn(PENDULUM, seed, "pendulum", self.regime)
            self.l, self.m = parameters["length"], parameters["mass"]
        self.n_upright = 0
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        """One step; ``is_success`` says whether it has been upright for long enough."""
        observation, reward, terminated, truncated, info = super().step(action)  # type: ignore[no-untyped-call]
        upright = abs(angle_normalize(self.state[0])) <= math.pi / 3  # type: ignore[no-untyped-call]
        self.n_upright = self.n_upright + 1 if upright else 0
        success = self.n_upright >= 100
        return observation, reward, terminated, truncated, info | {"is_success": success}
