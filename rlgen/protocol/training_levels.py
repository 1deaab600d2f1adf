"""The levels that policies made elsewhere were trained on, where a protocol need not say them."""

from collections.abc import Mapping, Sequence
from typing import Any

from rlgen.errors import ProtocolError
from rlgen.protocol import trained_on
from rlgen.protocol.policy_names import agents_of, with_agent, written
from rlgen.protocol.pools import NO_IDS
from rlgen.protocol.trained_on import TrainedOn, same_levels
from rlgen.util.ranges import parse_ids
from rlgen.util.validation import At, listed
from rlgen.util.words import counted


def with_training_levels(values: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The keys of a protocol with the training levels that are written beside its policies.

    Args:
        values: As in the file.
        where: What messages begin with.

    Raises:
        ProtocolError: If the file, what is written beside its policies and what is written beside
            others do not say the same.
    """
    stated, assumed = (values.get(key) or "" for key in ("trained_on", "train_levels"))
    if not all(isinstance(text, str) for text in (stated, assumed)):
        if not isinstance(stated, str) and values.get("policy"):
            raise ProtocolError(f"{where}: trained_on = {stated!r}: {NO_IDS}")
        return values  # the key's own check says what is wrong
    policies = _files(values, where)
    if not policies:
        if stated:
            raise ProtocolError(
                f"{where}: trained_on = {stated!r}: goes with policies that are made elsewhere "
                "(policy); what is trained here is trained on train_levels"
            )
        return values
    records = {}
    for text in policies:
        with At(where, "policy", text):
            record = trained_on.read(text)
            if record is not None:
                records[text] = record
    if stated and assumed and stated != assumed:
        raise ProtocolError(
            f"{where}: trained_on = {stated!r}: and train_levels = {assumed!r}: give one of them"
        )
    if not stated:
        _refuse_other_environments(records, listed(values.get("family", ())), where)
    named = stated or assumed
    levels = named or _recorded(records, policies, where)
    if not levels:
        return values
    for text, record in records.items():
        _refuse_others(text, record, levels, "trained_on" if stated else "train_levels", where)
    if stated or len(records) == len(policies):
        _refuse_some(values, levels, where)
    return {**values, "train_levels": levels}


def _files(values: Mapping[str, Any], where: str) -> list[str]:
    """The policies without their agents' names."""
    try:
        texts = listed(written(values.get("policy", ())))
    except ValueError as error:
        raise ProtocolError(f"{where}: {error}") from None
    if not all(isinstance(text, str) for text in texts):
        return []  # the key's own check says what is wrong
    agents = listed(values["agent"]) if "agent" in values else agents_of(texts)
    return [with_agent(text, agents)[1] for text in texts]


def _refuse_other_environments(
    records: Mapping[str, TrainedOn], families: Sequence[Any], where: str
) -> None:
    for text, record in records.items():
        if not any(isinstance(name, str) and record.is_of(name) for name in families):
            name = record.environment or record.environment_class
            raise ProtocolError(
                f"{where}: policy = {text!r}: was trained in {name}, as {record.path} says, and "
                f"the family is {', '.join(map(str, families))}: levels of the one are not levels "
                "of the other (trained_on says them by hand)"
            )


def _recorded(records: Mapping[str, TrainedOn], policies: Sequence[str], where: str) -> str:
    """The levels that are written beside all policies; empty if nothing is beside any."""
    if not records:
        return ""
    first, record = next(iter(records.items()))
    for text in policies:
        if text not in records:
            raise ProtocolError(
                f"{where}: policy = {text!r}: nothing beside it says what it was trained on, as "
                f"{record.path} does of {first}: call rlgen.save_levels, or say trained_on"
            )
        if not same_levels([record.levels, records[text].levels]):
            raise ProtocolError(
                f"{where}: policy = {text!r}: was trained on other levels than {first}, as "
                f"{records[text].path} says: a study has one training pool; compare two stores "
                "with rlgen compare"
            )
    return record.levels


def _refuse_others(text: str, record: TrainedOn, levels: str, key: str, where: str) -> None:
    """Refuse levels that are not those that are written beside a policy."""
    try:
        same = same_levels([record.levels, levels])
    except ValueError:
        return  # the key's own check says what is wrong
    if not same:
        own = record.levels if len(record.levels) < 60 else f"{record.levels[:60]}..."
        raise ProtocolError(
            f"{where}: {key} = {levels!r}: {record.path} says that {text} was trained on {own}"
        )


def _refuse_some(values: Mapping[str, Any], levels: str, where: str) -> None:
    """Refuse a part of the levels that policies are known to have been trained on."""
    own = values.get("n_train_levels")
    try:
        size = len(parse_ids(levels))
    except ValueError:
        return
    if own is not None and list(listed(own)) != [size]:
        raise ProtocolError(
            f"{where}: n_train_levels = {own!r}: its policies were trained on "
            f"{counted(size, 'level')}, all of which count"
        )
