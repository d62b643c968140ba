"""Series of Slicer's DICOM database as cases of a worklist."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import InputError
from renal_segmentation.sources import dicom_source

_MODALITY, _DESCRIPTION, _PATIENT = "0008,0060", "0008,103e", "0010,0020"
_MODALITIES = ("MR", "CT")


def databaseSeries(database: Any = None) -> list[tuple[str, str]]:
    """Return the MR and CT series of Slicer's DICOM database, each as the source of a case and its name.

    Raises
    ------
    InputError
        If there are none.
    """
    database = database or getattr(slicer, "dicomDatabase", None)
    if database is None or not database.isOpen:
        raise InputError(_("Slicer's DICOM database is not open: open the DICOM module once."))
    found = []
    for patient in database.patients():
        for study in database.studiesForPatient(patient):
            for series in database.seriesForStudy(study):
                files = database.filesForSeries(series, 1)
                if files and database.fileValue(files[0], _MODALITY) in _MODALITIES:
                    name = " ".join(database.fileValue(files[0], tag) for tag in (_PATIENT, _DESCRIPTION)).strip()
                    found.append((dicom_source(series), name or series))
    if not found:
        raise InputError(_("Slicer's DICOM database has no MR or CT series: import them in the DICOM module."))
    return found
