"""What puts the analysis into 3D Slicer: MRML nodes, and scene files without Slicer's window.

The science packages never import anything from here.
"""
