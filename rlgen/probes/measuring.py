"""Probes, run: by name on a subject, checked, and as plain values."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from rlgen.errors import ProbeError, one_line
from rlgen.probes import PROBES
from rlgen.probes.base import Measured, Probe, Unsuitable
from rlgen.probes.subject import Subject


@dataclass(frozen=True)
class Measurement:
    """What a probe measured of one subject.

    Attributes:
        name: Of the probe.
        probe: The probe.
        numbers: By the names that it declares.
        seconds: How long it took.
        refused: Why it cannot look into the policy, where that is so; its numbers are nan then.
    """

    name: str
    probe: Probe
    numbers: Mapping[str, Measured]
    seconds: float
    refused: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        """As plain values that say all a reader needs, but for the seconds."""
        return {
            "card": self.probe.card,
            "version": self.probe.version,
            "looks_at": self.probe.looks_at,
            "baseline": self.probe.baseline,
            "numbers": {
                name: {
                    "value": measured.value,
                    "reason": measured.reason,
                    "meaning": self.probe.numbers[name],
                }
                for name, measured in self.numbers.items()
            },
        }


def why_not(probe: Probe, subject: Subject) -> str:
    """The reason why a probe cannot look at a subject, or an empty text."""
    if "tabular" in probe.needs and not subject.is_tabular:
        return f"{subject.name}: the states of {subject.family.name} cannot be listed"
    try:
        if "torch" in probe.needs or "recurrent" in probe.needs:
            subject.layered()
        if "torch" in probe.needs:
            subject.module(torch.float32)
        if "recurrent" in probe.needs and not subject.is_recurrent:
            raise subject.unsuitable("it has no memory")
    except Unsuitable as error:
        return str(error)
    return ""


def measure(name: str, subject: Subject, *, seed: int = 0) -> Measurement:
    """Run a probe, in one thread.

    Args:
        name: In ``PROBES``.
        subject: What it looks at.
        seed: Of what it draws.

    Raises:
        UnknownNameError: If there is no such probe, or it cannot be imported.
        ProbeError: If it returns something else than it declares.
    """
    probe = PROBES[name]
    run = probe.run
    before, threads = time.perf_counter(), torch.get_num_threads()
    torch.set_num_threads(1)
    refused = why_not(probe, subject)
    try:
        numbers = {} if refused else run(subject, seed=seed)
    except Unsuitable as error:
        refused = str(error)
    finally:
        torch.set_num_threads(threads)
    if refused:
        numbers = dict.fromkeys(probe.numbers, Measured.none(refused))
    _check(name, probe, numbers)
    return Measurement(
        name,
        probe,
        {number: numbers[number] for number in probe.numbers},
        time.perf_counter() - before,
        refused,
    )


def failed(name: str, error: Exception) -> Measurement:
    """What there is of a probe that raised: no numbers, and the exception as the reason."""
    reason = f"the probe raised {type(error).__name__}: {one_line(error)[:200]}"
    probe = PROBES[name]
    return Measurement(
        name, probe, dict.fromkeys(probe.numbers, Measured.none(reason)), 0.0, reason
    )


def _check(name: str, probe: Probe, numbers: Any) -> None:
    """Refuse other numbers than those declared; whether they are finite, ``Measured`` checks."""
    if not isinstance(numbers, Mapping) or set(numbers) != set(probe.numbers):
        returned = ", ".join(map(str, numbers)) if isinstance(numbers, Mapping) else type(numbers)
        raise ProbeError(
            f"probe {name!r} returned {returned}, and declares {', '.join(probe.numbers)}"
        )
    for number, measured in numbers.items():
        if not isinstance(measured, Measured):
            kind = type(measured).__name__
            raise ProbeError(f"probe {name!r}: {number} is of type {kind}, not Measured")
