"""Jobs on PostgreSQL: enqueued in a transaction, run by a worker, repeated until they succeed.

The queue is procrastinate's, in the schema `platform`. A service uses
`chassis.fastapi.jobs.tasks`; here is what needs no framework: declaring tasks (`tasks`),
enqueueing (`queue`), looking after the queue (`maintenance`), and the processes that run jobs
(`worker`, `scheduler`).
"""

from chassis.jobs.queue import enqueue
from chassis.jobs.tasks import NEVER, Retry, Task, TaskError, periodic, task

__all__ = ["NEVER", "Retry", "Task", "TaskError", "enqueue", "periodic", "task"]
