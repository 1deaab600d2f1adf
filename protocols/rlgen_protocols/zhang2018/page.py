"""The paper's sections of a page, and what the summary says beside the decisions on its claims."""

from collections.abc import Iterator, Mapping
from typing import Any

from rlgen.analysis.claims import Decision, Margins, plain_part
from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.template import piece
from rlgen_protocols.zhang2018.claims.detection import strata
from rlgen_protocols.zhang2018.claims.evidence import Evidence
from rlgen_protocols.zhang2018.claims.readings import changes, untrained

#: The figures of single episodes have no part of their own: they show runs of this one.
STRIP_ITEM, STRIPPED = "fig8-17", "fig3b"


def details(results: Results, margins: Margins) -> dict[str, Any]:
    """Further keys of the summary's ``claims``.

    ``strata`` has the checks' AUC for cloned and trained agents, ``readings`` the verdicts under
    other readings of the paper beside those of the default on the same settings.
    """
    return {
        "strata": [
            {
                "agents": one.agents,
                "stratum": one.name,
                "check": one.check,
                "auc": {"mean": one.auc.value, "low": one.auc.low, "high": one.auc.high},
                "overfitted": one.auc.n_positive,
                "sound": one.auc.n_negative,
                "left_out": one.left_out,
                "reason": one.auc.reason,
            }
            for one in strata(Evidence(results))
        ],
        "readings": [
            {
                "reading": one.reading,
                "what": one.what,
                "claim": one.default.name,
                "default": _short(one.default),
                "other": _short(one.other),
            }
            for one in changes(results, margins)
        ],
    }


def sections(results: Results, summary: Mapping[str, Any]) -> Iterator[Section]:
    """Strata and other readings where claims are decided, then figures and tables."""
    if summary["claims"]:
        yield _filled("strata", "Does random spawn expose overfitting?", summary)
        if summary["claims"]["readings"]:
            title = "Other readings of the paper"
            yield _filled("readings", title, summary, untrained(results.parts))
    from rlgen_protocols.zhang2018.figures import ITEMS, draw

    for item, figure in ITEMS.items():
        part = results.parts.get(STRIPPED if item == STRIP_ITEM else item)
        drawing = draw(results, part, item) if part is not None else None
        if drawing is not None:
            yield Section(
                item,
                figure.title,
                figure.reading,
                drawing.svg,
                drawing.html,
                drawing.data,
                drawing.note,
            )


def _short(one: Decision) -> dict[str, Any]:
    """The verdict and the part of the claim that decides it."""
    return {
        "verdict": one.word,
        "before": one.before,
        "part": plain_part(one.parts[0]) if one.parts else None,
    }


def _filled(name: str, title: str, summary: Mapping[str, Any], note: str = "") -> Section:
    """A section that is a table of the summary's."""
    html = piece("rlgen_protocols.zhang2018", f"{name}.html", claims=summary["claims"])
    return Section(name, title, HOW_TO_READ[name], html=html, note=note)


HOW_TO_READ = {
    "strata": (
        "The paper leaves it open: its figure 3b says no, its appendix C says that agents of few "
        "levels are exposed. Stratum A are agents overfitted on few levels, stratum B agents that "
        "have fitted random rewards on many; both are compared with sound agents of the largest "
        "pool. The AUC is the probability that a check costs an overfitted agent more than a sound "
        "one: 1 tells them apart, .5 is chance. Only agents with a normalised training score of at "
        "least .95 are asked about."
    ),
    "readings": (
        "What the paper leaves open was decided one way; here are the verdicts under the other, "
        "each beside the default's on the same settings. Few settings are trained for this, so "
        "both are often inconclusive."
    ),
}
