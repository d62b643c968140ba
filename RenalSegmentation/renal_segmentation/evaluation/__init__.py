"""Prediction against reference: overlap, volume and distance of surfaces for each structure and side."""
