"""Depth, layers and profiles need only what Slicer bundles: vtk, numpy and scipy."""

import subprocess
import sys

PROGRAM = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    allowed = {"numpy", "scipy", "vtk", "vtkmodules", "renal_layers", "renal_segmentation"}
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in self.allowed or top.startswith(("_", "sysconfig")):
            return None
        raise ImportError(f"{top} is not bundled with Slicer")

sys.meta_path.insert(0, Missing())
import numpy
from renal_layers import QuantitativeMap, Settings, Tissue, analyse
from renal_layers.phantom import PhantomSettings, reference_object
thing = reference_object(PhantomSettings(spacing=(3, 3, 5)))
analysis = analyse(
    thing.mask, [QuantitativeMap("R2*", thing.r2star, "Hz")], Settings(pelvis_distance_mm=10),
    labels={1: "left", 2: "right"}, tissue=Tissue(thing.tissue, {1: "cortex", 2: "medulla"}),
)
assert not {"nibabel", "trimesh", "pandas", "matplotlib", "torch", "slicer", "qt"} & set(sys.modules)
print(len(analysis.profiles), analysis.gradients[-1].slope)
"""


def test_the_whole_path_runs_without_any_other_package():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows, slope = done.stdout.split()
    assert int(rows) > 60
    assert 0.6 < float(slope) < 1.0


def test_the_science_never_imports_slicer_or_qt():
    done = subprocess.run(
        [sys.executable, "-c", "import renal_layers.cli, renal_layers.run, renal_segmentation.cli, sys; "
         "print(*{'slicer', 'qt', 'PySide6', 'nibabel', 'matplotlib'} & set(sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == ""
