"""The protocols of a search: that of each trial, and the tuned one."""

from collections.abc import Mapping, Sequence
from typing import Any

from rlgen.errors import ProtocolError
from rlgen.levels.split import Split
from rlgen.protocol import suite
from rlgen.protocol.schema import Protocol
from rlgen.protocol.suite import ProtocolLike
from rlgen.study.tuning.space import KEYS
from rlgen.util.ranges import ids_text

#: Keys of which a search has one value.
_SINGLE = ("family", "n_train_levels", "flip_p", "agent", "network", "regulariser")
#: What a trial does not need of a study.
_LEFT_OUT = {"probes": (), "pools": {}, "experiments": {}, "paper": "", "trained_on": ""}


def base(source: ProtocolLike, searched: Sequence[str], budget: str | None) -> Protocol:
    """The protocol whose settings are searched.

    Raises:
        ProtocolError: If it is a suite, trains nothing, has no validation levels, or several values
            of what is not searched.
    """
    declaration = suite.read(source, None, budget)
    (protocol, where), *others = declaration.parts
    if others:
        raise ProtocolError(f"{where}: is a part of a suite; tune one protocol")
    if protocol.policy or not protocol.trains:
        raise ProtocolError(f"{where}: trains no agent, so that there is nothing to tune")
    for key in _SINGLE:
        values = getattr(protocol, key)
        if len(values) > 1 and key not in searched:
            raise ProtocolError(
                f"{where}: {key} = {list(values)}: a search has one value of what is not searched"
            )
    if not protocol.n_validation_levels:
        raise ProtocolError(
            f"{where}: n_validation_levels = 0: settings are chosen on validation levels, never on "
            "those of the test pool"
        )
    return protocol


def changed(protocol: Protocol, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a protocol with some settings changed."""
    values = protocol.model_dump(exclude_none=True)
    options = {key: value for key, value in settings.items() if key not in KEYS}
    values |= {key: (value,) for key, value in settings.items() if key in KEYS}
    values["agent_options"] = {**protocol.agent_options, **options}
    return values


def of_trial(
    protocol: Protocol,
    split: Split,
    settings: Mapping[str, Any],
    seeds: Sequence[int],
    condition: str,
    name: str,
) -> dict[str, Any]:
    """The keys of the study of one trial, whose held-out levels are the validation levels.

    Args:
        protocol: The one that is tuned.
        split: Its levels; those of the test pool do not go in.
        settings: Of the trial.
        seeds: Of its runs, which train on the same levels.
        condition: By which they are judged.
        name: Of the study.
    """
    values = changed(protocol, settings) | _LEFT_OUT
    # By which the levels have been drawn: those of the validation pool are the test levels here.
    values.pop("levels", None)
    return values | {
        "name": name,
        "description": "A trial of rlgen tune: its held-out levels are validation levels.",
        "seeds": tuple(seeds),
        "conditions": (condition,),
        "train_levels": ids_text(map(int, split.train.ids)),
        "test_levels": ids_text(map(int, split.validation.ids)),
        "validation_levels": "",
        "n_train_levels": (len(split.train),),
        "n_validation_levels": 0,
        "n_test_levels": len(split.validation),
    }


def tuned(protocol: Protocol, settings: Mapping[str, Any], why: str) -> str:
    """The text of the tuned protocol, its levels as they were.

    Args:
        protocol: The one that was tuned.
        settings: The best ones.
        why: For its description.
    """
    values = changed(protocol, settings)
    values |= {"name": f"{protocol.name[:58]}-tuned", "description": why}
    return suite.read(values).whole.text()
