"""Repeats: a request with an Idempotency-Key, sent again, is answered again and not carried out again."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, cast

from fastapi import Request, Response

from index.receipts import Receipt, Receipts
from index.records import CollectionKey, CollectionRef
from service.bad_requests import BadRequest

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
_KEPT: Final = ("content-type", "location")  # headers
_KEY: Final = re.compile(r"[!-~]{1,200}")


class BadKey(BadRequest):
    def __str__(self) -> str:
        return f"The {HEADER} cannot be used. Give 1 to 200 visible ASCII characters, such as a UUID."


class KeyInUse(BadRequest):
    """Another request with the key is still under way."""

    def __str__(self) -> str:
        return f"A request with this {HEADER} is under way. Send this one again when that one was answered."


class KeyReused(BadRequest):
    def __str__(self) -> str:
        return f"Another request came with this {HEADER} before. Send a new key with each new request."


class Repeats:
    """Which requests are under way. Belongs to one event loop, and is used in it only."""

    def __init__(self) -> None:
        self._under_way: set[tuple[int, str]] = set()

    @contextmanager
    def alone(self, collection: CollectionKey, key: str | None) -> Iterator[None]:
        """No other request with the key is carried out meanwhile. Raises KeyInUse."""
        if key is None:
            yield
            return
        mine = (collection.id, key)  # the name may change meanwhile
        if mine in self._under_way:
            raise KeyInUse
        self._under_way.add(mine)
        try:
            yield
        finally:
            self._under_way.discard(mine)


def key_of(request: Request) -> str | None:
    """Raises BadKey."""
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise BadKey
    return key


def once(
    receipts: Receipts,
    collection: CollectionRef,
    key: str | None,
    digest: Callable[[], str],
    work: Callable[[], Response],
) -> Response:
    """What `work` answers, or answered to the same request before. Raises KeyReused.

    Only success is remembered: what failed stored nothing, and may be tried again under the same key.
    """
    if key is None:
        return work()
    found, before = digest(), receipts.get(collection, key)
    if before is None:
        response = work()
        if response.status_code < 300:
            receipts.put(collection, key, _receipt(found, response))
        return response
    if before.digest != found:
        raise KeyReused
    return _replayed(before)


def _receipt(digest: str, response: Response) -> Receipt:
    headers = {name: value for name, value in response.headers.items() if name in _KEPT}
    body = bytes(response.body).decode()
    return Receipt(digest, {"status": response.status_code, "headers": {**headers}, "body": body})


def _replayed(receipt: Receipt) -> Response:
    headers = {**cast(dict[str, str], receipt.answer["headers"]), REPLAYED: "true"}
    return Response(cast(str, receipt.answer["body"]), cast(int, receipt.answer["status"]), headers)
