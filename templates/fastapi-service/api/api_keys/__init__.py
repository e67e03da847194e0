"""API keys for programs. Their code is in the platform, so an update brings security fixes."""
