"""A declared experiment: a flat TOML file that lists settings and never computes."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from rlgen.errors import ProtocolError
from rlgen.util.ranges import parse_ids, parse_seeds
from rlgen.util.validation import Settings, checked

#: Of a split.
POOLS = ("train", "validation", "test")
Scalar = bool | int | float | str


def _listed(value: Any) -> Any:
    """A single value is a list of one."""
    if isinstance(value, list | tuple | range):
        return tuple(value)
    return (value,)


def _seeds(value: Any) -> Any:
    """``"0:20"`` is the range from 0 up to, not including, 20."""
    if isinstance(value, str):
        return parse_seeds(value)
    return _listed(value)


Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**62)]
Probability = Annotated[float, Field(ge=0, le=1, strict=False)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1, strict=False)]


def _ids(value: str) -> str:
    """A text of ids that can be read."""
    if value:
        parse_ids(value)
    return value


Ids = Annotated[str, AfterValidator(_ids)]


class Protocol(Settings):
    """Every key of a protocol file. Keys that hold a list span the grid, as its product.

    Attributes:
        name: Name of the experiment; its results go to ``results/NAME``.
        description: What it is for, in words.
        family: Families of levels. Grid.
        family_options: Options of the families.
        n_train_levels: Sizes of the training pool, levels. Grid. Where levels are named, the
            first so many of them; all by default.
        n_validation_levels: Size of the validation pool, levels; told by the names if there are.
        n_test_levels: Size of the test pool, levels; told by the names if there are.
        train_levels: Ids of the training levels, like "0:200" or "3,7,10:20", instead of drawn
            ones; "" draws them. Goes with ``test_levels``.
        validation_levels: Ids of the validation levels, where levels are named.
        test_levels: Ids of the test levels.
        policy: Policies made elsewhere, evaluated instead of training agents, one a seed: files or
            ``module:function``, see ``agents.loading``. ``agent`` is then what they are called.
        train_pool: "per_run": each seed draws its own training pool (A-11); "shared": all seeds
            train on the pool of seed 0.
        flip_p: Probability that an object's reward changes sign in training. Grid.
        agent: Agents. Grid.
        agent_options: Hyper-parameters that replace the presets' own.
        network: Network architectures. Grid.
        regulariser: Perturbations met in training and regularisers, or "none". Grid.
        seeds: Training seeds, as a list or as "0:20". Grid.
        steps: Environment steps of each training run.
        conditions: What the trained policies face, on training and on test levels.
        evaluated_train_levels: At most so many training levels are evaluated at the end.
        curve_points: Checkpoints of the learning curve.
        curve_levels: Levels of each pool on which a checkpoint is evaluated.
        episodes: Episodes a level where returns cannot be computed exactly.
        margin: A normalised gap above it is called memorisation (0 random, 1 optimal).
        item: The figure or table that this part of a study makes, if it is one of several.
        claims: Claims that the study decides, each with the margins declared for it.
        clones: Networks cloned from the planner in each class of agents that the claims on checks
            compare.
        clones_family: Of whose levels; the first family by default.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    description: str = ""
    family: Names
    family_options: dict[str, Scalar] = Field(default_factory=dict)
    n_train_levels: Annotated[
        tuple[Count, ...], BeforeValidator(_listed), Field(min_length=1, strict=False)
    ]
    n_validation_levels: Annotated[int, Field(ge=0)] = 100
    n_test_levels: Count = 1000
    train_levels: Ids = ""
    validation_levels: Ids = ""
    test_levels: Ids = ""
    policy: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(strict=False)] = ()
    train_pool: Literal["per_run", "shared"] = "per_run"
    flip_p: Annotated[
        tuple[Probability, ...], BeforeValidator(_listed), Field(min_length=1, strict=False)
    ] = (0.0,)
    agent: Names = ("ppo",)
    agent_options: dict[str, Scalar] = Field(default_factory=dict)
    network: Names
    regulariser: Names = ("none",)
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_seeds), Field(min_length=1, strict=False)]
    steps: Annotated[int, Field(ge=1, le=10**12)]
    conditions: Names = ("plain",)
    evaluated_train_levels: Count = 200
    curve_points: Annotated[int, Field(ge=1, le=1000)] = 10
    curve_levels: Count = 50
    episodes: Annotated[int, Field(ge=1, le=10**7)] = 100
    margin: Annotated[float, Field(gt=0, le=1, strict=False)] = 0.25
    item: str = ""
    claims: dict[str, Annotated[tuple[float, ...], BeforeValidator(_listed)]] = Field(
        default_factory=dict
    )
    clones: Annotated[int, Field(ge=0, le=10_000)] = 0
    clones_family: str = ""

    @field_validator("*")
    @classmethod
    def _no_repeats(cls, value: Any) -> Any:
        if isinstance(value, tuple) and len(set(value)) < len(value):
            raise ValueError("a value is listed twice")
        return value

    @model_validator(mode="before")
    @classmethod
    def _sizes_of_named_pools(cls, values: Any) -> Any:
        """Levels that are named need not be counted too."""
        named = {pool: values.get(f"{pool}_levels") for pool in POOLS}
        if not any(named.values()):
            return values
        if not (named["train"] and named["test"]):
            missing = "test" if named["train"] else "train"
            raise ValueError(f"levels are named, but not {missing}_levels")
        told = dict(values)
        for pool, text in named.items():
            key = f"n_{pool}_levels"
            try:
                size = len(parse_seeds(text)) if text else 0
            except (ValueError, AttributeError):
                told.setdefault(key, 1)  # the text's own check says what is wrong
                continue
            if told.setdefault(key, size) != size and key != "n_train_levels":
                raise ValueError(f"{key} = {told[key]}, but {size} levels are named")
        return told

    @model_validator(mode="before")
    @classmethod
    def _policies_need_no_agent(cls, values: Any) -> Any:
        """What only training asks for need not be said of policies made elsewhere."""
        given = _listed(values.get("policy", ()))
        if not given:
            return values
        told = dict(values)
        seeds = list(range(len(given)))
        rest = {"agent": "policy", "network": "own", "steps": 1, "curve_points": 1}
        for key, value in {"seeds": seeds, **rest}.items():
            told.setdefault(key, value)
        if list(_seeds(told["seeds"])) != seeds:
            raise ValueError(f"seeds: {len(given)} policies are numbered from 0")
        for key in ("agent", "network", "n_train_levels", "regulariser"):
            if len(_listed(told.get(key, ()))) > 1:
                raise ValueError(f"{key}: a policy made elsewhere has one value")
        return told

    @property
    def named_levels(self) -> dict[str, tuple[int, ...]]:
        """Ids by pool, where levels are named; else empty."""
        return named_levels(self.train_levels, self.validation_levels, self.test_levels)

    @property
    def fixed(self) -> dict[str, Any]:
        """What a store's runs have in common; a store takes one value of each only."""
        told = self.model_dump()
        return {key: value for key, value in told.items() if key not in (*GRID, *FREE)}

    def text(self) -> str:
        """The protocol as TOML, every key spelt out, one line each."""
        return "".join(f"{key} = {toml(value)}\n" for key, value in self.model_dump().items())


