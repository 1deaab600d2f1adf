"""What the JSON files of a store must hold: whoever made it, they are checked before they are used.

Further keys are let through: later versions may write some.
"""

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from rlgen.util import files
from rlgen.util.checked_json import first_fault

Int = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Float = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=2000)]
Pair = Annotated[list[Float], Field(min_length=2, max_length=2)]
Sizes = Annotated[list[Annotated[int, Field(ge=0, le=100_000)]], Field(max_length=8)]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line that can be printed")
    return text


class _Table(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class Claims(_Table):
    """The claims of ``store.json``."""

    sha256: Name = ""
    declared: Name = ""
    paper: Name = ""
    margins: dict[Name, list[Float]] = {}


class Store(_Table):
    """``store.json``."""

    format: Int
    protocol: Name = ""
    purpose: Name = ""
    claims: Claims = Claims()


class Provenance(_Table):
    """``provenance.json``."""

    versions: dict[Name, Name | None]
    seconds: dict[Name, Float]
    command: list[Any]


class Episode(_Table):
    """An episode of ``trajectories.json``."""

    level: Int
    split: Name
    expected: Float | None
    picture: str
    positions: Annotated[list[Pair], Field(min_length=1)] | None
    grid: Sizes
    actions: list[Any]
    rewards: list[Float]
    solved: bool
    timeout: bool


Side = Annotated[int, Field(ge=-10_000, le=10_000)]
Place = Annotated[list[Side], Field(min_length=2, max_length=2)]


class Thing(_Table):
    """An object of a strip."""

    name: Name
    position: Place
    reward: Float


class Strip(_Table):
    """An episode of ``evaluation.recording.strips``; lists have an entry a step."""

    level: Int
    split: Name
    condition: Name
    walls: Annotated[list[Annotated[str, Field(pattern="^[#.]{1,1000}$")]], Field(max_length=1000)]
    objects: Annotated[list[Thing], Field(max_length=10_000)]
    moves: Annotated[list[Place], Field(max_length=1000)]
    positions: Annotated[list[Place], Field(min_length=1, max_length=100_001)]
    proposed: list[Int]
    executed: list[Int]
    rewards: list[Float]
    blocked: list[bool]
    solved: bool

    @model_validator(mode="after")
    def _of_one_episode(self) -> Self:
        for name in ("proposed", "executed", "rewards", "blocked"):
            if len(getattr(self, name)) != len(self.positions) - 1:
                raise ValueError(f"{name} must have one entry a step")
        for name in ("proposed", "executed"):
            if any(not 0 <= action < len(self.moves) for action in getattr(self, name)):
                raise ValueError(f"{name} must be actions, of which there are moves")
        return self


class Cell(_Table):
    """``cell.json``."""

    id: Name
    settings: dict[Name, Any]


class Levels(_Table):
    """A pool of a split."""

    ids: list[Int]
    fingerprints: list[Name] | None = None
    names: list[Name] | None = None
    values: list[Name] | list[Float] | None = None

    @model_validator(mode="after")
    def _of_each(self) -> Self:
        if self.values is not None and len(self.values) != len(self.ids):
            raise ValueError("values must have one entry a level")
        return self


class Split(_Table):
    """``splits/HASH.json``; of an import a pool may be unknown."""

    family: Name
    pools: dict[Name, Levels | None]


class Access(_Table):
    """An entry of ``access/``."""

    pool: Name
    purpose: Name
    manifest: Name
    date: Name = "at an unknown time"


class Facts(_Table):
    """What a plan's entry says of a cell's family."""

    best: Float | None = None
    ceiling: Float | None = None
    bounds: dict[Name, Pair] = {}


class Pool(_Table):
    """A further pool of a cell, in its settings."""

    kind: Name = ""
    left_out: str = ""


class Settings(_Table):
    """The settings of a cell that reports read; there are others."""

    family: Name = ""
    agent: Name = ""
    network: Name = ""
    regulariser: Name = ""
    policy: str = ""
    policy_hash: Name = ""
    n_train_levels: Int = 0
    flip_p: Float = 0.0
    seed: Int = 0
    pool_seed: Int = 0
    network_settings: dict[Name, Any] = {}
    pools: dict[Name, Pool] = {}


class Entry(_Table):
    """An entry of ``plan.json``."""

    id: Annotated[str, Field(pattern=f"^{files.NAME}$")]
    kind: Name = "train"
    label: Annotated[str, AfterValidator(_printable)]
    settings: dict[Name, Any]
    facts: Facts = Facts()
    records: bool = True
    superseded: Name = ""

    @model_validator(mode="after")
    def _of_a_policy(self) -> Self:
        """Cells without records have settings of other kinds, which no report reads."""
        if self.records:
            try:
                Settings.model_validate(self.settings, strict=True)
            except ValidationError as error:
                raise ValueError(f"settings.{first_fault(error)}") from None
        return self


class Reading(_Table):
    """What detectors read of one agent."""

    kind: Name
    name: Name
    label: Name
    pool_seed: Int
    n_levels: Int
    flip_p: Float
    seed: Int
    train_score: Float | None
    test_score: Float | None
    checks: dict[Name, dict[Name, Any]]


STORE = TypeAdapter(Store)
PLAN = TypeAdapter(list[Entry])
PROVENANCE = TypeAdapter(Provenance)
EPISODES = TypeAdapter(list[Episode])
CELL = TypeAdapter(Cell)
SPLIT = TypeAdapter(Split)
ACCESS = TypeAdapter(Access)
READINGS = TypeAdapter(list[Reading])
CONDITIONS: TypeAdapter[list[str]] = TypeAdapter(list[Name])
STRIPS = TypeAdapter(Annotated[list[Strip], Field(max_length=1000)])
#: Of a file that a paper adds and says nothing more of.
RECORDED: TypeAdapter[Any] = TypeAdapter(list[dict[str, Any]] | dict[str, Any])
TABLE: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
