"""The paper's figures, of our cells."""
