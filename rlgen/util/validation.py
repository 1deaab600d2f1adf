"""Validation of settings: all errors at once, each with its key, value and remedy."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from operator import index
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from rlgen.errors import ProtocolError, RlgenError, nearest
from rlgen.util.files import NAME
from rlgen.util.ranges import whole


def _scalar(value: Any) -> Any:
    """Refuse at once what none of the types of a union takes, which would be a line a type."""
    if not isinstance(value, bool | int | float | str):
        raise ValueError("must be a number, true, false or text")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("must be a finite number, true, false or text")
    return _positive_zero(value) if isinstance(value, float) else value


def _positive_zero(value: float) -> float:
    """A float whose 0 has one spelling: the settings of a run are hashed as text."""
    return value + 0.0


def _without_controls(text: str) -> str:
    """Refuse what a terminal obeys and a page cannot hold."""
    if any(not c.isprintable() and c not in "\n\t" and ord(c) < 0xA0 for c in text):
        raise ValueError("must hold no control characters")
    return text


Text = Annotated[str, AfterValidator(_without_controls)]
Scalar = Annotated[bool | int | float | str, BeforeValidator(_scalar)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**62)]
#: What becomes the name of a file, or nothing.
FileName = Annotated[str, Field(pattern=f"^({NAME})?$")]
Probability = Annotated[float, Field(ge=0, le=1, strict=False), AfterValidator(_positive_zero)]


def listed(value: Any) -> Any:
    """Treat a single value as a list of one; a set is in order."""
    if isinstance(value, set | frozenset):
        return tuple(sorted(value, key=str))
    return tuple(value) if isinstance(value, list | tuple | range) else (value,)


def whole_number(name: str, value: Any) -> int:
    """An argument that must be a whole number, such as 3 or 3.0.

    Raises:
        ProtocolError: If it is none.
    """
    try:
        return index(whole(value))
    except TypeError:
        raise ProtocolError(f"{name} = {value!r}: must be a whole number") from None


def _one_or_several(item: Any, least: int = 1, taken: int | None = None) -> tuple[Any, Any]:
    """A field that takes one value or a list, as its JSON Schema says.

    ``least`` values, of which ``taken`` will do where another key says so, if it is named.
    """
    schema = item | Annotated[list[item], Field(min_length=least)]
    several = BeforeValidator(listed, json_schema_input_type=schema)
    return several, Field(min_length=least if taken is None else taken, strict=False)


Names = Annotated[tuple[str, ...], *_one_or_several(str)]
NamesIfAny = Annotated[tuple[str, ...], *_one_or_several(str, 0)]
#: At least one, where something is trained.
NamesOfAgents = Annotated[tuple[str, ...], *_one_or_several(str, taken=0)]
CountsOfAgents = Annotated[tuple[Count, ...], *_one_or_several(Count, taken=0)]
Numbers = Annotated[tuple[float, ...], *_one_or_several(float)]
Probabilities = Annotated[tuple[Probability, ...], *_one_or_several(Probability)]


class Settings(BaseModel):
    """A frozen table of settings that refuses unknown keys.

    Where whole numbers are wanted, floats may be written that are whole, such as 1e6.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(str(info.field_name))
        types = set() if field is None else set(_types(field.annotation))
        return whole(value) if int in types and float not in types else value


class At:
    """Puts file, key and value in front of an error's message."""

    def __init__(self, where: str, key: str, value: object) -> None:
        self._place, self._value = f"{where}: {key} = {value!r}", value

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, RlgenError):
            # Families begin with their own name, which is the value then.
            own = f"{self._value}: "
            raise error.reworded(lambda line: f"{self._place}: {line.removeprefix(own)}") from None


Model = TypeVar("Model", bound=Settings)


def _known_keys(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """The keys of the table at a path; of tables within tables those of the innermost."""
    for name in path:
        field = model.model_fields.get(str(name))
        inner = [] if field is None else list(_models(field.annotation))
        model = inner[0] if inner else model
    return list(model.model_fields)


def _types(annotation: Any) -> Iterator[Any]:
    """The types in a type, but for those of the entries of tables."""
    yield annotation
    if get_origin(annotation) is not dict:
        for part in get_args(annotation):
            yield from _types(part)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables in a type, such as those of a dictionary of tables."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def checked(
    model: type[Model], values: Mapping[str, Any], error: type[RlgenError], where: str
) -> Model:
    """Validate ``values`` as a ``model``.

    Args:
        model: The table of known keys, their types and limits.
        values: What the user wrote.
        error: The class to raise.
        where: The beginning of messages, for example the file.

    Raises:
        RlgenError: Of class ``error``, with one line for each wrong key.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as failure:
        lines = []
        for fault in failure.errors(include_url=False):
            # The value shows the position in a list.
            key = ".".join(p for p in fault["loc"] if isinstance(p, str) and p != "[key]")
            if fault["type"] == "extra_forbidden":
                hint = nearest(str(fault["loc"][-1]), _known_keys(model, fault["loc"][:-1]))
                lines.append(f"{where}: unknown key {key!r}{hint}")
            elif fault["type"] == "missing":
                lines.append(f"{where}: key {key!r} is missing")
            else:
                reason = fault["msg"].removeprefix("Value error, ")
                reason = reason[:1].lower() + reason[1:]
                value = f" = {fault['input']!r}" if key else ""
                lines.append(f"{where}: {key}{value}: {reason}" if key else f"{where}: {reason}")
        # A union reports one fault for each of its members: drop repeated lines.
        raise error(*dict.fromkeys(lines)) from None
