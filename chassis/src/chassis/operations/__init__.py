"""The verbs of operators: jobs, backups and data subjects, in development and in production."""
