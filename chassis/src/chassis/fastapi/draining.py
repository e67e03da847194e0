"""SIGTERM handling: announce the shutdown, then stop accepting requests.

On SIGTERM a server closes its port at once and finishes the running requests; a load balancer
learns of this only from a refused connection. So `/readyz` first answers `draining` while every
request is still served, and the server gets its signal after that.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chassis.health import Readiness, State


@contextmanager
def draining(readiness: Readiness, seconds: float) -> Iterator[None]:
    """Delay SIGTERM to the server by `seconds`; a second SIGTERM passes at once.

    Under a server that handles no signals in this thread, as in tests, nothing happens.
    """
    loop = asyncio.get_running_loop()
    stop = _servers_handler(loop)
    if stop is None:
        yield
        return

    def drain() -> None:
        first = readiness.state is not State.DRAINING
        readiness.drain()
        loop.call_later(seconds if first else 0, stop)

    loop.add_signal_handler(signal.SIGTERM, drain)
    yield


def _servers_handler(loop: asyncio.AbstractEventLoop) -> Callable[[], object] | None:
    """Return the server's handler of SIGTERM, or None.

    granian registers it with the event loop, in a private attribute; uvicorn with Python.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    registered = getattr(loop, "_signal_handlers", {}).get(signal.SIGTERM)
    if registered is not None:
        callback, arguments = registered._callback, registered._args
        return lambda: callback(*arguments)
    handler = signal.getsignal(signal.SIGTERM)
    return (lambda: handler(signal.SIGTERM, None)) if callable(handler) else None
