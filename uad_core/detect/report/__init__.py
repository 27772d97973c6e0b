"""A detection on paper: one page of HTML that asks for nothing from anywhere, made to be printed on A4."""

from uad_core.detect.report.report import scan_report

__all__ = ["scan_report"]
