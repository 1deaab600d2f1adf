"""Families of any environment registered with Gymnasium: its seeds are the levels."""
