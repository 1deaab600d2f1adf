"""Cells that evaluate a policy made elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rlgen.errors import ProtocolError, StoreError, nearest
from rlgen.levels.family import Family
from rlgen.levels.split import Split
from rlgen.policies import sources
from rlgen.study.kinds.policy_cell import PolicyCell, shared_from_settings
from rlgen.study.workspace import Workspace
from rlgen.util import files
from rlgen.util.validation import At

if TYPE_CHECKING:
    from rlgen.policies.base import Policy
    from rlgen.store.provenance import Clock


@dataclass(frozen=True)
class EvaluateCell(PolicyCell):
    """One policy of a file or a function, evaluated on one pool.

    Attributes:
        policy: Where it is: a file, files, or a function.
        policy_hash: Of what it is made of.
        agent_options: Those of the protocol, which nothing here reads.
        trained_on: How it is known what it was trained on, see ``protocol.trained_on``; empty where
            it is assumed.
    """

    kind: ClassVar[str] = "evaluate"
    card: ClassVar[str] = "evaluate a policy made elsewhere"
    preload: ClassVar[tuple[str, ...]] = (
        __name__,
        "rlgen.study.kinds.measuring",
        "rlgen.policies.loading",
    )

    policy: str
    policy_hash: str
    agent_options: Mapping[str, Any]
    trained_on: str = ""

    @property
    def origin(self) -> dict[str, Any]:
        """See ``PolicyCell``."""
        return {
            "agent_options": dict(self.agent_options),
            "agent_settings": {},
            "agent_version": 0,
            "policy": self.policy,
            "policy_file": self.policy_file,
            "policy_hash": self.policy_hash,
            **({"trained_on": self.trained_on} if self.trained_on else {}),
        }

    @cached_property
    def policy_file(self) -> str:
        """Where it is, whatever folder it was named from."""
        return sources.located(self.policy)

    @property
    def untracked(self) -> list[str]:
        """See ``PolicyCell``."""
        own = [] if sources.is_tracked(self.policy) else [self.policy]
        return [*super().untracked, *own]

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """See ``Cell``."""
        own = {key: settings[key] for key in ("policy", "policy_hash", "agent_options")}
        own["trained_on"] = settings.get("trained_on", "")
        return cls(**shared_from_settings(settings), **own)

    def obtain(
        self, workspace: Workspace, split: Split, device: str, clock: "Clock"
    ) -> "tuple[Policy, int]":
        """Load it, and write what a run's folder holds of a policy that was not trained here."""
        import pandas as pd

        from rlgen.policies import fitting, loading
        from rlgen.store import records

        del device, clock  # nothing is trained
        if sources.policy_hash(self.policy) != self.policy_hash:
            raise StoreError(f"{self.policy}: has changed since this study was planned")
        policy = loading.load(sources.here(self.policy), split.family, trusted=workspace.trust)
        fitting.check(policy, split.family, split.train, self.policy)
        source = {"path": self.policy, "sha256": self.policy_hash}
        agent = {"made_elsewhere": source, "steps": 0}
        files.write_json(workspace.folder / "agent.json", agent)
        none = pd.DataFrame(columns=records.CURVES.names)
        records.write(workspace.folder / "curve.parquet", none, records.CURVES)
        return policy, 0

    def fitted(self, policy: "Policy", family: Family, workspace: Workspace) -> "Policy":
        """The policy, loaded for the other family's observations."""
        from rlgen.policies import loading

        del policy
        return loading.load(sources.here(self.policy), family, trusted=workspace.trust)


def check_policies(cells: Sequence[EvaluateCell], trust: Sequence[str], where: str) -> None:
    """Refuse policies that cannot be loaded, or do not fit their levels; each is shown a level.

    ``where`` is what messages begin with.
    """
    played = {(cell.policy, cell.family): cell for cell in cells}
    paths = {path for policy, _ in played for path in sources.files(policy)}
    for text in trust:
        if not any(sources.same(text, path) for path in paths):
            raise ProtocolError(
                f"trust = {text!r}: is no policy of this study{nearest(text, paths)}"
            )
    if not played:
        return
    from rlgen.policies import fitting, loading

    for cell in played.values():
        with At(where, "policy", cell.policy):
            policy = loading.load(cell.policy, cell.pools.world, trusted=trust)
            level = cell.pools.some_training_levels(1)
            fitting.check(policy, cell.pools.world, level, cell.policy)
