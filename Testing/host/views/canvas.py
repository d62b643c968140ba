"""A VTK window painted into a Qt widget, with Qt's events handed to VTK.

Follows ``ctkVTKAbstractView.h`` and ``QVTKInteractorAdapter`` of VTK. The window always renders off screen and its
picture is painted, so that one ``grab()`` shows panel and views, with and without a display.
"""

from __future__ import annotations

from typing import Any

import vtk
from PySide6.QtCore import Property, QEvent, Qt, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget
from vtk.util.numpy_support import vtk_to_numpy

from RenalLayersLib.MrmlCore import quiet

from ..pythonqt.namespace import qt
from ..standins.declare import standin

_BUTTONS = {
    Qt.MouseButton.LeftButton: "Left",
    Qt.MouseButton.RightButton: "Right",
    Qt.MouseButton.MiddleButton: "Middle",
}
_KEYS = {
    Qt.Key.Key_Left: "Left", Qt.Key.Key_Right: "Right", Qt.Key.Key_Up: "Up", Qt.Key.Key_Down: "Down",
    Qt.Key.Key_Escape: "Escape", Qt.Key.Key_Return: "Return", Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Backspace: "BackSpace", Qt.Key.Key_Shift: "Shift_L", Qt.Key.Key_Control: "Control_L",
    Qt.Key.Key_Space: "space",
}  # fmt: skip
# Views draw at most this often while the event loop runs; a grab draws at once.
_RENDER_INTERVAL_MS = 15


