"""The name by which clients, proxies and the log speak of one request."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import uuid4

HEADER: Final = "X-Request-ID"

_GIVEN: Final = re.compile(r"[A-Za-z0-9._:=+/-]{1,128}")
_current: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)


def current_id() -> str | None:
    """Of the request at work, in its threads too; None where there is none."""
    return _current.get()


@contextmanager
def identified(given: str | None) -> Iterator[str]:
    """Within it, a request goes by the id it was given, if that may stand in a log, else by a new one."""
    id = given if given is not None and _GIVEN.fullmatch(given) else uuid4().hex
    token = _current.set(id)
    try:
        yield id
    finally:
        _current.reset(token)
