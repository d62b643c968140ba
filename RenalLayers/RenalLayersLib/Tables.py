"""Tables of the study: the numbers of the analysis, untouched, with their units."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from renal_layers.analysis import Analysis
from renal_layers.gradients import GradientRow
from renal_layers.profiles import ProfileRow

_EXACT = "Renal.Exact"
"""Attribute with the numbers in full: Slicer saves tables with six digits."""

Row = TypeVar("Row", ProfileRow, GradientRow)

_PER_MM = {"slope", "slope_se", "slope_ci_low", "slope_ci_high", "robust_slope"}
_IN_MM = {"low_mm", "high_mm"}
_WITHOUT = {"n", "skewness", "kurtosis", "r2", "outer_n", "inner_n", "outer_over_inner", "few_voxels"}
_WORDS = {"map", "unit", "side", "tissue"}


def showTables(study: Any, analysis: Analysis) -> None:
    """Put profiles, gradients, cortical thickness and volumes into the scene."""
    layerUnit = analysis.layering.settings.layer_unit
    for name in dict.fromkeys(row.map for row in analysis.profiles):
        rows = [row for row in analysis.profiles if row.map == name]
        units = {field.name: _unit(field.name, rows[0].unit, layerUnit) for field in fields(ProfileRow)}
        fillTable(_table(study, f"profile:{name}", f"{name} profile"), columnsOf(rows), units)
    showGradientTables(study, analysis.gradients)
    if analysis.thickness:
        columns: dict[str, Any] = {"side": list(analysis.thickness)}
        for key in ("thickness_mm", "standard_error_mm", "ci_low_mm", "ci_high_mm", "n_cortex", "n_medulla"):
            columns[key] = np.array([getattr(found, key) for found in analysis.thickness.values()])
        units = {key: "mm" for key in columns if key.endswith("_mm")}
        fillTable(_table(study, "cortical thickness", "Cortical thickness"), columns, units)
    volumes = analysis.layering.volume_ml
    columns = {"side": list(volumes), "volume_ml": np.array(list(volumes.values()))}
    fillTable(_table(study, "volumes", "Kidney volumes"), columns, {"volume_ml": "ml"})


def showGradientTables(study: Any, gradients: Sequence[GradientRow]) -> None:
    """Put the gradients of every map into the scene."""
    for name in dict.fromkeys(row.map for row in gradients):
        rows = [row for row in gradients if row.map == name]
        units = {field.name: _unit(field.name, rows[0].unit, "") for field in fields(GradientRow)}
        fillTable(_table(study, f"gradient:{name}", f"{name} gradient"), columnsOf(rows), units)


def rowsOf(node: Any, rowType: type[Row]) -> list[Row]:
    """Return what `columnsOf` put into a table node, in this session or in the one that saved the scene.

    Parameters
    ----------
    node : vtkMRMLTableNode or None
        A profile or gradient table; without one there are no rows.
    rowType : type
        `ProfileRow` or `GradientRow`.
    """
    readers = {"str": str, "float": float, "int": int, "bool": bool}
    columns = columnsOfTable(node)
    names = {field.name: readers[str(field.type)] for field in fields(rowType)}
    if not set(names) <= set(columns):
        return []
    rows = zip(*(map(read, columns[name]) for name, read in names.items()), strict=True)
    return [rowType(**dict(zip(names, row, strict=True))) for row in rows]


def columnsOfTable(node: Any) -> dict[str, list[Any]]:
    """Return the columns of a table node by name, all digits of them; none where there is no node."""
    if node is None:
        return {}
    exact = node.GetAttribute(_EXACT)
    if exact:
        return dict(json.loads(unquote(exact)))
    table = node.GetTable()
    columns = (table.GetColumn(n) for n in range(table.GetNumberOfColumns()))
    return {column.GetName(): [column.GetValue(n) for n in range(column.GetNumberOfValues())] for column in columns}


def columnsOf(rows: Sequence[Any]) -> dict[str, Any]:
    """Return rows of one dataclass as columns: lists of text, arrays of numbers."""
    table = [asdict(row) for row in rows]
    columns: dict[str, Any] = {}
    for field in fields(rows[0]):
        values = [row[field.name] for row in table]
        if isinstance(values[0], str):
            columns[field.name] = values
        else:
            columns[field.name] = np.array(values, np.int32 if isinstance(values[0], int) else np.float64)
    return columns


def fillTable(node: Any, columns: dict[str, Any], units: dict[str, str]) -> None:
    """Replace the content of a table node.

    Parameters
    ----------
    node : vtkMRMLTableNode
        Filled in place.
    columns : dict
        By name: lists of text, or arrays of numbers.
    units : dict
        By name; columns without one have no unit.
    """
    table = vtk.vtkTable()
    for name, values in columns.items():
        if isinstance(values, list):
            column: Any = vtk.vtkStringArray()
            for value in values:
                column.InsertNextValue(value)
        else:
            column = numpy_to_vtk(values, deep=True)
        column.SetName(name)
        table.AddColumn(column)
    node.SetAndObserveTable(table)
    plain = {name: values if isinstance(values, list) else values.tolist() for name, values in columns.items()}
    node.SetAttribute(_EXACT, quote(json.dumps(plain)))
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    for name in columns:
        unit = units.get(name, "")
        node.SetColumnUnitLabel(name, unit)
        words = name.removesuffix("_mm").removesuffix("_ml").replace("_", " ")
        node.SetColumnTitle(name, f"{words} ({unit})" if unit else words)


def _table(study: Any, role: str, name: str) -> Any:
    return study.node("vtkMRMLTableNode", role, name)


def _unit(column: str, mapUnit: str, layerUnit: str) -> str:
    """Return the unit of a column of a profile or gradient table."""
    if column in _WORDS or column in _WITHOUT:
        return ""
    if column == "layer":
        return layerUnit
    if column in _IN_MM:
        return "mm"
    if column in _PER_MM:
        return f"{mapUnit}/mm" if mapUnit else "1/mm"
    return mapUnit
