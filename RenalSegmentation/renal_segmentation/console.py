"""What both commands do alike on the console: one sentence for an error, exit code 2, a progress bar."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from renal_segmentation.errors import Notice, RenalError
from renal_segmentation.progress import Progress, silent
from renal_segmentation.version import __version__

PROGRESS_STYLES = ("text", "json", "none")
BAD_INPUT = 2
SIGNALLED, UNREAD = 128, 141
"""Exit codes of a program that was asked to end (128 + the signal), or whose output nobody reads (128 + SIGPIPE)."""
ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals that ask a program to end; SIGHUP, of a terminal that is closed, does not exist on Windows."""


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one sentence."""

    def __init__(self, prog: str, description: str = "", **keywords: Any) -> None:
        super().__init__(prog=prog, description=description, **keywords)
        self.add_argument("--version", action="version", version=f"%(prog)s {__version__}")

    def error(self, message: str) -> NoReturn:
        """Print the sentence and leave with exit code 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help.\n")


def run_command(parser: Parser, arguments: Sequence[str] | None) -> int:
    """Parse the arguments, call what they name, and turn any failure into one sentence and exit code 2."""
    options = parser.parse_args(arguments)
    try:
        with _ended_cleanly():
            options.call(options)
            sys.stdout.flush()
    except RenalError as error:
        return _fail(parser, str(error))
    except MemoryError:
        return _fail(parser, "The computer's memory does not suffice: crop the images to the kidneys.")
    except KeyboardInterrupt:
        return _fail(parser, "Stopped; nothing was written.")
    except BrokenPipeError:
        return _unread()
    except Exception as error:
        if os.environ.get("RENAL_DEBUG"):
            raise
        return _fail(parser, _explained(error))
    return 0


def print_notices(program: str, notices: Iterable[Notice]) -> None:
    """Print each warning as a line on standard error."""
    for notice in notices:
        sys.stderr.write(f"{program}: warning: {notice.message}\n")


@contextmanager
def console_progress(style: str) -> Iterator[Progress]:
    """Give a progress that draws a bar on standard error, or prints JSON lines on standard output.

    A JSON line holds ``step``, ``share`` (0 to 1) and ``seconds_left`` (null until it can be told).
    """
    if style == "none":
        yield silent
    elif style == "json":
        yield _json_lines()
    else:
        from tqdm import tqdm

        layout = "{desc:<24.24} {percentage:3.0f} %|{bar}| {elapsed}"
        with tqdm(total=100, bar_format=layout, leave=False, file=sys.stderr, dynamic_ncols=True) as bar:

            def draw(step: str, share: float) -> None:
                bar.set_description_str(step, refresh=False)
                bar.n = round(100 * share)
                bar.refresh()

            yield draw


def _json_lines() -> Progress:
    start = time.monotonic()

    def report(step: str, share: float) -> None:
        left = round((time.monotonic() - start) * (1 - share) / share, 1) if share > 0 else None
        try:
            sys.stdout.write(json.dumps({"step": step, "share": round(share, 3), "seconds_left": left}) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # as OSError it would pass for a file that cannot be written
            raise SystemExit(_unread()) from None

    return report


def _unread() -> int:
    """Let what is still to be printed go nowhere, so that Python does not complain at its end; return the exit code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNREAD


def _explained(error: Exception) -> str:
    """Return a sentence on what no part of the program has foreseen."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used ({error.strerror}): check the path, its permissions and the disk."
    return (
        f"Unexpected {type(error).__name__}: {error}; please report it with the output of the same command "
        "after setting RENAL_DEBUG=1."
    )


def _fail(parser: Parser, sentence: str) -> int:
    sys.stderr.write(f"{parser.prog}: {sentence}\n")
    return BAD_INPUT


@contextmanager
def _ended_cleanly() -> Iterator[None]:
    """Leave with exit code 128 + signal and nothing half-written when the program is asked to end."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(SIGNALLED + number)

    previous = {}
    # In other threads signals are someone else's; what is ignored stays so, as SIGHUP under nohup.
    if threading.current_thread() is threading.main_thread():
        heard = [number for number in ENDING if signal.getsignal(number) not in (signal.SIG_IGN, None)]
        previous = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
