"""The Python modules that Slicer has beside ``slicer.util`` and that the wheel lacks."""
