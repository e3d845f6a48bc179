"""The events of a job (Server-Sent Events), told once each, also where the connection breaks meanwhile."""

import json

from service.client.attempts import FIRST_PAUSE, LONGEST_PAUSE
from service.client.documents.jobs import JobEvent
from service.client.errors import Unreachable
from service.client.request import Request, content


class Following:
    """What was heard of one job so far. Fed with lines, it gives events."""

    def __init__(self, job_id: int, address: str, retries: int) -> None:
        self._job_id = job_id
        self._address = address
        self._retries = retries
        self._breaks = 0
        self._last: str | None = None
        self._id: str | None = None  # of the event that is being heard, which may yet be cut off
        self._kind = ""
        self._data: list[str] = []
        self.done = False

    def request(self) -> Request[bytes]:
        """For what comes after the last event that was heard."""
        headers = {"Accept": "text/event-stream"}
        if self._last is not None:
            headers["Last-Event-ID"] = self._last
        self._kind, self._data = "", []
        return Request("GET", f"/v1/jobs/{self._job_id}/events", content, headers=headers)

    def hear(self, line: str) -> JobEvent | None:
        """The event that ends with this line, if one does."""
        if not line:
            return self._event()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id":
                self._id = value
            case "event":
                self._kind = value
            case "data":
                self._data.append(value)
        return None

    def broken(self) -> float:
        """Seconds to wait before asking again. Raises Unreachable after too many in vain."""
        if self._breaks == self._retries:
            raise Unreachable(self._address, "the connection is lost again and again")
        self._breaks += 1
        return min(FIRST_PAUSE * 2.0 ** (self._breaks - 1), LONGEST_PAUSE)

    def _event(self) -> JobEvent | None:
        kind, data = self._kind, "\n".join(self._data)
        self._kind, self._data = "", []
        if not data:
            return None  # a comment, which keeps the connection open
        self._breaks = 0
        self._last = self._id
        self.done = kind == "done"
        return JobEvent(id=self._last or "", kind=kind, data=json.loads(data))
