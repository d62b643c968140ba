"""Parameter nodes are typed, bound to widgets, and saved as in Slicer."""

from __future__ import annotations

import enum
import pathlib
from typing import Annotated, Any, Optional, Union

import numpy as np
import pytest
import slicer
import slicer.util
from Testing.host.observers import countObservers, observersOf


@pytest.fixture
def node(host: Any) -> Any:
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")


class Model(enum.Enum):
    MM = "mm"
    EQUIVOLUME = "equivolume"


def wrapperOf(**members: Any) -> Any:
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    defaults = {name: value[1] for name, value in members.items() if isinstance(value, tuple)}
    types = {name: value[0] if isinstance(value, tuple) else value for name, value in members.items()}
    return parameterNodeWrapper(type("Parameters", (), {"__annotations__": types, **defaults}))


def test_each_type_keeps_its_value_and_its_default(node: Any) -> None:
    from slicer.parameterNodeWrapper import Default, FloatRange

    parameters = wrapperOf(
        number=float, count=Annotated[int, Default(12)], text=(str, "x"), flag=bool, model=Model, folder=pathlib.Path,
        names=list[str], table=dict[str, float], pair=tuple[int, str], limits=(FloatRange, FloatRange(5, 15)),
        volume=Optional[slicer.vtkMRMLScalarVolumeNode], either=Union[int, str],
    )(node)  # fmt: skip
    start = (0.0, 12, "x", False, Model.MM, pathlib.Path(), [], {}, (0, ""), FloatRange(5, 15), None, 0)
    names = tuple(parameters.allParameters)
    assert tuple(getattr(parameters, name) for name in names) == start
    volume = slicer.util.addVolumeFromArray(np.ones((2, 2, 2)))
    changed = (
        1.5, 3, "y", True, Model.EQUIVOLUME, pathlib.Path("/tmp"), ["R2*"], {"a": 1.0}, (1, "b"), FloatRange(1, 2),
        volume, "text",
    )  # fmt: skip
    for name, value in zip(names, changed, strict=True):
        setattr(parameters, name, value)
    again = type(parameters)(node)
    assert tuple(getattr(again, name) for name in names) == changed
    assert again.default("count").value == 12


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        (int, 1.5, TypeError),
        (str, None, ValueError),
        (pathlib.Path, "/tmp", TypeError),
        (bool, "yes", TypeError),
        (Model, "mm", TypeError),
    ],
)
def test_a_value_of_another_type_is_refused(node: Any, kind: Any, value: Any, error: type[Exception]) -> None:
    parameters = wrapperOf(value=kind)(node)
    with pytest.raises(error):
        parameters.value = value


def test_validators_refuse_values_and_keep_the_old_one(node: Any) -> None:
    from slicer.parameterNodeWrapper import Choice, Maximum, Minimum, WithinRange

    parameters = wrapperOf(
        a=(Annotated[float, WithinRange(0, 1)], 0.5),
        b=(Annotated[int, Minimum(1), Maximum(3)], 2),
        c=(Annotated[str, Choice(["mean", "median"])], "mean"),
    )(node)
    for name, wrong in (("a", 2.0), ("b", 0), ("b", 4), ("c", "mode")):
        with pytest.raises(ValueError):  # noqa: PT011
            setattr(parameters, name, wrong)
    assert (parameters.a, parameters.b, parameters.c) == (0.5, 2, "mean")


@pytest.mark.parametrize("kind", [complex, set[int], object, int | None], ids=str)
def test_types_that_slicer_cannot_serialize_are_refused(host: Any, kind: Any) -> None:
    with pytest.raises(Exception, match="Unable to create serializer"):
        wrapperOf(value=kind)


def test_a_node_of_another_class_is_refused(node: Any) -> None:
    parameters = wrapperOf(volume=slicer.vtkMRMLScalarVolumeNode)(node)
    with pytest.raises(TypeError):
        parameters.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    volume = slicer.util.addVolumeFromArray(np.ones((2, 2, 2)))
    parameters.volume = volume
    slicer.mrmlScene.RemoveNode(volume)
    assert parameters.volume is None


def test_lists_write_themselves_when_they_change(node: Any) -> None:
    parameters = wrapperOf(names=list[str])(node)
    parameters.names.append("a")
    parameters.names += ["b", "c"]
    parameters.names.remove("b")
    parameters.names[0] = "z"
    assert type(parameters)(node).names == ["z", "c"]
    with pytest.raises(TypeError):
        parameters.names.append(3)
    assert parameters.names == ["z", "c"]


def test_lists_of_nodes_are_references(node: Any) -> None:
    volumes = [slicer.util.addVolumeFromArray(np.ones((2, 2, 2))) for _ in range(2)]
    parameters = wrapperOf(maps=list[slicer.vtkMRMLScalarVolumeNode])(node)
    parameters.maps = volumes
    assert list(type(parameters)(node).maps) == volumes


