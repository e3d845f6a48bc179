"""Whole numbers as people write them; Python takes `1_0` and ` 10 ` for 10, and pydantic `10.0`."""

import re
from typing import Annotated, Final, TypeVar

from pydantic import BeforeValidator

T = TypeVar("T")

_WRITTEN: Final = re.compile(r"-?[0-9]+")


def _as_written(value: T) -> T:
    if isinstance(value, str) and not _WRITTEN.fullmatch(value):
        raise ValueError("Give a whole number, in digits only")
    return value


Integer = Annotated[int, BeforeValidator(_as_written)]
