"""A declared experiment: a flat TOML file that lists settings and never computes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from rlgen.errors import ProtocolError
from rlgen.protocol.completing import EMPTY_GRID, IMPLYING, completed, seed_list
from rlgen.protocol.experiments import Experiments
from rlgen.protocol.groups import GROUPS, Evaluation, Monitoring, SomeGroup, Training, key
from rlgen.protocol.level_groups import LevelGroups
from rlgen.protocol.policy_names import Policies
from rlgen.protocol.pools import Ids, Pools, check_pools, named_levels
from rlgen.util.toml import toml
from rlgen.util.validation import (
    Count,
    CountsOfAgents,
    Names,
    NamesIfAny,
    NamesOfAgents,
    Probabilities,
    Scalar,
    Seed,
    Text,
    checked,
)

Seeds = Annotated[
    tuple[Seed, ...],
    BeforeValidator(
        seed_list, json_schema_input_type=Seed | str | Annotated[list[Seed], Field(min_length=1)]
    ),
    Field(min_length=1),
]


class Protocol(Training, Monitoring, Evaluation):
    """Every key of a protocol file. Keys that hold a list span the grid, as its product.

    What a key means is its field's description; those of single runs stand in ``groups``.
    """

    name: Annotated[
        str,
        key(
            "Name of the experiment; its results go to results/NAME.",
            "text",
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        ),
    ]
    description: Annotated[Text, key("What it is for, in words; above the report.", "text")] = ""
    family: Annotated[
        NamesOfAgents,
        key(
            "Families of levels (rlgen list families), or any id registered with Gymnasium; "
            "options of its own may follow in brackets, as in NAME[key=value].",
            "names",
        ),
    ]
    family_options: Annotated[
        dict[str, Scalar], key("Options of the families, such as { size = 7 }.", "table")
    ] = {}  # noqa: RUF012 (pydantic copies defaults)
    n_train_levels: Annotated[
        CountsOfAgents,
        key(
            "Sizes of the training pool; smaller pools are parts of larger ones. Where levels are "
            "named, the first so many of them; all by default.",
            "levels",
        ),
    ]
    n_validation_levels: Annotated[
        int,
        key("Size of the validation pool; counted from the names, if any.", "levels", ge=0),
    ] = 100
    n_test_levels: Annotated[
        Count,
        key(
            "Size of the held-out pool, the same levels for all cells; counted from the names if "
            "there are.",
            "levels",
        ),
    ] = 1000
    train_levels: Annotated[
        Ids,
        key(
            'Training levels by name, like "0:200" or "3,7,10:20", instead of drawn ones; goes '
            "with test_levels.",
            "ids",
        ),
    ] = ""
    validation_levels: Annotated[Ids, key("Validation levels, where levels are named.", "ids")] = ""
    test_levels: Annotated[Ids, key("Held-out levels, where levels are named.", "ids")] = ""
    levels: Annotated[
        LevelGroups | None,
        key("A table [levels]: hold out whole groups of levels, or a range of an axis.", "table"),
    ] = None
    pools: Annotated[
        Pools,
        key(
            "Further held-out pools, a table [pools.NAME] each, to which gaps are measured too; "
            "later commands may add some.",
            "tables",
        ),
    ] = {}  # noqa: RUF012
    trained_on: Annotated[
        Ids,
        key(
            "Levels that policies were trained on, where that is known; of train_levels reports "
            "say that it is assumed. What rlgen.save_levels wrote beside them need not be said.",
            "ids",
        ),
    ] = ""
    policy: Annotated[
        Policies,
        key(
            "Policies made elsewhere, evaluated instead of training, one a seed; agent is what "
            "they are called. Files or module:function; files to be trusted are named on the "
            "command line, --trust. model.zip+statistics.pkl applies stable-baselines3's "
            "VecNormalize. Of several agents: a table of lists, or one of ppo=a.zip, a2c=b.zip.",
            "files",
        ),
    ] = ()
    train_pool: Annotated[
        Literal["per_run", "shared"],
        key(
            '"per_run": each seed draws its own training pool (A-11); "shared": all train on that '
            "of seed 0."
        ),
    ] = "per_run"
    flip_p: Annotated[
        Probabilities,
        key(
            "Each object's reward changes its sign with it, in training levels alone.",
            "probability",
        ),
    ] = (0.0,)
    agent: Annotated[
        NamesOfAgents,
        key(
            "Learning algorithms with hyper-parameters (rlgen list agents); options of one's own "
            "may follow in brackets, as in NAME[gamma=0.99], before agent_options. Those of "
            "sb3-contrib need the extra rlgen[contrib].",
            "names",
        ),
    ] = ("ppo",)
    agent_options: Annotated[
        dict[str, Scalar],
        key(
            "Hyper-parameters that replace the agents' own, by stable-baselines3's names, and "
            "n_envs (environments), anneal (the learning rate falls to 0), anneal_entropy (so does "
            "the entropy coefficient, where the loss has one), reward_clip (of the learning "
            "signal; 0 is none), precision (of the network's arithmetic in training: float32, "
            "bfloat16, or auto, which is bfloat16 for wide networks on a processor that computes "
            "in it; evaluation is always in float32; critics of actions know float32 alone), and "
            "of deterministic actors action_noise (the standard deviation of the noise in actions "
            "scaled to [-1, 1]).",
            "table",
        ),
    ] = {}  # noqa: RUF012
    network: Annotated[
        NamesOfAgents,
        key(
            "Networks (rlgen list networks), or module:NAME of others; options of their own may "
            "follow in brackets, as in NAME[key=value].",
            "names",
        ),
    ]
    regulariser: Annotated[
        Names,
        key(
            "What training is regularised with: perturbations met in training and regularisers "
            'joined by +, such as "random_spawn+dropout:0.1", or "none".',
            "regularisers",
        ),
    ] = ("none",)
    seeds: Annotated[
        Seeds,
        key(
            'Training seeds, as a list, "0:20" or "0,2,5:8"; --seeds replaces them.',
            "seeds",
        ),
    ]
    conditions: Annotated[
        Names,
        key(
            "What the trained policies face, on all pools; the verdict is about plain, or about "
            "the first if plain is not among them.",
            "conditions",
        ),
    ] = ("plain",)
    probes: Annotated[
        NamesIfAny,
        key(
            "Measurements of each trained network (rlgen list probes), beside the baselines that "
            "they have to beat; later commands may add some.",
            "probes",
        ),
    ] = ()
    margin: Annotated[
        float,
        key(
            "A normalised gap above it is called memorisation (0 random, 1 optimal).",
            "normalised return",
            gt=0,
            le=1,
            strict=False,
        ),
    ] = 0.25
    paper: Annotated[
        str,
        key(
            "The paper that the study is of (rlgen list papers): its claims are decided, and its "
            "figures drawn beside ours.",
            "name",
        ),
    ] = ""
    experiments: Annotated[
        Experiments,
        key(
            "What the paper measures otherwise than by training agents, a table "
            "[experiments.NAME] each (rlgen list experiments): its options, whose lists span a "
            "grid, and seeds. A file with experiments alone trains nothing.",
            "tables",
        ),
    ] = {}  # noqa: RUF012

    @field_validator("*")
    @classmethod
    def _no_repeats(cls, value: Any) -> Any:
        if isinstance(value, tuple) and len(set(value)) < len(value):
            raise ValueError("a value is listed twice")
        return value

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, values: Any) -> Any:
        """What other keys say need not be said."""
        return completed(values) if IMPLYING & values.keys() else values

    @model_validator(mode="after")
    def _some_of_each(self) -> Self:
        """Without experiments there is something to train, or to evaluate."""
        check_pools(self.levels, self.pools, named=bool(self.train_levels))
        if self.trains or not self.experiments:
            for name in EMPTY_GRID:
                if not getattr(self, name):
                    raise ValueError(f"{name} = []: needs at least one value")
        return self

    @property
    def trains(self) -> bool:
        """Whether it has agents: trained by it, or made elsewhere."""
        return any(getattr(self, name) for name in ("family", "n_train_levels", "network"))

    def group(self, kind: type[SomeGroup]) -> SomeGroup:
        """The values of one group."""
        return kind(**{name: getattr(self, name) for name in kind.model_fields})

    @property
    def named_levels(self) -> dict[str, tuple[int, ...]]:
        """Ids by pool, where levels are named; else empty."""
        return named_levels(self.train_levels, self.validation_levels, self.test_levels)

    @property
    def fixed(self) -> dict[str, Any]:
        """What a store's runs have in common; a store takes one value of each only."""
        values = self.model_dump()
        return {name: value for name, value in values.items() if name not in (*GRID, *FREE)}

    def text(self) -> str:
        """The protocol as TOML, every key spelt out, one line each; see ``IF_ANY``."""
        values = self.model_dump(exclude_none=True)
        there = [name for name in keys() if name in values]
        written = [name for name in there if name not in IF_ANY or values[name]]
        return "".join(f"{name} = {toml(values[name])}\n" for name in written)


#: Keys whose lists span the grid, slowest first: a study that is cut short has few seeds of all
#: settings rather than all seeds of few.
GRID = ("seeds", "family", "n_train_levels", "flip_p", "agent", "network", "regulariser")
#: Further keys that may change between two commands on one store; a store is of one paper.
FREE = ("description", "conditions", "probes", "paper", "pools", "experiments", "trained_on")
#: Keys that stand only where they hold something, besides those that are None.
IF_ANY = ("probes", "pools", "experiments", "trained_on")


def keys() -> tuple[str, ...]:
    """All keys in the order in which they are documented: the protocol's own, then the groups'."""
    own = [name for name in Protocol.model_fields if name in Protocol.__annotations__]
    return (*own, *(name for group in GROUPS for name in group.model_fields))


def parse(values: Mapping[str, Any], where: str) -> Protocol:
    """A protocol from a table of keys.

    Raises:
        ProtocolError: One line for each wrong key.
    """
    return checked(Protocol, values, ProtocolError, where)
