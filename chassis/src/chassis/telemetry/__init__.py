"""What follows one request through the service: its identifiers, its trace and its measurements.

``carried()`` gives what an outgoing call, a job or a row has to carry, ``resume(carried, …)`` goes
on with it elsewhere. ``start(settings, service)`` and ``stop()`` belong around a process that works
for requests (an application does it itself); ``report(error)`` tells the error tracker, if one is
named. Names imported here are the public interface.
"""

from chassis.telemetry.context import carried
from chassis.telemetry.exports import report, start, stop
from chassis.telemetry.spans import Kind, resume

__all__ = ["Kind", "carried", "report", "resume", "start", "stop"]
