"""Compiled layers that are faster than a library's on small inputs."""
