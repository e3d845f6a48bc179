"""What both clients set up and read in the same way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import httpx

from service.client.errors import NotPivot, refusal
from service.client.request import Request

T = TypeVar("T")

RETRIES: Final = 5
TIMEOUT: Final = httpx.Timeout(30, read=600)  # seconds; a batch of large photos may wait for its turn
PIECE: Final = 1 << 20  # bytes of a download that are in memory
POLL_SECONDS: Final = 0.5
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def arguments(url: str, key: str | None) -> dict[str, Any]:
    """What httpx makes a client of."""
    # A proxy of the environment is for the network, and cannot reach this machine's own addresses.
    trusted = httpx.URL(url).host not in LOOPBACK
    return {"trust_env": trusted, "headers": {} if key is None else {"Authorization": f"Bearer {key}"}}


def answer_of(request: Request[T], address: str, response: httpx.Response) -> T:
    """What a response that was read says. Raises NotPivot, or the Refused that it tells."""
    if not response.is_success:
        told = request.told(response.content)
        if told is None:
            raise refusal(address, response.status_code, response.content)
        return told
    try:
        return request.read(response.content)
    except ValueError:
        raise NotPivot(address, response.status_code) from None


@contextmanager
def whole(target: Path | str) -> Iterator[BinaryIO]:
    """A file to write, which gets its name when it is whole."""
    path = Path(target)
    aside = path.with_name(f"{path.name}.part")
    try:
        with aside.open("wb") as file:
            yield file
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
