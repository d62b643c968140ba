"""What PySide6 must learn to be used like PythonQt, the binding inside 3D Slicer."""
