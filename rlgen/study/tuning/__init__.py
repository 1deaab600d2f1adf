"""The search for settings of an agent by its returns on validation levels."""
