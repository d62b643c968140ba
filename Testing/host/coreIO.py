"""Reading and writing files: ``slicer.app.coreIOManager()``.

Follows ``qSlicerCoreIOManager`` and the readers and writers of the modules (``qSlicerVolumesReader``,
``qSlicerSegmentationsReader``, ``qSlicerSceneReader``, ``qSlicerSceneBundleReader``, ``qSlicerNodeWriter``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
import vtk

from .pythonqt.namespace import qt
from .standins.declare import standin

_SUFFIXES = (
    ("SegmentationFile", (".seg.nrrd", ".seg.nhdr")),
    ("MarkupsFile", (".mrk.json", ".fcsv")),
    ("SceneFile", (".mrml", ".mrb")),
    ("VolumeFile", (".nrrd", ".nhdr", ".nii.gz", ".nii", ".mha", ".mhd", ".img", ".hdr", ".tif", ".tiff", ".png")),
    ("ModelFile", (".vtk", ".vtp", ".stl", ".obj", ".ply")),
    ("TableFile", (".csv", ".tsv")),
    ("ColorTableFile", (".ctbl", ".cxml")),
    ("TransformFile", (".tfm", ".h5", ".mat")),
    ("TextFile", (".txt", ".json", ".xml")),
)
_WRITERS = {"vtkMRMLSegmentationNode": "SegmentationFile", "vtkMRMLTableNode": "TableFile"}


@standin(inDesigner=False)
class qSlicerCoreIOManager(qt.QObject):
    """Loads and saves nodes and scenes."""

    def __init__(self, logics: dict[str, Any]) -> None:
        super().__init__()
        self._logics = logics
        self._readers: dict[str, Callable[[str, dict[str, Any], Any], Any]] = {
            "VolumeFile": self._volume,
            "SegmentationFile": self._segmentation,
            "ModelFile": lambda path, p, m: logics["Models"].AddModel(
                path, p.get("coordinateSystem", slicer.vtkMRMLStorageNode.CoordinateSystemLPS), m
            ),
            "TableFile": lambda path, p, m: logics["Tables"].AddTable(path, self._name(path, p)),
            "MarkupsFile": lambda path, p, m: slicer.mrmlScene.GetNodeByID(
                logics["Markups"].LoadMarkups(path, self._name(path, p), m)
            ),
            "TransformFile": lambda path, p, m: logics["Transforms"].AddTransform(path, slicer.mrmlScene),
            "ColorTableFile": lambda path, p, m: logics["Colors"].LoadColorFile(path, self._name(path, p)),
            "TextFile": self._text,
        }

    def fileType(self, fileName: str) -> str:
        """Return the kind of file that a name suggests."""
        name = str(fileName).lower()
        return next((kind for kind, suffixes in _SUFFIXES if name.endswith(suffixes)), "NoFile")

    def loadNodes(self, fileType: str, properties: dict[str, Any], nodes: Any = None, messages: Any = None) -> bool:
        """Load a file; the nodes go to a collection, what went wrong to another."""
        messages = slicer.vtkMRMLMessageCollection() if messages is None else messages
        path = str(properties["fileName"])
        if not Path(path).exists():
            return self._failed(messages, f"File not found: {path}")
        if fileType == "SceneFile":
            return self._loadScene(path, bool(properties.get("clear", False)), messages)
        reader = self._readers.get(fileType)
        if reader is None:
            return self._failed(messages, f"No reader for {fileType}")
        node = reader(path, properties, messages)
        if node is None:
            return self._failed(messages, f"Cannot read {path}")
        if nodes is not None:
            nodes.AddItem(node)
        return True

    def fileWriterFileType(self, node: Any) -> str:
        """Return the kind of file a node is written to."""
        if node.IsA("vtkMRMLVolumeNode"):
            return "VolumeFile"
        return _WRITERS.get(node.GetClassName(), f"{node.GetClassName().removeprefix('vtkMRML')}File")

    def fileWriterExtensions(self, node: Any) -> tuple[str, ...]:
        """Return the formats a node can be written in, as ``Text (.ext)``."""
        storage = node.GetStorageNode() or node.CreateDefaultStorageNode()
        types = storage.GetSupportedWriteFileTypes()
        return tuple(types.GetValue(n) for n in range(types.GetNumberOfValues()))

    def extractKnownExtension(self, fileName: str, node: Any) -> str:
        """Return the extension of a file name, with both parts where it has two."""
        return next(
            (s for _, suffixes in _SUFFIXES for s in suffixes if str(fileName).endswith(s)), Path(fileName).suffix
        )

    def saveNodes(self, fileType: str, properties: dict[str, Any], messages: Any = None) -> bool:
        """Save a node, or the scene as .mrb, .mrml or into a folder."""
        messages = slicer.vtkMRMLMessageCollection() if messages is None else messages
        path = str(properties["fileName"])
        if fileType == "SceneFile":
            return self._saveScene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        if node is None or not node.AddDefaultStorageNode(path):
            return self._failed(messages, f"No writer for {path}")
        storage = node.GetStorageNode()
        storage.SetFileName(path)
        if "useCompression" in properties:
            storage.SetUseCompression(int(properties["useCompression"]))
        return bool(storage.WriteData(node)) or self._failed(messages, f"Cannot write {path}")

    def exportNodes(
        self, nodeIDs: Any, fileNames: Any, properties: dict[str, Any], hardenTransforms: bool, messages: Any = None
    ) -> bool:
        """Write nodes without touching their storage nodes."""
        done = True
        for nodeID, fileName in zip(nodeIDs, fileNames, strict=True):
            node = slicer.mrmlScene.GetNodeByID(nodeID)
            copy = slicer.mrmlScene.CreateNodeByClass(node.GetClassName())
            copy.UnRegister(None)
            copy.CopyContent(node)
            if hardenTransforms and node.GetParentTransformNode() is not None:
                copy.ApplyTransform(node.GetParentTransformNode().GetTransformToParent())
            storage = node.CreateDefaultStorageNode()
            storage.UnRegister(None)
            storage.SetFileName(str(fileName))
            done = bool(storage.WriteData(copy)) and done
        return done

    def _volume(self, path: str, properties: dict[str, Any], messages: Any) -> Any:
        bits = (("labelmap", 1), ("center", 2), ("singleFile", 4), ("autoWindowLevel", 8), ("discardOrientation", 16))
        defaults = {"autoWindowLevel": True}
        options = sum(bit for name, bit in bits if properties.get(name, defaults.get(name, False)))
        node = self._logics["Volumes"].AddArchetypeVolume(path, self._name(path, properties), options)
        if node is not None and properties.get("show", True):
            self._show(node)
        return node

    def _show(self, node: Any) -> None:
        application = slicer.app.applicationLogic()
        selection = application.GetSelectionNode()
        if node.IsA("vtkMRMLLabelMapVolumeNode"):
            selection.SetReferenceActiveLabelVolumeID(node.GetID())
        else:
            selection.SetReferenceActiveVolumeID(node.GetID())
        application.PropagateVolumeSelection()

    def _segmentation(self, path: str, properties: dict[str, Any], messages: Any) -> Any:
        opacities = bool(properties.get("autoOpacities", True))
        return self._logics["Segmentations"].LoadSegmentationFromFile(path, opacities, self._name(path, properties))

    def _text(self, path: str, properties: dict[str, Any], messages: Any) -> Any:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", self._name(path, properties))
        node.SetText(Path(path).read_text(encoding="utf-8"))
        return node

    def _loadScene(self, path: str, clear: bool, messages: Any) -> bool:
        scene = slicer.mrmlScene
        scene.SetURL(path)
        if path.endswith(".mrb"):
            return bool(scene.ReadFromMRB(path, clear, messages)) or self._failed(messages, f"Cannot read {path}")
        return bool(scene.Connect() if clear else scene.Import(messages))

    def _saveScene(self, path: str) -> bool:
        scene = slicer.mrmlScene
        scene.SetURL(path)
        if path.endswith(".mrb"):
            return bool(scene.WriteToMRB(path))
        if path.endswith(".mrml"):
            scene.SetRootDirectory(str(Path(path).parent))
            return bool(scene.Commit())
        return bool(scene.SaveSceneToSlicerDataBundleDirectory(path))

    def _name(self, path: str, properties: dict[str, Any]) -> str:
        given = properties.get("name")
        file = Path(path).name
        return given or file.removesuffix(self.extractKnownExtension(file, None))

    def _failed(self, messages: Any, text: str) -> bool:
        messages.AddMessage(vtk.vtkCommand.ErrorEvent, text)
        return False
