"""Counting."""


def countAbove(voxels, threshold):
    """Return how many voxels lie above a threshold."""
    return int((voxels > threshold).sum())
