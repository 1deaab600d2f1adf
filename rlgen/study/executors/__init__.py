"""Where cells run: ``local`` starts worker processes on this machine."""
