"""Cells that train an agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rlgen.levels.split import Split
from rlgen.study.kinds.policy_cell import PolicyCell, shared_from_settings
from rlgen.study.workspace import Workspace
from rlgen.training.agent_spec import AgentSpec
from rlgen.util import files

if TYPE_CHECKING:
    from rlgen.policies.base import Policy
    from rlgen.store.provenance import Clock


@dataclass(frozen=True)
class TrainCell(PolicyCell):
    """One agent trained once on one pool.

    Attributes:
        spec: What learns, and how.
        after: Steps of the shorter runs that it continues, ascending; see ``extending``.
    """

    kind: ClassVar[str] = "train"
    card: ClassVar[str] = "train an agent and evaluate it"
    preload: ClassVar[tuple[str, ...]] = (
        __name__,
        "rlgen.study.kinds.measuring",
        "rlgen.training.train",
    )

    spec: AgentSpec
    after: tuple[int, ...] = field(default=(), kw_only=True)

    @property
    def begun(self) -> int:
        """See ``Cell``."""
        return self.after[-1] if self.after else 0

    @property
    def continues(self) -> str:
        """See ``Cell``."""
        if not self.after:
            return ""
        *before, steps = self.after
        shorter = self.training.model_copy(update={"steps": steps}).saved(0)
        return replace(self, training=shorter, after=tuple(before)).id

    @property
    def origin(self) -> dict[str, Any]:
        """See ``PolicyCell``."""
        own = self.spec.network.settings
        return {
            "agent_options": dict(self.spec.options),
            "agent_settings": self.spec.settings,
            "agent_version": self.spec.preset.version,
            # Layers as data have none, nor had the cells of older stores.
            **({"network_settings": own} if own else {}),
            **({"after": list(self.after)} if self.after else {}),
            "policy": "",
            "policy_hash": "",
        }

    @property
    def untracked(self) -> list[str]:
        """See ``PolicyCell``."""
        followed = self.spec.network.settings.get("source", "")
        return [*super().untracked, *([] if followed is not None else [self.network])]

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """See ``Cell``."""
        spec = AgentSpec.named(
            settings["agent"],
            settings["network"],
            settings["agent_options"],
            settings["regulariser"],
        )
        after = tuple(settings.get("after", ()))
        return cls(**shared_from_settings(settings), spec=spec, after=after)

    def obtain(
        self, workspace: Workspace, split: Split, device: str, clock: "Clock"
    ) -> "tuple[Policy, int]":
        """Train it, or load it where it has been trained."""
        import pandas as pd

        from rlgen.policies import checkpoint
        from rlgen.store import records
        from rlgen.study import going_on
        from rlgen.training.train import train

        if workspace.earlier is not None:
            policy = checkpoint.load(workspace.earlier, device, network=self.spec.network)
            return policy, int(files.read_json(workspace.earlier / "agent.json")["steps"])
        with clock.time("train"):
            trained = train(
                split,
                self.spec,
                self.training,
                seed=self.seed,
                monitoring=self.monitoring,
                evaluation=self.evaluation,
                device=device,
                on_checkpoint=lambda step, speed, rows: workspace.report(
                    "progress", step=step, steps_per_second=speed, rows=files.without_nan(rows)
                ),
                after=self.after,
                begin=going_on.last_state(workspace),
                keep=lambda state, last: going_on.keep(
                    workspace, state, last=last, extends=not self.spec.falls
                ),
            )
        clock.seconds["test_worker"] = clock.seconds["train"] - trained.seconds
        clock.seconds["train"] = trained.seconds
        notes = {"cell": self.settings, "settings": trained.settings, "steps": trained.steps}
        checkpoint.save(trained.policy, workspace.folder, notes)
        curve = pd.DataFrame(trained.curve).assign(run_id=self.id)
        records.write(workspace.folder / "curve.parquet", curve, records.CURVES)
        return trained.policy, trained.steps
