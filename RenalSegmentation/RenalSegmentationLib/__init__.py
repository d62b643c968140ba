"""What puts outlining, correction and review into 3D Slicer.

The science packages never import anything from here. The bridge between MRML nodes and arrays is that of the sister
module, `RenalLayersLib`; both are installed together.
"""
