"""Cases whose truth is known, by which the probe itself is judged (method A, 4.6)."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Control, Part, above, fact
from rlgen.analysis.parts import REFUTED, SUPPORTED
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import difference
from rlgen_protocols.mackay2018.claims import NEVER, USUAL
from rlgen_protocols.mackay2018.estimates import by, rows, share

#: The model that may forget a single bit.
ONE = "revgru:1"
#: From so many steps on, and so many allowed bits, floats must fail.
STEPS, BITS = 100, 1.0


def _usual(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("tokens"), task="repeat", model=USUAL)
    return [
        above(
            f"accuracy of the GRU on {length} tokens",
            share(own["accuracy_1"], own["symbols_1"]),
            margins[0],
        )
        for length, own in by(table, "length")
    ]


def _never(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("tokens"), task="repeat", model=NEVER)
    return [
        above(
            f"last five of {4 * length} tokens, trained on {length}",
            share(own["last_4"], own["last_symbols_4"]),
            margins[0],
        )
        for length, own in by(table, "length")
    ]


def _floats(results: Results, margins: Sequence[float]) -> list[Part]:
    table = results.measured("reversal")
    own = table[(table["length"] >= STEPS) & (table["limit"] >= BITS)]
    # nan: so large that it overflowed.
    fails = (~(own["float_error"] <= margins[0])).tolist()
    return [fact("error of the first state", fails, f"more than {margins[0]:g}")]


def _remembers(results: Results, margins: Sequence[float]) -> list[Part]:
    parts = []
    for length, own in by(rows(results.measured("tokens"), task="remember"), "length"):
        never, one = (
            share(of["accuracy_1"], of["symbols_1"])
            for of in (rows(own, model=model) for model in (NEVER, ONE))
        )
        what = f"first of {length} tokens, {NEVER} minus {ONE}"
        parts.append(above(what, difference(never, one), -margins[0]))
    return parts


CONTROLS: dict[str, Control] = {
    "MK-K1": Control(
        Claim(
            "The usual GRU repeats tokens at the length that it was trained on.",
            "known to be true",
            "tokens",
            {"accuracy": 0.99},
            _usual,
        ),
        SUPPORTED,
    ),
    "MK-K2": Control(
        Claim(
            "A network that never forgets repeats tokens at four times that length.",
            "known to be false",
            "tokens",
            {"accuracy": 0.6},
            _never,
        ),
        REFUTED,
    ),
    "MK-K3": Control(
        Claim(
            "Reversal in floats of 32 bits fails wherever a bit or more may be forgotten over 100 "
            "steps or more.",
            "known to be true",
            "reversal",
            {"error": 1e-3},
            _floats,
        ),
        SUPPORTED,
    ),
    "MK-K4": Control(
        Claim(
            "A network that never forgets remembers the first token no worse than one that may "
            "forget a bit: else forgetting would not be what the other tasks measure.",
            "known to be true",
            "tokens",
            {"loss of accuracy that counts as none": 0.05},
            _remembers,
        ),
        SUPPORTED,
    ),
}
