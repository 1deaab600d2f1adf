"""Where attention comes from, by the names that protocols give."""

#: None; the network's own; the network's own, which is trained towards the true one, towards one
#: derived from a network without attention, or towards the true one shuffled within each graph; the
#: true one itself; or that with which a supervised network ended, which does not change any more.
GLOBAL, UNSUPERVISED, TRUTH = "global", "unsupervised", "truth"
SUPERVISED, WEAK, SHUFFLED = "supervised", "weak", "shuffled"
FIXED = "fixed"
MODES = (GLOBAL, UNSUPERVISED, SUPERVISED, WEAK, TRUTH, SHUFFLED, FIXED)
#: Those in which the divergence from attention labels is part of the loss.
LABELLED = (SUPERVISED, WEAK, SHUFFLED)
