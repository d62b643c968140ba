"""Tiny networks and scans for tests."""

from pathlib import Path

import numpy as np
import torch

from renal_segmentation.files import write_image
from renal_segmentation.network.bundle import Metadata, write_bundle
from renal_segmentation.network.context import GROUPS, LEFT
from renal_segmentation.network.stages import STAGES
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.synthesis.imaging import render
from renal_segmentation.volume import Grid, Volume

Ellipsoids = tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...]

SHAPE = {"features": [4, 8, 8], "thin": 4, "deeper": 1}


def tiny_bundle(folder: Path, name: str = "tiny") -> Metadata:
    """Write a bundle of untrained networks."""
    torch.manual_seed(0)
    weights = {name: stage.network(SHAPE).state_dict() for name, stage in STAGES.items()}
    for tensors in weights.values():
        torch.nn.init.normal_(tensors["context.weight"], std=0.1)
    return write_bundle(folder, weights, dict.fromkeys(STAGES, SHAPE), name, {"summary": "untrained"})


def noise_image(shape: tuple[int, int, int] = (24, 20, 12), seed: int = 0) -> Volume:
    """Return an image of noise, 6 x 6 x 8 mm."""
    array = np.random.default_rng(seed).random(shape).astype(np.float32)
    affine = np.diag([6.0, 6.0, 8.0, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * [6, 6, 8]
    return Volume(array, affine)


class Stub(torch.nn.Module):
    """A network of a few lines, which recognises what it calls kidney and knows nothing of all else."""

    def with_context(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        scores = self(x)
        kidney = (scores[:, 1:].amax(1) > scores[:, 0]).float()
        context = x.new_zeros(1, len(GROUPS), *(n // 2 for n in x.shape[2:]))
        context[:, LEFT] = 20 * torch.nn.functional.avg_pool3d(kidney, 2)
        return scores, context


KIDNEYS = (((-50, 0, 10), (28, 26, 52)), ((60, -5, -10), (28, 26, 52)))


def body_image(things: Ellipsoids = KIDNEYS) -> Volume:
    """Return bright ellipsoids (centre and half axes in RAS mm): two, 5 cm left and 6 cm right, the right one lower."""
    shape = (50, 40, 30)
    affine = np.diag([6.0, 6.0, 8.0, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * [6, 6, 8]
    grid = Grid(shape, affine)
    ras = grid.to_ras(np.argwhere(np.ones(shape))).reshape(*shape, 3)
    image = np.zeros(shape, np.float32)
    for centre, axes in things:
        image[(((ras - centre) / axes) ** 2).sum(-1) < 1] = 100.0
    return Volume(image, affine)


def write_pairs(folder: Path, people: int = 2) -> tuple[Path, Path]:
    """Write scans of generated people with their masks, and return both folders."""
    images, labels = folder / "images", folder / "labels"
    for made in (images, labels):
        made.mkdir(parents=True, exist_ok=True)
    for seed in range(people):
        scan = render(generate_abdomen(seed, spacing_mm=4.0), seed, "t2", "axial")
        thin = slice(None, None, 3)
        image = Volume(scan.image.array[thin, thin], scan.image.affine @ np.diag([3.0, 3.0, 1.0, 1.0]))
        write_image(images / f"sub{seed}_t2.nii.gz", image.array, image.grid, "image")
        write_image(labels / f"sub{seed}_t2.nii.gz", scan.labels.array[thin, thin], image.grid, "labels")
    return images, labels
