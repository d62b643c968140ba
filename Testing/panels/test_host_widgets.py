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


def test_a_ui_file_of_designer_is_understood(host: Any, tmp_path: Path) -> None:
    path = tmp_path / "c.ui"
    path.write_text(
        """<?xml version="1.0" encoding="UTF-8"?><ui version="4.0"><class>Panel</class>
        <widget class="qMRMLWidget" name="Panel"><layout class="QVBoxLayout" name="column">
        <item><widget class="QTabWidget" name="tabs"><property name="currentIndex"><number>1</number></property>
         <widget class="QWidget" name="first"><attribute name="title"><string>Layers</string></attribute></widget>
         <widget class="QWidget" name="second"><attribute name="title"><string>Profiles</string></attribute>
          <layout class="QGridLayout" name="grid"><item row="0" column="0"><widget class="ctkPathLineEdit" name="path">
           <property name="filters"><set>ctkPathLineEdit::Files|ctkPathLineEdit::Writable</set></property></widget>
          </item></layout></widget></widget></item>
        <item><widget class="Line" name="line"><property name="orientation"><enum>Qt::Horizontal</enum></property>
         </widget></item>
        <item><widget class="ctkCollapsibleButton" name="section">
         <property name="contentsFrameShape"><enum>QFrame::StyledPanel</enum></property>
         <property name="collapsed"><bool>true</bool></property></widget></item>
        <item><widget class="QLabel" name="label"><property name="alignment"><set>Qt::AlignRight|Qt::AlignVCenter</set>
         </property></widget></item></layout></widget>
        <customwidgets><customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends>
         <header>ctkCollapsibleButton.h</header><container>1</container></customwidget></customwidgets>
        <connections><connection><sender>section</sender><signal>contentsCollapsed(bool)</signal>
         <receiver>label</receiver><slot>setHidden(bool)</slot></connection></connections></ui>"""
    )
    root = slicer.util.loadUI(str(path))
    names = slicer.util.childWidgetVariables(root)
    assert names.tabs.currentIndex == 1
    assert names.path.filters == 0x22
    assert names.section.collapsed
    names.section.collapsed = False
    names.section.collapsed = True
    assert names.label.isHidden()
    assert slicer.util.findChild(root, "second").className() == "QWidget"
