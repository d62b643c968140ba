"""Kidney masks: labels, sides, volumes and files. The network joins them here."""
