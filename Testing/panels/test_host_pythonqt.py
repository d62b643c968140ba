"""Qt in the host behaves as PythonQt does in Slicer."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def qt(host: Any) -> Any:
    import qt

    return qt


def test_properties_are_attributes_beside_their_setters(qt: Any) -> None:
    button = qt.QPushButton("Apply")
    assert button.text == "Apply"
    button.text = "Cancel"
    button.enabled = False
    assert (button.text, button.enabled, button.isEnabled()) == ("Cancel", False, False)
    button.setText("Again")
    assert button.text == "Again"
    button.name = "applyButton"
    assert button.objectName == "applyButton"


def test_a_property_that_is_only_read_cannot_be_set(qt: Any) -> None:
    with pytest.raises(AttributeError, match="not writable"):
        qt.QComboBox().count = 3


@pytest.mark.parametrize("name", ["enabeld", "Text", "value"])
def test_an_unknown_attribute_of_a_widget_is_refused(qt: Any, name: str) -> None:
    label = qt.QLabel("x")
    with pytest.raises(AttributeError, match="creating new attributes on C\\+\\+ objects is not allowed"):
        setattr(label, name, 1)
    with pytest.raises(AttributeError):
        getattr(label, name)


def test_an_authors_own_subclass_takes_new_attributes(qt: Any) -> None:
    class Row(qt.QWidget):
        def __init__(self) -> None:
            super().__init__()
            self.label = qt.QLabel("x", self)

    row = Row()
    assert row.label.text == "x"
    assert row.className() == "QWidget"
    assert isinstance(row, qt.QWidget)
    assert isinstance(row.label, qt.QWidget)


def test_dynamic_properties_are_attributes_too(qt: Any) -> None:
    widget = qt.QWidget()
    widget.setProperty("SlicerParameterName", "threshold")
    assert widget.SlicerParameterName == "threshold"


def test_connect_takes_a_signature_and_passes_what_the_function_takes(qt: Any) -> None:
    button, calls = qt.QPushButton(), []
    button.checkable = True
    button.connect("clicked()", lambda: calls.append("none"))
    button.connect("clicked(bool)", calls.append)
    button.connect("toggled(bool)", lambda: calls.append("fewer"))
    button.clicked.connect(lambda checked: calls.append(("bound", checked)))
    button.click()
    assert calls == ["fewer", "none", True, ("bound", True)] or set(map(str, calls)) == {
        "fewer", "none", "True", "('bound', True)"
    }  # fmt: skip


@pytest.mark.parametrize("signature", ["clickd()", "clicked(int)", "valueChanged(double)"])
def test_connecting_to_a_signal_that_is_not_there_raises(qt: Any, signature: str) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        qt.QPushButton().connect(signature, print)


def test_disconnect_undoes_one_connection(qt: Any) -> None:
    button, calls = qt.QPushButton(), []
    button.connect("clicked()", calls.clear)
    other = lambda: calls.append(1)  # noqa: E731
    button.connect("clicked()", other)
    assert button.disconnect("clicked()", other)
    assert not button.disconnect("clicked()", other)
    button.click()
    assert calls == []


def test_lists_come_as_tuples_and_children_are_found_by_class_and_name(qt: Any, host: Any) -> None:
    parent = qt.QWidget()
    box = qt.QVBoxLayout(parent)
    for name in ("a", "b"):
        label = qt.QLabel(name)
        label.name = name
        box.addWidget(label)
    assert parent.findChild(qt.QLabel, "b").text == "b"
    assert isinstance(parent.findChildren(qt.QLabel), tuple)
    import slicer

    assert slicer.qMRMLNodeComboBox().nodeTypes == ()


def test_the_namespace_is_flat_and_without_pyside6_inventions(qt: Any) -> None:
    assert qt.Qt.AlignLeft is not None
    assert qt.QSizePolicy.Expanding is not None
    for name in ("Signal", "Slot", "Property", "NoSuchClass"):
        with pytest.raises(AttributeError):
            getattr(qt, name)


def test_a_timer_calls_back_once(qt: Any, host: Any) -> None:
    calls: list[int] = []
    qt.QTimer.singleShot(0, lambda: calls.append(1))
    host.wait(20)
    assert calls == [1]


def test_an_error_in_a_slot_is_kept_and_can_be_expected(qt: Any, host: Any) -> None:
    button = qt.QPushButton()
    button.connect("clicked()", lambda: 1 / 0)
    with host.expectError(ZeroDivisionError):
        button.click()
    with pytest.raises(AssertionError, match="No ValueError was raised"), host.expectError(ValueError):
        pass
