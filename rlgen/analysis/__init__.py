"""Finished studies, read: results, verdicts, gates, statistics."""
