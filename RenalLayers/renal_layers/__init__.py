"""Depth layers of the kidneys and how quantitative maps change with depth.

>>> from renal_layers import QuantitativeMap, Settings, analyse
>>> analysis = analyse(mask, [QuantitativeMap("T1", t1, "ms")], Settings(pelvis_distance_mm=10))
>>> analysis.gradients[0].slope
"""

from renal_layers.analysis import Analysis, analyse
from renal_layers.layering import Layering, make_layers
from renal_layers.maps import QuantitativeMap, Tissue
from renal_layers.settings import Settings

__all__ = ["Analysis", "Layering", "QuantitativeMap", "Settings", "Tissue", "analyse", "make_layers"]
