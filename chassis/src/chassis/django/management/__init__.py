"""Django finds the platform's commands here."""
