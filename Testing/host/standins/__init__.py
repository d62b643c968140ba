"""Stand-ins for the widgets of CTK and Slicer that modules use.

Each class offers the properties, signals and slots that its real header declares, and refuses anything else. What is
a plain C++ method there (neither a slot nor ``Q_INVOKABLE``) is not offered, as PythonQt would not offer it.
"""
