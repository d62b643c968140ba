"""Runs a program and ends its whole tree when whoever started it goes away; started as a script of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

GRACE_S = 2.0
STOPPED = 143


def main(without: str, command: Sequence[str]) -> int:
    """Run the command; the end of standard input, which comes with the end of the parent, ends it.

    `without` lists variables, with commas between, that are kept from it, but that this Python may need itself.
    """
    if os.name != "nt":
        signal.signal(signal.SIGTERM, lambda *_: None)  # It comes back to us when the group is ended.
    variables = {key: value for key, value in os.environ.items() if key not in without.split(",")}
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=variables)
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    return child.wait()


def _watch(child: subprocess.Popen[bytes]) -> None:
    while os.read(0, 1):
        pass
    if os.name == "nt":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], check=False, capture_output=True)
    else:
        os.killpg(0, signal.SIGTERM)
        end = time.monotonic() + GRACE_S
        while child.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        os.killpg(0, signal.SIGKILL)
    os._exit(STOPPED)


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2:])
    sys.exit(code if code >= 0 else 128 - code)
