"""An experiment as one self-contained page: tables, figures, and what is needed to repeat it."""

from uad_core.experiment.report.build import Report, build_report
from uad_core.experiment.report.contents import CohortResults, Contents, Lesions, ModelCard, Realism, SlicePanel

__all__ = ["CohortResults", "Contents", "Lesions", "ModelCard", "Realism", "Report", "SlicePanel", "build_report"]
