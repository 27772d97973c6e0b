"""May this scan be given to a model? Facts of its header, and traffic lights; green proves no result."""

from uad_core.quality.check import Check, Severity, warnings
from uad_core.quality.checks import run_checks
from uad_core.quality.header_facts import Fact, facts

__all__ = ["Check", "Fact", "Severity", "facts", "run_checks", "warnings"]
