"""Where attention comes from, by the names that protocols give."""

#: None; the network's own; the network's own, which is trained towards the true one, towards one
#: derived from a network without attention, or towards the true one shuffled within each graph; or
#: the true one itself.
GLOBAL, UNSUPERVISED, TRUTH = "global", "unsupervised", "truth"
SUPERVISED, WEAK, SHUFFLED = "supervised", "weak", "shuffled"
MODES = (GLOBAL, UNSUPERVISED, SUPERVISED, WEAK, TRUTH, SHUFFLED)
#: Those in which the divergence from attention labels is part of the loss.
LABELLED = (SUPERVISED, WEAK, SHUFFLED)
