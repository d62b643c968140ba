"""The Python packages of the network, installed by Slicer's own helpers after the user has agreed."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Sequence

import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import MissingPackageError

TORCH = "torch>=2.6"
FILES = "nibabel>=5.2"
OTHERS = ("monai>=1.4", FILES, "tqdm>=4.66")
"""Ranges and not pins: Slicer and other extensions use the same packages."""


def ensurePackages() -> None:
    """Install what the network needs and is missing, with consent.

    Raises
    ------
    MissingPackageError
        If something is missing still; the sentence says what to do.
    """
    import slicer.packaging
    from packaging.requirements import Requirement

    if not slicer.packaging.pip_check(Requirement(TORCH)):
        _installTorch()
    _ensure(OTHERS)


def ensureFiles() -> None:
    """Install what reads and writes image files, with consent.

    Raises
    ------
    MissingPackageError
        If it is missing still; the sentence says what to do.
    """
    _ensure((FILES,))


def _ensure(texts: Sequence[str]) -> None:
    import slicer.packaging
    from packaging.requirements import Requirement

    needs = [Requirement(text) for text in texts]
    try:
        slicer.packaging.pip_ensure(needs, requester="RenalSegmentation")
    except (RuntimeError, subprocess.CalledProcessError) as error:
        logging.info("Not installed: %s", error)
    missing = [need.name for need in needs if not slicer.packaging.pip_check(need)]
    if missing:
        raise MissingPackageError(
            _("The Python packages {names} are needed: try again and agree to install them.").format(
                names=", ".join(missing)
            )
        )


def _installTorch() -> None:
    """Have the extension PyTorch install torch: it knows which build fits the computer."""
    try:
        import PyTorchUtils
    except ImportError as error:
        raise MissingPackageError(
            _(
                "The network needs PyTorch: install the extension PyTorch in the Extensions Manager (View menu), "
                "start Slicer again, and press Apply."
            )
        ) from error
    requirement = TORCH.removeprefix("torch")
    if PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=requirement) is None:
        raise MissingPackageError(_("The network needs PyTorch: press Apply again and agree to install it."))
    slicer.util.showStatusMessage(_("PyTorch is installed."), 3000)
