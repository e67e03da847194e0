"""Django's tasks on the platform's queue, and the platform's own: maintenance and mail."""
