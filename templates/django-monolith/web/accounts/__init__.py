"""The people who sign in with an email address."""
