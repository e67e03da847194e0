"""How a command ends before its time: by a signal, or by a defect of ours."""

import signal
import tempfile
import traceback
from types import FrameType

# Windows has no SIGHUP
_INTERRUPTS = {
    name: signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
}


def catch_interrupts() -> None:
    """Let every polite signal end a command as Ctrl-C does, so that it cleans up after itself."""
    for name, number in _INTERRUPTS.items():
        # a background job ignores SIGINT and so would its children; `nohup` means SIGHUP
        if name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # once is enough: uv and a process group deliver the same signal twice, amid the cleaning up
    for other in _INTERRUPTS.values():
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt(number, frame)


def defect() -> str:
    """Save the traceback of what nobody foresaw; returns the sentence that says where."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="roadbed-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(traceback.format_exc())
    return (
        "this is a defect of Roadbed, not of what you typed: please report it with the "
        f"traceback saved in {file.name}."
    )
