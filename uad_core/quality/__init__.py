"""May this scan be given to a model? Facts from its header, and traffic lights with the numbers behind them.

Green says that nothing was found that speaks against a scan. It is no evidence that a result on it is right.
"""

from uad_core.quality.check import Check, Severity, warnings
from uad_core.quality.checks import run_checks
from uad_core.quality.header_facts import Fact, facts

__all__ = ["Check", "Fact", "Severity", "facts", "run_checks", "warnings"]
