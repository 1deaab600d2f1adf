"""Batches of environments for learners."""
