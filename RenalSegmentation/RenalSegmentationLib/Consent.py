"""Questions that have to be answered with yes before something is done."""

from __future__ import annotations

import slicer

from renal_segmentation.errors import ConsentError


def mustAgree(question: str, otherwise: str) -> None:
    """Ask a question; `otherwise` says what was not done, and the remedy, where the answer is no.

    Raises
    ------
    ConsentError
        If the user does not agree.
    """
    if not slicer.util.confirmYesNoDisplay(question):
        raise ConsentError(otherwise)
