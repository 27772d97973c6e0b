"""An experiment as one self-contained page: tables, figures, and what is needed to repeat it."""

from uad_core.experiment.report.build import Report, build_report

__all__ = ["Report", "build_report"]
