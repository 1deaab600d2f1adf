"""Splits by group and along an axis: what a protocol says of them, ``[levels]``."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from rlgen.protocol.groups import key
from rlgen.util.ranges import interval
from rlgen.util.validation import Settings

#: The pools that the table speaks of.
_POOLS = ("train", "validation", "test")
#: Those whose values a further pool may take.
LIKE = ("train", "test")


def _checked(value: Any) -> Any:
    """A range that can be read, a pool, or groups, which may be called by numbers too."""
    if isinstance(value, str):
        if value not in LIKE:
            interval(value)
        return value
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("must be a list of groups, or the range of an axis like '3:8'")
    if not all(isinstance(label, str | int) for label in value):
        raise ValueError("groups are called by texts or whole numbers")
    labels = tuple(map(str, value))
    if len(set(labels)) < len(labels):
        raise ValueError("a group is listed twice")
    return labels


#: What a pool takes: groups, or the range of an axis.
Takes = Annotated[
    tuple[str, ...] | str,
    BeforeValidator(
        _checked,
        json_schema_input_type=Annotated[list[str | int], Field(min_length=1)] | str,
    ),
]


class LevelGroups(Settings):
    """By which property levels are split, and what each pool takes."""

    group: Annotated[
        str,
        key(
            "A property of levels whose values are groups, of which whole ones are held out: one "
            "of the family's (rlgen list properties), info:KEY of what reset returns, or "
            "module:function of a level's id.",
            "name",
        ),
    ] = ""
    axis: Annotated[
        str, key("A property that is a number, of which a range is held out; as group.", "name")
    ] = ""
    train: Annotated[
        Takes | None,
        key("Groups (a list), or the range of the axis, to train on: '3:8', ':8'.", "groups"),
    ] = None
    validation: Annotated[
        Takes | None, key("Those to choose by. [default: as train]", "groups")
    ] = None
    test: Annotated[
        Takes | None,
        key("Those that are held out. [default: those that train does not name]", "groups"),
    ] = None
    held_out: Annotated[
        float | None,
        key(
            "Share of the groups that is held out, where none are named: each group is by its own "
            "draw, the same in every study.",
            "share",
            gt=0,
            lt=1,
            strict=False,
        ),
    ] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        pools = {name: own for name in _POOLS if (own := getattr(self, name)) is not None}
        if bool(self.group) == bool(self.axis):
            raise ValueError("needs group or axis, one of the two")
        for name, own in pools.items():
            if isinstance(own, str) != bool(self.axis) or own in LIKE:
                what = "a range like '3:8'" if self.axis else "a list of groups"
                raise ValueError(f"{name} = {own!r}: must be {what}")
        if self.axis and not {"train", "test"} <= pools.keys():
            raise ValueError("axis needs the ranges of train and test")
        if self.held_out is not None and (self.axis or pools):
            raise ValueError("held_out draws groups, and goes with group alone")
        if {"train", "test"} <= pools.keys():
            _refuse_common(pools["train"], pools["test"])
        if "validation" in pools and "test" in pools:
            _refuse_common(pools["validation"], pools["test"], "validation")
        return self

    @property
    def names_pools(self) -> bool:
        """Whether it says which levels a pool takes: levels that are drawn need it."""
        return self.held_out is not None or self.train is not None or self.test is not None

    @property
    def words(self) -> str:
        """What is held out, for people."""
        if self.held_out is not None:
            return f"{100 * self.held_out:g} % of the groups of {self.group}"
        if self.axis:
            return f"{self.axis} {self.test}"
        if self.test is not None:
            return f"{self.group} {', '.join(self.test)}"
        trained = f" but {', '.join(self.train)}" if self.train is not None else ""
        return f"groups of {self.group}{trained or ', as the levels that are named have them'}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """What it says, as ``levels.grouping.Grouping.of`` takes it."""
        pools = {name: own for name in _POOLS if (own := getattr(self, name)) is not None}
        rest = {"group": self.group, "axis": self.axis, "held_out": self.held_out}
        return {**{name: value for name, value in rest.items() if value}, "pools": pools}


def _refuse_common(one: Any, test: Any, name: str = "train") -> None:
    if isinstance(one, str):
        first, second = interval(one), interval(test)
        common = first[0] < second[1] and second[0] < first[1]
    else:
        common = bool(set(one) & set(test))
    if common:
        raise ValueError(f"{name} = {one!r} and test = {test!r} have some in common")
