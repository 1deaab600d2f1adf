"""Training loops that are not rlgen's: which levels they train on, and what they measured."""
