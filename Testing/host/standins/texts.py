"""Texts: ``ctkPathLineEdit``, ``ctkSearchBox``, ``ctkFittedTextBrowser`` and ``ctkMessageBox``."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QFileInfo, QSettings, QSize, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QTextBrowser, QToolButton, QWidget

from ..pythonqt.namespace import qt
from .declare import standin, stored


@standin()
class ctkPathLineEdit(qt.QWidget):
    """A file or folder, typed or chosen; follows ``ctkPathLineEdit.h`` of CTK."""

    Dirs, Files, Drives, NoSymLinks, AllEntries = 0x001, 0x002, 0x004, 0x008, 0x007
    Readable, Writable, Executable, Modified, Hidden, System = 0x010, 0x020, 0x040, 0x080, 0x100, 0x200
    AllDirs, CaseSensitive, NoDotAndDotDot, NoDot, NoDotDot, NoFilter = 0x400, 0x800, 0x1000, 0x2000, 0x4000, -1
    AdjustToContents, AdjustToContentsOnFirstShow, AdjustToMinimumContentsLength = 0, 1, 2

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)
    label = stored(str, "Select a file to save ")
    filters = stored(int, AllEntries | NoDotAndDotDot | Readable, "_check")
    options = stored(int, 0)
    nameFilters = stored("QStringList", ())
    settingKey = stored(str, "", "retrieveHistory")
    sizeAdjustPolicy = stored(int, AdjustToContentsOnFirstShow)
    minimumContentsLength = stored(int, 0)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(arguments[-1] if arguments and isinstance(arguments[-1], QWidget) else None)
        self._combo, self._browse = QComboBox(), QToolButton()
        self._combo.setEditable(True)
        self._combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._browse.setText("...")
        self._valid = False
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._combo, 1)
        box.addWidget(self._browse)
        self.setFocusProxy(self._combo)
        self._combo.editTextChanged.connect(lambda _: self._check())
        self._combo.editTextChanged.connect(self.currentPathChanged)
        self._browse.clicked.connect(lambda: self.browse())
        if len(arguments) > 1:
            self.label, self.nameFilters = arguments[:2]

    def _check(self) -> None:
        info = QFileInfo(self._combo.currentText())
        known = (info.isDir() and self.filters & self.Dirs) or (info.isFile() and self.filters & self.Files)
        valid = bool(known) or bool(self.filters & self.Writable and info.dir().exists())
        if valid != self._valid:
            self._valid = valid
            self.validInputChanged.emit(valid)

    def setCurrentPath(self, path: str) -> None:
        """Set the path."""
        if path != self._combo.currentText():
            self._combo.setEditText(path)

    currentPath = Property(str, lambda self: self._combo.currentText(), setCurrentPath)
    showBrowseButton = Property(
        bool, lambda self: not self._browse.isHidden(), lambda self, v: self._browse.setVisible(v)
    )
    showHistoryButton = stored(bool, True)

    def browse(self) -> None:
        """Ask for a file or a folder; ``filters`` says which, and whether to open or to save."""
        filters = ";;".join(self.nameFilters)
        if not self.filters & self.Files:
            chosen = qt.QFileDialog.getExistingDirectory(self, self.label, self.currentPath)
        elif self.filters & self.Writable:
            chosen = qt.QFileDialog.getSaveFileName(self, self.label, self.currentPath, filters)
        else:
            chosen = qt.QFileDialog.getOpenFileName(self, self.label, self.currentPath, filters)
        if chosen:
            self.setCurrentPath(chosen)

    def _historyKey(self) -> str:
        return f"ctkPathLineEdit/{self.settingKey or self.name}"

    def addCurrentPathToHistory(self) -> None:
        """Keep the path in the settings."""
        paths = [self.currentPath, *(p for p in self._history() if p != self.currentPath)]
        QSettings().setValue(self._historyKey(), paths[:12])
        self.retrieveHistory()

    def retrieveHistory(self) -> None:
        """Offer the paths of the settings."""
        path = self.currentPath
        self._combo.blockSignals(True)
        self._combo.clear()
        self._combo.addItems(self._history())
        self._combo.setEditText(path)
        self._combo.blockSignals(False)

    def _history(self) -> list[str]:
        found = QSettings().value(self._historyKey(), [])
        return [found] if isinstance(found, str) else list(found or [])


@standin()
class ctkSearchBox(qt.QLineEdit):
    """A line edit to filter by; follows ``ctkSearchBox.h`` of CTK."""

    showSearchIcon = stored(bool, False)
    alwaysShowClearIcon = stored(bool, False)
    searchIcon = stored(QIcon, QIcon())
    clearIcon = stored(QIcon, QIcon())

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        QLineEdit.setPlaceholderText(self, "Search...")
        QLineEdit.setClearButtonEnabled(self, True)


@standin()
class ctkFittedTextBrowser(qt.QTextBrowser):
    """A text as high as its contents; follows ``ctkFittedTextBrowser.h`` of CTK."""

    collapsed = stored(bool, True)
    collapsibleText = stored(str, "")
    showDetailsText = stored(str, "Show details...")
    hideDetailsText = stored(str, "Hide details.")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        self.textChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Return a size that shows all of the text."""
        document = QTextBrowser.document(self).clone()
        document.setTextWidth(max(QWidget.width(self) - 12, 120))
        return QSize(200, round(document.size().height()) + 8)

    minimumSizeHint = sizeHint

    def resizeEvent(self, event: Any) -> None:
        """Ask for another height when the width changes."""
        QTextBrowser.resizeEvent(self, event)
        self.updateGeometry()


@standin(inDesigner=False)
class ctkMessageBox(qt.QMessageBox):
    """A message that can be told not to come again; follows ``ctkMessageBox.h`` of CTK."""

    dontShowAgainSettingsKey = stored(str, "")
    dontShowAgainVisible = stored(bool, False)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._dontShowAgain = False

    def setDontShowAgain(self, dontShow: bool) -> None:
        """Skip the message from now on."""
        self._dontShowAgain = dontShow
        if self.dontShowAgainSettingsKey:
            QSettings().setValue(self.dontShowAgainSettingsKey, dontShow)

    dontShowAgain = Property(bool, lambda self: self._dontShowAgain, setDontShowAgain)
