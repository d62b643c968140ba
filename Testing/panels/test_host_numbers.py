"""Sections and number widgets take mouse, wheel and keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QWidget
from Testing.host import mouse


def test_a_collapsible_button_opens_and_closes_on_a_click_in_its_header(shown: Any) -> None:
    import ctk
    import qt

    section = ctk.ctkCollapsibleButton()
    section.text = "Advanced"
    inside = qt.QLabel("hidden when closed")
    qt.QVBoxLayout(section).addWidget(inside)
    told: list[bool] = []
    section.connect("contentsCollapsed(bool)", told.append)
    shown(section, height=120)
    mouse.click(section, (60, 8))
    assert section.collapsed
    assert not inside.visible
    mouse.click(section, (60, 8))
    assert not section.collapsed
    assert inside.visible
    assert told == [True, False]
    mouse.click(section, (60, 80))
    assert not section.collapsed


def test_a_section_closed_from_the_start_shows_its_contents_when_opened(host: Any, shown: Any) -> None:
    import ctk
    import qt

    for section in (ctk.ctkCollapsibleButton("Advanced"), ctk.ctkCollapsibleGroupBox("More")):
        section.collapsed = True
        inside = qt.QLabel("x")
        qt.QVBoxLayout(section).addWidget(inside)
        shown(section)
        assert not inside.visible
        section.collapsed = False
        host.wait(10)
        assert inside.visible


def test_a_slider_widget_takes_drag_number_and_wheel_of_its_limits(shown: Any) -> None:
    import ctk

    slider = ctk.ctkSliderWidget()
    slider.minimum, slider.maximum, slider.singleStep, slider.decimals = 0, 20, 0.5, 1
    slider.suffix = " mm"
    values: list[float] = []
    slider.connect("valueChanged(double)", values.append)
    shown(slider)
    mouse.enterNumber(slider, 7.5)
    assert slider.value == 7.5
    mouse.dragSlider(slider, 15)
    assert slider.value == pytest.approx(15, abs=0.5)
    slider.value = 99
    assert slider.value == 20
    assert values[0] == 7.5
    assert values[-1] == 20


def test_a_slider_widget_without_tracking_tells_its_value_when_released(shown: Any) -> None:
    import ctk

    slider = ctk.ctkSliderWidget()
    slider.tracking = False
    done: list[float] = []
    moving: list[float] = []
    slider.connect("valueChanged(double)", done.append)
    slider.connect("valueIsChanging(double)", moving.append)
    shown(slider)
    mouse.dragSlider(slider, 50)
    assert len(done) == 1
    assert len(moving) > 1


def test_both_handles_of_a_range_widget_can_be_dragged(shown: Any) -> None:
    import ctk

    widget = ctk.ctkRangeWidget()
    widget.singleStep, widget.decimals, widget.suffix = 0.5, 1, " mm"
    widget.setRange(0, 30)
    widget.setValues(5, 15)
    told: list[tuple[float, float]] = []
    widget.connect("valuesChanged(double,double)", lambda low, high: told.append((low, high)))
    shown(widget)
    mouse.dragRangeHandle(widget, "minimum", 8)
    mouse.dragRangeHandle(widget, "maximum", 25)
    assert widget.minimumValue == pytest.approx(8, abs=0.5)
    assert widget.maximumValue == pytest.approx(25, abs=0.5)
    assert told[-1] == (widget.minimumValue, widget.maximumValue)
    mouse.dragRangeHandle(widget, "minimum", 29)
    assert widget.minimumValue == widget.maximumValue
    spins = QWidget.findChildren(widget, QDoubleSpinBox)
    assert {spin.suffix() for spin in spins} == {" mm"}


def test_a_range_widget_takes_numbers_and_arrow_keys(shown: Any) -> None:
    import ctk

    widget = ctk.ctkRangeWidget()
    widget.setRange(0, 30)
    widget.setValues(5, 15)
    shown(widget)
    low, high = QWidget.findChildren(widget, QDoubleSpinBox)
    mouse.enterNumber(low, 7)
    mouse.enterNumber(high, 12)
    assert (widget.minimumValue, widget.maximumValue) == (7, 12)
    slider = next(c for c in widget.findChildren(QWidget) if isinstance(c, ctk.ctkDoubleRangeSlider))
    mouse.press(slider, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert widget.minimumValue == 9


def test_symmetric_moves_move_the_other_handle_too(shown: Any) -> None:
    import ctk

    slider = ctk.ctkDoubleRangeSlider()
    slider.maximum, slider.symmetricMoves = 100, True
    slider.setValues(20, 80)
    shown(slider)
    mouse.dragRangeHandle(slider, "minimum", 30)
    assert slider.minimumValue == pytest.approx(30, abs=1)
    assert slider.maximumValue == pytest.approx(70, abs=1)
