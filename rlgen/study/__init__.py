"""A study: its cells, and all that computes them."""
