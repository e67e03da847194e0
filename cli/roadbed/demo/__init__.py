"""A throw-away service that runs and is used."""
