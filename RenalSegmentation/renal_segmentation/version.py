"""The version of the distribution, of both packages and of the Slicer extension."""

__version__ = "0.1.0"
