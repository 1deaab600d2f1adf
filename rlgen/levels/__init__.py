"""Levels: families that generate them, splits into pools, and what is tabular about them."""
