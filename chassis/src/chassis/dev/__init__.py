"""The chores of a developer: `python -m chassis VERB`. No production process imports this."""
