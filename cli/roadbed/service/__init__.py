"""The facts that a generated repository records about itself."""