def test_packs_nest_and_write_themselves(node: Any) -> None:
    from slicer.parameterNodeWrapper import parameterPack

    inner = parameterPack(type("Inner", (), {"__annotations__": {"depth": float}, "depth": 2.0}))
    outer = parameterPack(type("Outer", (), {"__annotations__": {"inner": inner, "unit": str}, "unit": "mm"}))
    parameters = wrapperOf(place=outer)(node)
    parameters.place.inner.depth = 7.5
    parameters.setValue("place.unit", "cm")
    again = type(parameters)(node)
    assert (again.place.inner.depth, again.getValue("place.unit")) == (7.5, "cm")
    assert again.place == outer(inner(7.5), "cm")
    with pytest.raises(ValueError, match="no member"):
        again.getValue("place.nothing")
    with pytest.raises(TypeError):
        outer(nothing=1)


def test_widgets_and_parameters_follow_one_another(node: Any) -> None:
    import ctk
    import qt
    from slicer.parameterNodeWrapper import FloatRange, RangeBounds, WithinRange

    parameters = wrapperOf(
        threshold=(Annotated[float, WithinRange(0, 50)], 10.0), model=Model, flag=bool, text=str,
        limits=(Annotated[FloatRange, RangeBounds(0, 30)], FloatRange(5, 15)),
    )(node)  # fmt: skip
    widgets = {
        "threshold": ctk.ctkSliderWidget(), "model": qt.QComboBox(), "flag": qt.QCheckBox(), "text": qt.QLineEdit(),
        "limits": ctk.ctkRangeWidget(),
    }  # fmt: skip
    tag = parameters.connectParametersToGui(widgets)
    assert (widgets["threshold"].value, widgets["threshold"].maximum) == (10, 50)
    assert widgets["limits"].maximumValue == 15
    widgets["threshold"].value = 20
    widgets["model"].currentIndex = 1
    widgets["flag"].click()
    widgets["text"].text = "kidney"
    widgets["limits"].setValues(6, 9)
    assert (parameters.threshold, parameters.model, parameters.flag) == (20, Model.EQUIVOLUME, True)
    assert (parameters.text, parameters.limits) == ("kidney", FloatRange(6, 9))
    parameters.threshold = 30.0
    assert widgets["threshold"].value == 30
    parameters.disconnectGui(tag)
    widgets["threshold"].value = 1
    parameters.text = "other"
    assert parameters.threshold == 30
    assert widgets["text"].text == "kidney"


def test_what_connect_gui_binds_cannot_be_taken_off_again_for_it_returns_no_tag(node: Any) -> None:
    from types import SimpleNamespace

    import qt

    parameters, edit = wrapperOf(text=str)(node), qt.QLineEdit()
    edit.setProperty("SlicerParameterName", "text")
    parameters.disconnectGui(parameters.connectGui(SimpleNamespace(edit=edit)))
    edit.text = "kidney"
    assert parameters.text == "kidney"


def test_an_observer_stays_on_the_node_after_the_widgets_were_taken_off(node: Any) -> None:
    import qt

    parameters, before = wrapperOf(text=str)(node), len(observersOf(node))
    counted = countObservers(slicer.mrmlScene)
    parameters.disconnectGui(parameters.connectParametersToGui({"text": qt.QLineEdit()}))
    assert len(observersOf(node)) == before + 1
    assert countObservers(slicer.mrmlScene) == counted


def test_a_widget_that_slicer_cannot_bind_is_refused(node: Any) -> None:
    import ctk
    import qt

    parameters = wrapperOf(number=float, text=str)(node)
    for name, widget in (("number", qt.QSpinBox()), ("number", ctk.ctkSliderWidget()), ("text", ctk.ctkComboBox())):
        with pytest.raises(RuntimeError):
            parameters.connectParametersToGui({name: widget})
    with pytest.raises(ValueError, match="Cannot find a param"):
        parameters.connectParametersToGui({"nothing": qt.QLineEdit()})


def test_a_name_that_the_wrapper_needs_is_refused(host: Any) -> None:
    with pytest.raises(ValueError, match="reserved"):
        wrapperOf(setValue=int)


def test_parameters_survive_a_scene_bundle(host: Any, tmp_path: pathlib.Path) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "parameters")
    volume = slicer.util.addVolumeFromArray(np.ones((2, 2, 2)), name="T1")
    cls = wrapperOf(volume=slicer.vtkMRMLScalarVolumeNode, names=list[str], model=Model)
    parameters = cls(node)
    parameters.volume, parameters.names, parameters.model = volume, ["a"], Model.EQUIVOLUME
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"), {})
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"), {})
    again = cls(slicer.util.getNode("parameters"))
    assert again.volume.GetName() == "T1"
    assert (again.names, again.model) == (["a"], Model.EQUIVOLUME)
