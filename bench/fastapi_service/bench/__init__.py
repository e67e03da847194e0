"""The measured endpoints, with the standards."""
