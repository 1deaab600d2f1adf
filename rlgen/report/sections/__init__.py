"""What the page says, section by section."""
