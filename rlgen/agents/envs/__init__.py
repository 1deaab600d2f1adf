"""Environments in batches, as learners want them."""
