"""Sign-in. Its code is in the platform, so an update brings security fixes."""
