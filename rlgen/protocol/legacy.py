"""Protocol files and stores of the first form, which said what a paper says now.

Their keys ``item`` (the name of a part), ``claims`` (with margins), ``clones`` and
``clones_family`` are read here and nowhere else.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from rlgen import papers
from rlgen.errors import ProtocolError, nearest
from rlgen.util.validation import FileName, Numbers, Settings, checked


class Legacy(Settings):
    """The keys of the first form."""

    item: FileName = ""
    claims: dict[str, Numbers] = {}  # noqa: RUF012 (pydantic copies defaults)
    clones: Annotated[int, Field(ge=0, le=10_000)] = 0
    clones_family: str = ""

    @property
    def margins(self) -> dict[str, list[float]]:
        """Of the claims, as plain values."""
        return {name: list(values) for name, values in self.claims.items()}

    def cloned_family(self, family: str, options: Mapping[str, Any]) -> str:
        """Of whose levels networks are cloned: the study's first, unless another is named."""
        if self.clones_family or not options:
            return self.clones_family or family
        values = (f"{k}={v if isinstance(v, str) else json.dumps(v)}" for k, v in options.items())
        return f"{family}[{','.join(values)}]"


#: The keys that only the first form has.
KEYS = frozenset(Legacy.model_fields)


def modern(values: Mapping[str, Any], where: str) -> tuple[dict[str, Any], Legacy | None]:
    """The keys of the present form, and those of the first form; None if it has none of them.

    Raises:
        ProtocolError: For a wrong value, or a claim that no paper makes.
    """
    old = {name: value for name, value in values.items() if name in KEYS}
    if not old:
        return dict(values), None
    legacy = checked(Legacy, old, ProtocolError, where)
    rest = {name: value for name, value in values.items() if name not in old}
    if legacy.claims:
        rest.setdefault("paper", _paper(legacy.claims, where))
    elif legacy.item:
        drawing = [name for name, paper in papers.catalogue().items() if legacy.item in paper.parts]
        rest.setdefault("paper", drawing[0] if drawing else "")
    return rest, legacy


def joined(olds: Sequence[Legacy], where: str) -> Legacy | None:
    """What the parts of a suite of the first form say together.

    Raises:
        ProtocolError: If their claims differ.
    """
    if not olds:
        return None
    if any(old.claims != olds[0].claims for old in olds):
        raise ProtocolError(f"{where}: claims: must be the same in all parts")
    return olds[0].model_copy(update={"clones": max(old.clones for old in olds)})


def _paper(claims: Mapping[str, Any], where: str) -> str:
    """The paper that makes most of the claims."""
    catalogue = papers.catalogue()
    sentences = {name: set(catalogue[name].claims()) for name in catalogue}
    best = max(sentences, key=lambda name: len(sentences[name] & set(claims)))
    every = set[str]().union(*sentences.values())
    for name in claims:
        if name not in sentences[best]:
            raise ProtocolError(f"{where}: claims = {name!r}: unknown{nearest(name, every)}")
    return best
