"""Presets: agents as data; importing them imports no torch."""
