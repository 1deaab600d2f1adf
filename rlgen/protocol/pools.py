"""Further held-out pools: what a protocol says of each.

Beside train, validation and test a protocol may name any number of pools, ``[pools.NAME]``, whose
levels differ from the training levels as their keys say. Nothing is trained or chosen on them.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from rlgen.protocol.groups import key
from rlgen.util.ranges import parse_ids, parse_seeds, whole
from rlgen.util.validation import Count, Scalar, Settings
from rlgen.util.words import exist

#: The pools that every protocol has.
POOLS = ("train", "validation", "test")
#: What the levels of a pool are to the training levels (Kirk et al. 2023, section 3).
KINDS = ("in_distribution", "interpolation", "extrapolation")
Kind = Literal["", "in_distribution", "interpolation", "extrapolation"]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
#: Names and beginnings of names that results use for other things.
_TAKEN = (*POOLS, "gap")


def readable(value: str) -> str:
    """A text of ids that can be read."""
    if value:
        parse_ids(value)
    return value


Ids = Annotated[str, AfterValidator(readable)]


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
    kind: Annotated[
        Kind,
        key(
            "in_distribution, interpolation or extrapolation (Kirk et al. 2023). By default "
            "in_distribution where family and options are those of training, else extrapolation; "
            "levels that are named need it said where family and options are the same.",
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
