"""Static functions that PythonQt gives another face than PySide6, or that would wait for a person."""

from __future__ import annotations

from typing import Any

from PySide6 import QtGui, QtWidgets

from .dialogs import DIALOGS


def _exec(raw: type) -> Any:
    def exec_(self: Any, *arguments: Any) -> Any:
        return DIALOGS.execute(self, lambda: raw.exec(self, *arguments))

    return exec_


def _fileDialog(function: str, kind: str) -> Any:
    def choose(parent: Any = None, caption: str = "", *arguments: Any) -> Any:
        def wait() -> Any:
            chosen = getattr(QtWidgets.QFileDialog, function)(parent, caption, *arguments)
            # PySide6 adds the chosen filter, which PythonQt leaves out.
            return chosen[0] if isinstance(chosen, tuple) else chosen

        return DIALOGS.ask(kind, caption, wait)

    return staticmethod(choose)


def _inputDialog(function: str) -> Any:
    def ask(parent: Any, title: str, label: str, *arguments: Any) -> Any:
        # PythonQt has no place for C++'s `bool* ok` and returns the bare value.
        return DIALOGS.ask("input", label, lambda: getattr(QtWidgets.QInputDialog, function)(parent, title, label)[0])

    return staticmethod(ask)


def _messageBox(icon: QtWidgets.QMessageBox.Icon, fallback: QtWidgets.QMessageBox.StandardButton) -> Any:
    def show(parent: Any, title: str, text: str, buttons: Any = fallback, defaultButton: Any = None) -> Any:
        box = QtWidgets.QMessageBox(icon, title, text, buttons, parent)
        if defaultButton is not None:
            box.setDefaultButton(defaultButton)
        return DIALOGS.execute(box, box.exec)

    return staticmethod(show)


class QDesktopServices:
    """Keeps the addresses that the program opens, unless a person sits before the window."""

    @staticmethod
    def openUrl(url: Any) -> bool:
        """Open an address in a browser or its program."""
        DIALOGS.opened.append(url.toString())
        return QtGui.QDesktopServices.openUrl(url) if DIALOGS.interactive else True


def extrasOf(raw: type) -> dict[str, Any]:
    """Return what the wrapped class of ``raw`` has otherwise than PySide6's."""
    extras: dict[str, Any] = {}
    if issubclass(raw, QtWidgets.QDialog):
        extras["exec_"] = extras["exec"] = _exec(raw)
    if raw is QtWidgets.QFileDialog:
        names = {"getOpenFileName": "file", "getOpenFileNames": "file", "getSaveFileName": "file"}
        extras.update({name: _fileDialog(name, kind) for name, kind in names.items()})
        extras["getExistingDirectory"] = _fileDialog("getExistingDirectory", "folder")
    if raw is QtWidgets.QInputDialog:
        extras.update({name: _inputDialog(name) for name in ("getText", "getInt", "getDouble", "getItem")})
    if raw is QtWidgets.QMessageBox:
        box = QtWidgets.QMessageBox
        ok, yesNo = box.StandardButton.Ok, box.StandardButton.Yes | box.StandardButton.No
        extras["information"] = _messageBox(box.Icon.Information, ok)
        extras["warning"] = _messageBox(box.Icon.Warning, ok)
        extras["critical"] = _messageBox(box.Icon.Critical, ok)
        extras["question"] = _messageBox(box.Icon.Question, yesNo)
    return extras
