"""Studies given to a scheduler: job scripts that people can read, and their submission."""
