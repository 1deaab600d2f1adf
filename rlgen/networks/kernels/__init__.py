"""Compiled layers for small inputs."""
