"""Training of one agent, the test worker that watches it, and regularisers."""
