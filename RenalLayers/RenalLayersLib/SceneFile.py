"""A scene file that opens in Slicer with everything in place, written without Slicer's window."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from renal_layers.analysis import Analysis
from renal_layers.maps import QuantitativeMap
from renal_segmentation.errors import MissingPackageError, OutputError
from renal_segmentation.files import atomic_path
from renal_segmentation.volume import Volume


def writeScene(
    path: Path, analysis: Analysis, maps: Sequence[QuantitativeMap], image: Volume | None, name: str
) -> None:
    """Write an analysis as a Slicer scene bundle (MRB), atomically.

    Parameters
    ----------
    path : Path
        Ends in .mrb.
    analysis : Analysis
        What was found.
    maps : sequence of QuantitativeMap
        Saved with the scene.
    image : Volume or None
        Structural image, saved with the scene.
    name : str
        Of the folder that holds everything in Slicer.

    Raises
    ------
    MissingPackageError
        If slicer-core is not installed.
    OutputError
        If the file cannot be written.
    """
    try:
        import slicer
    except ImportError as error:
        raise MissingPackageError(
            "A scene for 3D Slicer needs the Python package slicer-core: pip install slicer-renal[scene], or leave "
            "--scene out."
        ) from error
    from RenalLayersLib.ExactTables import copyWithExactTables, tableTexts
    from RenalLayersLib.MrmlCore import mrmlScene, quiet
    from RenalLayersLib.Opening import arrangeViews
    from RenalLayersLib.Results import showResults

    path = Path(path)
    with tempfile.TemporaryDirectory(prefix="renal-scene-") as temporary, quiet():
        folder = Path(temporary)
        bundle = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '_', path.stem) or 'scene'}.mrb"
        with mrmlScene(folder) as scene:
            study = showResults(scene, name, analysis, maps, image)
            arrangeViews(study, analysis, maps)
            messages = slicer.vtkMRMLMessageCollection()
            scene.SetRootDirectory(str(folder))
            scene.SetURL(str(bundle))
            written = scene.WriteToMRB(str(bundle), None, messages)
            texts = tableTexts(scene)
        if not written or not bundle.is_file():
            reason = messages.GetAllMessagesAsString().strip() or "no reason was given"
            raise OutputError(f"{path} cannot be written ({reason}): choose another place, or free space there.")
        with atomic_path(path) as beside:
            copyWithExactTables(bundle, beside, texts)
