"""People who sign in, by e-mail address."""
