"""Background work: tasks, the processes that run them, mail and maintenance."""
