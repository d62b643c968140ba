"""``python -m Testing.host MODULE [--scene FILE] [--screenshot PNG] [--size WxH]``: open a panel with the views."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Open a module for a person, or take a picture of it."""
    parser = argparse.ArgumentParser(prog="python -m Testing.host", description=__doc__.split(":")[1].strip())
    parser.add_argument("module", help="name of a module of this repository, or the path of its .py file")
    parser.add_argument("--scene", type=Path, help="scene (.mrb, .mrml) or data file to load first")
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="write a picture and quit")
    parser.add_argument("--size", default="1440x900", metavar="WxH", help="size of the window (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.screenshot or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif os.environ.get("QT_QPA_PLATFORM") is None:
        os.environ["QT_QPA_PLATFORM"] = "xcb" if os.environ.get("DISPLAY") else "wayland"
    return _run(options, parser)


def _run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from .pythonqt.dialogs import interactively
    from .session import moduleFile, start, stop

    try:
        path = moduleFile(options.module)
    except FileNotFoundError as error:
        parser.error(str(error))

    host = start()
    host.mainWindow.resize(*(int(part) for part in options.size.split("x")))
    host.mainWindow.show()
    if options.scene:
        import slicer

        kind = host.app.coreIOManager().fileType(str(options.scene))
        slicer.util.loadNodeFromFile(str(options.scene), kind, {})
    host.open(path)
    if options.screenshot:
        host.wait(300)
        print(host.screenshot(options.screenshot))  # noqa: T201
        failed = bool(host.errors)
        stop()
        return int(failed)
    with interactively():
        code = host.app.exec()
    stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
