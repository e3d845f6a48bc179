"""How the log is written: lines for people, or JSON for programs that collect them.

No line tells what somebody searched for, called a file, or has as a key.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal

from service.request_ids import current_id

Form = Literal["text", "json"]

FIELDS: Final = "fields"  # the attribute of a record with members for JSON


@contextmanager
def logged(form: Form) -> Iterator[None]:
    """Within it, all of the process logs to standard error in this form."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines("%(levelname)s:     %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


class TextLines(logging.Formatter):
    """The request's id follows the line that it belongs to."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- logging's name
        line, id = super().formatMessage(record), current_id()
        return line if id is None else f"{line} [{id}]"


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_id(),
        }
        told |= getattr(record, FIELDS, {})
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)
