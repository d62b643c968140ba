"""Markdown tables, printed as they are made and kept for ``build/bench.md``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class Report:
    """Collects the text of a benchmark run, printing each part at once."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def text(self, text: str) -> None:
        """Add a heading or a sentence."""
        print(text + "\n", flush=True)
        self._parts.append(text + "\n")

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table with its columns padded, so that it reads well in a terminal too."""
        cells = [list(header), *[list(row) for row in rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
        lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in cells]
        lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
        self.text("\n".join(lines))

    def save(self, path: Path) -> None:
        """Write everything so far to `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(self._parts), encoding="utf-8")
