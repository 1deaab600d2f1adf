"""Policies of stable-baselines3: zips and models at hand."""
