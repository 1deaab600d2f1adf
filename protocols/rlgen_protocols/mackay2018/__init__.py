"""MacKay, Vicol, Ba, Grosse (2018): Reversible Recurrent Neural Networks."""

from rlgen.papers import Paper
from rlgen_protocols.mackay2018.experiments import EXPERIMENTS, PROBES


class MacKay2018(Paper):
    """Reversible recurrent networks."""

    card = "MacKay et al. 2018: reversible recurrent networks that forget a few bits a step"
    experiments = EXPERIMENTS
    probes = PROBES


PAPER = MacKay2018()
