"""The identifiers, the trace and the measurements of a request through the service.

`carried()` returns the headers for an outgoing call, a job or a row; `resume(carried, …)` continues
with them elsewhere. Call `start(settings, service)` and `stop()` around a process that works for
requests (an application does it itself). `report(error)` sends to the error tracker, if one is
configured. Names imported here are the public interface.
"""

from chassis.telemetry.context import carried
from chassis.telemetry.exports import report, start, stop
from chassis.telemetry.spans import Kind, resume

__all__ = ["Kind", "carried", "report", "resume", "start", "stop"]
