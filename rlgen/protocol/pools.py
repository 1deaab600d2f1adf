"""Further held-out pools: what a protocol says of each.

Beside train, validation and test a protocol may name any number of pools, ``[pools.NAME]``, whose
levels differ from the training levels as their keys say. Nothing is trained or chosen on them.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from rlgen.protocol.groups import key
from rlgen.protocol.level_groups import LIKE, LevelGroups, Takes
from rlgen.util.ranges import parse_ids, parse_seeds, whole
from rlgen.util.validation import Count, Scalar, Settings
from rlgen.util.words import exist

#: The pools that every protocol has.
POOLS = ("train", "validation", "test")
#: What the levels of a pool are to the training levels (Kirk et al. 2023, section 3).
KINDS = ("in_distribution", "interpolation", "extrapolation")
Kind = Literal["", "in_distribution", "interpolation", "extrapolation"]
#: What is wrong with ids that are no text.
NO_IDS = 'must be ids of levels, such as "0:200" (in Python also a list of them)'
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
#: Names and beginnings of names that results use for other things.
_TAKEN = (*POOLS, "gap")


def readable(value: str) -> str:
    """A text of ids that can be read."""
    if value:
        parse_ids(value)
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(NO_IDS)
    return value


Ids = Annotated[str, BeforeValidator(_text, json_schema_input_type=str), AfterValidator(readable)]


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("a pool's name is 1 to 32 letters, digits, - and _, a letter first")
    if name in _TAKEN or name.startswith("gap_"):
        raise ValueError("is no name for a further pool: results use it for something else")
    return name


class Pool(Settings):
    """One further held-out pool."""

    family_options: Annotated[
        dict[str, Scalar],
        key(
            "Options of its levels' family; those not named are the study's own, or another "
            "family's defaults.",
            "table",
        ),
    ] = {}  # noqa: RUF012 (pydantic copies defaults)
    family: Annotated[
        str,
        key(
            "Another family that its levels are of, with the same actions and channels; by default "
            "the cell's own.",
            "name",
        ),
    ] = ""
    n_levels: Annotated[
        Count, key("Its size; counted from the names, if its levels are named.", "levels")
    ] = 100
    levels: Annotated[Ids, key("Its levels by name, instead of drawn ones.", "ids")] = ""
    only: Annotated[
        Takes | None,
        key(
            "What its levels are like, where the study splits levels by group or along an axis "
            '(levels): a list of groups, a range, or "train" or "test" for the same as there. '
            "[default: anything]",
            "groups",
        ),
    ] = None
    kind: Annotated[
        Kind,
        key(
            "in_distribution, interpolation or extrapolation (Kirk et al. 2023). By default "
            "in_distribution where family and options are those of training, else extrapolation; "
            "levels that are named, and those of only some groups, need it said where family and "
            "options are the same.",
        ),
    ] = ""
    optional: Annotated[
        bool,
        key(
            "Whether networks that do not take its observations are left out of it, which is "
            "otherwise an error."
        ),
    ] = False

    @model_validator(mode="before")
    @classmethod
    def _counted(cls, values: Any) -> Any:
        """Levels that are named need not be counted too."""
        text = values.get("levels") if isinstance(values, Mapping) else None
        if not text:
            return values
        try:
            size = len(parse_seeds(text))
        except (ValueError, AttributeError, TypeError):
            return values  # the text's own check says what is wrong
        sizes = {key: whole(value) for key, value in values.items()}
        if sizes.setdefault("n_levels", size) != size:
            raise ValueError(f"n_levels = {sizes['n_levels']}, but {exist(size, 'level')} named")
        return sizes


PoolName = Annotated[
    str,
    AfterValidator(_named),
    WithJsonSchema(
        {
            "type": "string",
            "allOf": [
                {"pattern": f"^{_NAME.pattern}$"},
                {"not": {"pattern": f"^({'|'.join(_TAKEN)}|gap_.*)$"}},
            ],
        }
    ),
]
Pools = dict[PoolName, Annotated[Pool, Field(strict=False)]]


def check_pools(levels: LevelGroups | None, pools: Mapping[str, Pool], *, named: bool) -> None:
    """Levels that are drawn need to know which; a pool takes some only of what there is.

    Args:
        levels: By which property the study's levels are split, if by any.
        pools: Further ones.
        named: Whether the study names its levels.

    Raises:
        ValueError: Naming the key that lacks something.
    """
    if levels is not None and not (levels.names_pools or named):
        raise ValueError("levels: needs train, test or held_out, as no levels are named")
    for name, pool in pools.items():
        if pool.only is None:
            continue
        if levels is None:
            raise ValueError(f"pools.{name}.only: goes with a table [levels]")
        if pool.only not in LIKE and isinstance(pool.only, str) != bool(levels.axis):
            what = "a range like '3:8'" if levels.axis else "a list of groups"
            raise ValueError(f"pools.{name}.only = {pool.only!r}: must be {what}")


def named_levels(train: str, validation: str, test: str) -> dict[str, tuple[int, ...]]:
    """Ids by pool from the texts of a protocol; empty if it names none."""
    texts = zip(POOLS, (train, validation, test), strict=True)
    return {pool: parse_seeds(text) for pool, text in texts if text}
