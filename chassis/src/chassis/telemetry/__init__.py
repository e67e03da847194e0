"""What follows one request through the service: its identifiers, its trace and its measurements.

``carried()`` gives what an outgoing call, a job or a row has to carry, ``resume(carried, …)`` goes
on with it elsewhere. Names imported here are the public interface.
"""

from chassis.telemetry.context import carried
from chassis.telemetry.spans import Kind, resume

__all__ = ["Kind", "carried", "resume"]
