"""One scan in, result files out. The room itself is a function: `from uad_core import detect; detect("head.nii")`."""

import sys
from types import ModuleType
from typing import Any


class _CallableRoom(ModuleType):
    """A module that can be called, as `one_call.detect`; that is loaded only then, as it takes seconds to."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        from uad_core.detect.one_call import detect

        return detect(*arguments, **options)


sys.modules[__name__].__class__ = _CallableRoom
