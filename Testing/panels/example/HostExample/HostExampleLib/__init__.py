"""The part of the example that is no user interface."""
