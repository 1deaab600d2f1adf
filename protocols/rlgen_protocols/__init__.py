"""Shipped protocols: one TOML file each, no code."""
