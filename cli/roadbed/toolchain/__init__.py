"""uv and the Python interpreters that it may use."""
