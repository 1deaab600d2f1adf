"""Trackers: what is told, while a study runs, of each cell; others are entry points."""

from importlib import import_module

from rlgen.errors import UnknownNameError, one_line
from rlgen.study.tracking.base import Tracker
from rlgen.util.named_code import importable
from rlgen.util.registry import Catalogue, Lazy

TRACKERS: Catalogue[type[Tracker]] = Catalogue(
    "tracker",
    {
        "tensorboard": Lazy(
            "scalars for TensorBoard, in the store's folder tracking",
            "rlgen.study.tracking.event_files:EventFiles",
        ),
    },
    group="rlgen.trackers",
)


def tracker_named(name: str) -> type[Tracker]:
    """Look up a tracker in the catalogue, or import it from a module.

    Args:
        name: Its name in ``TRACKERS``, or ``module:CLASS``, which imports that module.

    Raises:
        UnknownNameError: If there is no such tracker, or it lacks a method.
    """
    if ":" not in name:
        member: object = TRACKERS[name]
    else:
        module, _, attribute = name.partition(":")
        importable(module)
        try:
            member = getattr(import_module(module), attribute)
        except Exception as error:
            # The module is the user's: anything can go wrong in it.
            why = f"{type(error).__name__}: {one_line(error)}"
            raise UnknownNameError(f"tracker {name!r} cannot be imported: {why}") from None
    lacking = [method for method in METHODS if not callable(getattr(member, method, None))]
    if lacking or not isinstance(member, type):
        what = f"has no {' and no '.join(lacking)}" if lacking else "is no class"
        raise UnknownNameError(f"tracker {name!r} {what}: see rlgen.study.tracking.base.Tracker")
    return member


#: What a tracker must have.
METHODS = ("start", "log", "end")
