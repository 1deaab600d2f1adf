"""Protocols: what an experiment is declared to be."""
