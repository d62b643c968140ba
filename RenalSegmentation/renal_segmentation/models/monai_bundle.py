"""MONAI bundles of others: their own preprocessing, network and postprocessing, run through MONAI's bundle parser."""

from __future__ import annotations

import io
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_segmentation.errors import InputError, MissingPackageError, ModelError, Notice, RenalError
from renal_segmentation.models.cache import size_mb
from renal_segmentation.models.exchange import finish, name_of, read_json, write_input
from renal_segmentation.progress import Progress, silent
from renal_segmentation.relabelling import Target, structure_keys, targets_of_names
from renal_segmentation.segmenter import ModelCard, Segmentation
from renal_segmentation.volume import Volume

METADATA = Path("configs/metadata.json")
_CONFIGS = ("configs/inference.json", "configs/inference.yaml", "configs/inference.yml")
_WEIGHTS = "models/model.pt"
_NEEDED = ("network_def", "preprocessing", "inferer")
_CUT = 0.5
_SECONDS_CPU = 120.0


@dataclass(frozen=True)
class Bundle:
    """What a bundle's folder holds.

    Attributes
    ----------
    folder, config, weights : Path
        Root, inference configuration and weights.
    image_key : str
        What the configuration calls the image.
    targets : mapping of int to Target
        What its channels are.
    card : ModelCard
        For the user.
    """

    folder: Path
    config: Path
    weights: Path
    image_key: str
    targets: Mapping[int, Target]
    card: ModelCard


def is_bundle(folder: Path) -> bool:
    """Tell whether a folder is a MONAI bundle."""
    return (folder / METADATA).is_file()


def read_bundle(folder: Path) -> Bundle:
    """Return what a bundle holds, without running anything of it.

    Raises
    ------
    InputError
        If its inference configuration or weights are missing, it takes several images, or gives no kidney.
    """
    metadata = read_json(folder / METADATA)
    config = next((folder / name for name in _CONFIGS if (folder / name).is_file()), None)
    if config is None:
        raise InputError(f"{folder} has no {_CONFIGS[0]}: only bundles with a configuration for inference can be used.")
    if not (folder / _WEIGHTS).is_file():
        raise InputError(f"{folder} has no {_WEIGHTS}: get the bundle with its weights.")
    try:
        key, modality, names = _data_format(metadata)
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{folder / METADATA} does not follow MONAI's specification: get the model again.") from error
    if key is None:
        raise InputError(f"{folder} takes several images, not one.")
    first = names.pop(0, "")
    if targets_of_names({0: first}):
        raise InputError(
            f"{folder} calls its channel 0 '{first}', where the background should be: choose a bundle whose channels "
            "begin with the background."
        )
    targets = targets_of_names(names)
    if not targets:
        raise InputError(f"{folder} gives no part of the kidney (its channels: {', '.join(names.values()) or 'none'}).")
    return Bundle(folder, config, folder / _WEIGHTS, key, targets, _card(folder, metadata, modality, targets))


def _data_format(metadata: dict[str, Any]) -> tuple[str | None, str, dict[int, str]]:
    """Return what the image is called (None where there are several), its modality, and the names of the channels.

    Metadata of strangers can hold anything: an AttributeError, TypeError or ValueError says that they do.
    """
    formats = metadata.get("network_data_format") or {}
    inputs: dict[str, Any] = formats.get("inputs") or {"image": {}}
    key, image = next(iter(inputs.items()))
    single = len(inputs) == 1 and int(image.get("num_channels", 1)) == 1
    outputs: dict[str, Any] = formats.get("outputs") or {}
    output: dict[str, Any] = outputs.get("pred") or next(iter(outputs.values()), None) or {}
    channels: dict[str, Any] = output.get("channel_def") or {}
    names = {int(label): str(name) for label, name in channels.items() if str(label).isdecimal()}
    return key if single else None, str(image.get("modality") or metadata.get("modality") or "unknown"), names


@dataclass(frozen=True)
class MonaiBundle:
    """A `renal_segmentation.segmenter.Segmenter` that runs a bundle; its configuration can run any code."""

    bundle: Bundle
    card: ModelCard

    def describe(self) -> ModelCard:
        """Return what a user should know."""
        return self.card

    def segment(self, image: Volume, *, device: str = "auto", progress: Progress = silent) -> Segmentation:
        """Return the kidneys of an image.

        Raises
        ------
        MissingPackageError
            If torch or MONAI is not installed.
        ModelError
            If the bundle fails.
        """
        torch = _torch()
        chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        notices: tuple[Notice, ...] = ()
        try:
            labels = self._run(image, chosen, progress)
        except torch.OutOfMemoryError:
            if chosen == "cpu":
                raise
            torch.cuda.empty_cache()
            labels = self._run(image, "cpu", progress)
            message = f"The GPU's memory did not suffice for {self.card.name}: it ran on the CPU."
            notices = (Notice("gpu-memory", message),)
        progress("Labels", 0.97)
        return finish(labels, self.bundle.targets, image, self.card.name, notices)

    def _run(self, image: Volume, device: str, progress: Progress) -> Volume:
        """Return the bundle's labels; whatever its code raises becomes one sentence."""
        torch = _torch()
        try:
            with tempfile.TemporaryDirectory(prefix="renal-") as name, _importable(self.bundle.folder):
                path = Path(name) / "image.nii.gz"
                write_input(image, path)
                with _silenced(progress) as aloud:
                    return _infer(self.bundle, path, device, aloud)
        except (RenalError, torch.OutOfMemoryError, MemoryError):
            raise
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelError(
                f"The bundle {self.card.name} failed ({type(error).__name__}: {reason}): check that it fits the "
                "installed versions of MONAI and torch, and this kind of image."
            ) from error