#: Keys whose lists span the grid, slowest first: a study that is cut short has few seeds of all
#: settings rather than all seeds of few.
GRID = ("seeds", "family", "n_train_levels", "flip_p", "agent", "network", "regulariser")
#: Further keys that may change between two commands on one store.
FREE = ("description", "conditions", "item", "clones")


def named_levels(train: str, validation: str, test: str) -> dict[str, tuple[int, ...]]:
    """Ids by pool from the texts of a protocol; empty if it names none."""
    texts = zip(POOLS, (train, validation, test), strict=True)
    return {pool: parse_seeds(text) for pool, text in texts if text}


def parse(values: Mapping[str, Any], where: str) -> Protocol:
    """A protocol from a table of keys.

    Raises:
        ProtocolError: One line for each wrong key.
    """
    return checked(Protocol, values, ProtocolError, where)


def load(path: Path) -> dict[str, Any]:
    """The keys of a TOML file.

    Raises:
        ProtocolError: If it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ProtocolError(f"{path}: cannot be read: {reason}") from None
    return loads(text, str(path))


def loads(text: str, where: str) -> dict[str, Any]:
    """The keys of TOML text; ``where`` is what messages begin with."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(f"{where}: not valid TOML: {error}") from None


def merged(old: Protocol, new: Protocol, where: str = "the store") -> Protocol:
    """The protocol of a store after a command with ``new``: the grids' unions.

    ``where`` says in a message where ``old`` stands.

    Raises:
        ProtocolError: Naming the first key in which they cannot be one study.
    """
    for key, value in new.fixed.items():
        if old.fixed[key] != value:
            raise ProtocolError(
                f"key {key!r} is {toml(old.fixed[key])} in {where} and {toml(value)} now"
            )
    values = new.model_dump()
    for key in (*GRID, "conditions"):
        values[key] = _union(getattr(old, key), values[key])
    values["clones"] = max(old.clones, new.clones)
    return Protocol.model_validate(values)


def _union(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    return [*old, *(value for value in new if value not in old)]


def toml(value: Any) -> str:
    """A value in TOML's notation, on one line."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        inside = ", ".join(
            f"{tomli_w.dumps({k: 0}).partition('=')[0].strip()} = {toml(v)}"
            for k, v in value.items()
        )
        return f"{{ {inside} }}" if inside else "{}"
    return tomli_w.dumps({"": value}).partition("=")[2].strip()
