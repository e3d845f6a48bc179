"""When a request is sent again, and after which pause."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from service.client.errors import Unreachable
from service.client.request import Request

TOO_MANY: Final = 429  # refused before anything was done
UNAVAILABLE: Final = 503
LONGEST_PAUSE: Final = 30.0  # seconds
FIRST_PAUSE: Final = 0.25  # seconds, after a connection was lost; doubled each time
LOST: Final = 3  # times to look whether a service that is away has come back


@dataclass
class Attempts:
    """Those of one request, at most `retries` after the first."""

    request: Request[Any]
    address: str
    retries: int
    made: int = 0

    def after_answer(self, status: int, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait before the request is sent again; None where the answer counts."""
        asked = headers.get("Retry-After", "")
        again = status == TOO_MANY or (status == UNAVAILABLE and self.request.repeatable)
        if not again or not asked.isdecimal() or self.made >= self.retries:
            return None
        self.made += 1
        return min(float(asked), LONGEST_PAUSE)

    def after_error(self, error: httpx.RequestError) -> float:
        """Seconds to wait before the request is sent again. Raises Unreachable where it must not be."""
        unheard = isinstance(error, httpx.ConnectError)
        broken = isinstance(error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError)
        if not (unheard or (broken and self.request.repeatable)) or self.made >= min(self.retries, LOST):
            raise unreachable(self.address, error) from error
        self.made += 1
        return min(FIRST_PAUSE * 2.0 ** (self.made - 1), LONGEST_PAUSE)


def unreachable(address: str, error: httpx.RequestError) -> Unreachable:
    return Unreachable(address, str(error) or type(error).__name__)
