"""Levels: families that generate them, splits into pools, and tabular levels."""
