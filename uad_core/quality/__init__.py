"""May this scan be given to a model? Facts from its header, and traffic lights with the numbers behind them.

Green says that nothing was found that speaks against a scan. It is no evidence that a result on it is right.
"""

from uad_core.suitability.checks import checks
from uad_core.suitability.facts import Fact, facts
from uad_core.suitability.light import Check, Light, warnings

__all__ = ["Check", "Fact", "Light", "checks", "facts", "warnings"]
