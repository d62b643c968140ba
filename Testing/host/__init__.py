"""A stand-in of 3D Slicer for tests: real MRML, Qt widgets and views, without Slicer itself.

An unmodified scripted module runs here on ``slicer-core`` (Slicer's own C++ classes) and PySide6. ``start()`` gives a
``Host``; ``Testing/host/fixtures.py`` has it as pytest fixtures; ``python -m Testing.host MODULE`` opens a panel.
"""
