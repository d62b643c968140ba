"""The digital reference object as a sample data set: made on the spot, nothing is downloaded."""

from __future__ import annotations

from typing import Any

import slicer

from renal_layers.phantom import PhantomSettings, reference_object
from renal_segmentation.volume import Volume
from RenalLayersLib.Segments import KIDNEY_COLOR, KIDNEYS, PELVIS_COLOR, RENAL_PELVIS, addSegment
from RenalLayersLib.Volumes import fillVolume, setUnit

SAMPLE_NAME = "RenalReferenceObject"
_IMAGES = (("T2w", "t2w", ""), ("R2*", "r2star", "Hz"), ("T1", "t1", "ms"))


def registerSampleData(thumbnail: str) -> None:
    """Register the reference object in the Sample Data module."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="Renal",
        sampleName=SAMPLE_NAME,
        uris="",
        fileNames="",
        nodeNames=SAMPLE_NAME,
        thumbnailFileName=thumbnail,
        customDownloader=lambda source: loadReferenceObject(),
    )


def loadReferenceObject(settings: PhantomSettings | None = None) -> list[Any]:
    """Put the reference object into the scene: T2w image, R2* and T1 maps, kidneys with sinus, cortex and medulla.

    Parameters
    ----------
    settings : PhantomSettings, optional
        Those of the command's demonstration when left out.

    Returns
    -------
    list
        The segmentation node first, then the volumes.
    """
    subject = reference_object(settings or PhantomSettings(with_cyst=True, tissue_noise_mm=0.5))
    scene = slicer.mrmlScene
    volumes = []
    for name, attribute, unit in _IMAGES:
        node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        fillVolume(node, getattr(subject, attribute))
        setUnit(node, unit)
        node.CreateDefaultDisplayNodes()
        volumes.append(node)
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Reference object kidneys")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volumes[0])
    parts: list[tuple[str, Volume, tuple[float, ...], str]] = [
        (f"{name} kidney", subject.mask.like(subject.mask.array == side), KIDNEY_COLOR, KIDNEYS[side])
        for side, name in ((1, "Left"), (2, "Right"))
    ]
    parts.append(("Renal sinus", subject.sinus, PELVIS_COLOR, RENAL_PELVIS))
    for label, name, color in ((1, "Cortex", (0.85, 0.55, 0.35)), (2, "Medulla", (0.55, 0.25, 0.25))):
        parts.append((name, subject.tissue.like(subject.tissue.array == label), color, ""))
    for name, inside, color, terminology in parts:
        addSegment(segmentation, name, inside, color, terminology)
    return [segmentation, *volumes]
