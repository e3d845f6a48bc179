"""The keys as a running service knows them: in memory, and read anew every second in which somebody asks."""

import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from time import monotonic
from typing import Final

from fastapi.concurrency import run_in_threadpool

from index.errors import GalleryError
from index.sql import now
from service.access import KeyUnknown, RateLimited
from service.keys import Key, KeyFile, Token
from service.rates import Buckets

logger = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 1.0  # in which a key that the command line made or revoked is known
FAILURES: Final = 20  # wrong keys that one address may send in a minute before it is told to wait
HOUR: Final = len("2026-01-31T12")  # of an instant as it is written


class Keyring:
    """Belongs to one event loop; `refresh` may be called in any thread."""

    def __init__(self, file: KeyFile, clock: Callable[[], float] = monotonic) -> None:
        """Raises what `KeyFile.read` raises."""
        self.file = file
        self._clock = clock
        self._contents = file.read()
        self._read_at = clock()
        self._used: set[int] = set()  # and not written down yet
        self._failures = Buckets(clock)
        self._refreshing = Lock()

    @property
    def required(self) -> bool:
        return bool(self._contents.keys)

    async def keep_up(self) -> None:
        """Read the file if that was a while ago. Raises what `KeyFile.read` raises: nobody gets in then."""
        if self._clock() - self._read_at >= REFRESH_SECONDS:
            self._read_at = self._clock()  # before: others, who come meanwhile, need not wait
            try:
                await run_in_threadpool(self.refresh)
            except BaseException:
                self._read_at = -math.inf
                raise

    def refresh(self) -> None:
        """Read the file, and write down which keys were used."""
        used, self._used = self._used, set()
        if used:
            try:
                self.file.used(used)
            except GalleryError as error:
                logger.warning("when keys were used last is not written down: %s", error)
        with self._refreshing:  # else who read before a change might put it back after it
            self._contents = self.file.read()

    def admitted(self, text: str, address: str) -> Key:
        """The key that somebody at an IP address sends.

        Raises KeyUnknown, and RateLimited where that was often so. A good key is let in all the same, since
        many people may share an address, and nobody finds a key by trying.
        """
        token = Token.parsed(text)
        key = None if token is None or token.kind != "pvt" else self.key_of(token)
        if key is None:
            taken = self._failures.take(_network(address), FAILURES)
            if not taken.granted:
                raise RateLimited(FAILURES, taken)
            logger.warning("a wrong key came from %s", address)
            raise KeyUnknown
        return key

    def key_of(self, token: Token) -> Key | None:
        """The key that a token of either kind stands for; None where it is wrong or of no use any more."""
        stored = self._contents.keys.get(token.id) if token.kind == "pvt" else self._session_of(token)
        if stored is None or not compare_digest(stored[1], token.hash) or not stored[0].usable:
            return None
        key = stored[0]
        if (key.last_used_at or "")[:HOUR] != _this_hour():
            self._used.add(key.id)
        return key

    def all(self) -> list[Key]:
        """All of them, by ascending id."""
        return [key for key, _ in self._contents.keys.values()]

    def _session_of(self, token: Token) -> tuple[Key, str] | None:
        """The key, and the hash of the session's secret."""
        session, hash = self._contents.sessions.get(token.id, (None, ""))
        if session is None or session.expires_at <= now():
            return None
        found = self._contents.keys.get(session.key_id)
        return None if found is None else (found[0], hash)


def _network(address: str) -> str:
    """Of IPv6, one household or server may have 2**64 addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a socket of the system
        return address
    wide = isinstance(parsed, IPv6Address)
    return str(ip_network((parsed, 64), strict=False)) if wide else address


def _this_hour() -> str:
    return datetime.now(UTC).isoformat()[:HOUR]
