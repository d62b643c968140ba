"""Small images with two bright kidneys, tiny models that find them, and stand-ins for other programs."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

import numpy as np
from Testing.core.shapes import coordinates, grid_around, turned

from renal_segmentation.volume import Volume

LEFT_LEVEL, RIGHT_LEVEL = 60.0, 100.0


def two_bright_kidneys(order=(0, 1, 2), flips=(False, False, False), spacing=(2.0, 2.0, 3.0)) -> Volume:
    """Return an image with an ellipsoid of level 60 on the left (x < 0) and 100 on the right, stored in any order."""
    grid = grid_around((46, 18, 30), spacing)
    ras = coordinates(grid)
    image = np.zeros(grid.shape, np.float32)
    for x, level in ((-24, LEFT_LEVEL), (24, RIGHT_LEVEL)):
        image[(((ras - (x, 0, 0)) / (15, 13, 22)) ** 2).sum(-1) < 1] = level
    return turned(Volume(image, grid.affine), order, flips)


def truth(image: Volume) -> np.ndarray:
    """Return the labels of the table for such an image."""
    return np.select([image.array == LEFT_LEVEL, image.array == RIGHT_LEVEL], [1, 2]).astype(np.uint8)


def dice(first: np.ndarray, second: np.ndarray, label: int) -> float:
    one, two = first == label, second == label
    return 2 * (one & two).sum() / (one.sum() + two.sum())


def program(folder: Path, name: str, source: str) -> Path:
    """Write an executable Python program."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(source)}")
    path.chmod(0o755)
    return path


def environment(models: Path, name: str) -> Path:
    """Return the folder of executables of a program that looks as if it had been installed."""
    folder = models / ".environments" / name
    (folder / "bin").mkdir(parents=True)
    (folder / ".ready").write_text("test\n")
    return folder / "bin"


def bundle(folder: Path, **changes) -> Path:
    """Write a MONAI bundle with a tiny UNet, trained for a second on `two_bright_kidneys`, and return its folder."""
    import torch
    from monai.networks.nets import UNet

    network = {
        "_target_": "UNet",
        "spatial_dims": 3,
        "in_channels": 1,
        "out_channels": 3,
        "channels": [4, 8],
        "strides": [2],
    }
    steps = {
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "LoadImaged", "keys": "image"},
                {"_target_": "EnsureChannelFirstd", "keys": "image"},
                {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS", "labels": None},
                {"_target_": "Spacingd", "keys": "image", "pixdim": [3.0, 3.0, 3.0], "mode": "bilinear"},
                {"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": 0, "a_max": 100, "b_min": 0, "b_max": 1},
                {"_target_": "DivisiblePadd", "keys": "image", "k": 4},
            ],
        },
        "inferer": {"_target_": "SimpleInferer"},
        "postprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "Activationsd", "keys": "pred", "softmax": True},
                {
                    "_target_": "Invertd",
                    "keys": "pred",
                    "transform": "@preprocessing",
                    "orig_keys": "image",
                    "nearest_interp": False,
                    "to_tensor": True,
                },
                {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
                {"_target_": "SaveImaged", "keys": "pred", "output_dir": "@output_dir"},
            ],
        },
    }
    config = {"imports": ["$import os"], "output_dir": "$os.path.join(@bundle_root, 'eval')"}
    config |= {"device": "$torch.device('cuda')", "network_def": network, **steps, **changes}
    metadata = {
        "name": "Tiny kidneys",
        "license": "Apache-2.0",
        "network_data_format": {
            "inputs": {"image": {"modality": "MR", "num_channels": 1}},
            "outputs": {"pred": {"channel_def": {"0": "background", "1": "left kidney", "2": "right kidney"}}},
        },
    }
    for sub in ("configs", "models"):
        (folder / sub).mkdir(parents=True)
    (folder / "configs/inference.json").write_text(json.dumps(config))
    (folder / "configs/metadata.json").write_text(json.dumps(metadata))
    torch.manual_seed(0)
    tiny = UNet(3, 1, 3, (4, 8), (2,))
    train(tiny)
    torch.save(tiny.state_dict(), folder / "models/model.pt")
    return folder


def train(network, scale: float = 0.01, steps: int = 60) -> None:
    """Fit a network with three channels to the kidneys' levels."""
    import torch

    image = two_bright_kidneys(spacing=(3.0, 3.0, 3.0))
    box = tuple(slice(0, n - n % 4) for n in image.array.shape)
    x = torch.from_numpy(np.ascontiguousarray(image.array[box]))[None, None] * scale
    y = torch.from_numpy(truth(image)[box].astype(np.int64))[None]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(x), y, weight=torch.tensor([0.3, 1.0, 1.0]))
        loss.backward()
        optimiser.step()
    torch.set_num_threads(threads)
    network.eval()
