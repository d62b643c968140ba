"""The report: one self-contained HTML page with pictures, plots and tables of one analysis."""

from renal_layers.report.page import write_report

__all__ = ["write_report"]
