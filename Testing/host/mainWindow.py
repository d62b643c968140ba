"""The main window: module panel left, views right; follows ``qSlicerMainWindow.h`` and ``qSlicerModulePanel.h``."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QDockWidget,
    QFrame,
    QLabel,
    QMainWindow,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from .pythonqt.namespace import qt
from .standins.declare import standin

_PANEL_WIDTH = 430


@standin({"moduleSelected(QString)": "moduleSelected"}, ["selectModule(QString)"], inDesigner=False)
class qSlicerModuleSelectorToolBar(qt.QToolBar):
    """Chooses the module that is shown; follows ``qSlicerModuleSelectorToolBar.h``."""

    moduleSelected = Signal(str)

    def __init__(self, manager: Any, panel: Any) -> None:
        super().__init__("Module selection")
        self._manager, self._panel = manager, panel
        self._combo = QComboBox()
        self._combo.setMinimumWidth(220)
        self.addWidget(QLabel(" Modules: "))
        self.addWidget(self._combo)
        self._combo.textActivated.connect(self.selectModule)

    def selectModule(self, name: str) -> None:
        """Leave the module that is shown and enter another; no name leaves only.

        Raises
        ------
        RuntimeError
            If there is no such module. Slicer only logs it.
        """
        module = self._manager.module(name) if name else None
        if name and module is None:
            raise RuntimeError(f"There is no module '{name}'")
        self._panel._show(module)
        if name and self._combo.findText(name) < 0:
            self._combo.addItem(name)
        self._combo.setCurrentIndex(self._combo.findText(name))
        self.moduleSelected.emit(name)

    selectedModule = Property(str, lambda self: self._panel._module.name if self._panel._module is not None else "")


@standin(inDesigner=False)
class qSlicerModulePanel(qt.QWidget):
    """Holds the panel of the module that is shown, never narrower than it."""

    def __init__(self) -> None:
        super().__init__()
        self._module: Any = None
        self._title = QLabel()
        font = QFont(self._title.font())
        font.setBold(True)
        font.setPointSize(font.pointSize() + 1)
        self._title.setFont(font)
        self._title.setContentsMargins(8, 6, 8, 6)
        self._area, self._contents = QScrollArea(), QWidget()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._contents)
        self._inside = QVBoxLayout(self._contents)
        self._inside.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._title)
        column.addWidget(self._area, 1)

    def _show(self, module: Any) -> None:
        if module is self._module:
            return
        if self._module is not None:
            before = self._module.widgetRepresentation()
            before.exit()
            before.removeEventFilter(self)
            self._inside.removeWidget(before)
            before.setParent(None)
            before.hide()
        self._module = module
        self._title.setText(module.title or module.name if module is not None else "")
        if module is not None:
            panel = module.widgetRepresentation()
            self._inside.addWidget(panel)
            panel.setSizePolicy(QSizePolicy.Policy.Minimum, panel.sizePolicy.verticalPolicy())
            panel.show()
            panel.installEventFilter(self)
            self.updateGeometry()
            panel.enter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the new size of the module's panel into account."""
        if event.type() == QEvent.Type.Resize:
            self.updateGeometry()
        return False

    def minimumSizeHint(self) -> QSize:
        """Return the size at which nothing of the module is cut off: its own width and the scroll bar's."""
        width = self._contents.minimumSizeHint().width() + self._area.verticalScrollBar().sizeHint().width()
        return QSize(max(width, _PANEL_WIDTH), QWidget.minimumSizeHint(self).height())

    def _forget(self, name: str) -> None:
        if self._module is not None and self._module.name == name:
            self._show(None)


@standin(inDesigner=False)
class qSlicerMainWindow(qt.QMainWindow):
    """Slicer's window."""

    def __init__(self, manager: Any) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer (test host)")
        self._panel = qSlicerModulePanel()
        self._selector = qSlicerModuleSelectorToolBar(manager, self._panel)
        self.addToolBar(self._selector)
        dock = QDockWidget("Module panel")
        dock.setObjectName("PanelDockWidget")
        dock.setTitleBarWidget(QWidget())
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        dock.setWidget(self._panel)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        viewport = QWidget()
        viewport.setObjectName("CentralWidget")
        palette = QPalette(viewport.palette())
        palette.setColor(QPalette.ColorRole.Window, QColor("#55565a"))
        viewport.setPalette(palette)
        viewport.setAutoFillBackground(True)
        self.setCentralWidget(viewport)
        QMainWindow.statusBar(self)

    def moduleSelector(self) -> Any:
        """Return what chooses the module."""
        return self._selector