def _infer(bundle: Bundle, path: Path, device: str, progress: Progress) -> Volume:
    """Return the labels that the bundle gives for an image file, on the grid on which it gives them."""
    import torch
    from monai.data.utils import decollate_batch, list_data_collate

    progress("Loading the model", 0.02)
    parser = _parser(bundle, device)
    network = parser.get_parsed_content("network_def").to(device).eval()
    network.load_state_dict(_weights(bundle.weights))
    preprocessing = parser.get_parsed_content("preprocessing")
    inferer = parser.get_parsed_content("inferer")
    postprocessing = parser.get_parsed_content("postprocessing") if "postprocessing" in parser else None
    progress("Preparing the image", 0.1)
    batch = list_data_collate([preprocessing({bundle.image_key: str(path)})])
    progress("Network", 0.2)
    with torch.no_grad():
        batch["pred"] = inferer(inputs=batch[bundle.image_key].to(device), network=network)
    progress("Finishing the mask", 0.9)
    item = decollate_batch(batch)[0]
    found = (postprocessing(item) if postprocessing is not None else item)["pred"]
    return Volume(_labels(found.detach().cpu().numpy()), np.asarray(found.affine.cpu(), float))


def _parser(bundle: Bundle, device: str) -> Any:
    """Return the parsed configuration, told where it lies and not to write files."""
    from monai.bundle.config_parser import ConfigParser

    parser = ConfigParser()
    parser.read_config(str(bundle.config))
    parser.read_meta(str(bundle.folder / METADATA))
    missing = [key for key in _NEEDED if key not in parser]
    if missing:
        raise InputError(
            f"{bundle.config} has no {', '.join(missing)}: only bundles that follow MONAI's specification."
        )
    parser["bundle_root"] = str(bundle.folder)
    parser["device"] = f"$__import__('torch').device('{device}')"
    steps = parser["postprocessing"].get("transforms") if "postprocessing" in parser else None
    if isinstance(steps, list):
        writing = re.compile(r"(^|\.)SaveImaged?$")
        kept = [step for step in steps if not (isinstance(step, dict) and writing.search(str(step.get("_target_"))))]
        parser["postprocessing::transforms"] = kept
    return parser


def _weights(path: Path) -> Any:
    """Return a state dict; a file that needs code to be read is refused.

    Raises
    ------
    ModelError
        If the file is truncated, tampered, or something else.
    """
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # Foreign bytes make the unpickler raise nearly anything.
        raise ModelError(f"{path} is damaged, or is no plain weights file: get the model again.") from error
    for key in ("model", "state_dict", "network_weights"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            return content[key]
    return content


def _labels(found: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return labels from channels first: one channel of labels or of probabilities, or one channel a class."""
    if found.shape[0] > 1:
        return np.asarray(found.argmax(0)).astype(np.uint8)
    values = found[0]
    whole = values.dtype.kind in "bui" or bool((values == np.rint(values)).all())
    return np.asarray(values if whole else values > _CUT).astype(np.uint8)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a bundle import its own ``scripts``, and forget them afterwards; its warnings are not the user's."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]


class _Nowhere(io.TextIOBase):
    """A stream that keeps nothing, and stays open for loggers that hold on to it."""

    def write(self, text: str) -> int:
        """Pretend."""
        return len(text)


@contextmanager
def _silenced(progress: Progress) -> Iterator[Progress]:
    """Swallow what a bundle prints, which would break the lines that other programs read, but for its progress."""
    stdout, stderr = sys.stdout, sys.stderr

    def aloud(step: str, share: float) -> None:
        with redirect_stdout(stdout), redirect_stderr(stderr):
            progress(step, share)

    with redirect_stdout(_Nowhere()), redirect_stderr(_Nowhere()):
        yield aloud


def _card(folder: Path, metadata: dict[str, Any], modality: str, targets: Mapping[int, Target]) -> ModelCard:
    licence = metadata.get("license") or metadata.get("licence") or _licence(folder)
    title = str(metadata.get("name") or metadata.get("task") or folder.name)
    source = str(metadata.get("source") or metadata.get("authors") or folder)
    return ModelCard(
        name_of(folder), title, modality, structure_keys(targets), str(licence), size_mb(folder), _SECONDS_CPU, source
    )


def _licence(folder: Path) -> str:
    """Return the first line of a licence file."""
    for path in (folder / "LICENSE", folder / "LICENSE.txt", folder / "docs/LICENSE"):
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return lines[0].strip()[:60] if lines else "unknown"
    return "unknown"


def _torch() -> Any:
    try:
        import monai.bundle  # noqa: F401
        import torch
    except ImportError as error:
        raise MissingPackageError("This model needs torch and MONAI: pip install 'slicer-renal[ai]'.") from error
    return torch
