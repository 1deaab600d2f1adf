"""Policies: everything that acts, trained here or elsewhere."""
