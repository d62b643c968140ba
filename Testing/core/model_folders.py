"""Folders that look like models to whoever imports them, and zip files of them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest


def result_folder(folder: Path, weights: bytes = b"weights") -> Path:
    """Write an nnU-Net result folder; nothing of it is read as code until it runs."""
    trained = folder / "nnUNetTrainer__nnUNetPlans__3d_fullres"
    (trained / "fold_0").mkdir(parents=True)
    (trained / "fold_0/checkpoint_final.pth").write_bytes(weights)
    (trained / "plans.json").write_text("{}")
    labels = {"background": 0, "kidney_left": 1, "kidney_right": 2}
    content = {"channel_names": {"0": "CT"}, "labels": labels, "file_ending": ".nii.gz", "licence": "CC-BY-4.0"}
    (trained / "dataset.json").write_text(json.dumps(content))
    return folder


def bundle(folder: Path, weights: bytes = b"weights") -> Path:
    for sub in ("configs", "models"):
        (folder / sub).mkdir(parents=True)
    channels = {"0": "background", "1": "kidney"}
    metadata = {"name": "Mine", "network_data_format": {"outputs": {"pred": {"channel_def": channels}}}}
    (folder / "configs/metadata.json").write_text(json.dumps(metadata))
    (folder / "configs/inference.json").write_text("{}")
    (folder / "models/model.pt").write_bytes(weights)
    (folder / "LICENSE").write_text("MIT License\n\nCopyright")
    return folder


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


def own_bundle(folder: Path) -> Path:
    """Write a bundle as Renal's training does, with untrained networks."""
    pytest.importorskip("torch", reason="torch comes with the extra 'ai'")
    from renal_segmentation.network import architecture
    from renal_segmentation.network.bundle import write_bundle

    shapes = {"localiser": {"features": [4, 8], "thin": 2}, "refiner": {"features": [4, 8], "thin": 2}}
    weights = {stage: getattr(architecture, stage)((4, 8), 2).state_dict() for stage in shapes}
    write_bundle(folder, weights, shapes, "mine", {"summary": "test"})
    return folder
