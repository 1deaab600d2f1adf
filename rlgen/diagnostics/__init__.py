"""Instruments that look at agents, levels and stores."""
