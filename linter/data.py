"""Where the data that ships with permlint is: in the wheel below the package, in a checkout beside it."""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def folder(name: str) -> str:
    """The folder `rules` or `schemas`."""
    shipped = os.path.join(_PACKAGE, "_data", name)
    return shipped if os.path.isdir(shipped) else os.path.join(os.path.dirname(_PACKAGE), name)
