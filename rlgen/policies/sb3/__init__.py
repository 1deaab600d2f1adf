"""Policies of stable-baselines3: saved zips and models in memory."""
