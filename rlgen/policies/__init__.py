"""Policies: what plays, whoever has made it."""
