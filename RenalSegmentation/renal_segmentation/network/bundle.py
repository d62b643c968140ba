"""The trained networks as a MONAI bundle folder: metadata.json with recipe and checksum, and the weights.

Weights are read without running code from the file (``weights_only=True``), and only if their SHA-256 is the one in
the metadata. They are stored in half precision.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renal_segmentation.errors import MissingPackageError, ModelError
from renal_segmentation.files import atomic_path, sha256
from renal_segmentation.network.origin import GENERATED, Origin
from renal_segmentation.version import __version__

if TYPE_CHECKING:
    from torch import Tensor, nn

METADATA = "configs/metadata.json"
WEIGHTS = "models/model.pt"
FORMAT = 3
STAGES = ("localiser", "refiner")


@dataclass(frozen=True)
class Metadata:
    """What a bundle says of itself.

    Attributes
    ----------
    folder : Path
    name, title, modality, licence, source : str
        See `segmenter.ModelCard`.
    seconds_cpu : float
        For a usual scan.
    networks : mapping
        Arguments of the network of each stage.
    sha256 : str
        Of the weights.
    recipe : mapping
        How it was trained.
    """

    folder: Path
    name: str
    title: str
    modality: str
    licence: str
    source: str
    seconds_cpu: float
    networks: Mapping[str, Mapping[str, Any]]
    sha256: str
    recipe: Mapping[str, Any]

    @property
    def size_mb(self) -> float:
        """Size of the weights on disk, NaN if they are missing."""
        path = self.folder / WEIGHTS
        return round(path.stat().st_size / 1e6, 3) if path.is_file() else math.nan


def is_own(folder: Path) -> bool:
    """Tell whether a folder is a bundle that Renal's training made."""
    try:
        content = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "renal" in content


def read_metadata(folder: Path) -> Metadata:
    """Return what a bundle says of itself.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or of a later version.
    """
    path = folder / METADATA
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        own = content["renal"]
        if own["format"] != FORMAT:
            raise ModelError(
                f"{path} is of format {own['format']}, which this version does not know: update Renal, or train again."
            )
        networks = {stage: {**own["networks"][stage]} for stage in STAGES}
        return Metadata(
            folder,
            str(own["name"]),
            str(content["description"]),
            str(own["modality"]),
            str(content["copyright"]),
            str(own["source"]),
            float(own["seconds_cpu"]),
            networks,
            str(own["sha256"]),
            own["recipe"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is missing or damaged: get the model again.") from error


def load_networks(metadata: Metadata) -> dict[str, nn.Module]:
    """Return the networks of a bundle with their weights, by stage.

    Raises
    ------
    MissingPackageError
        If torch is not installed.
    ModelError
        If the weights are missing, truncated, changed or of another network.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingPackageError("The kidney network needs the Python package torch: pip install torch.") from error
    from renal_segmentation.network import stages

    path = metadata.folder / WEIGHTS
    if not path.is_file():
        raise ModelError(f"{path} is missing: get the model again.")
    if sha256(path) != metadata.sha256:
        raise ModelError(f"{path} is not the file that its metadata names (damaged or changed): get the model again.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        networks: dict[str, nn.Module] = {}
        for stage in STAGES:
            network = stages.STAGES[stage].network(metadata.networks[stage])
            network.load_state_dict({name: value.float() for name, value in content[stage].items()})
            networks[stage] = network.eval()
    except Exception as error:  # what a foreign file raises is not documented
        raise ModelError(f"{path} holds no weights of this network: get the model again.") from error
    return networks


def write_bundle(
    folder: Path,
    weights: Mapping[str, Mapping[str, Tensor]],
    networks: Mapping[str, Mapping[str, Any]],
    name: str,
    recipe: Mapping[str, Any],
    seconds_cpu: float = math.nan,
    origin: Origin = GENERATED,
) -> Metadata:
    """Write a bundle and return its metadata.

    Parameters
    ----------
    folder : Path
        Made if needed; files of an earlier bundle in it are replaced.
    weights : mapping
        State of each stage's network.
    networks : mapping
        Shape of each stage's network (`stages.SHAPES`).
    name : str
    recipe : mapping
        How it was trained, for the record.
    seconds_cpu : float
        For a usual scan on two cores.
    origin : Origin
        Whose work it is.
    """
    import numpy
    import torch

    for path in (folder / WEIGHTS, folder / METADATA):
        path.parent.mkdir(parents=True, exist_ok=True)
    half = {stage: {key: value.half() for key, value in state.items()} for stage, state in weights.items()}
    stream = io.BytesIO()  # a file's name would become part of its content
    torch.save(half, stream)
    with atomic_path(folder / WEIGHTS) as temporary:
        temporary.write_bytes(stream.getvalue())
    content = {
        "version": __version__,
        "changelog": {__version__: str(recipe.get("summary", "trained"))},
        "pytorch_version": torch.__version__,
        "numpy_version": numpy.__version__,
        "monai_version": "1.4.0",
        "task": "Kidney segmentation",
        "description": origin.description,
        "authors": origin.authors,
        "copyright": origin.licence,
        "network_data_format": _data_format(),
        "renal": {
            "format": FORMAT,
            "name": name,
            "modality": "MRI and CT",
            "source": origin.source,
            "seconds_cpu": seconds_cpu if math.isfinite(seconds_cpu) else -1,
            "networks": {stage: dict(shape) for stage, shape in networks.items()},
            "sha256": sha256(folder / WEIGHTS),
            "recipe": dict(recipe),
        },
    }
    with atomic_path(folder / METADATA) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return read_metadata(folder)


def _data_format() -> dict[str, Any]:
    """Return the inputs and outputs of the second stage as MONAI writes them."""
    from renal_segmentation.network.architecture import REFINER_CLASSES
    from renal_segmentation.network.evidence import STRONGEST
    from renal_segmentation.network.refining import REFINER_FILLS

    shape, channels = ["16*n", "16*n", "16*n"], len(REFINER_FILLS)
    image = {"type": "image", "format": "magnitude", "num_channels": channels, "spatial_shape": shape}
    classes = {str(value): name for value, name in enumerate(REFINER_CLASSES)}
    return {
        "inputs": {
            "image": {**image, "dtype": "float32", "value_range": [-STRONGEST, STRONGEST], "is_patch_data": True}
        },
        "outputs": {
            "pred": {
                "type": "image",
                "format": "segmentation",
                "num_channels": len(classes),
                "spatial_shape": shape,
                "dtype": "float32",
                "value_range": [0, 1],
                "is_patch_data": True,
                "channel_def": classes,
            }
        },
    }