class VtkCanvas(qt.QWidget):
    """Paints a VTK window and hands Qt's events to it; offers nothing to modules."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        with quiet():  # VTK tries X first and complains where there is none
            self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._interactor.Initialize()
        self._image = QImage()
        self._stale, self._paused, self._enabled, self._released = True, 0, True, False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_RENDER_INTERVAL_MS)
        self._timer.timeout.connect(self.update)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Expanding)

    def _scheduleRender(self) -> None:
        self._stale = True
        if not self._paused and self._enabled and not self._timer.isActive():
            self._timer.start()

    def _setPaused(self, paused: bool) -> None:
        self._paused = max(self._paused + (1 if paused else -1), 0)
        if not self._paused and self._stale:
            self._scheduleRender()

    # --- drawing -------------------------------------------------------------------------------------------------

    def _size(self) -> tuple[int, int]:
        return max(QWidget.width(self), 1), max(QWidget.height(self), 1)

    def _beforeRender(self) -> None:
        """Bring what is drawn up to date."""

    def _render(self) -> None:
        if self._released:
            return
        width, height = self._size()
        if tuple(self._window.GetSize()) != (width, height):
            self._interactor.UpdateSize(width, height)
        self._stale = False
        self._beforeRender()
        self._window.Render()
        pixels = vtk.vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, pixels)
        rows = vtk_to_numpy(pixels).reshape(height, width, 4)[::-1].copy()
        rows[..., 3] = 255
        self._image = QImage(rows.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()

    def paintEvent(self, event: Any) -> None:
        """Paint the picture; a widget that was not painted since a change is drawn first."""
        if (self._stale or self._image.isNull()) and not self._paused and self._enabled:
            self._render()
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)
        painter.end()

    def resizeEvent(self, event: Any) -> None:
        """Draw in the new size."""
        if self._released:
            return
        self._interactor.UpdateSize(*self._size())
        self._interactor.ConfigureEvent()
        self._stale = True

    # --- events --------------------------------------------------------------------------------------------------

    def _place(self, event: Any, repeat: int = 0) -> None:
        held = event.modifiers()
        control = bool(held & Qt.KeyboardModifier.ControlModifier)
        shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
        position = event.position()
        x, y = round(position.x()), round(position.y())
        self._interactor.SetEventInformationFlipY(x, y, int(control), int(shift), "\0", repeat, None)
        self._interactor.SetAltKey(int(bool(held & Qt.KeyboardModifier.AltModifier)))

    def _button(self, event: Any, what: str, repeat: int = 0) -> None:
        name = _BUTTONS.get(event.button())
        if name is not None:
            self._place(event, repeat)
            self._interactor.InvokeEvent(f"{name}Button{what}Event")

    def mousePressEvent(self, event: Any) -> None:
        """Tell VTK."""
        self._button(event, "Press")

    def mouseDoubleClickEvent(self, event: Any) -> None:
        """Tell VTK, which wants a press as well."""
        self._button(event, "Press", 1)
        self._button(event, "DoubleClick", 1)

    def mouseReleaseEvent(self, event: Any) -> None:
        """Tell VTK."""
        self._button(event, "Release")

    def mouseMoveEvent(self, event: Any) -> None:
        """Tell VTK."""
        self._place(event)
        self._interactor.InvokeEvent("MouseMoveEvent")

    def enterEvent(self, event: Any) -> None:
        """Tell VTK."""
        self._interactor.InvokeEvent("EnterEvent")

    def leaveEvent(self, event: Any) -> None:
        """Tell VTK."""
        self._interactor.InvokeEvent("LeaveEvent")

    def wheelEvent(self, event: Any) -> None:
        """Tell VTK."""
        self._place(event)
        forward = event.angleDelta().y() > 0
        self._interactor.InvokeEvent("MouseWheelForwardEvent" if forward else "MouseWheelBackwardEvent")

    def keyPressEvent(self, event: Any) -> None:
        """Tell VTK."""
        self._key(event, "KeyPressEvent", "CharEvent")

    def keyReleaseEvent(self, event: Any) -> None:
        """Tell VTK."""
        self._key(event, "KeyReleaseEvent")

    def _key(self, event: Any, *names: str) -> None:
        text = event.text()
        symbol = _KEYS.get(event.key()) or text
        held = event.modifiers()
        control = int(bool(held & Qt.KeyboardModifier.ControlModifier))
        shift = int(bool(held & Qt.KeyboardModifier.ShiftModifier))
        code = text if len(text) == 1 and text.isascii() else "\0"
        self._interactor.SetKeyEventInformation(control, shift, code, 0, symbol)
        for name in names:
            self._interactor.InvokeEvent(name)

    def event(self, event: Any) -> bool:
        """Let VTK go when Qt deletes the widget."""
        if event.type() == QEvent.Type.DeferredDelete:
            self._release()
        return QWidget.event(self, event)

    def _release(self) -> None:
        """Take the VTK window down; what comes after from Qt is ignored."""
        if not self._released:
            self._released = True
            self._timer.stop()
            self._interactor.SetInteractorStyle(None)
            self._window.Finalize()


@standin(slots=["scheduleRender()", "forceRender()", "pauseRender()", "resumeRender()"], inDesigner=False)
class ctkVTKAbstractView(VtkCanvas):
    """What slice and 3D views share."""

    def renderWindow(self) -> Any:
        """Return the VTK window."""
        return self._window

    def interactor(self) -> Any:
        """Return the VTK interactor."""
        return self._interactor

    def interactorStyle(self) -> Any:
        """Return the VTK interactor style."""
        return self._interactor.GetInteractorStyle()

    def scheduleRender(self) -> None:
        """Draw soon."""
        self._scheduleRender()

    def forceRender(self) -> None:
        """Draw now."""
        self._timer.stop()
        self._render()
        self.update()

    def pauseRender(self) -> None:
        """Hold drawing back."""
        self._setPaused(True)

    def resumeRender(self) -> None:
        """Draw again."""
        self._setPaused(False)

    def setRenderPaused(self, paused: bool) -> None:
        """Hold drawing back, or draw again; pauses are counted."""
        self._setPaused(paused)

    def setRenderEnabled(self, enabled: bool) -> None:
        """Draw at all, or not."""
        self._enabled = enabled

    renderPaused = Property(bool, lambda self: self._paused > 0, setRenderPaused)
    renderEnabled = Property(bool, lambda self: self._enabled, setRenderEnabled)
