"""The stand-ins for CTK's and Slicer's widgets take mouse and keyboard, and offer what the real ones offer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import slicer.util
from Testing.host.pythonqt.uiloader import STANDINS, UnknownInUiFileError

REQUIRED = [
    "qMRMLWidget", "qMRMLNodeComboBox", "qMRMLCheckableNodeComboBox", "qMRMLSegmentSelectorWidget",
    "qMRMLSegmentsTableView", "qMRMLSegmentationShow3DButton", "qMRMLSegmentEditorWidget", "qMRMLSliderWidget",
    "qMRMLSpinBox", "qMRMLRangeWidget", "qMRMLTableView", "qMRMLPlotWidget", "qMRMLPlotView", "qMRMLSliceWidget",
    "qMRMLThreeDWidget", "qMRMLColorTableComboBox", "ctkCollapsibleButton", "ctkCollapsibleGroupBox",
    "ctkSliderWidget", "ctkDoubleSpinBox", "ctkRangeWidget", "ctkDoubleRangeSlider", "ctkDoubleSlider", "ctkCheckBox",
    "ctkComboBox", "ctkCheckableComboBox", "ctkPathLineEdit", "ctkDirectoryButton", "ctkColorPickerButton",
    "ctkFittedTextBrowser", "ctkPushButton", "ctkMenuButton", "ctkCheckablePushButton", "ctkSearchBox",
]  # fmt: skip


@pytest.mark.parametrize("name", REQUIRED)
def test_a_stand_in_is_made_and_refuses_what_the_real_widget_lacks(shown: Any, name: str) -> None:
    widget = STANDINS[name]()
    assert widget.className() == name
    with pytest.raises(AttributeError):
        widget.notInSlicer = 1
    with pytest.raises(AttributeError):
        widget.notInSlicer  # noqa: B018
    with pytest.raises(ValueError, match="does not exist"):
        widget.connect("notInSlicer(int)", print)
    shown(widget)
    widget.deleteLater()


def test_what_is_a_plain_method_in_cxx_is_not_offered(host: Any) -> None:
    import ctk

    for widget, name in (
        (slicer.qMRMLNodeComboBox(), "setNodeTypes"),
        (ctk.ctkCollapsibleButton(), "setCollapsed"),
        (ctk.ctkSliderWidget(), "setMinimum"),
    ):
        with pytest.raises(AttributeError):
            getattr(widget, name)


def ui(host: Any, tmp_path: Path, body: str) -> Any:
    path = tmp_path / "a.ui"
    path.write_text(f'<ui version="4.0"><widget class="qMRMLWidget" name="root">{body}</widget></ui>')
    return slicer.util.loadUI(str(path))


def test_a_ui_file_with_an_unknown_class_or_property_is_refused(host: Any, tmp_path: Path) -> None:
    with pytest.raises(UnknownInUiFileError, match="ctkNoSuchWidget"):
        ui(host, tmp_path, '<widget class="ctkNoSuchWidget" name="a"/>')
    with pytest.raises(UnknownInUiFileError, match="has no property 'maximumm'"):
        ui(
            host,
            tmp_path,
            '<widget class="ctkSliderWidget" name="a"><property name="maximumm"><double>1</double></property></widget>',
        )


def test_a_ui_file_with_a_connection_to_nothing_is_refused(host: Any, tmp_path: Path) -> None:
    body = '<widget class="qMRMLNodeComboBox" name="a"/>'
    path = tmp_path / "b.ui"
    path.write_text(
        f'<ui version="4.0"><widget class="qMRMLWidget" name="root">{body}</widget><connections><connection>'
        "<sender>root</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal><receiver>a</receiver>"
        "<slot>setMRMLSceen(vtkMRMLScene*)</slot></connection></connections></ui>"
    )
    with pytest.raises(ValueError, match="slot 'setMRMLSceen"):
        slicer.util.loadUI(str(path))
