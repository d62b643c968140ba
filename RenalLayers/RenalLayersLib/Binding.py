"""Binding of a panel's widgets to the parameters in the scene: the same for both modules."""

from __future__ import annotations

from typing import Any

from slicer.parameterNodeWrapper import SlicerParameterNamePropertyName


class Binding:
    """The widgets that name a parameter in the ``.ui`` file, bound once for each parameter node.

    Slicer's `connectGui` does not return the tag that `disconnectGui` asks for, and an observer stays on the node even
    after that: bound anew whenever the module is opened, every change would be shown once more each time.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    """

    def __init__(self, ui: Any) -> None:
        named = ((widget.property(SlicerParameterNamePropertyName), widget) for widget in vars(ui).values())
        self._widgets = {name: widget for name, widget in named if name}
        self._parameters: Any = None
        self._tag = 0

    def bind(self, parameters: Any) -> None:
        """Let widgets and parameters follow each other, be the module open or not, until `release`."""
        if parameters is self._parameters:
            return
        self.release()
        self._tag = parameters.connectParametersToGui(self._widgets)
        self._parameters = parameters

    def release(self) -> None:
        """Leave widgets and parameters as they are, before the scene or the panel goes."""
        if self._parameters is not None:
            self._parameters.disconnectGui(self._tag)
            self._parameters = None
