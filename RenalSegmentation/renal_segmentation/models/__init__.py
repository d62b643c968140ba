"""Models from one registry: the shipped one, imported ones, and other programs that outline kidneys."""
