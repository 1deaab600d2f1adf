"""Algorithms with hyper-parameters."""
