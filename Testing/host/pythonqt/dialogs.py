"""Modal dialogs that are recorded, and answered by a test instead of a person.

A modal dialog would wait for ever off screen. Each one is written down; one that only informs is closed, one that
asks must have been given an answer beforehand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QDialog, QMessageBox

# Answers a dialog while it is open: clicks in it, and says what ``exec_`` returns.
Responder = Callable[[Any], Any]

_KINDS = {
    QMessageBox.Icon.Information: "information",
    QMessageBox.Icon.Warning: "warning",
    QMessageBox.Icon.Critical: "error",
    QMessageBox.Icon.Question: "question",
}


class UnansweredDialogError(AssertionError):
    """A dialog asked something and the test had given no answer."""


@dataclass(frozen=True)
class ShownDialog:
    """What a person would have seen.

    Attributes
    ----------
    kind : str
        ``information``, ``warning``, ``error``, ``question``, ``message`` (no icon), ``file``, ``folder``, ``input``
        or ``dialog``.
    answer : object
        What was returned to the program.
    """

    kind: str
    text: str
    title: str = ""
    details: str = ""
    answer: Any = None


class Dialogs:
    """The dialogs of a session and the answers that wait for them.

    Attributes
    ----------
    shown : list of ShownDialog
    opened : list of str
        Addresses that were opened in a browser or another program.
    interactive : bool
        True where a person sits before the window: dialogs are then shown for real.
    """

    def __init__(self) -> None:
        self.shown: list[ShownDialog] = []
        self.opened: list[str] = []
        self.interactive = False
        self._answers: deque[Any] = deque()

    def answerWith(self, *answers: Any) -> None:
        """Say what the next dialogs answer, in order: a button, a path, a text, or a function of the dialog."""
        self._answers.extend(answers)

    @property
    def unused(self) -> tuple[Any, ...]:
        """The answers that no dialog has asked for."""
        return tuple(self._answers)

    def reset(self) -> None:
        """Forget what was shown and what waits."""
        self.shown.clear()
        self.opened.clear()
        self._answers.clear()

    def texts(self, kind: str | None = None) -> list[str]:
        """Return the texts of the dialogs shown, of one kind if it is named."""
        return [dialog.text for dialog in self.shown if kind in (None, dialog.kind)]

    def execute(self, dialog: Any, wait: Callable[[], Any]) -> Any:
        """Stand for ``exec_`` of a dialog.

        Raises
        ------
        UnansweredDialogError
            If the dialog has more than one way out and no answer was given.
        """
        if self.interactive:
            return wait()
        if isinstance(dialog, QMessageBox):
            return self._message(dialog)
        answer = self._next("dialog", dialog.windowTitle)
        result = answer(dialog) if callable(answer) else answer
        return self._record(ShownDialog("dialog", _contents(dialog), dialog.windowTitle, answer=result))

    def ask(self, kind: str, title: str, wait: Callable[[], Any]) -> Any:
        """Stand for a static dialog that returns a value (a file name, a text)."""
        if self.interactive:
            return wait()
        return self._record(ShownDialog(kind, title, title, answer=self._next(kind, title)))

    def _message(self, box: Any) -> Any:
        # The button that unfolds the details is no answer.
        unfolding = QMessageBox.ButtonRole.ActionRole
        buttons = [button for button in QMessageBox.buttons(box) if QMessageBox.buttonRole(box, button) != unfolding]
        text = QMessageBox.text(box)
        if len(buttons) > 1:
            answer = self._next("question", text)
        else:
            answer = QMessageBox.standardButton(box, buttons[0]) if buttons else QMessageBox.StandardButton.Ok
        result = answer(box) if callable(answer) else answer
        kind = _KINDS.get(QMessageBox.icon(box), "message")
        title = QMessageBox.windowTitle(box).strip()
        return self._record(ShownDialog(kind, text, title, QMessageBox.detailedText(box), result))

    def _next(self, kind: str, text: str) -> Any:
        if not self._answers:
            raise UnansweredDialogError(f"A {kind} was shown and no answer waited for it: {text!r}")
        return self._answers.popleft()

    def _record(self, dialog: ShownDialog) -> Any:
        self.shown.append(dialog)
        return dialog.answer


DIALOGS = Dialogs()


@contextmanager
def interactively() -> Iterator[None]:
    """Show dialogs for real, for a person, while the context lasts."""
    DIALOGS.interactive = True
    try:
        yield
    finally:
        DIALOGS.interactive = False


def _contents(dialog: QDialog) -> str:
    labels = [child for child in QDialog.children(dialog) if hasattr(type(child), "text")]
    texts = (label.property("text") for label in labels)
    return "\n".join(text for text in texts if isinstance(text, str))
