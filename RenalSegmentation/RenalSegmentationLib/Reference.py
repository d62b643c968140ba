"""Masks that came without an image, as those of other programs do: they get the one they were drawn on."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from renal_segmentation.errors import EmptyMaskError, InputError
from renal_segmentation.volume import Grid, Volume
from RenalLayersLib.Inputs import segmentPiece, volumeOf
from RenalSegmentationLib.Consent import mustAgree

_TOLERANCE_MM = 0.01
"""Other programs round the place of a voxel."""


def giveReference(node: Any, volume: Any) -> None:
    """Make an image the reference volume of a segmentation that has none, if the user agrees.

    Images of two patients may have the same voxels, so that these alone do not tell whose mask it is.

    Raises
    ------
    InputError
        If the segments do not lie on voxels of the image.
    ConsentError
        If the user does not agree.
    """
    _mustFit(node, volume)
    question = _("'{mask}' belongs to no image yet. Is it the mask of '{image}'?")
    refusal = _("'{mask}' was not taken for the mask of '{image}': choose it again, then the image it was drawn on.")
    names = {"mask": node.GetName(), "image": volume.GetName()}
    mustAgree(question.format(**names), refusal.format(**names))
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)


def _mustFit(node: Any, volume: Any) -> None:
    names = {"mask": node.GetName(), "image": volume.GetName()}
    if node.GetTransformNodeID() != volume.GetTransformNodeID():
        sentence = _("'{mask}' and '{image}' do not stand below the same transform: put one where the other is.")
        raise InputError(sentence.format(**names))
    grid, segmentation = volumeOf(volume).grid, node.GetSegmentation()
    for n in range(segmentation.GetNumberOfSegments()):
        try:
            piece = segmentPiece(node, [segmentation.GetNthSegmentID(n)]).volume
        except EmptyMaskError:
            continue
        if not _liesOn(piece, grid):
            sentence = _("'{mask}' does not lie on the voxels of '{image}': choose the image it was drawn on.")
            raise InputError(sentence.format(**names))


def _liesOn(piece: Volume, grid: Grid) -> bool:
    """Return whether every voxel of a piece is one of the grid."""
    start = grid.start_of(piece)
    isWithin = (start >= 0).all() and (start + piece.array.shape <= grid.shape).all()
    return bool(isWithin) and grid.placed(piece.array, start).grid.same_as(piece.grid, _TOLERANCE_MM)
