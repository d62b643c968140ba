"""Abdomens made by rules: label maps of every tissue, from which images of any contrast are drawn.

No patient's image is in them. The network learns from such maps with random contrast, in the spirit of SynthSeg
(Billot et al., Medical Image Analysis 86:102789, 2023).
"""
