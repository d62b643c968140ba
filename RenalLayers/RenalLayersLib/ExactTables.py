"""Tables in a scene file with all their digits: Slicer itself writes six, and reads as many as there are."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import vtk


def tableTexts(scene: Any) -> dict[str, str]:
    """Return the exact content of every table of a scene, by node ID."""
    tables = scene.GetNodesByClass("vtkMRMLTableNode")
    tables.UnRegister(None)
    nodes = [tables.GetItemAsObject(n) for n in range(tables.GetNumberOfItems())]
    return {node.GetID(): _asText(node.GetTable()) for node in nodes}


def copyWithExactTables(bundle: Path, target: Path, texts: dict[str, str]) -> None:
    """Copy a scene bundle, tables replaced by their exact content.

    Parameters
    ----------
    bundle : Path
        MRB as Slicer wrote it.
    target : Path
        Written.
    texts : dict of str
        Content by the ID of the table node, from `tableTexts`.
    """
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        description = next(name for name in source.namelist() if name.endswith(".mrml"))
        exact = _byFile(source.read(description), texts, description.rpartition("/")[0])
        for entry in source.infolist():
            content = exact[entry.filename].encode() if entry.filename in exact else source.read(entry)
            # NRRD files are compressed already.
            packing = zipfile.ZIP_STORED if entry.filename.endswith(".nrrd") else zipfile.ZIP_DEFLATED
            copy.writestr(entry.filename, content, packing)


def _byFile(description: bytes, texts: dict[str, str], root: str) -> dict[str, str]:
    """Return the contents by the name of the table's file within the bundle."""
    elements = list(ElementTree.fromstring(description).iter())
    files = {node.get("id"): node.get("fileName", "") for node in elements if node.tag == "TableStorage"}
    found = {}
    for node in elements:
        if node.tag == "Table" and node.get("id") in texts:
            storage = re.search(r"storage:([^; ]+)", node.get("references", ""))
            if storage and files.get(storage[1]):
                found[f"{root}/{unquote(files[storage[1]])}"] = texts[node.get("id", "")]
    return found


def _asText(table: Any) -> str:
    """Return a table as tab-separated text, numbers with every digit."""
    columns = [table.GetColumn(n) for n in range(table.GetNumberOfColumns())]
    lines = ["\t".join(_clean(column.GetName()) for column in columns)]
    for row in range(table.GetNumberOfRows()):
        lines.append("\t".join(_cell(column, row) for column in columns))
    return "\n".join(lines) + "\n"


def _cell(column: Any, row: int) -> str:
    if isinstance(column, vtk.vtkStringArray):
        return _clean(column.GetValue(row))
    return repr(column.GetValue(row))


def _clean(text: str) -> str:
    """Return text without the characters that divide or quote cells."""
    return re.sub(r"[\t\r\n]+", " ", text).replace('"', "'")
