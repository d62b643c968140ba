"""Stand-in of ``slicer.i18n``: the text itself, in English; follows ``Base/Python/slicer/i18n.py``."""

from __future__ import annotations

import inspect
from pathlib import Path


def translate(context: str, text: str) -> str:
    """Translate a text of a context."""
    from slicer import app

    return app.translate(context, text)


def getContext(sourceFile: str) -> str:
    """Return the context of a source file: its name, after that of its package if it is in one."""
    path = Path(sourceFile)
    return f"{path.parent.name}.{path.stem}" if (path.parent / "__init__.py").is_file() else path.stem


def tr(text: str) -> str:
    """Translate a text in the context of the file that calls; usually imported as ``_``."""
    if not isinstance(text, str):
        raise TypeError(f"tr() takes a text, not {type(text).__name__}")
    caller = inspect.currentframe().f_back  # type: ignore[union-attr]
    return translate(getContext(inspect.getfile(caller)), text)  # type: ignore[arg-type]
