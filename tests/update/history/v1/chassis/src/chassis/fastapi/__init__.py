"""The FastAPI half of the chassis."""
