"""An experiment as one self-contained page: tables, figures, and what is needed to repeat it."""

from uad_core.experiment.report.build import Report, build_report
from uad_core.experiment.report.contents import Card, Contents, Lesions, Look, Realism, Sheet

__all__ = ["Card", "Contents", "Lesions", "Look", "Realism", "Report", "Sheet", "build_report"]
