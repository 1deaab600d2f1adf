"""Names of what a run gives: records under a condition, what a probe measures, checkpoints."""

#: Between a condition and a pool in the name of an output; neither has it in its own.
ON = "@"
#: In the place of a pool: what stands before it is a probe with its version. No pool is called so.
PROBED = ":probes"
#: In a run's folder: what probes measured of its policy.
PROBES_FILE = "probes.json"
#: How the name of a checkpoint ends that is the last state of its cell.
LAST = "-last"


def checkpoint_name(step: int, *, last: bool) -> str:
    """The name of a checkpoint: later ones come later in the order of names.

    Example:
        >>> checkpoint_name(5000, last=True)
        '000000000005000-last'
    """
    return f"{step:015}{LAST if last else ''}"


def output(condition: str, pool: str = "") -> str:
    """The name of the records under a condition: of train, validation and test, or of a pool."""
    return f"{condition}{ON}{pool}" if pool else condition


def of_probe(name: str, version: int) -> str:
    """The name of what a version of a probe measures.

    Example:
        >>> parsed(of_probe("dead-inputs", 2))
        ('dead-inputs.2', ':probes')
    """
    return output(f"{name}.{version}", PROBED)


def parsed(name: str) -> tuple[str, str]:
    """Condition and further pool of an output's name; no pool is train, validation and test."""
    condition, _, pool = name.partition(ON)
    return condition, pool


def probe_of(name: str) -> str:
    """The name of the probe whose output it is; empty if it is that of a condition."""
    probe, pool = parsed(name)
    return probe.rpartition(".")[0] if pool == PROBED else ""
